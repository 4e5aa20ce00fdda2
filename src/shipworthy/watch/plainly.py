"""Columns that anybody can see are broken: told at once, as a description, where a guarantee would take weeks.

A column that is wholly missing, has become constant, or lies outside of what was seen needs no statistics. What is
said here spends nothing of the false-alarm budget and raises no alarm.
"""

from __future__ import annotations

from shipworthy.model.profile import LEAST
from shipworthy.watch.counting import Tally
from shipworthy.watch.monitor import percent
from shipworthy.watch.reference import Known

_MOST_THEN, _FEW_NOW = 0.5, 0.05
_LOWEST = 0.1  # at most so many lay below the lowest decile, however many at it


def broken(tally: Tally) -> str:
    """What is plainly wrong with a column of a window, with what was then; empty where nothing is.

    Whatever was so of more than half of the reference rows is not called wrong, nor one value in all rows where that
    was so at more than half of the reference moments: a list of one day has one day of the week.

    >>> import numpy as np
    >>> known = Known("x", 100, cuts=((1.0, 0.1), (5.0, 0.5), (9.0, 0.9)))
    >>> broken(Tally.of(known, np.full(50, np.nan))), broken(Tally.of(known, np.full(50, 3.0)))
    ('wholly missing: 0.0% then', 'always 3: at most 40.0% then')
    >>> broken(Tally.of(known, np.arange(50.0) + 100)), broken(Tally.of(known, np.arange(50.0) / 5))
    ('outside of 1 to 9: 20.0% then', '')
    """
    known, present = tally.known, tally.present
    if tally.rows < LEAST:
        return ""
    if not present:
        return _told("wholly missing", known.missing / known.rows)
    if present < LEAST or not known.present:
        return ""
    return _number(known, tally, present) if known.shares is None else _text(known, tally, present)


def _number(known: Known, tally: Tally, present: int) -> str:
    (lowest, below), (highest, upto) = known.cuts[0], known.cuts[-1]
    if tally.lowest == tally.highest and known.still <= _MOST_THEN:
        value = tally.lowest
        before = max((share for cut, share in known.cuts if cut < value), default=0.0)
        here = min((share for cut, share in known.cuts if cut >= value), default=1.0)
        return _told(f"always {value:g}", here - before, "at most ")
    inside = (tally.ones[len(known.cuts) - 1] - tally.ones[-1]) / present  # at most the highest, not below the lowest
    out_then = min(below, _LOWEST) + 1 - upto
    return _told(f"outside of {lowest:g} to {highest:g}", out_then) if inside <= _FEW_NOW else ""


def _text(known: Known, tally: Tally, present: int) -> str:
    assert known.shares is not None
    for name, ones in zip(known.shares, tally.ones, strict=False):
        if ones == present and known.still <= _MOST_THEN:
            return _told(f"always {name}", known.shares[name])
    rare = sum(tally.ones[len(known.shares) :])
    return _told("no text that was common", known.rest) if present - rare <= _FEW_NOW * present else ""


def _told(what: str, then: float, about: str = "") -> str:
    return f"{what}: {about}{percent(then)} then" if then <= _MOST_THEN else ""
