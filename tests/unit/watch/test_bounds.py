"""Intervals hold as often as they say, and dependence is measured only where there is enough to measure."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import roc_auc_score

from shipworthy.watch.bounds import (
    dependence,
    mean_at_least,
    mean_at_most,
    overdispersion,
    ranking,
    share_between,
)


@pytest.mark.parametrize(("ones", "rows"), [(0, 10), (3, 10), (10, 10), (57, 1_000)])
def test_the_bounds_of_a_share_equal_the_exact_binomial_test(ones: int, rows: int) -> None:
    exact = stats.binomtest(ones, rows).proportion_ci(0.95, method="exact")
    low, high = share_between(ones, rows, 0.025)
    assert low == pytest.approx(exact.low, abs=1e-12)
    assert high == pytest.approx(exact.high, abs=1e-12)


def test_without_rows_a_share_may_be_anything() -> None:
    assert share_between(0, 0, 0.05) == (0.0, 1.0)


@settings(deadline=None)
@given(st.floats(0, 1), st.floats(0.1, 1e7), st.floats(1e-9, 0.5))
def test_bounds_of_counts_divided_by_phi_are_ordered(share: float, rows: float, error: float) -> None:
    low, high = share_between(share * rows, rows, error)
    assert 0 <= low <= share + 1e-9
    assert share - 1e-9 <= high <= 1


def test_the_empirical_bernstein_bound_covers() -> None:
    random = np.random.default_rng(3)
    samples = random.beta(1, 4, size=(500, 400))
    covered = [mean_at_most(sample, 0.05) >= 0.2 for sample in samples]
    assert np.mean(covered) >= 0.95
    assert all(mean_at_least(sample, 0.05) <= mean_at_most(sample, 0.05) for sample in samples)


def test_too_few_rows_bound_nothing() -> None:
    assert mean_at_most([0.0], 0.05) == 1.0
    assert mean_at_least([1.0] * 30, 0.05, rows_per_independent=25) == 0.0


def test_dependence_is_measured_on_twenty_batches() -> None:
    random = np.random.default_rng(4)
    independent = random.binomial(500, 0.1, 400) / 500
    shocked = random.binomial(500, random.beta(0.1 * 99, 0.9 * 99, 400)) / 500
    assert overdispersion([500] * 400, list(independent)) == pytest.approx(1.0, abs=0.2)
    assert overdispersion([500] * 400, list(shocked)) == pytest.approx(6.0, abs=1.5)
    assert overdispersion([500] * 19, list(shocked[:19])) is None


def test_constant_batches_say_nothing_about_dependence() -> None:
    assert overdispersion([500] * 30, [0.0] * 30) is None
    assert overdispersion([0] * 30, [0.1] * 30) is None


def test_the_words_say_whether_dependence_was_measured_or_declared() -> None:
    assert dependence(25).condition == "guarantee conditional on phi <= 25"
    measured = dependence(25, [(500, 0.1), (500, 0.14)] * 10)
    assert measured.measured
    assert "measured" in measured.condition


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from([0.1, 0.2, 0.3, 0.9]), st.booleans()), min_size=2, max_size=60))
def test_the_area_under_the_curve_is_the_usual_one(rows: list[tuple[float, bool]]) -> None:
    scores, labels = [score for score, _ in rows], [int(label) for _, label in rows]
    found = ranking(scores, labels)
    if min(sum(labels), len(labels) - sum(labels)) < 2:
        assert found is None
        return
    assert found is not None
    assert found.auc == pytest.approx(roc_auc_score(labels, scores), abs=1e-12)
    assert 0 <= found.low <= found.auc <= found.high <= 1


def test_the_interval_of_the_area_holds_as_often_as_it_says() -> None:
    random = np.random.default_rng(6)
    truth = float(stats.norm.cdf(1 / np.sqrt(2)))
    held = []
    for _ in range(300):
        labels = random.random(400) < 0.3
        found = ranking(random.normal(labels * 1.0, 1), labels)
        assert found is not None
        held.append(found.low <= truth <= found.high)
    assert np.mean(held) > 0.92
