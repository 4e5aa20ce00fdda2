"""The bets on pairs of two groups: the figures of the published procedure, within simulation error."""

from __future__ import annotations

import numpy as np
import pytest

from shipworthy.watch.evidence import BETS, beyond
from shipworthy.watch.groups import differences

EPS, ALPHA, STREAMS = 0.05, 0.05, 200


def flagged(gap: float, most: int, seed: int) -> tuple[float, float]:
    """The share of streams that are ever flagged by the two-sided e-process, and the median pairs that took.

    A pair brings one of three differences, so that the factors of a stream are table look-ups.
    """
    random = np.random.default_rng(seed)
    one = random.random((STREAMS, most)) < 0.5 + gap / 2
    other = random.random((STREAMS, most)) < 0.5 - gap / 2
    place = (one.astype(np.int64) - other.astype(np.int64)) + 1
    tails = []
    for side in (1, -1):
        table = np.array([beyond(np.array([side * d]), EPS, BETS) for d in (-1.0, 0.0, 1.0)])
        mixed = np.full(place.shape, -np.inf)
        for bet in range(len(BETS)):
            mixed = np.logaddexp(mixed, np.cumsum(table[:, bet][place], axis=1))
        tails.append(mixed - np.log(len(BETS)))
    wealth = np.logaddexp(*tails) - np.log(2)
    over = wealth >= np.log(1 / ALPHA)
    ever = over.any(axis=1)
    return float(ever.mean()), float(np.median(over.argmax(axis=1)[ever] + 1)) if ever.any() else float("inf")


@pytest.mark.parametrize(("gap", "most", "at_most"), [(0.0, 4_000, 0.03), (0.05, 4_000, 0.06)])
def test_groups_within_the_tolerance_are_hardly_ever_flagged(gap: float, most: int, at_most: float) -> None:
    share, _ = flagged(gap, most, 1)
    assert share <= at_most


@pytest.mark.parametrize(("gap", "pairs"), [(0.10, 1_743), (0.15, 434), (0.25, 100)])
def test_a_gap_beyond_it_is_flagged_after_about_as_many_pairs_as_published(gap: float, pairs: float) -> None:
    share, median = flagged(gap, 6_000, 2)
    assert share == pytest.approx(1.0, abs=0.05)
    assert median == pytest.approx(pairs, rel=0.35)


def test_every_row_of_the_larger_group_counts() -> None:
    random = np.random.default_rng(3)
    for _ in range(50):
        one, other = random.random(random.integers(1, 20)), random.random(random.integers(1, 20))
        found = differences(one, other)
        size = min(len(one), len(other))
        slow = [np.mean(one[k::size]) - np.mean(other[k::size]) for k in range(size)]
        assert found == pytest.approx(slow)
