"""Tables and queries of SQLite and PostgreSQL databases, through SQLAlchemy; nothing is ever written there."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url

from shipworthy.base.digest import digest_of_bytes
from shipworthy.base.errors import UserError
from shipworthy.data.places import filled_in, inside, wrong
from shipworthy.data.source import Part, Place, Probe, Reading, SourceKind
from shipworthy.plan.schema import Source

_TABLE = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)?$")
_ORDERED = re.compile(r"\border\s+by\b", re.IGNORECASE)
_PASSWORD = re.compile(r"(//[^/:@]*):[^@]*@")
_BATCH = 50_000
_DRIVERS = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}


def read(source: Source, place: Place) -> Reading:
    """All rows of the query; without an ORDER BY they are sorted, since a database promises no order."""
    url = _url(source, place)
    names, rows = _ask(url, _query(source), source, place)
    table = pa.table([_column([row[at] for row in rows]) for at in range(len(names))], names=names)
    if not _ORDERED.search(source.query):
        table = _sorted(table)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table.combine_chunks())
    digest = digest_of_bytes(sink.getvalue().to_pybytes())
    return Reading(table, (Part(_shown(source.url), digest, len(rows), tuple(names)),))


def probe(source: Source, place: Place) -> Probe:
    """Whether the query runs, and its columns; reads one row."""
    url = _url(source, place)
    names, rows = _ask(url, f"SELECT * FROM ({_query(source)}) AS probed LIMIT 1", source, place)
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
        raise wrong("no_query", f"sources.{place.name}.query", "No table or query is named.", fix="Name one.")
    try:
        url = make_url(filled_in(source.url, place, "url"))
    except sa.exc.ArgumentError:
        raise wrong(
            "bad_url", where, "This is no database address.", fix="Write sqlite:///file or postgresql://host/database."
        ) from None
    name = url.drivername.split("+")[0]
    if name not in _DRIVERS:
        raise wrong("bad_url", where, f"{name} databases are not read.", fix="Use SQLite or PostgreSQL.")
    url = url.set(drivername=_DRIVERS[name])
    return _sqlite(url, source, place) if name == "sqlite" else url


def _sqlite(url: URL, source: Source, place: Place) -> URL:
    file = inside(url.database or "", place)
    if not url.database or not Path(file).is_file():
        raise wrong(
            "no_file",
            f"sources.{place.name}.url",
            f"There is no SQLite file {source.url!r}.",
            fix="Correct the address; a relative one starts at the folder of product.yaml.",
        )
    return url.set(database=f"file:{file}", query={"mode": "ro", "uri": "true"})


def _ask(url: URL, query: str, source: Source, place: Place) -> tuple[list[str], list[Sequence[Any]]]:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    try:
        with engine.connect() as connection:
            if url.drivername.startswith("postgresql"):
                connection.exec_driver_sql("SET TRANSACTION READ ONLY")
            streamed = connection.execution_options(stream_results=True, yield_per=_BATCH)
            result = streamed.exec_driver_sql(query)
            if not result.returns_rows:
                raise wrong("no_rows", f"sources.{place.name}.query", "This is no query that gives rows.")
            names = list(result.keys())
            rows: list[Sequence[Any]] = [row for batch in result.partitions() for row in batch]
    except sa.exc.SQLAlchemyError as error:
        raise _failed(url, error, source, place) from None
    finally:
        engine.dispose()
    _differ(names, place)
    return names, rows


def _differ(names: list[str], place: Place) -> None:
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise wrong(
            "repeated_column",
            f"sources.{place.name}.query",
            f"The query gives {', '.join(repeated)} more than once.",
            fix="Give every column a name of its own with AS.",
        )


def _failed(url: URL, error: sa.exc.SQLAlchemyError, source: Source, place: Place) -> UserError:
    text = str(getattr(error, "orig", None) or error).strip()
    if url.password:
        text = text.replace(str(url.password), "***")
    return wrong(
        "database",
        f"sources.{place.name}",
        f"{_shown(source.url)} answered: {text}",
        fix="See that the database is up, that the address and its ${NAME} are right and that the query runs there.",
    )


def _shown(address: str) -> str:
    """The address as the plan has it, without a password."""
    return _PASSWORD.sub(r"\1:***@", address)


def _column(values: list[Any]) -> pa.Array:
    if any(isinstance(value, Decimal) for value in values):
        values = [None if value is None else str(value) for value in values]
    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError):
        return pa.array([None if value is None else str(value) for value in values], pa.string())


def _sorted(table: pa.Table) -> pa.Table:
    keys = [
        (name, "ascending")
        for name in table.column_names
        if not pa.types.is_nested(table.schema.field(name).type) and not pa.types.is_null(table.schema.field(name).type)
    ]
    return table.sort_by(keys) if keys and table.num_rows else table


SOURCE = SourceKind("A table or query of a SQLite or PostgreSQL database.", ("url", "query"), read, probe)
