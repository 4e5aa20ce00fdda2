"""Moments and lengths of time: UTC inside, calendar months where people mean months."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from shipworthy.base.errors import Mistake, UserError

_LENGTH = re.compile(r"^\s*(\d+)\s*(ms|s|min|h|d|w|mo|y)\s*$")
_SECONDS = {"ms": 0.001, "s": 1, "min": 60, "h": 3600, "d": 86400, "w": 604800}
_DAYS_PER_MONTH = 30.4375


@dataclass(frozen=True, slots=True, order=False)
class Length:
    """A length of time as people write it: ``90d``, ``3mo``, ``12h``; months are calendar months."""

    months: int = 0
    seconds: float = 0.0

    def after(self, moment: datetime) -> datetime:
        """The moment this much later; a month ends on the last day where the day does not exist."""
        return _plus_months(moment, self.months) + timedelta(seconds=self.seconds)

    def before(self, moment: datetime) -> datetime:
        """The moment this much earlier."""
        return _plus_months(moment, -self.months) - timedelta(seconds=self.seconds)

    def times(self, number: int) -> Length:
        """This length so many times over.

        >>> str(Length(months=1).times(3))
        '3mo'
        """
        return Length(self.months * number, self.seconds * number)

    @property
    def days(self) -> float:
        """About how many days; a month counts 30.4375 days. For comparing, never for dates."""
        return self.months * _DAYS_PER_MONTH + self.seconds / 86400

    def __str__(self) -> str:
        if self.months:
            return f"{self.months}mo"
        for unit, size in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
            if self.seconds >= size and self.seconds % size == 0:
                return f"{int(self.seconds // size)}{unit}"
        return f"{round(self.seconds * 1000)}ms"


def length(text: str) -> Length:
    """The length that a text such as ``90d``, ``3mo``, ``2w``, ``12h``, ``30min``, ``100ms`` names.

    Raises:
        ValueError: the text is no such length.

    >>> length("90d").days
    90.0
    >>> str(length("12mo"))
    '12mo'
    """
    found = _LENGTH.match(text)
    if not found:
        raise ValueError(f"{text!r} is not a length of time; write a number and ms, s, min, h, d, w, mo or y")
    number, unit = int(found[1]), found[2]
    if unit in ("mo", "y"):
        return Length(months=number * (12 if unit == "y" else 1))
    return Length(seconds=number * _SECONDS[unit])


def aware(moment: datetime) -> datetime:
    """The moment in UTC.

    Raises:
        ValueError: the moment has no time zone.
    """
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone; times here are aware")
    return moment.astimezone(UTC)


def midnight(day: date) -> datetime:
    """The start of a day in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def read_moment(text: str) -> datetime:
    """The moment that an ISO 8601 text names; a bare date is its midnight, UTC.

    >>> read_moment("1998-01-01").isoformat()
    '1998-01-01T00:00:00+00:00'
    """
    moment = datetime.fromisoformat(text)
    return aware(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def given_moment(text: str, where: str) -> datetime:
    """The moment that somebody named.

    Args:
        where: what they named it for, such as ``as_of``.

    Raises:
        UserError: it names none.
    """
    try:
        return read_moment(text)
    except ValueError:
        fix = "Write a date such as 1998-01-01, or a date with a time such as 1998-01-01T12:00."
        raise UserError(Mistake("times.no_moment", where, f"{text[:60]!r} is no moment.", fix=fix)) from None


def _plus_months(moment: datetime, months: int) -> datetime:
    if not months:
        return moment
    index = moment.year * 12 + moment.month - 1 + months
    year, month = divmod(index, 12)
    first_of_next = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    last_day = (first_of_next - timedelta(days=1)).day
    return moment.replace(year=year, month=month + 1, day=min(moment.day, last_day))
