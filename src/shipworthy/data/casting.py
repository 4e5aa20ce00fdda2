"""How a source's values become values of the declared type: strictly, or not at all.

Every function gives a SQL expression for `data.engine`; what cannot be read is NULL, never a guess.
"""

from __future__ import annotations

import re

import pyarrow as pa

from shipworthy.data.engine import literal
from shipworthy.data.parts import as_text
from shipworthy.plan.schema import Column

ARROW = {
    "text": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "date": pa.date32(),
    "moment": pa.timestamp("us", "UTC"),
    "flag": pa.bool_(),
}
_SQL = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "date": "DATE",
    "moment": "TIMESTAMP",
    "flag": "BOOLEAN",
}
_WHOLE = r" *[+-]?[0-9]+(\.0*)? *"
_MIDNIGHT = r"\d{4}-\d{2}-\d{2}[ T]00:00(:00(\.0*)?)?(Z|\+00:?00)?"
_MOMENT = r"\d{4}-\d{2}-\d{2}([ T]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,9})?)?(Z|[+-]\d{2}(:?\d{2})?)?)?"
_TOUCHING = re.compile(r"%-?[A-Za-z]%-?[A-Za-z]")  # no sign between two numbers, so each must be written in full
_ZONED = re.compile(r"%[zZ]")
_UNKNOWN_TO_ENGINE = (pa.types.is_float16, pa.types.is_decimal256, pa.types.is_union, pa.types.is_interval)


def readable(table: pa.Table) -> pa.Table:
    """The table with only types that the engine reads: dictionaries unpacked, moments in UTC without a zone."""
    return pa.table([_readable(column) for column in table.columns], names=table.column_names)


def missing(raw: str, arrow: pa.DataType) -> str:
    """Whether there is no value; an empty text is none."""
    return f"({raw} IS NULL OR {raw} = '')" if _is_text(arrow) else f"({raw} IS NULL)"


def typed(raw: str, arrow: pa.DataType, column: Column) -> str:
    """The value in the declared type, NULL where there is none or it cannot be read.

    Args:
        raw: expression of the value as the source has it.
        arrow: its type there, after `readable`.
    """
    cast = {"text": _text, "integer": _integer, "number": _number, "date": _date, "moment": _moment, "flag": _flag}
    return cast[column.type](raw, arrow, column)


def nothing(column: Column) -> str:
    """A missing value of the declared type."""
    return f"NULL::{_SQL[column.type]}"


def _readable(column: pa.ChunkedArray) -> pa.ChunkedArray:
    kind = column.type
    if isinstance(kind, pa.ExtensionType):
        return _readable(pa.chunked_array([chunk.storage for chunk in column.chunks], kind.storage_type))
    if pa.types.is_dictionary(kind):
        return _readable(column.cast(kind.value_type))
    if pa.types.is_null(kind):
        return column.cast(pa.string())
    if pa.types.is_timestamp(kind):
        return column.cast(pa.timestamp("us", kind.tz), safe=False).cast(pa.timestamp("us"))
    if pa.types.is_date64(kind):
        return column.cast(pa.date32(), safe=False)
    return as_text(column) if any(is_kind(kind) for is_kind in _UNKNOWN_TO_ENGINE) else column


def _is_text(arrow: pa.DataType) -> bool:
    return bool(pa.types.is_string(arrow) or pa.types.is_large_string(arrow) or pa.types.is_string_view(arrow))


def _is_real(arrow: pa.DataType) -> bool:
    return bool(pa.types.is_floating(arrow) or pa.types.is_decimal(arrow))


def _text(raw: str, arrow: pa.DataType, column: Column) -> str:
    return f"nullif(CAST({raw} AS VARCHAR), '')"


def _integer(raw: str, arrow: pa.DataType, column: Column) -> str:
    read = f"TRY_CAST({raw} AS BIGINT)"
    if _is_text(arrow):
        whole = f"CAST({read} AS VARCHAR) = {raw} OR regexp_full_match({raw}, {literal(_WHOLE)})"
        return f"CASE WHEN {whole} THEN {read} END"
    if _is_real(arrow):
        return f"CASE WHEN TRY_CAST({read} AS DOUBLE) = TRY_CAST({raw} AS DOUBLE) THEN {read} END"
    return read if pa.types.is_integer(arrow) else "NULL::BIGINT"


def _number(raw: str, arrow: pa.DataType, column: Column) -> str:
    read = f"TRY_CAST({raw} AS DOUBLE)"
    if _is_text(arrow):
        return f"CASE WHEN isfinite({read}) AND NOT contains({raw}, '_') THEN {read} END"
    if _is_real(arrow) or pa.types.is_integer(arrow):
        return f"CASE WHEN isfinite({read}) THEN {read} END"
    return "NULL::DOUBLE"


def _flag(raw: str, arrow: pa.DataType, column: Column) -> str:
    if pa.types.is_boolean(arrow):
        return raw
    if _is_text(arrow):
        return (
            f"CASE WHEN {raw} IN ('true', '1') THEN true WHEN {raw} IN ('false', '0') THEN false "
            f"WHEN lower(trim({raw})) IN ('true', 't', 'yes', 'y', '1') THEN true "
            f"WHEN lower(trim({raw})) IN ('false', 'f', 'no', 'n', '0') THEN false END"
        )
    if _is_real(arrow) or pa.types.is_integer(arrow):
        return f"CASE WHEN {raw} = 1 THEN true WHEN {raw} = 0 THEN false END"
    return "NULL::BOOLEAN"


def _date(raw: str, arrow: pa.DataType, column: Column) -> str:
    if pa.types.is_date(arrow):
        read = raw
    elif pa.types.is_timestamp(arrow):
        read = f"CASE WHEN date_trunc('day', {raw}) = {raw} THEN CAST({raw} AS DATE) END"
    elif column.format:
        read = _formatted(raw, arrow, column.format)
        read = f"CASE WHEN date_trunc('day', {read}) = {read} THEN CAST({read} AS DATE) END"
    elif _is_text(arrow):
        read = f"TRY_CAST({raw} AS DATE)"
        strict = f"CAST({read} AS VARCHAR) = {raw} OR regexp_full_match({raw}, {literal(_MIDNIGHT)})"
        read = f"CASE WHEN {strict} THEN {read} END"
    else:
        return "NULL::DATE"
    return f"CASE WHEN {read} BETWEEN DATE '0001-01-01' AND DATE '9999-12-31' THEN {read} END"


def _moment(raw: str, arrow: pa.DataType, column: Column) -> str:
    if pa.types.is_timestamp(arrow) or pa.types.is_date(arrow):
        read = f"CAST({raw} AS TIMESTAMP)"
    elif column.format:
        read = _formatted(raw, arrow, column.format)
    elif _is_text(arrow):
        plain = f"TRY_CAST({raw} AS TIMESTAMP)"
        zoned = f"make_timestamp(epoch_us(TRY_CAST({raw} AS TIMESTAMPTZ)))"
        read = (
            f"CASE WHEN CAST({plain} AS VARCHAR) = replace({raw}, 'T', ' ') THEN {plain} "
            f"WHEN regexp_full_match({raw}, {literal(_MOMENT)}) THEN {zoned} END"
        )
    else:
        return "NULL::TIMESTAMP"
    return f"CASE WHEN {read} BETWEEN TIMESTAMP '0001-01-01' AND TIMESTAMP '9999-12-31 23:59:59' THEN {read} END"


def _formatted(raw: str, arrow: pa.DataType, pattern: str) -> str:
    """A text read by a strptime pattern, as a moment in UTC."""
    text = raw if _is_text(arrow) else f"CAST({raw} AS VARCHAR)"
    read = f"try_strptime({text}, {literal(pattern)})"
    if _TOUCHING.search(pattern) and not _ZONED.search(pattern):
        read = f"CASE WHEN strftime({read}, {literal(pattern)}) = {text} THEN {read} END"
    if "%Y" in pattern:  # the engine takes two digits for a year of the first century
        read = f"CASE WHEN year({read}) >= 1000 THEN {read} END"
    return f"make_timestamp(epoch_us({read}))"
