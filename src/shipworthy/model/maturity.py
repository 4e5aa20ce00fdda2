"""Until when the truth has come: a day that is over by the clock may still be missing from the feed of outcomes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shipworthy.model.terms import Declared

_DAYS = 12
_LEAST = 3  # gaps, to know what is usual
_HORIZONS = 2


@dataclass(frozen=True, slots=True)
class Reach:
    """How far the rows that say what is true have come.

    Attributes:
        source: the one that is furthest behind.
        newest: its newest row; None where no source of the truth has any row.
        until: all rows before this moment should be there: a usual gap after the newest one.
    """

    source: str
    newest: datetime | None
    until: datetime

    @property
    def text(self) -> str:
        """How far it has come, in plain words."""
        if self.newest is None:
            return f"The source {self.source}, which says what is true, has no row yet."
        return f"The source {self.source}, which says what is true, ends on {self.newest:%Y-%m-%d}."


def reach_of(plan: Declared, names: Sequence[str], sources: Mapping[str, pa.Table]) -> Reach | None:
    """How far the sources of the truth have come; None where their rows do not tell.

    A source without a time column does not tell, nor one with too few rows to know its usual gap, nor one whose usual
    gap is longer than two horizons: that no row came says nothing then about the horizon that is asked about.

    Args:
        names: the sources that the truth is made of.
        sources: accepted rows by source, not cut off.
    """
    times = {name: _times(plan, name, sources[name]) for name in names if name in sources}
    timed = {name: found for name, found in times.items() if found is not None}
    if timed and not any(found.size for found in timed.values()):
        return Reach(", ".join(timed), None, datetime.min.replace(tzinfo=UTC))
    longest = _HORIZONS * timedelta(days=plan.need.horizon.days)
    reached = []
    for name, found in timed.items():
        gap = usual_gap(found)
        if gap is not None and gap <= longest:
            newest = _moment(found.max())
            reached.append(Reach(name, newest, newest + gap))
    return min(reached, key=lambda one: one.until, default=None)


def usual_gap(times: np.ndarray[Any, np.dtype[np.datetime64]]) -> timedelta | None:
    """The longest time without a row in the last 12 days that had one; None with too few of them.

    Nights, weekends and the rhythm of a monthly feed are in it; an outage of long ago is not.

    >>> days = np.array(["2026-03-05", "2026-03-06", "2026-03-09", "2026-03-10"], dtype="M8[us]")
    >>> usual_gap(days), usual_gap(days[:2])
    (datetime.timedelta(days=3), None)
    """
    days = np.unique(times.astype("M8[D]"))[-_DAYS - 1 :]
    if days.size <= _LEAST:
        return None
    lately = np.unique(times[times >= days[0]])
    gap: timedelta = np.diff(lately).max().astype("m8[us]").item()
    return gap


def _times(plan: Declared, name: str, table: pa.Table) -> np.ndarray[Any, np.dtype[np.datetime64]] | None:
    """The times of the rows of a source; None where it has no time column."""
    source = plan.sources.get(name)
    column = source.contract.time if source else None
    if column is None or column not in table.column_names:
        return None
    plain = pc.unique(table[column].drop_null()).cast(pa.timestamp("us"))
    times: np.ndarray[Any, np.dtype[np.datetime64]] = plain.to_numpy(zero_copy_only=False).astype("M8[us]")
    return times


def _moment(time: np.datetime64) -> datetime:
    moment: datetime = time.astype("M8[us]").item()
    return moment.replace(tzinfo=UTC)
