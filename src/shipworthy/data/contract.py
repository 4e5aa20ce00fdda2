"""What is wrong with a contract itself, before any row is looked at."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pyarrow as pa

from shipworthy.base.errors import Mistake
from shipworthy.data.casting import typed
from shipworthy.data.conditions import mistakes_in
from shipworthy.data.engine import RESERVED, engine, literal
from shipworthy.plan.schema import Column, Contract

NOT_BEFORE = "not-before-as-of"
REPEATED_ROW = "repeated-row"
ERASED = "erased-person"
REPLACED = "replaced-by-mended-row"
MENDED_THERE = "mended-at-the-source"
NOT_COUNTED = (NOT_BEFORE, REPLACED, MENDED_THERE)
"""Rows that say nothing about the feed: of the future, or there a second time because somebody mended them."""
_OWN_RULES = (NOT_BEFORE, REPEATED_ROW, ERASED, REPLACED, MENDED_THERE)
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
                for m in mistakes_in(duck, f"{where}.remove.{rule.name}", rule.where, contract)
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
    for name in sorted(set(rules) & set(_OWN_RULES)):
        found = f"{name!r} is the name of a rule that every contract has; its rows and yours would be counted as one."
        yield _wrong("same_name", f"{where}.remove", found, "Give your rule another name.")


def _times(where: str, contract: Contract) -> Iterator[Mistake]:
    if contract.time is not None:
        column = contract.columns.get(contract.time)
        if column is None or column.type not in ("date", "moment"):
            found = f"{contract.time!r} is no declared column of type date or moment."
            yield _wrong("time_column", f"{where}.time", found, "Name the column that says when a row became true.")
        elif not column.required:
            found = (
                f"{contract.time!r} may be missing, but nobody can say of a row without it that it is not the future."
            )
            fix = "Take `required: false` away from it; rows without a time then go to quarantine."
            yield _wrong("time_column", f"{where}.time", found, fix)
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
    return typed(literal(value), pa.string(), column)


def _error(duck: duckdb.DuckDBPyConnection, query: str) -> str:
    try:
        duck.sql(query).fetchall()
    except duckdb.Error as error:
        return str(error).splitlines()[0]
    return ""
