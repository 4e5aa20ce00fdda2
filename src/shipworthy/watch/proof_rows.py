"""What the held-out rows of a proof let a monitor tell, and how many more of them it takes until it can."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil

from shipworthy.watch.bounds import share_between
from shipworthy.watch.evidence import BETS, Counts, rows_until_alarm, threshold

MOST = 1 << 20
"""So many times its rows no proof will ever have: what is not told with them is told with none."""
_FAR = 2
"""So many tolerances beyond what was proven a monitor is to find, where knowing nothing is no worse than that."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question of a monitor, about a share or a mean in [0, 1], that held-out rows or answers may be too few for.

    Attributes:
        part: whom or what it is about, as in the verdict of the monitor.
        rows: the held-out rows that it rests on; more of them are counted in these. 0 where it rests on none.
        proven: what was found on them.
        tolerance: what it may rise by.
        bound: what they leave to chance, of so many times these rows: an upper bound that falls the more there are.
        nothing: what whoever knows nothing would have.
        share: of the answers of a window that it is asked of.
        error: the yearly error that it may spend; tests: how many tests share its evidence.
        phi: how dependent the rows of a window are.
        least: what values and bounds are multiplied by, see `watch.weighing`.
        nil, unit: what people call nothing, and what one is more in their numbers; 0 and 1 for a share.
    """

    part: str
    rows: int
    proven: float
    tolerance: float
    bound: Callable[[float], float]
    nothing: float
    share: float
    error: float
    phi: float
    tests: int = 1
    least: float = 1.0
    nil: float = 0.0
    unit: float = 1.0

    @property
    def finds(self) -> float:
        """What it must be able to find: answers no better than knowing nothing, or far beyond what is tolerated."""
        return min(1.0, max(self.nothing, self.proven + _FAR * self.tolerance))

    def tolerated(self, times: float = 1.0) -> float:
        """What it tolerates in fact with so many times the held-out rows: the tolerance comes on top of chance."""
        return min(1.0, self.bound(times) + self.tolerance)

    def answers_needed(self, updates: int, times: float = 1.0) -> int | None:
        """About how many answers with a known truth find it; None where no number of them does.

        A mean of values in [0, 1] is found no later than a share of ones as large, since the logarithm of a bet is
        concave; so shares are reckoned with.
        """
        tau, harm = (self.nil + (one - self.nil) * self.least for one in (self.tolerated(times), self.finds))
        if not 0 < tau < harm:
            return None
        return rows_until_alarm(harm, tau, threshold(updates, self.error) * len(BETS) * self.tests, self.phi)

    def tells(self, updates: int, answers: float, times: float = 1.0) -> bool:
        """Whether so many answers a year, of everybody, are enough to find it within a year."""
        needed = self.answers_needed(updates, times)
        return needed is not None and needed <= answers * self.share

    def spoken(self, value: float) -> float:
        """A share or mean in people's numbers."""
        return (value - self.nil) * self.unit

    def keeps(self, times: float = 1.0) -> bool:
        """Whether what the rows leave to chance is no more than the tolerance itself."""
        return self.bound(times) - self.proven <= self.tolerance


def rows_needed(rows: int, enough: Callable[[float], bool]) -> int | None:
    """About how many more rows like these a proof needs; 0 where these are enough, None where none would be.

    Args:
        enough: whether so many times these rows are; once they are, more of them are too.

    >>> rows_needed(100, lambda times: 0.2 + 0.125 / times < 0.25)
    160
    >>> rows_needed(100, lambda times: False) is None
    True
    """
    if enough(1.0):
        return 0
    most = 2.0
    while not enough(most):
        most *= 2
        if most > MOST or not rows:
            return None
    few = most / 2
    for _ in range(12):
        middle = (few + most) / 2
        few, most = (few, middle) if enough(middle) else (middle, most)
    return _rounded((most - 1) * rows)


def share_at_most(proven: Counts, phi: float, error: float, times: float = 1.0) -> float:
    """The upper bound of a share that so many times the held-out rows would leave; see `bounds.share_between`."""
    return share_between(proven.ones * times / phi, proven.rows * times / phi, error)[1]


def said(more: int | None) -> str:
    """How many more held-out rows are needed, in words."""
    return (
        "more held-out rows needed than there can be" if more is None else f"about {more:,} more held-out rows needed"
    )


def _rounded(rows: float) -> int:
    """Two digits, upwards, so that it is enough: more of them would say that it is known better."""
    size = int(10 ** max(0, len(str(ceil(rows))) - 2))
    return ceil(rows / size) * size
