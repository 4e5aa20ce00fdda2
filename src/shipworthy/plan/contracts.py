"""What must fit together inside a source's contract."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator

from shipworthy.plan.raw import Ground, Rule, Values, items, listed, named, part, word, words
from shipworthy.plan.slip import Slip, in_order, pair_in_order, unknown

_ONLY_FOR: dict[str, tuple[str, ...]] = {
    "min": ("integer", "number"),
    "max": ("integer", "number"),
    "typical": ("integer", "number"),
    "pattern": ("text",),
    "format": ("date", "moment"),
}


def column_rules(ground: Ground) -> Iterator[Slip]:
    """A rule on a column is one that its type can be held against."""
    for path, column in _columns(ground):
        type_ = word(column, "type")
        for key, types in _ONLY_FOR.items():
            if type_ and type_ not in types and column.get(key) is not None:
                found = f"{path}.{key} is for {' and '.join(types)}, but the column is {type_}."
                yield Slip(f"{path}.{key}", "plan.column_rule", found, "It could never be judged.", "Remove it.")
        if column.get("missing_at_most") and column.get("required", True) is True:
            found = f"{path}.missing_at_most is given, but the column is required."
            fix = "Add `required: false`, or remove missing_at_most."
            yield Slip(f"{path}.missing_at_most", "plan.column_rule", found, "A required value is never missing.", fix)
        yield from _pattern(f"{path}.pattern", word(column, "pattern"))


def contract_ranges(ground: Ground) -> Iterator[Slip]:
    """Low comes before high in every bound of a contract."""
    for path, column in _columns(ground):
        low, high = column.get("min"), column.get("max")
        yield from in_order(f"{path}.min", low, high, f"Write min: {high} and max: {low}.")
        typical = part(column, "typical")
        for key in ("median", "mean"):
            yield from pair_in_order(f"{path}.typical.{key}", items(typical, key))
    for name, contract in _contracts(ground):
        yield from pair_in_order(f"sources.{name}.contract.volume.rows", items(part(contract, "volume"), "rows"))


def time_column(ground: Ground) -> Iterator[Slip]:
    """The time column exists and holds dates or moments; what counts by time has one."""
    for name, contract in _contracts(ground):
        path, columns, time = f"sources.{name}.contract", part(contract, "columns"), word(contract, "time")
        if time and columns and time not in columns:
            yield unknown(f"{path}.time", "plan.unknown_column", "column", time, columns)
        type_ = word(part(columns, time), "type")
        if time and type_ and type_ not in ("date", "moment"):
            found = f"{path}.time is {time}, a column of type {type_}."
            why = "Rows are cut off before `as_of` by this column, so that no feature sees the future."
            yield Slip(f"{path}.time", "plan.column_rule", found, why, "Name a column of type date or moment.")
        for key in () if time else ("freshness", "volume"):
            if contract.get("freshness") is not None if key == "freshness" else part(contract, "volume").get("each"):
                found = f"{path}.{key} is judged by time, but {path}.time is missing."
                fix = f"Add `time: COLUMN`, or remove {'freshness' if key == 'freshness' else 'each from volume'}."
                yield Slip(f"{path}.{key}", "plan.needs_time", found, "Without it no row has a date.", fix)


def contract_names(ground: Ground) -> Iterator[Slip]:
    """Key columns exist; a removal rule's name is its own."""
    for name, contract in _contracts(ground):
        path, columns = f"sources.{name}.contract", part(contract, "columns")
        for number, key in words(contract, "key"):
            if columns and key not in columns:
                yield unknown(f"{path}.key[{number}]", "plan.unknown_column", "column", key, columns)
        seen: set[str] = set()
        for number, rule in listed(contract, "remove"):
            rule_name = word(rule, "name")
            if rule_name and rule_name in seen:
                found = f"{path}.remove has two rules with the name {rule_name[:60]!r}."
                why = "Removed rows are counted by the name of their rule."
                yield Slip(f"{path}.remove[{number}].name", "plan.repeated", found, why, "Rename one of them.")
            seen.add(rule_name)


def _contracts(ground: Ground) -> Iterator[tuple[str, Values]]:
    for name, source in named(ground.values, "sources"):
        yield name, part(source, "contract")


def _columns(ground: Ground) -> Iterator[tuple[str, Values]]:
    for name, contract in _contracts(ground):
        for column, rules in named(contract, "columns"):
            yield f"sources.{name}.contract.columns.{column}", rules


def _pattern(path: str, pattern: str) -> Iterator[Slip]:
    try:
        with warnings.catch_warnings(action="ignore"):  # odd but valid patterns are the author's business
            re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        fix = "Put a backslash before signs that stand for themselves, such as \\. or \\(."
        yield Slip(path, "plan.column_rule", f"{path} is no regular expression: {error}.", "", fix)


RULES: tuple[Rule, ...] = (column_rules, contract_ranges, time_column, contract_names)
