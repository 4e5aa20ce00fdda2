from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from shipworthy.base.fact import Past
from shipworthy.edges import database as db
from shipworthy.edges import tables
from shipworthy.edges.keys import Keys
from shipworthy.edges.ledger import Ledger
from shipworthy.plan.words import ClockAdvanced

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
APPENDER = Path(__file__).parent / "appender.py"


def start(url: str, keys: Keys, name: str, times: int, *die: str) -> subprocess.Popen[str]:
    command = [sys.executable, str(APPENDER), url, str(keys.folder), name, str(times), *die]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


def finish(process: subprocess.Popen[str]) -> list[int]:
    """The numbers it said."""
    said, complaints = process.communicate(timeout=120)
    assert process.returncode == 0, complaints
    return [int(line) for line in said.split()]


def counts(ledger: Ledger) -> list[int]:
    return [int(fact.what.to) for fact in ledger.past("shop").of(ClockAdvanced)]


def one_more(past: Past) -> Sequence[ClockAdvanced]:
    return [ClockAdvanced(product="shop", to=str(len(past.of(ClockAdvanced))))]


def test_decisions_of_many_threads_see_all_earlier_facts(ledger: Ledger) -> None:
    def work(thread: int) -> list[int]:
        return [ledger.append(one_more, product="shop", who=f"{thread}", at=NOON)[0].seq for _ in range(10)]

    with ThreadPoolExecutor(12) as pool:
        seqs = [seq for seqs in pool.map(work, range(12)) for seq in seqs]
    assert sorted(seqs) == list(range(1, 121))
    assert counts(ledger) == list(range(120))
    assert ledger.verify().seq == 120


def test_one_key_from_many_threads_is_decided_once(ledger: Ledger) -> None:
    def work(thread: int) -> list[int]:
        return [ledger.append(one_more, product="shop", who="x", at=NOON, key=f"{turn}")[0].seq for turn in range(10)]

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(8))) == [list(range(1, 11))] * 8
    assert ledger.verify().seq == 10


def test_decisions_of_many_processes_see_all_earlier_facts(database_url: str, ledger: Ledger, keys: Keys) -> None:
    processes = [start(database_url, keys, f"process {number}", 20) for number in range(4)]
    seqs = [seq for process in processes for seq in finish(process)]
    assert sorted(seqs) == list(range(2, 161, 2))
    assert counts(ledger) == list(range(160))
    assert ledger.verify().seq == 160
    assert len(ledger.signed_heads()) == len(keys.kept()) == 16


def test_of_processes_that_decide_on_the_same_past_only_one_is_first(
    database_url: str, ledger: Ledger, keys: Keys
) -> None:
    processes = [start(database_url, keys, "first", 1) for _ in range(4)]
    for process in processes:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    for process in processes:  # all at once
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    appended = [count for process in processes for count in finish(process)]
    assert sorted(appended) == [0, 0, 0, 1]
    assert ledger.verify().seq == 1


@pytest.mark.parametrize(("place", "facts"), [("decided", 4), ("written", 4), ("committed", 6)])
def test_a_process_killed_in_the_middle_of_an_append_leaves_all_of_it_or_nothing(
    database_url: str, ledger: Ledger, keys: Keys, place: str, facts: int
) -> None:
    process = start(database_url, keys, "doomed", 5, place)
    said, _ = process.communicate(timeout=120)
    assert (process.returncode, said.split()) == (-9, ["2", "4"])
    assert ledger.verify().seq == facts
    assert counts(ledger) == list(range(facts))
    assert ledger.append(one_more, product="shop", who="x", at=NOON)[0].seq == facts + 1  # its lock died with it


def test_processes_that_find_no_database_make_it_together(database_url: str, tmp_path: Path) -> None:
    keys = Keys(tmp_path / "keys")
    processes = [start(database_url, keys, f"process {number}", 2) for number in range(4)]
    assert sorted(seq for process in processes for seq in finish(process)) == list(range(2, 17, 2))
    assert len(keys.known()) == 1  # they made one key, not four
    engine = db.open_engine(database_url)
    assert Ledger(engine, keys).verify().seq == 16
    engine.dispose()


@pytest.mark.parametrize("appended", [1, 4, 9])
def test_a_killed_process_leaves_a_whole_ledger(
    database_url: str, ledger: Ledger, keys: Keys, engine: sa.Engine, appended: int
) -> None:
    process = start(database_url, keys, "killed", 0)
    assert process.stdout
    said = [int(process.stdout.readline()) for _ in range(appended)]
    process.kill()  # SIGKILL, at whatever it is doing
    rest, _ = process.communicate(timeout=120)
    said += [int(line) for line in rest.splitlines()]
    head = ledger.verify()
    assert head.seq >= said[-1] == 2 * len(said)
    assert head.seq % 2 == 0  # the two facts of one decision are there together or not at all
    assert counts(ledger) == list(range(head.seq))
    with engine.connect() as connection:
        keyed = connection.execute(sa.select(tables.step_key.c.first_seq, tables.step_key.c.facts)).all()
    assert sorted(tuple(row) for row in keyed) == [(seq, 2) for seq in range(1, head.seq, 2)]
    # Whoever carries on with the same keys doubles nothing.
    assert finish(start(database_url, keys, "killed", len(keyed) + 1))[-1] == head.seq + 2
    assert ledger.verify().seq == head.seq + 2


def test_a_database_that_is_opened_twice_here_stays_whole_under_other_processes(
    ledger: Ledger, database_url: str, keys: Keys
) -> None:
    """To close a file of SQLite past SQLite lets go of every lock that a process has on it."""
    ledger.append(one_more, product="shop", who="here", at=NOON)
    again = db.open_engine(database_url)
    for name in ("one", "two"):
        finish(start(database_url, keys, name, 3))
        ledger.append(one_more, product="shop", who="here", at=NOON)
    assert ledger.verify().seq == 15
    assert Ledger(again, keys).verify().seq == 15
    again.dispose()
