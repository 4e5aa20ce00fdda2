"""Does one input give the truth away: how well each feature alone tells yes from no; pure functions of arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from shipworthy.prove.intervals import SEED, Floats

Column = NDArray[Any]
BINS = 20


def told_alone(values: Column, labels: Floats) -> float:
    """How well one feature alone tells yes from no, as an area under the ROC curve from about 0.5 to 1.

    A number is judged by its order, in both directions, and by bins, so that a code in the middle of its range or a
    missing value that gives the truth away is found as well; a text by its categories. Bins and categories are
    learnt on one half of the rows and judged on the other, both ways, so that a name of which each row has its own
    tells nothing.

    Args:
        values: one per row: float64 with NaN where missing, or text.
        labels: 0 or 1 per row, at least one of each.
    """
    if values.dtype.kind in "fiub":
        numbers = values.astype(np.float64)
        known = np.where(np.isnan(numbers), np.inf, numbers)
        in_order = _area(labels, known)
        return max(in_order, 1 - in_order, _area(labels, _learnt_across(_binned(numbers), labels)))
    return max(0.5, _area(labels, _learnt_across(_coded(values), labels)))


def rank_correlation(values: Column, truth: Floats) -> float:
    """How far one numeric feature alone orders a number: the absolute rank correlation; 0 for texts."""
    if values.dtype.kind not in "fiub":
        return 0.0
    numbers = values.astype(np.float64)
    known = ~np.isnan(numbers)
    if known.sum() < 3 or np.ptp(numbers[known]) == 0 or np.ptp(truth[known]) == 0:
        return 0.0
    ranks = stats.rankdata(numbers[known]), stats.rankdata(truth[known])
    return abs(float(np.corrcoef(*ranks)[0, 1]))


def _area(labels: Floats, scores: Floats) -> float:
    yes = labels == 1
    many = int(yes.sum())
    ranks = stats.rankdata(scores)
    return float((ranks[yes].sum() - many * (many + 1) / 2) / (many * (len(labels) - many)))


def _binned(numbers: Floats) -> Column:
    known = numbers[~np.isnan(numbers)]
    if not len(known):
        return np.zeros(len(numbers), dtype=np.int64)
    edges = np.unique(np.quantile(known, np.linspace(0, 1, BINS + 1)[1:-1]))
    return np.where(np.isnan(numbers), len(edges) + 1, np.searchsorted(edges, numbers, side="left"))


def _coded(column: Column) -> Column:
    names = np.array([value if isinstance(value, str) else "\0missing" for value in column])
    return np.unique(names, return_inverse=True)[1]


def _learnt_across(codes: Column, labels: Floats) -> Floats:
    """The share of yes of each code, learnt on the other half of the rows; the overall share where it is unknown."""
    half = np.random.default_rng(SEED).permutation(len(labels)) % 2 == 0
    shares = np.empty(len(labels))
    for judged in (half, ~half):
        size = int(codes.max()) + 1
        many = np.bincount(codes[~judged], minlength=size)
        yes = np.bincount(codes[~judged], weights=labels[~judged], minlength=size)
        overall = labels[~judged].mean() if (~judged).any() else 0.5
        shares[judged] = ((yes + overall) / (many + 1))[codes[judged]] - overall
    return shares
