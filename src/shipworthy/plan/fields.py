"""The values that product.yaml is made of: names, lengths of time, shares, days; and the base of its sections."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, Strict, WithJsonSchema
from pydantic_core import PydanticCustomError

from shipworthy.base.times import Length, length

_PERCENT = re.compile(r"^\s*([0-9]{1,9}(?:\.[0-9]{1,9})?)\s*%\s*$")
_LONGEST_DAYS = 100 * 366
_CLOCK_TIME = re.compile(r"^([01][0-9]|2[0-3]):[0-5][0-9]$")
_MINUTES_OF_A_DAY = 24 * 60
_FIRST_YEAR, _LAST_YEAR = 1900, 2200
_LONGEST_LENGTH_TEXT = 20

Function = Literal["business", "technology", "privacy", "legal", "compliance", "validation"]


def _read_length(value: object) -> object:
    if isinstance(value, Length):
        return value
    try:
        read = length(value) if isinstance(value, str) and len(value) <= _LONGEST_LENGTH_TEXT else None
    except ValueError:
        read = None
    if read is None:
        raise PydanticCustomError("length", "not a length of time")
    if not 0 < read.days <= _LONGEST_DAYS:
        raise PydanticCustomError("length_range", "a length is more than nothing and at most 100 years")
    return read


def _read_share(value: object) -> object:
    found = _PERCENT.match(value) if isinstance(value, str) else None
    number = float(found[1]) / 100 if found else value
    if isinstance(number, bool) or not isinstance(number, int | float) or not 0 <= number <= 1:
        raise PydanticCustomError("share", "not a share")
    return float(number)


def _read_day(value: object) -> object:
    try:
        day = date.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        day = None
    if type(day) is not date or not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise PydanticCustomError("day", "not a day")
    return day


def _read_clock_time(value: object) -> object:
    # YAML 1.1 reads an unquoted 22:00 as the number of minutes.
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MINUTES_OF_A_DAY:
        return f"{value // 60:02d}:{value % 60:02d}"
    if not (isinstance(value, str) and _CLOCK_TIME.match(value)):
        raise PydanticCustomError("clock_time", "not a time of day")
    return value


Name = Annotated[str, Field(title="name", pattern=r"^[a-z][a-z0-9_-]{0,62}$")]
ColumnName = Annotated[str, Field(title="column name", min_length=1, max_length=128)]
ClassName = Annotated[str, Field(title="class", min_length=1, max_length=60, pattern=r"^\S(.*\S)?$")]
Topic = Annotated[str, Field(title="topic", pattern=r"^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$", max_length=200)]
Whole = Annotated[int, Strict()]
Number = Annotated[float, Strict()]
Flag = Annotated[bool, Strict()]
Span = tuple[Number, Number]
Duration = Annotated[
    Length,
    BeforeValidator(_read_length),
    PlainSerializer(str, return_type=str),
    WithJsonSchema(
        {
            "type": "string",
            "title": "length of time",
            "pattern": r"^\s*\d+\s*(ms|s|min|h|d|w|mo|y)\s*$",
            "examples": ["90d", "3mo", "12h", "100ms"],
        }
    ),
]
ClockTime = Annotated[
    str,
    BeforeValidator(_read_clock_time),
    WithJsonSchema(
        {
            "type": "string",
            "title": "time of day",
            "pattern": r"^([01][0-9]|2[0-3]):[0-5][0-9]$",
            "examples": ["22:00"],
        }
    ),
]
Share = Annotated[
    float,
    BeforeValidator(_read_share),
    Field(ge=0, le=1),
    WithJsonSchema(
        {
            "title": "share",
            "anyOf": [
                {"type": "number", "minimum": 0, "maximum": 1},
                {"type": "string", "pattern": r"^\s*[0-9]+(\.[0-9]+)?\s*%\s*$"},
            ],
        }
    ),
]
Day = Annotated[
    date,
    BeforeValidator(_read_day),
    WithJsonSchema({"type": "string", "title": "date", "format": "date", "examples": ["2026-01-31"]}),
]


class Section(BaseModel):
    """A part of the plan: frozen, and strict about unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True, allow_inf_nan=False)
