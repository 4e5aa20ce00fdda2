"""Tables and queries of SQLite and PostgreSQL databases, through SQLAlchemy; nothing is ever written there.

What a database says of its own values stays there: a message about a value would carry it into a fact.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pyarrow as pa
import sqlalchemy as sa
from psycopg.types.string import TextLoader
from sqlalchemy.engine import URL, make_url

from shipworthy.base.errors import UserError
from shipworthy.data.laying import Kind, as_type, common_type, laid_out
from shipworthy.data.ordering import ordered
from shipworthy.data.parts import whole
from shipworthy.data.places import filled_in, hidden, inside, wrong
from shipworthy.data.source import Pieces, Place, Probe, Reading, SourceKind
from shipworthy.data.spool import Spool
from shipworthy.plan.schema import Source

_TABLE = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)?$")
_PASSWORD = re.compile(r"(//[^/:@]*):[^@]*@")
_BATCH = 10_000  # rows that are fetched at once
_NOT_ABOUT_VALUES = ("08", "0A", "25", "26", "28", "34", "3D", "3F", "42", "53", "54", "55", "57", "58")
_VALUE = re.compile(r" with text '.*", re.DOTALL)
_DRIVERS = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}


def read(source: Source, place: Place) -> Reading:
    """All rows of the query, sorted by their values: a database promises no order, least of all between equal rows."""
    with pieces(source, place) as given:
        return whole(given)


@contextmanager
def pieces(source: Source, place: Place) -> Iterator[Pieces]:
    """The same rows in the same order, some at a time: the answer of one query, laid on disk and sorted there.

    What the database is asked is one query in one transaction, so that all rows are of one moment; it is let go before
    the first row is judged.
    """
    with Spool() as asked:
        names: list[str] = []
        kinds: list[list[Kind]] = []
        for names, rows in _asked(_url(source, place), _query(source), source, place):
            laid = [laid_out([row[at] for row in rows]) for at in range(len(names))]
            kinds.append([kind for kind, _ in laid])
            asked.put(pa.table([column for _, column in laid], names=names))
        types = [common_type({told[at] for told in kinds}) for at in range(len(names))]
        schema = pa.schema(list(zip(names, types, strict=True)))
        with ordered(_shown(source.url), _tables(asked, kinds, schema), schema) as given:
            yield given


def _tables(asked: Spool, kinds: list[list[Kind]], schema: pa.Schema) -> Iterator[pa.Table]:
    """What was asked in the types of all of it; it is off the disk before its sorted copy is merged."""
    with asked:
        for number in range(len(asked)):
            yield _typed(asked.table(number), kinds[number], schema)


def _typed(table: pa.Table, kinds: list[Kind], schema: pa.Schema) -> pa.Table:
    columns = [
        as_type(kind, column.combine_chunks(), field.type)
        for kind, column, field in zip(kinds, table.columns, schema, strict=True)
    ]
    return pa.table(columns, schema=schema)


def probe(source: Source, place: Place) -> Probe:
    """Whether the query runs, and its columns; reads one row."""
    url = _url(source, place)
    query = f"SELECT * FROM ({_query(source)}\n) AS probed LIMIT 1"
    [(names, rows)] = _asked(url, query, source, place)
    types = [type(value).__name__ for value in rows[0]] if rows else [""] * len(names)
    return Probe(f"The query runs on {_shown(source.url)}.", dict(zip(names, types, strict=True)))


def _query(source: Source) -> str:
    query = source.query.strip().rstrip(";")
    if _TABLE.match(query):
        return "SELECT * FROM " + ".".join(f'"{part}"' for part in query.split("."))
    return query


def _url(source: Source, place: Place) -> URL:
    where = f"sources.{place.name}.url"
    if not source.query.strip():
        fix = "Write the name of a table, or a query that begins with SELECT."
        raise wrong("no_query", f"sources.{place.name}.query", "No table or query is named.", fix=fix)
    try:
        url = make_url(filled_in(source.url, place, "url"))
    except (sa.exc.ArgumentError, ValueError):
        url = None
    if url is None or "@" in (url.host or ""):
        raise wrong(
            "bad_url",
            where,
            f"{_shown(source.url)} is no database address.",
            "A sign such as @ in a password ends it too early, and what follows would be taken for the host.",
            "Write sqlite:///file or postgresql://user:password@host/database, with %40 for an @ in a password.",
        )
    name = url.drivername.split("+")[0]
    if name not in _DRIVERS:
        why = "Their rows would come in an order and in types that nobody has tested."
        raise wrong("bad_url", where, f"{name} databases are not read.", why, "Use SQLite or PostgreSQL.")
    url = url.set(drivername=_DRIVERS[name])
    return _sqlite(url, source, place) if name == "sqlite" else url


def _sqlite(url: URL, source: Source, place: Place) -> URL:
    file = inside(url.database or "", place, "url")
    if not url.database or not Path(file).is_file():
        raise wrong(
            "no_file",
            f"sources.{place.name}.url",
            f"There is no SQLite file {source.url!r}.",
            "A database that is not there would be made anew, and be empty.",
            "Correct the address; a relative one starts at the folder of product.yaml.",
        )
    return url.set(database=f"file:{quote(str(file))}", query={"mode": "ro", "uri": "true"})


def _asked(url: URL, query: str, source: Source, place: Place) -> Iterator[tuple[list[str], Sequence[Sequence[Any]]]]:
    """The names of the columns and some rows, until there are no more; no rows at all are one answer too."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    try:
        with engine.connect() as connection:
            query = _only_reading(connection, query)
            streamed = connection.execution_options(stream_results=True, yield_per=_BATCH)
            result = streamed.exec_driver_sql(query)
            if not result.returns_rows:
                fix = "Write a query that begins with SELECT; a source only reads."
                raise wrong("no_rows", f"sources.{place.name}.query", "This is no query that gives rows.", fix=fix)
            with closing(result):
                names = list(result.keys())
                _differ(names, place)
                some = list(result.fetchmany(_BATCH))
                yield names, some
                while some := list(result.fetchmany(_BATCH)):
                    yield names, some
    except (sa.exc.SQLAlchemyError, psycopg.Error, sqlite3.Error) as error:
        raise _failed(url, error, source, place) from None
    finally:
        engine.dispose()


def _only_reading(connection: sa.Connection, query: str) -> str:
    """Shut every way to write, and give the query as the driver must be handed it."""
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name == "sqlite":
        # ATTACH and VACUUM INTO make files even where the database itself is opened for reading only.
        driver.set_authorizer(
            lambda action, *_: sqlite3.SQLITE_DENY if action == sqlite3.SQLITE_ATTACH else sqlite3.SQLITE_OK
        )
        return query
    connection.exec_driver_sql("SET TRANSACTION READ ONLY")
    connection.exec_driver_sql("SET LOCAL datestyle TO 'ISO, YMD'")
    connection.exec_driver_sql("SET LOCAL timezone TO 'UTC'")
    for kind in ("date", "timestamp", "timestamptz"):  # `infinity` and years BC are rows for quarantine, no failure
        driver.adapters.register_loader(kind, TextLoader)
    return query.replace("%", "%%")  # a sign of the driver's own, even where no value is handed over


def _differ(names: list[str], place: Place) -> None:
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise wrong(
            "repeated_column",
            f"sources.{place.name}.query",
            f"The query gives {', '.join(repeated)} more than once.",
            fix="Give every column a name of its own with AS.",
        )


def _failed(url: URL, error: Exception, source: Source, place: Place) -> UserError:
    text = hidden(_said(getattr(error, "orig", None) or error), source.url, place)
    for secret in (url.password, quote(str(url.password or ""))):
        text = text.replace(str(secret), "***") if secret else text
    return wrong(
        "database",
        f"sources.{place.name}",
        f"{_shown(source.url)} answered: {text}",
        "Without its rows nothing can be concluded; the last good snapshot stays as it is.",
        "See that the database is up, that the address and its ${NAME} are right and that the query runs there.",
    )


def _said(error: Any) -> str:
    """What a database said, in one line, without any value of its rows."""
    state = getattr(error, "sqlstate", None)
    if isinstance(error, psycopg.Error):
        about_values = isinstance(error, psycopg.DataError) if state is None else state[:2] not in _NOT_ABOUT_VALUES
        if about_values:
            words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(error).__name__).lower()
            return f"{words} ({state or 'while a value was read'}); the value is not shown, as it may be about a person"
        if state:
            return str(error).strip().splitlines()[0]
    return _VALUE.sub("; the text is not shown, as it may be about a person", " ".join(str(error).split()))


def _shown(address: str) -> str:
    """The address as the plan has it, without a password."""
    return _PASSWORD.sub(r"\1:***@", address)


SOURCE = SourceKind("A table or query of a SQLite or PostgreSQL database.", ("url", "query"), read, probe, pieces)
