"""Evidence that a bounded mean lies beyond its tolerance, valid however often one looks.

One primitive serves every monitor: bets whose capital cannot grow on average while the mean is within
its tolerance. A batch of rows becomes one logarithm of a capital factor per bet; factors of parts of a
batch add up, so a batch may be counted in any number of parts and in any order. A standing monitor carries
`log(R + 1)` per bet, where R is the Shiryaev-Roberts statistic; a one-shot question carries `log(W)`.

What the guarantees rest on: given the past, the mean of a row is within the tolerance. Rows of one batch that
share shocks break this at the level of rows; their evidence is divided by the overdispersion phi (`temper`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

BETS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.8)
"""The sizes of the bets. Small ones find what is just beyond the tolerance, the boldest is best where ones are common
and their share goes far beyond: the bet that fits a rise from tau to q is (q - tau) / (1 - tau)."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How often an indicator was one; parts of a batch add up exactly.

    >>> Counts(10, 3) + Counts(5, 0)
    Counts(rows=15, ones=3)
    """

    rows: int
    ones: int

    def __post_init__(self) -> None:
        if not 0 <= self.ones <= self.rows:
            raise ValueError(f"{self.ones} ones among {self.rows} rows cannot be")

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.rows + other.rows, self.ones + other.ones)

    @property
    def share(self) -> float:
        """The share of ones; 0 of an empty batch."""
        return self.ones / self.rows if self.rows else 0.0


def counted(indicator: npt.ArrayLike) -> Counts:
    """The counts of a row of indicators.

    >>> counted([1, 0, 1])
    Counts(rows=3, ones=2)
    """
    values = np.asarray(indicator, dtype=bool)
    return Counts(int(values.size), int(values.sum()))


def above(counts: Counts, tau: float, bets: Sequence[float] = BETS) -> Floats:
    """Log capital factors of a batch, one per bet, against "the share of ones is at most tau".

    A bet g stakes lambda = g / tau; a row x multiplies its capital by 1 + lambda (x - tau).

    Args:
        tau: the largest share that is tolerated, above 0; from 1 on nothing can be beyond it and no capital grows.

    Raises:
        ValueError: tau is not above 0.

    Source: Waudby-Smith and Ramdas, Estimating means of bounded random variables by betting, section 4.

    >>> [float(x) for x in above(Counts(2, 1), 0.5, [0.5]).round(6)]
    [-0.287682]
    """
    if not tau > 0:
        raise ValueError(f"the tolerated share must lie above 0, not at {tau}")
    stakes = np.asarray(bets, dtype=np.float64) / tau
    if tau >= 1:
        return np.zeros_like(stakes)
    ones, zeros = np.log1p(stakes * (1 - tau)), np.log1p(-stakes * tau)
    return np.asarray(counts.ones * ones + (counts.rows - counts.ones) * zeros, dtype=np.float64)


def mean_above(values: Floats, tau: float, bets: Sequence[float] = BETS) -> Floats:
    """Log capital factors of a batch of values in [0, 1], one per bet, against "their mean is at most tau".

    Of zeros and ones the same as `above` of their counts. No capital grows from tau = 1 on, which nothing can be
    beyond, nor at 0, beyond which everything is.

    >>> bool(np.allclose(mean_above(np.array([1.0, 0.0, 0.0]), 0.2), above(Counts(3, 1), 0.2)))
    True
    """
    if not 0 < tau < 1:
        return np.zeros(len(bets))
    return np.array([np.log1p(bet / tau * (values - tau)).sum() for bet in bets], dtype=np.float64)


def below(counts: Counts, floor: float, bets: Sequence[float] = BETS) -> Floats:
    """Log capital factors of a batch against "the share of ones is at least floor": the lower tail.

    A row x multiplies the capital of bet g by 1 + g / (1 - floor) (floor - x). From 0 down nothing can be below
    the floor and no capital grows.

    >>> bool(np.allclose(below(Counts(9, 2), 0.7), above(Counts(9, 7), 0.3)))
    True
    """
    return above(Counts(counts.rows, counts.rows - counts.ones), 1 - floor, bets)


def beyond(differences: Floats, tolerance: float, bets: Sequence[float] = BETS) -> Floats:
    """Log capital factors of a batch, one per bet, against "the mean difference is at most the tolerance".

    A difference D in [-1, 1] multiplies the capital of bet g by 1 + g / (1 + tolerance) (D - tolerance). The
    factors of the parts of a batch add up to those of the batch, within 1e-9 of their size for any order.

    Args:
        differences: one per row, in [-1, 1]; for the lower tail hand in their negatives.
        tolerance: above -1; from 1 on nothing can be beyond it and no capital grows.

    Raises:
        ValueError: a difference is missing or out of bounds, or the tolerance is not above -1.

    >>> [float(x) for x in beyond(np.array([0.5, 0.5]), 0.0, [0.2]).round(6)]
    [0.19062]
    """
    if not tolerance > -1:
        raise ValueError(f"the tolerance must lie above -1, not at {tolerance}")
    values = np.asarray(differences, dtype=np.float64)
    if values.size and not (np.abs(values) <= 1).all():
        raise ValueError("every difference must lie in [-1, 1]")
    stakes = np.asarray(bets, dtype=np.float64) / (1 + tolerance)
    if tolerance >= 1:
        return np.zeros_like(stakes)
    return np.array([np.log1p(stake * (values - tolerance)).sum() for stake in stakes], dtype=np.float64)


def temper(log_factors: Floats, phi: float) -> Floats:
    """The evidence of a batch whose rows are dependent: divided by phi, the factor that inflates its variance.

    Exact for phi = 1, asymptotic otherwise: so many dependent rows weigh as rows / phi independent ones.

    >>> float(temper(np.array([6.0]), 3.0)[0])
    2.0
    """
    if not phi >= 1:
        raise ValueError(f"overdispersion is 1 or more, not {phi}")
    return log_factors / phi


def calm(*shape: int) -> Floats:
    """The state of a standing monitor that has seen nothing: R = 0, thus log(R + 1) = 0, for every bet."""
    return np.zeros(shape, dtype=np.float64)


def updated(state: Floats, log_factors: Floats) -> Floats:
    """The state after one more batch: R' = (R + 1) E, kept as log(R + 1) so that it is never below 0 nor infinite.

    Source: Shin, Ramdas and Rinaldo, E-detectors: a nonparametric framework for sequential change detection.

    >>> float(updated(calm(1), np.array([np.log(3.0)]))[0].round(6)) == float(np.log(4.0).round(6))
    True
    """
    return np.logaddexp(0.0, state + log_factors)


def strength(state: Floats) -> Floats:
    """log(R + 1) of the mixture: the mean over the bets (the last axis). 0 when nothing was seen.

    >>> float(strength(calm(3)))
    0.0
    """
    mean = np.logaddexp.reduce(state, axis=-1) - np.log(state.shape[-1])
    return np.asarray(np.maximum(mean, 0.0), dtype=np.float64)


def threshold(updates_per_year: int, alpha: float) -> float:
    """A = H / alpha: where an alarm is raised. P(any false alarm within H updates) <= alpha; expected time to one >= A.

    Raises:
        ValueError: fewer than one update, or alpha is not in (0, 1).

    >>> threshold(12, 0.05)
    240.0
    """
    if updates_per_year < 1 or not 0 < alpha < 1:
        raise ValueError(f"{updates_per_year} updates a year at alpha {alpha}: need 1 or more, and alpha in (0, 1)")
    return updates_per_year / alpha


def wealth(log_factors: Floats) -> float:
    """log(W) of a one-shot question (a canary, a promotion): W >= 1/alpha ever has probability <= alpha.

    Args:
        log_factors: the summed log capital factors of all rows so far, one per bet.

    Source: Ville's inequality for the mixture of the bets.

    >>> wealth(np.zeros(6))
    0.0
    """
    return float(np.logaddexp.reduce(log_factors) - np.log(log_factors.size)) + 0.0


def rows_more(state: Floats, log_factors: Floats, rows: int, bar: float) -> int | None:
    """How many more rows like these until the alarm; None where rows like these never raise it.

    The delay formula: what is missing in log capital, over the growth per row of the bet that gets there first.

    Args:
        state: log(R + 1) per bet, these rows included.
        log_factors: what these rows added per bet, tempered.
        rows: how many rows these are.
        bar: A, see `threshold`.

    >>> rows_more(calm(1), np.array([1.0]), 100, 240.0)
    549
    """
    if rows < 1:
        return None
    growth = log_factors / rows
    growing = growth > 0
    if not growing.any():
        return None
    missing = np.log1p(bar) + np.log(state.shape[-1]) - state[growing]
    return max(0, int(np.ceil((missing / growth[growing]).min())))


def rows_until_alarm(
    share: float, tau: float, bar: float, phi: float = 1.0, bets: Sequence[float] = BETS
) -> int | None:
    """About how many rows an alarm needs after the share of ones went from within tau to `share`; None: it never comes.

    log(A) over the largest expected growth per row of a bet, times phi.

    >>> rows_until_alarm(0.3, 0.1, 1000.0)
    46
    >>> rows_until_alarm(0.1, 0.1, 1000.0) is None
    True
    """
    stakes = np.asarray(bets, dtype=np.float64) / tau
    growth = share * np.log1p(stakes * (1 - tau)) + (1 - share) * np.log1p(-stakes * tau)
    best = float(growth.max())
    return int(np.ceil(np.log(bar) / best * phi)) if best > 0 else None
