"""The SQL conditions of removal rules: each asks one yes-or-no question of one row, and of nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import duckdb

from shipworthy.base.errors import Mistake
from shipworthy.data.engine import RESERVED
from shipworthy.plan.schema import Contract

_FIX = "Write a SQL condition over the columns of this source, such as `amount = 0`."
_WHY = "A removal rule decides on each row by itself, so that the same row always goes for the same reason."
_NOW = frozenset(  # SQL's words for the clock, which the engine does not list as functions that change
    ("current_localtime", "current_localtimestamp", "current_time", "current_timestamp", "localtime", "localtimestamp")
)


def mistakes_in(duck: duckdb.DuckDBPyConnection, where: str, condition: str, contract: Contract) -> Iterator[Mistake]:
    """What is wrong with a condition, whatever the rows are: syntax, another table, other rows, the clock.

    Args:
        where: the place of its rule in the plan.
    """
    written = f"SELECT ({condition}\n)"
    parsed = json.loads(duck.execute("SELECT json_serialize_sql(?)", [written]).fetchall()[0][0])
    if parsed["error"]:
        yield _wrong(where, f"{condition!r} is no SQL condition: {parsed['error_message'].splitlines()[0]}")
    elif not _is_one_expression(parsed["statements"]):
        yield _wrong(where, f"{condition!r} is more than one condition.")
    else:
        expression = parsed["statements"][0]["node"]["select_list"][0]
        columns = {name.lower() for name in contract.columns}
        for found in dict.fromkeys(_strays(list(_nodes(expression)), (_passing(duck) | _NOW) - columns)):
            yield _wrong(where, f"{condition!r} {found}.")


def unanswerable(
    duck: duckdb.DuckDBPyConnection, rows: str, conditions: Mapping[str, str], columns: Sequence[str]
) -> list[Mistake]:
    """Conditions that cannot be asked of the columns that a source has, or that are no yes-or-no questions.

    No row is looked at, so the engine's own words hold no value of a row.

    Args:
        rows: SQL that gives the rows.
        conditions: each condition by the place of its rule in the plan.
        columns: the names that a condition can use, for messages.
    """
    wrong = []
    fix = f"Write a SQL condition over the columns: {', '.join(columns)}."
    for where, condition in conditions.items():
        try:
            duck.sql(f"SELECT 1 FROM ({rows}) WHERE ({condition}\n) LIMIT 0").fetchall()
            [kind] = duck.sql(f"SELECT ({condition}\n) FROM ({rows}) LIMIT 0").types
        except duckdb.Error as error:
            wrong.append(_wrong(where, f"{condition!r} cannot be asked: {str(error).splitlines()[0]}", fix))
        else:
            if str(kind) not in ("BOOLEAN", "NULL"):
                wrong.append(_wrong(where, f"{condition!r} gives {str(kind).lower()}, no yes or no.", fix))
    return wrong


def unanswered(duck: duckdb.DuckDBPyConnection, rows: str, conditions: Mapping[str, str]) -> list[Mistake]:
    """Conditions that cannot be asked of every row; the engine would show a row's value, so it is not quoted."""
    wrong = []
    for where, condition in conditions.items():
        try:
            duck.sql(f"SELECT count(*) FROM ({rows}) WHERE ({condition}\n)").fetchall()
        except duckdb.Error as error:
            found = f"{condition!r} cannot be asked of every row: {_kind_of(error)}."
            fix = "Write TRY_CAST or TRY(...) around what may fail; a condition that gives no answer removes nothing."
            wrong.append(_wrong(where, found, fix))
    return wrong


def _kind_of(error: duckdb.Error) -> str:
    """The kind of an error, without the value that the engine quotes after it."""
    return str(error).split(":")[0].strip().lower() if ":" in str(error) else type(error).__name__


def _wrong(where: str, found: str, fix: str = _FIX) -> Mistake:
    return Mistake("data.condition", where, found, _WHY, fix)


def _passing(duck: duckdb.DuckDBPyConnection) -> set[str]:
    """The functions that may give another answer to the same question: the time, chance, settings."""
    query = "SELECT DISTINCT function_name FROM duckdb_functions() WHERE stability <> 'CONSISTENT'"
    return {str(name) for (name,) in duck.sql(query).fetchall()}


def _strays(nodes: list[dict[str, Any]], passing: set[str]) -> Iterator[str]:
    """What in a condition reaches beyond the values of the row it judges."""
    for node in nodes:
        if node.get("class") in ("SUBQUERY", "WINDOW") or node.get("function_name") in ("unnest", "unlist"):
            yield "looks at more than the row it judges"
        if node.get("class") == "STAR":
            yield "asks of all columns at once; name each of them"
        if node.get("class") == "PARAMETER":
            yield "has a gap (? or $) that nobody fills"
        if any(str(name).startswith(RESERVED) for name in node.get("column_names") or ()):
            yield "names a column that begins with two underscores, which are the engine's own"
        name = str(node.get("function_name") or (node.get("column_names") or [""])[-1]).lower()
        if name in passing:
            yield f"uses {name}, which gives another answer each time; the same rows must always go"


def _is_one_expression(statements: list[dict[str, Any]]) -> bool:
    if len(statements) != 1 or statements[0]["node"]["type"] != "SELECT_NODE":
        return False
    node = statements[0]["node"]
    rest = ("modifiers", "where_clause", "having", "qualify", "sample", "group_expressions")
    return (
        len(node["select_list"]) == 1
        and not node["select_list"][0].get("alias")
        and node["from_table"]["type"] == "EMPTY"
        and not any(node.get(name) for name in rest)
        and not node["cte_map"]["map"]
    )


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _nodes(item)
