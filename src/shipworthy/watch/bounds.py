"""Intervals for shares and means, and how much the rows of a batch depend on each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from shipworthy.prove.intervals import area_interval, delong

Floats = npt.NDArray[np.float64]

BATCHES_FOR_PHI = 20
_ROWS_TO_RANK = 2


def share_between(ones: float, rows: float, error: float) -> tuple[float, float]:
    """Clopper-Pearson: a share lies between these with probability at least 1 - 2 error, `error` on each side.

    Args:
        ones, rows: counts; both may be divided by an overdispersion, so they need not be whole numbers.
        error: the error allowed on each side, in (0, 1).

    Returns:
        The lower and the upper bound; (0, 1) without rows.

    Source: Clopper and Pearson (1934), by quantiles of the beta distribution.

    >>> low, high = share_between(10, 100, 0.025)
    >>> round(low, 4), round(high, 4)
    (0.049, 0.1762)
    """
    if rows <= 0:
        return 0.0, 1.0
    low = float(special.betaincinv(ones, rows - ones + 1, error)) if ones > 0 else 0.0
    high = float(special.betaincinv(ones + 1, rows - ones, 1 - error)) if ones < rows else 1.0
    return low, high


def mean_at_most(values: npt.ArrayLike, error: float, rows_per_independent: float = 1.0) -> float:
    """Empirical-Bernstein upper bound of the mean of values in [0, 1]; 1 with fewer than two independent rows.

    Args:
        error: the probability that the mean lies above the bound.
        rows_per_independent: the overdispersion phi; so many rows count as one.

    Source: Maurer and Pontil (2009), theorem 4.

    >>> round(mean_at_most([0.0] * 500 + [1.0] * 500, 0.05), 3)
    0.552
    """
    known = np.asarray(values, dtype=np.float64)
    rows = known.size / rows_per_independent
    if rows < 2:
        return 1.0
    log = np.log(2 / error)
    bound = known.mean() + np.sqrt(2 * known.var(ddof=1) * log / rows) + 7 * log / (3 * (rows - 1))
    return float(min(1.0, bound))


def mean_at_least(values: npt.ArrayLike, error: float, rows_per_independent: float = 1.0) -> float:
    """Empirical-Bernstein lower bound of the mean of values in [0, 1]; see `mean_at_most`."""
    return 1 - mean_at_most(1 - np.asarray(values, dtype=np.float64), error, rows_per_independent)


_BETS = np.array([0.05, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8, 0.95])
_HALVINGS = 26


def levels_at_most(levels: npt.ArrayLike, error: float, rows_per_independent: float = 1.0) -> float:
    """Upper bound of a mean in [0, 1] by betting, from how many rows lay at each of evenly spread levels from 0 to 1.

    The smallest mean m against which a mixture of eight bets 1 + g / (1 - m) (m - x) gathered 1 / error. Where rows
    between two levels are counted in part for both (`model.performance.levels_of`) the bound is on the safe side,
    since the logarithm of a bet is concave.

    Args:
        levels: rows per level, the first of which is 0 and the last 1.
        error: the probability that the mean lies above the bound.
        rows_per_independent: the overdispersion phi; so many rows count as one.

    Returns:
        1 without rows.

    Source: Waudby-Smith and Ramdas, Estimating means of bounded random variables by betting, section 4, for a fixed
    number of rows.

    >>> round(levels_at_most([500.0, 500.0], 0.025), 3)
    0.552
    """
    counts = np.asarray(levels, dtype=np.float64) / rows_per_independent
    if not counts.sum():
        return 1.0
    values = np.linspace(0.0, 1.0, counts.size)

    def capital(mean: float) -> float:
        stakes = _BETS[:, None] / (1 - mean)
        logs = np.log1p(stakes * (mean - values)) @ counts
        return float(np.logaddexp.reduce(logs) - np.log(logs.size))

    low, high, bar = float(counts @ values / counts.sum()), 1.0, -np.log(error)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if middle < 1 and capital(middle) >= bar else (middle, high)
    return high


@dataclass(frozen=True, slots=True)
class Dependence:
    """How many times dependence between the rows of a batch inflates the variance of its mean.

    Attributes:
        phi: 1 for independent rows.
        measured: on at least 20 reference batches; otherwise the plan's declared bound.
        rows: of a reference batch, on average, where it was measured.
        several: phi is the largest of several that were measured, each of its own column.
    """

    phi: float
    measured: bool
    rows: float = 0.0
    several: bool = False

    def of_window(self, rows: int) -> float:
        """phi of a window of so many rows: the shocks of a larger batch weigh more against the chance of its rows.

        Source: the variance of a beta-binomial share, 1 + (n - 1) times the correlation within a batch.

        >>> Dependence(3.0, measured=True, rows=101.0).of_window(1001)
        21.0
        >>> Dependence(25.0, measured=False).of_window(1001)
        25.0
        """
        if not self.measured or self.rows <= 1:
            return self.phi
        return max(self.phi, 1 + (rows - 1) * (self.phi - 1) / (self.rows - 1))

    @property
    def condition(self) -> str:
        """On which condition a guarantee holds, in words."""
        if self.measured and self.several:
            return f"phi of each, at most {self.phi:.3g}, as measured on the reference batches"
        if self.measured:
            return f"phi {self.phi:.3g} as measured on the reference batches"
        return f"guarantee conditional on phi <= {self.phi:g}"


def overdispersion(
    rows: Sequence[int], means: Sequence[float], variance: float | None = None, least: int = BATCHES_FOR_PHI
) -> float | None:
    """phi = max(1, variance of the batch means over the variance that independent rows would give).

    Args:
        rows: rows of each reference batch.
        means: mean of each.
        variance: of a single row; p (1 - p) of the overall mean where absent, as for an indicator.
        least: batches below which nothing is said.

    Returns:
        None with fewer batches that have rows, or where rows do not vary at all.

    Source: the Pearson dispersion estimate of a binomial model.

    >>> overdispersion([100] * 20, [0.2, 0.4] * 10)
    5.012531328320802
    >>> overdispersion([100] * 19, [0.3] * 19) is None
    True
    """
    pairs = [(n, m) for n, m in zip(rows, means, strict=True) if n > 0 and np.isfinite(m)]
    if len(pairs) < least:
        return None
    sizes, values = np.array([n for n, _ in pairs], dtype=np.float64), np.array([m for _, m in pairs])
    mean = float(np.average(values, weights=sizes))
    single = mean * (1 - mean) if variance is None else variance
    if not single > 0:
        return None
    return max(1.0, float((sizes * (values - mean) ** 2).sum() / (len(pairs) - 1) / single))


def measured(phis: Sequence[float | None], declared: float, rows: float = 0.0) -> Dependence:
    """What is known about the dependence of several columns: the largest that was measured, if all were.

    >>> measured([1.5, 3.0], 25.0, rows=500.0)
    Dependence(phi=3.0, measured=True, rows=500.0, several=True)
    >>> measured([1.5, None], 25.0).measured
    False
    """
    known = [phi for phi in phis if phi is not None]
    if not known or len(known) < len(phis):
        return Dependence(declared, False)
    return Dependence(max(known), True, rows, several=len(known) > 1)


def of_shares(
    declared: float, shares: Sequence[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]
) -> list[Dependence]:
    """What is known about the dependence of several shares, of each by itself.

    Args:
        shares: of each how often it held and of how many rows, one entry per reference batch.

    >>> rows = np.full(20, 100)
    >>> [one.phi.__round__(1) for one in of_shares(25.0, [(np.array([20, 40] * 10), rows), (rows[:3], rows[:3])])]
    [5.0, 25.0]
    """
    return [
        dependence(declared, [(int(n), float(one / n)) for one, n in zip(ones, rows, strict=True) if n])
        for ones, rows in shares
    ]


def together(parts: Sequence[Dependence], declared: float) -> Dependence:
    """What is known about the dependence of several shares at once: the largest phi, if each was measured."""
    return measured([one.phi if one.measured else None for one in parts], declared)


def of_windows(parts: Sequence[Dependence], rows: Sequence[int]) -> float:
    """The largest phi of several shares in a window with so many rows of each."""
    return max(one.of_window(count) for one, count in zip(parts, rows, strict=True))


def dependence(declared: float, batches: Sequence[tuple[int, float]] = (), variance: float | None = None) -> Dependence:
    """What is known about dependence: measured where there are enough reference batches, else the declared bound.

    >>> dependence(25.0).condition
    'guarantee conditional on phi <= 25'
    """
    measured = overdispersion([n for n, _ in batches], [m for _, m in batches], variance)
    if measured is None:
        return Dependence(declared, False)
    return Dependence(measured, True, float(np.mean([n for n, _ in batches])))


@dataclass(frozen=True, slots=True)
class Ranking:
    """How well scores rank those with label 1 above those with label 0, with an interval."""

    auc: float
    low: float
    high: float


def ranking(scores: npt.ArrayLike, labels: npt.ArrayLike, confidence: float = 0.95) -> Ranking | None:
    """The area under the ROC curve with DeLong's interval; None with fewer than two rows of either class.

    Args:
        scores: one per row, finite.
        labels: 0 or 1 per row.

    Source: `prove.intervals.delong` and `area_interval`, which name the papers.

    >>> ranking([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]).auc
    0.75
    >>> ranking([0.1, 0.4], [0, 0]) is None
    True
    """
    known = np.asarray(scores, dtype=np.float64)
    truth = (np.asarray(labels) == 1).astype(np.float64)
    fewer = int(min(truth.sum(), truth.size - truth.sum()))
    if fewer < _ROWS_TO_RANK:
        return None
    areas, covariance = delong(truth, [known])
    auc = float(areas[0])
    low, high = area_interval(auc, float(covariance[0, 0]), fewer, confidence)
    return Ranking(auc, low, high)
