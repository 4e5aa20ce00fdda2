"""A table in a SQL database: the rows of a run are replaced in one transaction, so each row is there once."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from string import Template
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from shipworthy.base.errors import Mistake, UserError
from shipworthy.deliver.sink import Gone, Knows, SinkKind, Target

_TYPES: tuple[tuple[Callable[[pa.DataType], bool], type[sa.types.TypeEngine[Any]]], ...] = (
    (pa.types.is_integer, sa.BigInteger),
    (pa.types.is_floating, sa.Double),
    (pa.types.is_boolean, sa.Boolean),
)
_OWN = re.compile(r"\$\{?SHIPWORTHY_")
_NAME = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*$")


def write(target: Target, rows: pa.Table) -> str:
    """Replace the rows of this run; the table is made where it does not exist. Columns `run` and `notice` are ours."""
    if not _NAME.match(target.table):
        raise UserError(
            Mistake("deliver.table_name", target.table, "This is no table name.", fix="Use letters, digits and _.")
        )
    engine = sa.create_engine(_address(target), poolclass=sa.pool.NullPool)
    table = sa.Table(
        target.table,
        sa.MetaData(),
        sa.Column("run", sa.String(200), index=True),
        sa.Column("notice", sa.Text),
        *(sa.Column(field.name, _type(field.type)) for field in rows.schema),
    )
    try:
        with engine.begin() as connection:
            table.create(connection, checkfirst=True)
            connection.execute(table.delete().where(table.c.run == target.run))
            records = [row | {"run": target.run, "notice": target.notice} for row in _records(rows)]
            if records:
                connection.execute(table.insert(), records)
    except sa.exc.SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise OSError(f"table {target.table}: {reason}") from error
    finally:
        engine.dispose()
    return f"table {target.table}"


def erase(target: Target, columns: Mapping[str, Knows]) -> Gone | None:
    """Delete the rows from the table, whatever run brought them; SQLite overwrites what they were."""
    engine = sa.create_engine(_address(target), poolclass=sa.pool.NullPool)
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


def _records(rows: pa.Table) -> list[dict[str, object]]:
    lists = [field.name for field in rows.schema if pa.types.is_list(field.type)]
    moments = [field.name for field in rows.schema if pa.types.is_timestamp(field.type)]
    records: list[dict[str, object]] = rows.to_pylist()
    for record in records:
        for name in lists:
            record[name] = "; ".join(record[name] or [])  # type: ignore[arg-type]
        for name in moments:
            record[name] = record[name].isoformat()  # type: ignore[attr-defined]
    return records


def _type(type_: pa.DataType) -> sa.types.TypeEngine[Any]:
    return next((sql() for is_, sql in _TYPES if is_(type_)), sa.Text())


def _address(target: Target) -> str:
    if _OWN.search(target.url):
        found = "The address names a setting of the installation."
        fix = "Use a variable of its own."
        raise UserError(
            Mistake("deliver.own_setting", "sinks", found, "It may hold a token or lead to the ledger.", fix)
        )
    try:
        url = Template(target.url).substitute(os.environ)
    except KeyError as missing:
        raise UserError(
            Mistake(
                "deliver.no_secret",
                "sinks",
                f"The address needs the environment variable {missing.args[0]}, which is not set.",
                fix=f"Set {missing.args[0]} where Shipworthy runs.",
            )
        ) from None
    if url.startswith("sqlite:///"):
        file = (target.folder / url.removeprefix("sqlite:///")).resolve()
        target.require_open(file)
        file.parent.mkdir(parents=True, exist_ok=True)
        return f"sqlite:///{file}"
    return re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", url)


SINK = SinkKind("sql", write, erase)
