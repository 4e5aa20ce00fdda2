"""Stretches of time that are judged by themselves: calendar months, or weeks and days counted from a Monday."""

from __future__ import annotations

import math
from datetime import MAXYEAR, MINYEAR, UTC, datetime, timedelta
from typing import Any

from shipworthy.base.times import Length
from shipworthy.data.check import Sheet
from shipworthy.data.engine import RESERVED, identifier
from shipworthy.plan.schema import Contract

ENOUGH_ROWS = 20  # fewer rows say too little about a stretch
_MONDAY = datetime(1970, 1, 5, tzinfo=UTC)
_STRETCH = f"{RESERVED}stretch"  # a column of the source may be called stretch
_MONDAY_US = 4 * 86_400_000_000
_LUCK = math.log(1e6)  # a share that chance passes once in a million stretches


def number_sql(time: str, each: Length) -> str:
    """SQL for the number of the stretch that a date or moment lies in."""
    if each.months:
        return f"((year({time}) * 12 + month({time}) - 1) // {each.months})"
    size = timedelta(seconds=each.seconds) // timedelta(microseconds=1)
    since = f"(epoch_us(CAST({time} AS TIMESTAMP)) - {_MONDAY_US})"
    # In whole numbers: floating point puts a moment at the edge of a short stretch far from 1970 into its neighbour.
    return f"(({since} - (({since} % {size}) + {size}) % {size}) // {size})"


def number_of(moment: datetime, each: Length) -> int:
    """The number of the stretch that a moment lies in.

    >>> number_of(datetime(1998, 1, 31, tzinfo=UTC), Length(months=1)) - number_of(_MONDAY, Length(months=1))
    336
    """
    if each.months:
        return (moment.year * 12 + moment.month - 1) // each.months
    return (moment - _MONDAY) // timedelta(seconds=each.seconds)


def start_of(number: int, each: Length) -> datetime:
    """The first moment of a stretch."""
    if each.months:
        year, month = divmod(number * each.months, 12)
        return datetime(min(max(year, MINYEAR), MAXYEAR), month + 1, 1, tzinfo=UTC)
    try:
        return _MONDAY + timedelta(seconds=each.seconds) * number
    except OverflowError:  # the first and last stretch of the calendar begin or end beyond it
        return datetime.min.replace(tzinfo=UTC) if number < 0 else datetime.max.replace(tzinfo=UTC)


def name_of(number: int, each: Length) -> str:
    """A stretch's name for people.

    >>> name_of(number_of(datetime(1998, 1, 31, tzinfo=UTC), Length(months=1)), Length(months=1))
    '1998-01'
    >>> name_of(number_of(datetime(1998, 2, 1, tzinfo=UTC), Length(months=3)), Length(months=3))
    '1998-01 to 1998-03'
    """
    start, end = start_of(number, each), start_of(number + 1, each) - timedelta(microseconds=1)
    whole_days = each.seconds % 86400 == 0
    shape = "%Y-%m" if each.months else "%Y-%m-%d" if whole_days else "%Y-%m-%d %H:%M"
    first, last = start.strftime(shape), end.strftime(shape)
    return first if first == last else f"{first} to {last}"


def beyond_chance(count: int, rows: int, share: float) -> bool:
    """Whether so many of so many rows cannot come from a share by chance.

    The chance of `count` or more in `rows` independent rows is at most exp(-rows * KL(count/rows, share)); it must be
    below one in a million. Source: Hoeffding, J. Am. Stat. Assoc. 58 (1963), theorem 1.

    >>> beyond_chance(250, 5000, 0.01), beyond_chance(2, 20, 0.05), beyond_chance(1, 20, 0.0)
    (True, False, True)
    """
    if not rows or count <= rows * share:
        return False
    if share <= 0:
        return True
    seen = count / rows
    distance = seen * math.log(seen / share)
    if seen < 1:
        distance += (1 - seen) * math.log((1 - seen) / (1 - share))
    return rows * distance > _LUCK


def usual_stretch(contract: Contract) -> Length:
    """The stretch by which shares are judged: that of the volume where one is declared, else a month."""
    return contract.volume.each if contract.volume and contract.volume.each else Length(months=1)


def per_stretch(sheet: Sheet, each: Length, measures: str, where: str) -> list[tuple[Any, ...]]:
    """Measures of the rows of each stretch that has any, in the order of time.

    Args:
        measures: SQL aggregates over the rows of a stretch.
        where: SQL for which rows count; rows without a time never do.

    Returns:
        the number of the stretch and its measures; nothing where the contract names no time column or it is not there.
    """
    time = sheet.contract.time
    if time is None or time not in sheet.columns:
        return []
    at = identifier(time)
    return sheet.ask(
        f"SELECT {number_sql(at, each)} AS {_STRETCH}, {measures} FROM rows WHERE {at} IS NOT NULL AND {where} "
        f"GROUP BY {_STRETCH} ORDER BY {_STRETCH}"
    )
