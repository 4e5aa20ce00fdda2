"""What is wrong with a contract itself, before any row is looked at."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import duckdb

from shipworthy.base.errors import Mistake
from shipworthy.data.casting import typed
from shipworthy.data.engine import engine, literal
from shipworthy.plan.schema import Column, Contract

RESERVED = "__"  # begins the names that the engine gives to columns of its own
_NUMERIC = ("integer", "number")


def mistakes(source: str, contract: Contract) -> list[Mistake]:
    """Everything in a contract that no table could be judged by: patterns, formats, bounds, names, conditions.

    Args:
        source: the source's name in the plan, for messages.
    """
    where = f"sources.{source}.contract"
    with engine() as duck:
        return [
            *_names(where, contract),
            *_times(where, contract),
            *(m for name, column in contract.columns.items() for m in _column(duck, f"{where}.columns.{name}", column)),
            *(
                m
                for rule in contract.remove
                for m in _condition(duck, f"{where}.remove.{rule.name}", rule.where, contract)
            ),
        ]


def _wrong(code: str, where: str, found: str, fix: str) -> Mistake:
    return Mistake(f"data.{code}", where, found, fix=fix)


def _names(where: str, contract: Contract) -> Iterator[Mistake]:
    by_small: dict[str, str] = {}
    for name in contract.columns:
        other = by_small.setdefault(name.lower(), name)
        if other != name:
            yield _wrong("same_name", f"{where}.columns", f"{other!r} and {name!r} differ only in case.", "Rename one.")
        if name.startswith(RESERVED):
            yield _wrong("same_name", f"{where}.columns", f"{name!r} begins with two underscores.", "Rename it.")
    for name in contract.key:
        if name not in contract.columns:
            known = ", ".join(contract.columns)
            yield _wrong("unknown_column", f"{where}.key", f"{name!r} is no declared column: {known}.", "Declare it.")
    rules = [rule.name for rule in contract.remove]
    for name in sorted({name for name in rules if rules.count(name) > 1}):
        yield _wrong("same_name", f"{where}.remove", f"Two rules are called {name!r}.", "Give each its own name.")


def _times(where: str, contract: Contract) -> Iterator[Mistake]:
    if contract.time is not None:
        column = contract.columns.get(contract.time)
        if column is None or column.type not in ("date", "moment"):
            found = f"{contract.time!r} is no declared column of type date or moment."
            yield _wrong("time_column", f"{where}.time", found, "Name the column that says when a row became true.")
        return
    asks = [f"columns.{name}.typical" for name, column in contract.columns.items() if column.typical]
    asks += ["freshness"] * (contract.freshness is not None)
    asks += ["volume.each"] * (contract.volume is not None and contract.volume.each is not None)
    for ask in asks:
        yield _wrong("time_column", f"{where}.{ask}", f"{ask} needs a time column.", "Declare `time` in the contract.")


def _column(duck: duckdb.DuckDBPyConnection, where: str, column: Column) -> Iterator[Mistake]:
    if column.type not in _NUMERIC and (column.min is not None or column.max is not None or column.typical):
        found = f"min, max and typical hold for integer and number, but the column is of type {column.type}."
        yield _wrong("bounds", where, found, "Take them away or correct the type.")
    if column.min is not None and column.max is not None and column.min > column.max:
        found = f"min {column.min:g} is above max {column.max:g}."
        yield _wrong("bounds", where, found, "Write min below max.")
    if column.pattern is not None and (
        error := _error(duck, f"SELECT regexp_full_match('', {literal(column.pattern)})")
    ):
        fix = "Correct it; look-around and back-references are not supported (RE2 syntax)."
        yield _wrong("pattern", f"{where}.pattern", f"{column.pattern!r} is no regular expression: {error}", fix)
    if column.format is not None and (error := _error(duck, f"SELECT try_strptime('', {literal(column.format)})")):
        yield _wrong(
            "format", f"{where}.format", f"{column.format!r} is no date format: {error}", "Write it as %Y-%m-%d."
        )
        return
    for value in column.one_of or []:
        if duck.sql(f"SELECT {one_of_value(value, column)}").fetchall()[0][0] is None:
            found = f"{value!r} cannot be read as {column.type}."
            yield _wrong("one_of", f"{where}.one_of", found, "Take it away or correct the type.")


def one_of_value(value: str, column: Column) -> str:
    """A declared value as an expression of the column's type."""
    import pyarrow as pa

    return typed(literal(value), pa.string(), column)


def _condition(duck: duckdb.DuckDBPyConnection, where: str, condition: str, contract: Contract) -> Iterator[Mistake]:
    fix = "Write a SQL condition over the columns of this source, such as `amount = 0`."
    written = literal(f"SELECT ({condition}\n)")
    parsed = json.loads(duck.sql(f"SELECT json_serialize_sql({written})").fetchall()[0][0])
    if parsed["error"]:
        found = f"{condition!r} is no SQL condition: {parsed['error_message']}"
        yield _wrong("condition", where, found, fix)
    elif not _is_one_expression(parsed["statements"]):
        yield _wrong("condition", where, f"{condition!r} is more than one condition.", fix)
    else:
        expression = parsed["statements"][0]["node"]["select_list"][0]
        columns = {name.lower() for name in contract.columns}
        for found in dict.fromkeys(_strays(list(_nodes(expression)), _passing(duck) - columns)):
            yield _wrong("condition", where, f"{condition!r} {found}.", fix)


def _passing(duck: duckdb.DuckDBPyConnection) -> set[str]:
    """The functions that may give another answer to the same question: the time, chance, settings."""
    query = "SELECT DISTINCT function_name FROM duckdb_functions() WHERE stability <> 'CONSISTENT'"
    return {str(name) for (name,) in duck.sql(query).fetchall()}


def _strays(nodes: list[dict[str, Any]], passing: set[str]) -> Iterator[str]:
    """What in a condition reaches beyond the values of the row it judges."""
    for node in nodes:
        if node.get("class") in ("SUBQUERY", "WINDOW"):
            yield "looks at more than the row it judges"
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


def _error(duck: duckdb.DuckDBPyConnection, query: str) -> str:
    try:
        duck.sql(query).fetchall()
    except duckdb.Error as error:
        return str(error).splitlines()[0]
    return ""
