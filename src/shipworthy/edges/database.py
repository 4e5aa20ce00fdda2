"""The database of a store: how it is opened, written and waited for, and how its shape is brought up to date."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from errno import EACCES, EISDIR
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DatabaseError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from shipworthy.base.errors import Mistake, Tampered, UserError
from shipworthy.base.times import read_moment
from shipworthy.edges.outcome import no_room

SCHEMA = "0001"
_PATIENCE_SECONDS = 60
_LOOK_SECONDS = 0.1
_MIGRATION_LOCK = 0x5EA_0001
_FIRST_SQLITE_WITH_SUBSEC = (3, 42)


class DatabaseAway(OperationalError):
    """The server of the store's database does not answer; whatever was under way has not happened.

    Attributes:
        hands_over: for the durable road: a run is left at this place and carried on when the server is back.
    """

    hands_over = True


def open_engine(url: str) -> sa.Engine:
    """The engine for an address: ``sqlite:///PATH`` or ``postgresql://…``, also ``postgres://`` and psycopg's forms.

    A SQLite file is made with mode 0600 and opened with a write-ahead log, full synchronisation, foreign keys and
    patience of a minute for a lock; on PostgreSQL psycopg 3 is the driver.

    Raises:
        UserError: the address is neither, or its file cannot be made or opened.
    """
    try:
        address = sa.make_url(url)
    except ArgumentError as error:
        raise _no_address(url) from error
    if address.get_backend_name() == "sqlite" and address.database not in (None, "", ":memory:"):
        return _sqlite(address)
    if address.get_backend_name() in ("postgresql", "postgres"):
        engine = sa.create_engine(address.set(drivername="postgresql+psycopg"), pool_pre_ping=True)
        sa.event.listen(engine, "handle_error", _tell_away)
        return engine
    raise _no_address(address.render_as_string(hide_password=True))


def migrate(engine: sa.Engine) -> None:
    """Bring the tables to the shape this version knows; several processes may do it at once.

    Raises:
        UserError: the database does not answer, or a newer version has been at work on it.
    """
    with answering(engine):
        if _schema(engine) == SCHEMA:
            return
        with exclusive(engine, _MIGRATION_LOCK) as connection:
            _upgrade(connection)


@contextmanager
def answering(engine: sa.Engine) -> Iterator[None]:
    """The first work with a database, before which nobody knows whether it is one and is there.

    Raises:
        UserError: it does not answer, or its file is no database.
    """
    try:
        yield
    except DatabaseError as error:
        # SQLite says by the plain class that a file is no database; what is raised by others of its classes is ours.
        if not isinstance(error, OperationalError) and type(error) is not DatabaseError:
            raise
        raise _unreachable(engine.url, str(error.orig).strip()) from error


@contextmanager
def exclusive(engine: sa.Engine, lock: int) -> Iterator[sa.Connection]:
    """A transaction that no other process is in: the write lock on SQLite, the advisory lock of that number elsewhere.

    It sees everything that was committed before it, and is committed at the end, or rolled back where something is
    raised.

    Raises:
        UserError: its turn did not come within a minute, or the disk is full.
    """
    with engine.connect() as connection:
        try:
            _lock(connection, lock)
        except OperationalError as error:
            raise _busy(engine) from error
        with written(engine):
            yield connection
            connection.commit()


@contextmanager
def written(engine: sa.Engine) -> Iterator[None]:
    """Work that writes, for which the disk may have no room.

    Raises:
        UserError: it has none; what was to be written is not.
    """
    try:
        yield
    except OperationalError as error:
        if not _is_full(error):
            raise
        raise UserError(no_room(engine.url.render_as_string(hide_password=True), str(error.orig))) from error


@contextmanager
def alone(engine: sa.Engine, lock: int) -> Iterator[None]:
    """What no other process does at the same time, without a transaction where the database is a server.

    There an index is made beside the work of others and waits for every transaction that is older, our own too, and
    those that wait for a lock. So nobody here holds one, and whoever waits asks again and again.

    Raises:
        UserError: its turn did not come within a minute.
    """
    if engine.dialect.name == "sqlite":
        with exclusive(engine, lock):
            yield
        return
    until = time.monotonic() + _PATIENCE_SECONDS
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        while not connection.execute(sa.select(sa.func.pg_try_advisory_lock(lock))).scalar():
            if time.monotonic() > until:
                raise _busy(engine)
            time.sleep(_LOOK_SECONDS)
        try:
            yield
        finally:
            connection.execute(sa.select(sa.func.pg_advisory_unlock(lock)))


def _busy(engine: sa.Engine) -> UserError:
    return UserError(
        Mistake(
            "database.busy",
            engine.url.render_as_string(hide_password=True),
            f"Another process held the lock for more than {_PATIENCE_SECONDS} seconds.",
            "One decision at a time is made, so that each sees those before it.",
            "Try again; if it stays so, end the process that hangs.",
        )
    )


@contextmanager
def snapshot(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A transaction for reading, in which the database stands still."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN")
        else:
            connection.execution_options(isolation_level="REPEATABLE READ")
        yield connection


@contextmanager
def legible(engine: sa.Engine) -> Iterator[None]:
    """Reading of texts: SQLite lets bytes be written that are no text, and then cannot read them.

    Raises:
        Tampered: there was such a text; we write none.
    """
    try:
        yield
    except OperationalError as error:
        if "Could not decode" not in str(error.orig):
            raise
        raise Tampered(
            Mistake(
                "ledger.edited",
                engine.url.render_as_string(hide_password=True),
                f"A text was edited by hand: {error.orig!s}.".encode("ascii", "backslashreplace").decode(),
                "Nothing that rests on this database can be trusted.",
                "Find out who could write to it, and restore it from a copy that verifies.",
            )
        ) from error


def write_json(value: Any) -> str:
    """A value for a column that holds JSON as text."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def read_json(text: str) -> Any:
    """The value in a column that holds JSON as text."""
    return json.loads(text)


def _lock(connection: sa.Connection, lock: int) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        return
    # Each statement after the lock must see what was committed while it waited.
    connection.execution_options(isolation_level="READ COMMITTED")
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_PATIENCE_SECONDS}s'")
    # Without a parameter: a bound statement would keep its snapshot open until the next one, and an index that is made
    # concurrently meanwhile, as the road's tables do, would wait for it for ever.
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({lock:d})")


def _tell_away(context: sa.ExceptionContext) -> None:
    lost = context.is_disconnect or context.connection is None  # none: it could not even be opened
    if lost and not context.is_pre_ping and isinstance(context.original_exception, Exception):
        raise DatabaseAway(
            context.statement,
            context.parameters,
            context.original_exception,
            connection_invalidated=context.is_disconnect,
        ) from context.original_exception


def _is_full(error: OperationalError) -> bool:
    code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
    return code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR) or getattr(error.orig, "sqlstate", "") == "53100"


class _Sqlite(sqlite3.Connection):
    """Closed with the last of those who hold it: one that lies idle in a pool which nobody holds any more has no other
    end, and from Python 3.13 on that is told as a leak."""

    def __del__(self) -> None:
        with suppress(sqlite3.ProgrammingError):  # it never came to be one
            self.close()


def _sqlite(address: sa.URL) -> sa.Engine:
    file = Path(address.database or "")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        # One that is there is never opened past SQLite: closing it would let go of every lock that this process has on
        # it (POSIX), and another process would take away the write-ahead log from under our connections.
        with suppress(FileExistsError):
            os.close(os.open(file.resolve(), os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))  # where a link leads
        if file.is_dir():
            raise IsADirectoryError(EISDIR, os.strerror(EISDIR))
        if not os.access(file, os.R_OK | os.W_OK):
            raise PermissionError(EACCES, os.strerror(EACCES))
    except OSError as error:
        raise _unreachable(address, error.strerror or str(error)) from error
    engine = sa.create_engine(
        address.set(drivername="sqlite+pysqlite"),
        pool_size=8,
        max_overflow=56,
        # The driver begins a transaction before the first change only, and at once with the write lock, so that
        # a transaction which first reads and then writes never fails for having read.
        connect_args={"timeout": _PATIENCE_SECONDS, "isolation_level": "IMMEDIATE", "factory": _Sqlite},
    )
    sa.event.listen(engine, "connect", _prepare_sqlite)
    return engine


def _prepare_sqlite(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    try:
        _write_ahead(cursor)
    except sqlite3.Error:  # its file is no database; nobody else would close it
        connection.close()
        raise
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()
    if sqlite3.sqlite_version_info < _FIRST_SQLITE_WITH_SUBSEC and isinstance(connection, sqlite3.Connection):
        connection.create_function("unixepoch", 1, _unixepoch)


def _write_ahead(cursor: Any) -> None:
    # Switching to the write-ahead log does not wait for locks, whatever the timeout; it is needed only once per file.
    give_up = time.monotonic() + _PATIENCE_SECONDS
    while cursor.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > give_up:
                raise
            time.sleep(0.01)


def _unixepoch(moment: str | float | None) -> float | int | None:
    # SQLite before 3.42 does not know unixepoch('subsec'), which the engine of durable workflows asks for.
    if moment in ("subsec", "subsecond"):
        return time.time()
    if moment == "now":
        return int(time.time())
    try:
        return int(read_moment(str(moment)).timestamp())
    except ValueError:
        return None


def _schema(source: sa.Engine | sa.Connection) -> str | None:
    if not sa.inspect(source).has_table("shipworthy_version"):
        return None
    query = sa.text("SELECT version_num FROM shipworthy_version")
    if isinstance(source, sa.Connection):
        return source.execute(query).scalar()
    with source.connect() as connection:
        return connection.execute(query).scalar()


def _upgrade(connection: sa.Connection) -> None:
    # Alembic takes half a second to import, so a store that is up to date does without.
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise UserError(
            Mistake(
                "database.newer",
                connection.engine.url.render_as_string(hide_password=True),
                f"Its tables have the shape {_schema(connection)}; this version knows shapes up to {SCHEMA}.",
                "An older version could misread what a newer one wrote.",
                "Update Shipworthy on this machine.",
            )
        ) from error


def _unreachable(url: sa.URL, reason: str) -> UserError:
    return UserError(
        Mistake(
            "database.unreachable",
            url.render_as_string(hide_password=True),
            f"The database does not answer: {reason}",
            fix="See that it runs and that SHIPWORTHY_DATABASE names it rightly.",
        )
    )


def _no_address(url: str) -> UserError:
    return UserError(
        Mistake(
            "database.address",
            "SHIPWORTHY_DATABASE",
            f"{url!r} is not a database that a ledger can live in.",
            "A ledger needs a file or a server that outlives the process.",
            "Use sqlite:///PATH (four slashes for an absolute path) or postgresql://USER@HOST/DATABASE.",
        )
    )
