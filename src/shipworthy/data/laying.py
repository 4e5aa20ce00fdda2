"""How values that a database hands out become columns, though the type is only known when all of them came.

A column has the type that all its values have. Whole and other numbers are numbers, as long as none loses a digit by
that; whatever else differs is text, each value as Python shows it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence, Set
from decimal import Decimal
from typing import Any, TypeAlias
from uuid import UUID

import pyarrow as pa
import pyarrow.compute as pc

NOTHING, TEXT, WHOLE, LONG, NUMBER, NUMBERS = "nothing", "text", "whole", "long", "number", "numbers"
"""Kinds of some values: none at all; text; whole numbers that floating point holds, and longer ones; other numbers;
both of them, kept as text until it is known whether they stay numbers. Values of another type are of its kind."""
Kind: TypeAlias = "str | pa.DataType"
_EXACT = 1 << 53


def laid_out(values: Sequence[Any]) -> tuple[Kind, pa.Array]:
    """Some values of a column, and of which kind they are."""
    if any(isinstance(value, dict | list) for value in values):
        values = [json.dumps(v, sort_keys=True, default=str) if isinstance(v, dict | list) else v for v in values]
    types = {type(value) for value in values} - {type(None)}
    if not types:
        return NOTHING, pa.nulls(len(values), pa.string())
    if types == {int, float}:
        long = any(isinstance(value, int) and abs(value) > _EXACT for value in values)
        return TEXT if long else NUMBERS, _texts(values)
    if len(types) > 1 or types & {Decimal, UUID}:
        return TEXT, _texts(values)
    try:
        column = pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError):
        return TEXT, _texts(values)
    if column.type == pa.int64():
        ends = pc.min_max(column)
        return LONG if max(-ends["min"].as_py(), ends["max"].as_py()) > _EXACT else WHOLE, column
    return {pa.string(): TEXT, pa.float64(): NUMBER}.get(column.type, column.type), column


def common_type(kinds: Set[Kind]) -> pa.DataType:
    """The type of a column that has values of these kinds."""
    found = set(kinds) - {NOTHING}
    if not found:
        return pa.null()
    if found <= {WHOLE, LONG}:
        return pa.int64()
    if found <= {WHOLE, NUMBER, NUMBERS}:
        return pa.float64()
    [only] = found if len(found) == 1 else [TEXT]
    return only if isinstance(only, pa.DataType) else pa.string()


def as_type(kind: Kind, column: pa.Array, wanted: pa.DataType) -> pa.Array:
    """Some values of a column in the type of all of them."""
    if column.type == wanted:
        return column
    if kind == NOTHING:
        return pa.nulls(len(column), wanted)
    return pc.cast(column, wanted) if wanted != pa.string() else _texts(column.to_pylist())


def _texts(values: Sequence[Any]) -> pa.Array:
    return pa.array([None if value is None else str(value) for value in values], pa.string())
