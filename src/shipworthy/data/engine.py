"""The engine that reads handed-in tables and nothing else: DuckDB in memory, with every way out shut."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

RESERVED = "__"  # begins the names that the engine gives to columns of its own


@contextmanager
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection without files, network, extensions or Python variables; its settings cannot be changed.

    Without extensions there is no local time zone either: moments are UTC.
    """
    connection = duckdb.connect(
        ":memory:",
        config={"enable_external_access": False, "lock_configuration": True, "python_enable_replacements": False},
    )
    try:
        yield connection
    finally:
        connection.close()


def identifier(name: str) -> str:
    """A column's name as SQL writes it.

    >>> identifier('a "b"')
    '"a ""b\"""'
    """
    return '"' + name.replace('"', '""') + '"'


def literal(value: str | float | int | bool) -> str:
    """A value as SQL writes it.

    >>> literal("it's")
    "'it''s'"
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return f"{value!r}::DOUBLE" if isinstance(value, float) else str(value)
