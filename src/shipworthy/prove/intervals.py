"""A measured value with the interval that says how sure it is; pure functions of arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil, exp, log, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]
SEED = 20_240_229
RESAMPLES = 500
_CELLS_AT_ONCE = 4_000_000  # keeps one block of resamples near 32 MB


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value measured on some rows, or the reason why it cannot be told.

    Attributes:
        value: the point estimate; None where it cannot be told.
        low, high: the ends of the two-sided interval; None together with `value`.
        rows: how many rows it rests on.
        cannot_tell: why there is no value, in plain words; empty where there is one.
    """

    value: float | None
    low: float | None
    high: float | None
    rows: int
    cannot_tell: str = ""

    @property
    def known(self) -> tuple[float, float, float]:
        """Value, low and high end.

        Raises:
            ValueError: the value cannot be told; ask `cannot_tell` first.
        """
        if self.value is None or self.low is None or self.high is None:
            raise ValueError(self.cannot_tell or "there is no value")
        return self.value, self.low, self.high


def unknown(rows: int, why: str) -> Estimate:
    """The estimate of something that cannot be told from these rows."""
    return Estimate(None, None, None, rows, why)


def wilson(yes: int, rows: int, confidence: float = 0.95) -> Estimate:
    """A share of `rows` with its score interval; also defined where no row or every row is a yes.

    Source: E. B. Wilson, JASA 22 (1927) 209-212.

    >>> share = wilson(20, 100)
    >>> share.value, round(share.low, 4), round(share.high, 4)
    (0.2, 0.1334, 0.2888)
    """
    if rows <= 0:
        return unknown(0, "there is no row")
    share, z = yes / rows, _z(confidence)
    middle = (share + z * z / (2 * rows)) / (1 + z * z / rows)
    half = z / (1 + z * z / rows) * sqrt(share * (1 - share) / rows + z * z / (4 * rows * rows))
    low = 0.0 if yes == 0 else max(0.0, middle - half)
    high = 1.0 if yes == rows else min(1.0, middle + half)
    return Estimate(share, low, high, rows)


def delong(labels: Floats, scores: Sequence[Floats]) -> tuple[Floats, Floats]:
    """The areas under the ROC curve of several scores on the same rows, and their covariance.

    Args:
        labels: 0 or 1 per row, at least two of each.
        scores: one array per score, each as long as `labels`; higher means more likely yes.

    Returns:
        The areas, shape (k,), and their covariance matrix, shape (k, k).

    Source: DeLong, DeLong and Clarke-Pearson, Biometrics 44 (1988) 837-845, in the midrank form of
    Sun and Xu, IEEE Signal Processing Letters 21 (2014) 1389-1393.
    """
    yes = labels == 1
    many_yes, many_no = int(yes.sum()), int((~yes).sum())
    areas, from_yes, from_no = [], [], []
    for one in scores:
        together = stats.rankdata(one)
        above_no = (together[yes] - stats.rankdata(one[yes])) / many_no
        areas.append(float(above_no.mean()))
        from_yes.append(above_no)
        from_no.append(1 - (together[~yes] - stats.rankdata(one[~yes])) / many_yes)
    covariance = np.atleast_2d(np.cov(from_yes)) / many_yes + np.atleast_2d(np.cov(from_no)) / many_no
    return np.array(areas), covariance


def area_interval(area: float, variance: float, fewer: int, confidence: float) -> tuple[float, float]:
    """The interval around an area under the ROC curve, on the logit scale so that it stays inside [0, 1].

    Where the scores separate the classes completely, DeLong's variance is 0 and says nothing; then the
    interval is that of a share of `fewer` trials, with `fewer` the rows of the smaller class.

    Source: Pepe, The Statistical Evaluation of Medical Tests (2003), section 5.2.2.
    """
    if variance <= 0 or area <= 0 or area >= 1:
        _, low, high = wilson(round(area * fewer), fewer, confidence).known
        return min(low, area), max(high, area)
    middle = log(area / (1 - area))
    half = _z(confidence) * sqrt(variance) / (area * (1 - area))
    return _logistic(middle - half), _logistic(middle + half)


def _logistic(x: float) -> float:
    return 1 / (1 + exp(-x)) if x >= 0 else exp(x) / (1 + exp(x))


def difference_interval(difference: float, variance: float, confidence: float) -> tuple[float, float]:
    """The normal interval around a difference of two areas on the same rows."""
    half = _z(confidence) * sqrt(max(variance, 0.0))
    return difference - half, difference + half


def resamples(rows: int, times: int = RESAMPLES, seed: int = SEED) -> Iterator[Floats]:
    """How often each row is drawn in each resample, in blocks of shape (b, rows); the same for the same seed.

    One row is one entity, so the resampling is of whole entities.
    """
    generator = np.random.default_rng(seed)
    at_once = max(1, min(times, _CELLS_AT_ONCE // max(rows, 1)))
    for block in range(ceil(times / at_once)):
        many = min(at_once, times - block * at_once)
        drawn = generator.integers(0, rows, size=(many, rows))
        drawn += np.arange(many)[:, None] * rows
        counts = np.bincount(drawn.ravel(), minlength=many * rows).reshape(many, rows)
        yield counts.astype(np.float64)


def bootstrap(
    statistic: Callable[[Floats], Floats], rows: int, confidence: float, times: int = RESAMPLES, seed: int = SEED
) -> tuple[float, float]:
    """The percentile interval of a statistic over resampled entities.

    Args:
        statistic: from counts of shape (b, rows) to b values; NaN where a resample has no answer.
        rows: how many rows there are.
        confidence: of the two-sided interval, such as 0.95.
        times: how many resamples.
        seed: of the draws.

    Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993), section 13.3.
    """
    values = np.concatenate([statistic(counts) for counts in resamples(rows, times, seed)])
    tail = (1 - confidence) / 2
    low, high = np.nanquantile(values, [tail, 1 - tail])
    return float(low), float(high)


def apart(one: Floats, other: Floats) -> float:
    """The largest difference between two arrays of answers, as a share of the answer where that is above 1.

    Large amounts carry fewer decimals than probabilities, so that a fixed distance would find rounding in them.

    >>> apart(np.array([0.5, 2e6]), np.array([0.5, 2e6 + 1]))
    4.99999750000125e-07
    """
    return float(np.max(np.abs(one - other) / np.maximum(np.abs(other), 1.0), initial=0.0))


def _z(confidence: float) -> float:
    return float(stats.norm.ppf(0.5 + confidence / 2))
