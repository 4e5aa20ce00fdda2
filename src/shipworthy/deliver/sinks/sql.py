"""A table in a SQL database: the rows of each run once, or one current row for each key; in one transaction."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from shipworthy.base.errors import Mistake, UserError
from shipworthy.deliver.sink import Gone, Knows, SinkKind, Target

_TYPES: tuple[tuple[Callable[[pa.DataType], bool], type[sa.types.TypeEngine[Any]]], ...] = (
    (pa.types.is_integer, sa.BigInteger),
    (pa.types.is_floating, sa.Double),
    (pa.types.is_boolean, sa.Boolean),
)
_NAME = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*$")
_AT_ONCE = 10_000
CONNECT_SECONDS, LOCK_SECONDS = 10, 30


def write(target: Target, rows: pa.Table) -> str:
    """Bring the rows of this run; the table is made where it does not exist. Columns `run` and `notice` are ours.

    Without a key the rows of this run replace those of an earlier try. With one, each row replaces that of the same
    key, unless a later list has written it already.
    """
    return stream(target, rows.to_reader())


def stream(target: Target, rows: pa.RecordBatchReader) -> str:
    """The same for rows that come some at a time: in one transaction, so that nobody sees a part of them."""
    key = target.declared.key
    table = _table(target, rows.schema)
    engine = _engine(_address(target))
    try:
        with engine.begin() as connection:
            _patient(connection)
            table.create(connection, checkfirst=True)
            if key:
                statement = _upsert(connection.dialect.name, table, key)
            else:
                connection.execute(table.delete().where(table.c.run == target.run))
                statement = table.insert()
            for records in _records(target, rows):
                connection.execute(statement, records)
    except sa.exc.SQLAlchemyError as error:
        raise OSError(f"table {target.table}: {_said(target, error)}") from None
    finally:
        engine.dispose()
    return f"table {target.table}"


def erase(target: Target, columns: Mapping[str, Knows]) -> Gone | None:
    """Delete the rows from the table, whatever run brought them; SQLite overwrites what they were."""
    engine = _engine(_address(target))
    try:
        with engine.begin() as connection:
            if engine.dialect.name == "sqlite":
                connection.exec_driver_sql("PRAGMA secure_delete = ON")
            if not sa.inspect(connection).has_table(target.table):
                return None
            table = sa.Table(target.table, sa.MetaData(), autoload_with=connection)
            asked = {name: columns[name] for name in (column.name for column in table.c) if name in columns}
            if not asked:
                return None
            count = sa.select(sa.func.count()).select_from(table)
            before = connection.execute(count).scalar_one()
            for name, knows in asked.items():
                known = connection.execute(sa.select(table.c[name]).distinct()).scalars()
                gone = [value for value in known if value is not None and knows(str(value))]
                if gone:
                    connection.execute(table.delete().where(table.c[name].in_(gone)))
            return Gone(before, connection.execute(count).scalar_one())
    except sa.exc.SQLAlchemyError as error:
        raise OSError(f"table {target.table}: {_without_values(error)}") from error
    finally:
        engine.dispose()


def _without_values(error: sa.exc.SQLAlchemyError) -> str:
    return type(getattr(error, "orig", None) or error).__name__


def probe(target: Target, shape: pa.Table) -> str:
    """Whether the table has the columns; in a rehearsal, whether a row can be written, which is taken back."""
    table = _table(target, shape.schema)
    address = _address(target)
    file = Path(address.removeprefix("sqlite:///")) if address.startswith("sqlite") else None
    was_there = file is None or file.exists()
    engine = _engine(address)
    try:
        with engine.connect() as connection:
            there = sa.inspect(connection).has_table(target.table)
            if there:
                _require_columns(target, connection, table)
            if target.rehearsal:
                connection.rollback()
                _write_and_take_back(connection, table)
    except sa.exc.SQLAlchemyError as error:
        raise OSError(f"table {target.table}: {_said(target, error)}") from None
    finally:
        engine.dispose()
        if file is not None and not was_there:
            file.unlink(missing_ok=True)  # SQLite makes one by looking
    state = "has the columns" if there else "will be made"
    return f"table {target.table} {state}{'; a row was written and taken back' if target.rehearsal else ''}"


def _engine(address: str) -> sa.Engine:
    waits = {} if address.startswith("sqlite") else {"connect_timeout": CONNECT_SECONDS}
    return sa.create_engine(address, poolclass=sa.pool.NullPool, connect_args=waits)


def _patient(connection: sa.Connection) -> None:
    """Let a table that somebody holds be waited for, but not for ever; SQLite waits for seconds by itself."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")


def _write_and_take_back(connection: sa.Connection, table: sa.Table) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # SQLite's driver begins none for CREATE TABLE
    _patient(connection)
    table.create(connection, checkfirst=True)
    connection.execute(table.insert(), [dict.fromkeys(table.columns.keys()) | {"run": "probe"}])
    connection.rollback()


def _require_columns(target: Target, connection: sa.Connection, table: sa.Table) -> None:
    there = {column["name"] for column in sa.inspect(connection).get_columns(target.table)}
    lacking = [name for name in table.columns.keys() if name not in there]  # noqa: SIM118
    if lacking:
        found = f"Table {target.table} has no column {', '.join(lacking)}."
        why = "The consumer's columns in the plan are not those of the table; every delivery would fail."
        fix = "Add the columns to the table, name another table, or correct the consumer's columns."
        raise UserError(Mistake("deliver.other_columns", target.where, found, why, fix))


def _table(target: Target, schema: pa.Schema) -> sa.Table:
    if not _NAME.match(target.table):
        raise UserError(
            Mistake("deliver.table_name", target.table, "This is no table name.", fix="Use letters, digits and _.")
        )
    key = target.declared.key
    lacking = [name for name in key if name not in schema.names]
    if lacking:
        fix = "Name columns that the consumer gets."
        raise UserError(Mistake("deliver.key", target.where, f"The rows have no {', '.join(lacking)}.", fix=fix))
    return sa.Table(
        target.table,
        sa.MetaData(),
        sa.Column("run", sa.String(200), index=not key),
        sa.Column("notice", sa.Text),
        *(sa.Column(field.name, _type(field.type)) for field in schema),
        *([sa.UniqueConstraint(*key)] if key else []),
    )


def _upsert(dialect: str, table: sa.Table, key: list[str]) -> Any:
    insert: Any = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}[dialect](table)
    fresh = insert.excluded
    # The name of a run ends with its moment: a list that comes late never writes over a newer one.
    bytewise = "BINARY" if dialect == "sqlite" else "C"
    newer = sa.collate(fresh.run, bytewise) >= sa.collate(table.c.run, bytewise)
    changed = {name: fresh[name] for name in table.columns.keys() if name not in key}  # noqa: SIM118
    return insert.on_conflict_do_update(index_elements=key, set_=changed, where=newer)


def _records(target: Target, rows: pa.RecordBatchReader) -> Iterator[list[dict[str, object]]]:
    lists = [field.name for field in rows.schema if pa.types.is_list(field.type)]
    moments = [field.name for field in rows.schema if pa.types.is_timestamp(field.type)]
    for some in (some for batch in rows for some in pa.Table.from_batches([batch]).to_batches(_AT_ONCE)):
        records: list[dict[str, Any]] = some.to_pylist()
        for record in records:
            for name in lists:
                record[name] = "; ".join(record[name] or [])
            for name in moments:
                record[name] = record[name] and record[name].isoformat()
            record |= {"run": target.run, "notice": target.notice}
        if records:
            yield records


def _type(type_: pa.DataType) -> sa.types.TypeEngine[Any]:
    return next((sql() for is_, sql in _TYPES if is_(type_)), sa.Text())


def _said(target: Target, error: sa.exc.SQLAlchemyError) -> str:
    """What the database said, in one line, without secrets and without any value of the rows."""
    text = str(getattr(error, "orig", None) or error).splitlines()[0]
    if target.declared.key and "ON CONFLICT" in text.upper():
        return f"it has no unique index on {', '.join(target.declared.key)}, which `key` needs"
    return target.hidden(text)


def _address(target: Target) -> str:
    url = target.filled(target.url)
    if url.startswith("sqlite:///"):
        file = (target.folder / url.removeprefix("sqlite:///")).resolve()
        target.require_open(file)
        file.parent.mkdir(parents=True, exist_ok=True)
        return f"sqlite:///{file}"
    if not url.startswith(("postgres://", "postgresql://", "postgresql+psycopg://")):
        found = f"It is no address of a database that is written to: {url.split(':')[0][:20]!r}."
        fix = "Write sqlite:///file or postgresql://user:${PASSWORD}@host/database."
        raise UserError(Mistake("deliver.bad_url", target.where, found, fix=fix))
    return re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", url)


SINK = SinkKind(
    "sql",
    write,
    says="A table of a SQLite or PostgreSQL database.",
    needs=("url", "table"),
    rehearses="table",
    probe=probe,
    erase=erase,
    stream=stream,
)
