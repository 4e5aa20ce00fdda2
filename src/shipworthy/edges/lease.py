"""Who works for a store: at most one process at a time, by a lease that the dead lose."""

from __future__ import annotations

import os
import socket
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from shipworthy.edges import tables

Life = Literal["alive", "dead", "unknown"]

_TABLE = tables.lease
_WHAT_FOR = "road"


@dataclass(frozen=True, slots=True)
class Holder:
    """The process that has a lease.

    Attributes:
        name: the name of this holding and, after a blank, when its process started, as its machine counts; a process
            that takes a lease twice has two names.
        host: the machine, its boot and its space of process ids.
        pid: the process id there.
        expires_at: until when it may be silent, by the database's clock.
        left: seconds until then; negative when it has passed.
    """

    name: str
    host: str
    pid: int
    expires_at: float
    left: float

    @property
    def born(self) -> str:
        """When the process started; empty where its machine does not say."""
        return self.name.partition(" ")[2]


class Lease:
    """The right to work for a store.

    A holder on this machine loses it when its process has ended; one on another machine, or one that was stopped,
    when it has been silent for longer than the lease. Who is silent is judged by the database's clock alone.
    """

    def __init__(self, engine: sa.Engine, seconds: float) -> None:
        """A lease in a database that `database.migrate` has brought up to date.

        Args:
            engine: that of the ledger, since there is one lease for one ledger.
            seconds: how long a holder that cannot be looked at may be silent.
        """
        self.seconds = seconds
        self.name = ""
        self._engine = engine
        self._insert = sqlite.insert if engine.dialect.name == "sqlite" else postgresql.insert
        self._now = _clock(engine.dialect.name)

    def take(self) -> bool:
        """Whether the lease is ours now; it is refused while somebody who may be alive has it."""
        holder = self.holder()
        if holder and holder.name == self.name:
            return self.beat()
        if holder and not has_lost(holder):
            return False
        name = f"{uuid4().hex} {_born(os.getpid())}"
        mine = {"holder": name, "host": this_host(), "pid": os.getpid()}
        until = self._now + self.seconds
        if holder:  # only if nobody else took it, and it did not speak, since we looked
            still = _TABLE.c.holder == holder.name, _TABLE.c.expires_at == holder.expires_at
            change: sa.Executable = _TABLE.update().where(_ours(), *still).values(**mine, expires_at=until)
        else:
            insert = self._insert(_TABLE).values(name=_WHAT_FOR, **mine, expires_at=until)
            change = insert.on_conflict_do_nothing()
        with self._engine.begin() as connection:
            taken = bool(connection.execute(change).rowcount)
        if taken:
            self.name = name
        return taken

    def beat(self) -> bool:
        """Say that we live; False when the lease is not ours any more."""
        if not self.name:
            return False
        said = _TABLE.update().where(_ours(), _TABLE.c.holder == self.name)
        with self._engine.begin() as connection:
            return bool(connection.execute(said.values(expires_at=self._now + self.seconds)).rowcount)

    def release(self) -> None:
        """Give the lease back, if it is still ours.

        Where the database does not answer it stays ours by name, and can be taken again or given back later.
        """
        if self.name:
            with self._engine.begin() as connection:
                connection.execute(_TABLE.delete().where(_ours(), _TABLE.c.holder == self.name))
        self.name = ""

    def holder(self) -> Holder | None:
        """Who has the lease, dead or alive."""
        columns = _TABLE.c.holder, _TABLE.c.host, _TABLE.c.pid, _TABLE.c.expires_at
        query = sa.select(*columns, (_TABLE.c.expires_at - self._now).label("left")).where(_ours())
        with self._engine.connect() as connection:
            row = connection.execute(query).first()
        return Holder(*tuple(row)) if row else None


def has_lost(holder: Holder) -> bool:
    """Whether the holder of a lease has lost it, though it may not know."""
    life = life_of(holder)
    return life == "dead" or (life == "unknown" and holder.left < 0)


def life_of(holder: Holder) -> Life:
    """What this machine can say about a process: a stopped one, or one elsewhere, is `unknown`."""
    if holder.host != this_host() or sys.platform == "win32":  # there, asking with os.kill would end it
        return "unknown"
    if _has_proc():
        state, born = _state(holder.pid), _born(holder.pid)
        if state in (None, "Z", "X") or born != holder.born:  # another process may have got the same id
            return "dead"
        return "unknown" if state in ("T", "t") else "alive"
    try:
        os.kill(holder.pid, 0)
    except ProcessLookupError:
        return "dead"
    except PermissionError:
        return "unknown"
    return "unknown"  # it may be another one with the same id, so silence decides


@cache
def this_host() -> str:
    """The name of this machine, of its boot and of the space in which its process ids count."""
    parts = [socket.gethostname()]
    if _has_proc():
        parts += [Path("/proc/sys/kernel/random/boot_id").read_text().strip(), os.readlink("/proc/self/ns/pid")]
    return "/".join(parts)


def _has_proc() -> bool:
    return sys.platform == "linux"


def _state(pid: int) -> str | None:
    fields = _stat(pid)
    return fields[0] if fields else None


def _born(pid: int) -> str:
    fields = _stat(pid)
    return fields[19] if fields else ""


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the third on: state first, start time at 19 (proc(5))."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return []
    return text.rpartition(")")[2].split()


def _ours() -> sa.ColumnElement[bool]:
    return _TABLE.c.name == _WHAT_FOR


def _clock(dialect: str) -> sa.ColumnElement[float]:
    """The database's own clock in seconds since 1970: processes on two machines must not compare theirs."""
    if dialect == "sqlite":  # julianday, since unixepoch has whole seconds only before SQLite 3.42
        return sa.literal_column("(julianday('now') - 2440587.5) * 86400.0", sa.Double)
    return sa.literal_column("extract(epoch from clock_timestamp())::double precision", sa.Double)
