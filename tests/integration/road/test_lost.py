"""An executor that loses its lease, its database or its time in the middle of a step loses and doubles nothing."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import sqlalchemy as sa

Start = Callable[..., Any]
KINDS = ["WalkBegun", "WalkFinished", "WalkFinished"]


def done(folder: Path) -> list[tuple[str, int]]:
    """Step and process of each piece of work that was done."""
    file = folder / "done.txt"
    lines = file.read_text().splitlines() if file.exists() else []
    return [(line.split()[1], int(line.split()[2])) for line in lines]


def kinds(road: Any) -> list[str]:
    return [row.kind for row in road._store.ledger.facts()]


@contextmanager
def away(url: str) -> Iterator[None]:
    """The database is away: nobody is let in, and who is in is thrown out."""
    address = sa.make_url(url).set(drivername="postgresql+psycopg")
    server = sa.create_engine(address.set(database="postgres"), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with server.connect() as connection:
        connection.exec_driver_sql(f"ALTER DATABASE {address.database} ALLOW_CONNECTIONS false")
        connection.exec_driver_sql(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{address.database}'"
        )
        yield
        connection.exec_driver_sql(f"ALTER DATABASE {address.database} ALLOW_CONNECTIONS true")
    server.dispose()


def test_one_that_wakes_while_another_does_its_step_writes_nothing_and_goes_no_further(
    walker: ModuleType, start: Start, tmp_path: Path
) -> None:
    sleeper = start(tmp_path, "first", payload={"pauses": {"count": 1.5}, "tell": True})
    walker.wait_for(lambda: done(tmp_path), "the first step")
    os.kill(sleeper.pid, signal.SIGSTOP)
    with walker.open_road(tmp_path) as road:
        results: list[Any] = []
        follower = threading.Thread(target=lambda: results.append(road.follow("run-1")))
        follower.start()
        walker.wait_for(lambda: len(done(tmp_path)) == 2, "the second executor to do the step again")
        os.kill(sleeper.pid, signal.SIGCONT)  # both are inside the step now; the sleeper's is over at once
        follower.join(120)
        sleeper.join(120)
        assert [pid for _, pid in done(tmp_path)] == [sleeper.pid] + [os.getpid()] * len(walker.STEPS)
        assert results[0]["by"] == os.getpid()
        assert json.loads((tmp_path / "first.json").read_text())["result"] == results[0]
        assert kinds(road) == KINDS


def test_one_that_slept_in_a_decision_decides_once(walker: ModuleType, start: Start, tmp_path: Path) -> None:
    """It holds the ledger's lock in its sleep, so the other waits; what it decided then is what was decided."""
    payload = {"pauses": {"begin": 1.5}, "tell": True}
    sleeper = start(tmp_path, "first", payload=payload)
    walker.wait_for(lambda: len(done(tmp_path)) == 2, "the decision to begin")
    os.kill(sleeper.pid, signal.SIGSTOP)
    second = start(tmp_path, "second", payload=payload)
    second.join(3)  # longer than the lease
    os.kill(sleeper.pid, signal.SIGCONT)
    for process in (sleeper, second):
        process.join(120)
        assert process.exitcode == 0
    first, second_came = (json.loads((tmp_path / f"{name}.json").read_text()) for name in ("first", "second"))
    assert first["result"] == second_came["result"]
    with walker.open_road(tmp_path) as road:
        assert kinds(road) == KINDS
        assert road._store.ledger.verify().seq == 3


def test_a_database_that_was_away_during_a_step_is_found_again(
    walker: ModuleType, start: Start, tmp_path: Path, postgres_url: str
) -> None:
    with walker.open_road(tmp_path, postgres_url) as road:
        run = road.submit("walk", {"product": "p", "pauses": {"count": 6}}, "builder", walker.AT, "run-1")
        walker.wait_for(lambda: done(tmp_path), "the first step")
        with away(postgres_url):
            threading.Event().wait(3)  # longer than the lease
        walker.wait_for(lambda: road.outcome(run)["state"] == "done", "the run to end")
        assert kinds(road) == KINDS
        assert [step for step, _ in done(tmp_path)] == walker.STEPS
        again = road.submit("walk", {"product": "p"}, "builder", walker.AT, "run-2")
        assert road.follow(again)["rows"] == 7
    # The lease was given back: another process carries the next run, while this one lives.
    other = start(tmp_path, "other", url=postgres_url, key="run-3", payload={"tell": True})
    other.join(120)
    assert json.loads((tmp_path / "other.json").read_text())["result"]["by"] == other.pid


def test_a_decision_that_the_database_went_away_from_is_made_again(
    walker: ModuleType, start: Start, tmp_path: Path, postgres_url: str
) -> None:
    payload = {"product": "p", "pauses": {"begin": 4}}
    with walker.open_road(tmp_path, postgres_url) as road:
        run = road.submit("walk", payload, "operator", walker.AT, "run-1")
        follower = start(tmp_path, "follower", url=postgres_url, payload=payload)
        walker.wait_for((tmp_path / "follower.ready").exists, "another process to follow")
        walker.wait_for(lambda: len(done(tmp_path)) == 2, "the decision to begin")
        with away(postgres_url):  # inside the transaction of the decision
            threading.Event().wait(3)
        assert road.follow(run)["rows"] == 7
        follower.join(120)
        assert json.loads((tmp_path / "follower.json").read_text())["result"] == road.follow(run)
        assert kinds(road) == KINDS
        assert [step for step, _ in done(tmp_path)] == ["count", "begin", *walker.STEPS[1:]]
        assert road._store.ledger.verify().seq == 3


def test_an_idle_executor_gives_the_store_up_after_its_database_was_away(
    walker: ModuleType, start: Start, tmp_path: Path, postgres_url: str
) -> None:
    with walker.open_road(tmp_path, postgres_url) as road:
        road.follow(road.submit("walk", {"product": "p"}, "builder", walker.AT, "run-1"))
        with away(postgres_url):
            threading.Event().wait(3)
        assert road.follow(road.submit("walk", {"product": "p"}, "builder", walker.AT, "run-2"))["rows"] == 7
    other = start(tmp_path, "other", url=postgres_url, key="run-3", payload={"tell": True})
    other.join(120)
    assert json.loads((tmp_path / "other.json").read_text())["result"]["by"] == other.pid


def test_a_run_that_is_handed_over_often_is_not_given_up(walker: ModuleType, tmp_path: Path) -> None:
    with walker.open_road(tmp_path) as road:
        run = road.submit("walk", {"product": "p", "pauses": {"begin": 2}}, "builder", walker.AT, "run-1")
        walker.wait_for(lambda: done(tmp_path), "the first step")
        with road._engine.database.begin() as connection:  # as if many processes had carried it a step each
            connection.execute(sa.text("UPDATE workflow_status SET recovery_attempts = 1000"))
    with walker.open_road(tmp_path) as road:
        assert road.outcome(run)["state"] in ("waiting", "running")
        assert road.follow(run)["rows"] == 7
        assert [step for step, _ in done(tmp_path)] == walker.STEPS


def test_a_lease_that_could_not_be_given_back_can_be_taken_again(
    walker: ModuleType, tmp_path: Path, postgres_url: str
) -> None:
    with walker.open_road(tmp_path, postgres_url) as road:
        lease = road._lease
        assert lease.take()
        with away(postgres_url), pytest.raises(sa.exc.OperationalError):
            lease.release()
        assert lease.take()
        lease.release()
        assert lease.holder() is None
