"""Why a loss rose: because others are answered, or because the same ones are answered worse.

The difference of two means over the same parts is what the shift of shares explains at the old losses, and what the
change inside the parts explains at the new shares; the two add up to it exactly.

Source: Kitagawa, Components of a difference between two rates, JASA 50 (1955) 1168-1194; the reading of the two terms
as shift of the inputs and of what they lead to follows Cai, Namkoong and Yadlowsky, Diagnosing model performance under
distribution shift (DISDE, 2023), with bands of like scores in place of a learnt shared support.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from shipworthy.model.performance import HeldOut
from shipworthy.watch.evidence import Floats
from shipworthy.watch.monitor import Values, percent

_MOST = 0.6  # a term that explains so much of the rise is named as the reason
_CARRIES = 0.5


@dataclass(frozen=True, slots=True)
class Split:
    """A rise of the mean loss in two terms that add up to it.

    Attributes:
        mix: what it would have risen by, had only the shares of the parts moved.
        within: what it rose by inside the parts.
        by_part: `within` by part.
    """

    mix: float
    within: float
    by_part: Floats


def split(shares_then: Floats, means_then: Floats, part: Values, lost: Floats) -> Split:
    """The rise of the mean loss since then in its two terms.

    Args:
        shares_then, means_then: share of the rows and mean loss of each part when the candidate was made.
        part: the number of the part of each row; lost: its loss.

    >>> split(np.array([0.5, 0.5]), np.array([0.1, 0.3]), np.array([0, 1, 1, 1]), np.array([0.1, 0.5, 0.5, 0.5]))
    Split(mix=0.05, within=0.15, by_part=array([0.  , 0.15]))
    """
    counts = np.bincount(part, minlength=len(shares_then)).astype(np.float64)
    sums = np.bincount(part, lost, len(shares_then))
    shares = counts / counts.sum()
    means = np.divide(sums, counts, out=np.array(means_then, dtype=np.float64), where=counts > 0)
    inside = np.round(shares * (means - means_then), 12)
    return Split(round(float((shares - shares_then) @ means_then), 12), round(float(inside.sum()), 12), inside)


def cause_of(then: HeldOut, scores: Floats, lost: Floats, names: Mapping[str, Values], what: str) -> str:
    """The probable cause of a risen loss in plain words.

    Args:
        names: by declared column the segment of each row.
        what: what the loss is called.
    """
    rise = float(lost.mean()) - then.whole.mean
    found = split(then.shares, then.means, then.bands(scores), lost)
    told = _kind(found, rise)
    carried = _carrier(then, lost, names, rise)
    return f"{told} {carried}".rstrip() if told else carried or f"The {what} rose in no part more than in another."


def _kind(found: Split, rise: float) -> str:
    if rise <= 0:
        return ""
    if found.within >= _MOST * rise:
        return (
            "Concept shift: answers of the same score miss by more than they did, so what leads from inputs to truth "
            f"has changed ({percent(min(1.0, found.within / rise))} of the rise)."
        )
    if found.mix >= _MOST * rise:
        return (
            "Mix shift: others are answered than at the proof, with scores at which it was less good already "
            f"({percent(min(1.0, found.mix / rise))} of the rise); see input-drift."
        )
    return "Both others are answered than at the proof, and the same ones less well."


def _carrier(then: HeldOut, lost: Floats, names: Mapping[str, Values], rise: float) -> str:
    """The segment that carries at least half of the rise, beyond its share of the rows."""
    best, said = _CARRIES, ""
    for column, segment in names.items():
        for name, part in then.segments[column].parts.items():
            here = segment == name
            share = float(here.mean())
            if rise <= 0 or not here.any():
                continue
            carried = share * (float(lost[here].mean()) - part.mean) / rise
            if carried >= best and carried > 1.5 * share:
                best = carried
                said = (
                    f"{column} = {name} carries {percent(min(1.0, carried))} of it with {percent(share)} of the rows."
                )
    return said
