"""When what failed by itself is tried again: soon at first, later once a day, and not for ever. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

FIRST_WAIT, LONGEST_WAIT = timedelta(hours=1), timedelta(days=1)
MOST_TRIES = 8
"""So often the same thing is tried: over three days and seven hours, then people have to see to it."""


def wait_after(tries: int) -> timedelta:
    """How long what has failed so often is left alone: twice as long each time, up to a day.

    >>> [wait_after(tries) // timedelta(hours=1) for tries in range(1, 9)]
    [1, 2, 4, 8, 16, 24, 24, 24]
    """
    doubled = min(max(tries, 1) - 1, MOST_TRIES)
    return min(FIRST_WAIT * (1 << doubled), LONGEST_WAIT)


def next_try(tries: int, last: datetime) -> datetime:
    """The first moment at which what has failed so often, last at this moment, may be tried again."""
    return last + wait_after(tries)


def given_up(tries: int) -> bool:
    """Whether what has failed so often is not tried again by itself."""
    return tries >= MOST_TRIES


def rests(tries: int, last: datetime, now: datetime) -> bool:
    """Whether what has failed so often is left alone now; a failure dated ahead, by a clock since put back, is not."""
    return last <= now < next_try(tries, last)
