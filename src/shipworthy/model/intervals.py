"""How sure an answer is: an interval without assumptions about the model, from rows that training never saw.

Scores are divided into bins of like scores by the scores of other rows. In each bin, held-out rows with a known truth
say how wide the interval is. It is frozen with the candidate in its profile as strict JSON::

    {"of": "number", "level": 0.9, "rows": 640, "edges": [12.5, 30.0], "n": [210, 220, 210],
     "low": [-4.1, -5.0, -9.7], "high": [4.1, 5.0, 9.7], "outside": [[12, 110], [9, 104]]}

``low`` and ``high`` are added to the score of a number; of a probability they are the ends themselves. ``outside`` is
of a number: at each moment of the held-out rows how many truths lay outside, and of how many. Since score and
profile are kept for good, the interval of any answer ever given can be told again; the prediction log need not hold it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from shipworthy.model.rules import DIGITS, chosen_by_hash

if TYPE_CHECKING:
    from shipworthy.model.results import Answer

Floats = npt.NDArray[np.float64]

BINS = 10
"""At most so many bins of like scores."""
LEAST = 50
"""A bin holds at least so many rows with a known truth; fewer make no interval."""


@dataclass(frozen=True, slots=True)
class Intervals:
    """The intervals of one candidate, read from its profile; pure and cheap.

    Attributes:
        of: what they are about: the truth of a number, or the share of yes among rows with a like score.
        level: how often they hold.
        rows: how many held-out rows they rest on.
        edges: scores that divide the bins; a score on an edge belongs to the bin above.
        low, high: of each bin, see the module.
        outside: see the module; none of a probability, or where it was not kept.
    """

    of: Answer
    level: float
    rows: int
    edges: Floats
    low: Floats
    high: Floats
    outside: tuple[tuple[int, int], ...] = ()

    @classmethod
    def read(cls, profile: Mapping[str, Any]) -> Intervals | None:
        """Those of a candidate's profile; None where it was made without."""
        kept = profile.get("interval")
        if not kept:
            return None
        edges, low, high = (np.asarray(kept[name], dtype=np.float64) for name in ("edges", "low", "high"))
        outside = tuple((int(ones), int(rows)) for ones, rows in kept.get("outside", ()))
        return cls(kept["of"], kept["level"], kept["rows"], edges, low, high, outside)

    def ends(self, scores: Floats) -> tuple[Floats, Floats]:
        """Low and high end for each score, rounded to 12 decimals."""
        place = self.bins(scores)
        moved = np.asarray(scores, dtype=np.float64) if self.of == "number" else 0.0
        return np.round(self.low[place] + moved, DIGITS), np.round(self.high[place] + moved, DIGITS)

    def bins(self, scores: Floats) -> npt.NDArray[np.intp]:
        """The bin of each score."""
        return np.searchsorted(self.edges, scores, side="right")


def outside_of(kept: Mapping[str, Any], scores: Floats, truths: Floats, moments: Sequence[str]) -> list[list[int]]:
    """At each moment how many truths of some rows lie outside of the intervals that a profile keeps, of how many."""
    intervals = Intervals.read({"interval": kept})
    assert intervals is not None
    low, high = intervals.ends(scores)
    out, moment = (truths < low) | (truths > high), np.asarray(moments, dtype=str)
    return [[int(out[moment == one].sum()), int((moment == one).sum())] for one in np.unique(moment)]


def ends_of(intervals: Intervals | None, scores: Floats) -> tuple[Floats, Floats]:
    """Low and high end for each score; NaN where there are no intervals."""
    if intervals is None:
        return np.full(len(scores), np.nan), np.full(len(scores), np.nan)
    return intervals.ends(scores)


def sets_intervals(entities: Sequence[str], product: str) -> npt.NDArray[np.bool_]:
    """Which of the held-out entities set the intervals: one half, by a hash of their name; the others test."""
    return chosen_by_hash(f"{product}/interval/", entities, 0.5)


def intervals_of(answer: Answer, level: float, scores: Floats, truths: Floats, others: Floats) -> dict[str, Any] | None:
    """The intervals that a profile keeps; None where there are too few rows to state any.

    Of a number: split conformal prediction in each bin. With n rows the interval is the score plus and minus the k-th
    smallest distance between truth and score, k = ceil((n + 1) level); it covers a new truth with at least the stated
    chance whatever the model, as long as rows are exchangeable within the bin.
    Source: Vovk, Gammerman and Shafer, Algorithmic Learning in a Random World (2005), ch. 4.5 (Mondrian); Lei, G'Sell,
    Rinaldo, Tibshirani and Wasserman, JASA 113 (2018) 1094-1111, algorithm 2 and theorem 2.

    Of a probability: the exact interval (Clopper and Pearson, Biometrika 26 (1934) 404-413) for the share of yes among
    rows with a like score. Neighbouring bins whose shares fall where scores rise are pooled first (isotonic
    regression), so that a higher score never has a lower interval.

    Args:
        level: how often it is to hold, between 0 and 1.
        scores, truths: of rows that training never saw.
        others: scores of other rows, by whose quantiles the bins are divided, so that bins do not hang on these truths.
    """
    least = max(LEAST, ceil(1 / (1 - level)))
    if len(scores) < least:
        return None
    edges = _edges(others if len(others) else scores, scores, least)
    place = np.searchsorted(edges, scores, side="right")
    inside = [truths[place == number] for number in range(len(edges) + 1)]
    counts = [len(rows) for rows in inside]
    if answer == "number":
        distance = np.abs(truths - scores)
        high = [_quantile(distance[place == number], level) for number in range(len(counts))]
        low = [-far for far in high]
    else:
        low, high = _shares([float(rows.sum()) for rows in inside], counts, level)
    kept = {"edges": edges.tolist(), "n": counts, "low": low, "high": high}
    return {"of": answer, "level": level, "rows": len(scores), **kept}


def _edges(others: Floats, scores: Floats, least: int) -> Floats:
    """Quantiles of other scores, without those that would leave a bin with too few rows."""
    kept: list[float] = []
    below = 0
    for edge in np.unique(np.quantile(others, np.arange(1, BINS) / BINS)).tolist():
        under = int((scores < edge).sum())
        if under - below >= least and len(scores) - under >= least:
            kept.append(edge)
            below = under
    return np.array(kept, dtype=np.float64)


def _quantile(distances: Floats, level: float) -> float:
    rank = min(ceil((len(distances) + 1) * level - 1e-9), len(distances))
    return float(np.sort(distances)[rank - 1])


def _shares(yes: Sequence[float], counts: Sequence[int], level: float) -> tuple[list[float], list[float]]:
    from sklearn.isotonic import isotonic_regression

    rates = np.asarray(yes) / np.asarray(counts)
    fitted = np.asarray(isotonic_regression(rates, sample_weight=np.asarray(counts, dtype=np.float64)))
    low, high = np.zeros(len(counts)), np.zeros(len(counts))
    for rate in np.unique(fitted):
        pooled = fitted == rate
        low[pooled], high[pooled] = exact_share(
            float(np.asarray(yes)[pooled].sum()), int(np.asarray(counts)[pooled].sum()), level
        )
    return low.tolist(), high.tolist()


def exact_share(yes: float, rows: int, level: float) -> tuple[float, float]:
    """The exact two-sided interval of a share (Clopper and Pearson).

    >>> low, high = exact_share(5, 50, 0.95)
    >>> round(low, 4), round(high, 4)
    (0.0333, 0.2181)
    """
    from scipy import stats

    tail = (1 - level) / 2
    low = 0.0 if yes == 0 else float(stats.beta.ppf(tail, yes, rows - yes + 1))
    high = 1.0 if yes == rows else float(stats.beta.ppf(1 - tail, yes + 1, rows - yes))
    return low, high
