from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from shipworthy.edges import tables
from shipworthy.edges.database import open_engine
from shipworthy.edges.lease import Holder, Lease, has_lost, life_of, this_host

linux = sys.platform == "linux"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[sa.Engine]:
    engine = open_engine(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    tables.lease.create(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as process:
        yield process
        process.kill()


def held_elsewhere(database: sa.Engine, silent: float) -> None:
    """Make the lease one of a process on another machine that has been silent for so many seconds."""
    assert Lease(database, 10).take()
    with database.begin() as connection:
        connection.execute(
            sa.text("UPDATE lease SET host = 'elsewhere', expires_at = expires_at - :silent"), {"silent": silent}
        )


def holder_of(pid: int) -> Holder:
    born = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19] if linux else ""
    return Holder(f"some {born}", this_host(), pid, 0.0, 10.0)


def test_only_one_has_the_lease_until_it_gives_it_back(database: sa.Engine) -> None:
    first, second = Lease(database, 10), Lease(database, 10)
    assert first.take()
    assert first.take()  # it is still ours
    assert not second.take()
    first.release()
    assert second.take()
    assert not first.take()


def test_a_lease_says_who_has_it(database: sa.Engine) -> None:
    lease = Lease(database, 10)
    assert lease.holder() is None
    lease.take()
    holder = lease.holder()
    assert holder is not None
    assert (holder.name, holder.pid, holder.host) == (lease.name, os.getpid(), this_host())
    assert 5 < holder.left <= 10


def test_each_holding_has_its_own_name(database: sa.Engine) -> None:
    lease = Lease(database, 10)
    lease.take()
    before = lease.name
    lease.release()
    lease.take()
    assert lease.name != before


def test_a_holder_elsewhere_keeps_the_lease_while_it_speaks(database: sa.Engine) -> None:
    held_elsewhere(database, silent=5)
    assert not Lease(database, 10).take()


def test_a_holder_elsewhere_loses_the_lease_by_silence_and_is_told(database: sa.Engine) -> None:
    sleeper = Lease(database, 10)
    sleeper.take()
    with database.begin() as connection:
        connection.execute(sa.text("UPDATE lease SET host = 'elsewhere', expires_at = expires_at - 11"))
    assert Lease(database, 10).take()
    assert not sleeper.beat()


def test_a_late_beat_of_the_old_holder_keeps_the_lease(database: sa.Engine) -> None:
    sleeper = Lease(database, 10)
    sleeper.take()
    with database.begin() as connection:
        connection.execute(sa.text("UPDATE lease SET host = 'elsewhere', expires_at = expires_at - 11"))
    assert sleeper.beat()
    assert not Lease(database, 10).take()


def test_giving_back_a_lost_lease_does_not_take_it_from_the_next(database: sa.Engine) -> None:
    first, second = Lease(database, 10), Lease(database, 10)
    first.take()
    with database.begin() as connection:
        connection.execute(sa.text("UPDATE lease SET host = 'elsewhere', expires_at = expires_at - 11"))
    assert second.take()
    first.release()
    assert second.beat()


@pytest.mark.parametrize("held", [False, True], ids=["free", "silent"])
def test_of_many_at_once_one_gets_it(database: sa.Engine, held: bool) -> None:
    if held:
        held_elsewhere(database, silent=11)
    leases = [Lease(database, 10) for _ in range(8)]
    start, taken = threading.Barrier(8), []

    def take(lease: Lease) -> None:
        start.wait()
        if lease.take():
            taken.append(lease)

    threads = [threading.Thread(target=take, args=(lease,)) for lease in leases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 1
    assert taken[0].beat()


def test_a_process_that_has_ended_is_dead(child: subprocess.Popen[bytes]) -> None:
    holder = holder_of(child.pid)
    assert not has_lost(holder)
    child.kill()
    child.wait()
    assert life_of(holder) == "dead"
    assert has_lost(holder)


if linux:

    def test_a_living_process_keeps_the_lease_however_silent(child: subprocess.Popen[bytes]) -> None:
        assert not has_lost(replace(holder_of(child.pid), left=-1e6))

    def test_another_process_with_the_same_id_does_not_count(child: subprocess.Popen[bytes]) -> None:
        assert life_of(replace(holder_of(child.pid), name="some 1")) == "dead"

    def test_a_stopped_process_loses_the_lease_by_silence(child: subprocess.Popen[bytes]) -> None:
        child.send_signal(signal.SIGSTOP)
        os.waitpid(child.pid, os.WUNTRACED)
        holder = holder_of(child.pid)
        assert not has_lost(replace(holder, left=1))
        assert has_lost(replace(holder, left=-1))

    def test_a_killed_process_that_nobody_has_waited_for_is_dead(child: subprocess.Popen[bytes]) -> None:
        holder = holder_of(child.pid)
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert life_of(holder) == "dead"
