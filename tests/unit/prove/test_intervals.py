"""Intervals agree with independent references, and hold as often as they say."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as tries
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import (
    average_precision_score,
    brier_score_loss,
    log_loss,
    mean_absolute_error,
    roc_auc_score,
    root_mean_squared_error,
)

from shipworthy.prove.intervals import Floats, apart, bootstrap, delong, wilson
from shipworthy.prove.measures import MEASURES, gain, measure, pessimistic, reaches


@given(st.integers(1, 500), st.data(), st.sampled_from([0.8, 0.95, 0.99]))
def test_a_share_has_the_interval_that_scipy_gives(rows: int, data: st.DataObject, confidence: float) -> None:
    yes = data.draw(st.integers(0, rows))
    value, low, high = wilson(yes, rows, confidence).known
    reference = stats.binomtest(yes, rows).proportion_ci(confidence, method="wilson")
    assert (low, high) == pytest.approx((reference.low, reference.high), abs=1e-12)
    assert 0 <= low <= value <= high <= 1


@pytest.mark.parametrize("share", [0.05, 0.3, 0.9])
def test_a_share_s_interval_is_near_the_exact_one_and_covers(share: float) -> None:
    exact = stats.binomtest(round(share * 400), 400).proportion_ci(0.95, method="exact")
    _, low, high = wilson(round(share * 400), 400).known
    assert (low, high) == pytest.approx((exact.low, exact.high), abs=0.01)
    drawn = np.random.default_rng(1).binomial(400, share, 3_000)
    covered = [wilson(int(yes), 400).known for yes in drawn]
    assert np.mean([low <= share <= high for _, low, high in covered]) >= 0.935


REFERENCES = {
    "auc": roc_auc_score,
    "average_precision": average_precision_score,
    "brier": brier_score_loss,
    "log_loss": log_loss,
    "mae": mean_absolute_error,
    "rmse": root_mean_squared_error,
}


def sample(seed: int, rows: int = 400, ties: bool = False) -> tuple[Floats, Floats]:
    random = np.random.default_rng(seed)
    scores = np.clip(random.beta(2, 4, rows), 0.001, 0.999)
    scores = scores.round(1).clip(0.1, 0.9) if ties else scores
    return (random.random(rows) < scores).astype(np.float64), scores


@pytest.mark.parametrize("metric", REFERENCES)
@pytest.mark.parametrize("ties", [False, True])
def test_every_measure_is_the_one_of_scikit_learn(metric: str, ties: bool) -> None:
    labels, scores = sample(3, ties=ties)
    found = measure(metric, labels, scores)
    assert found.known[0] == pytest.approx(REFERENCES[metric](labels, scores), abs=1e-12)
    assert found.known[1] <= found.known[0] <= found.known[2]
    assert found.rows == 400


def naive_delong(labels: Floats, one: Floats, other: Floats) -> tuple[float, float]:
    """The difference of two areas and its variance, pair by pair as the paper has it."""
    yes, no = labels == 1, labels == 0

    def wins(scores: Floats) -> Floats:
        gap = scores[yes][:, None] - scores[no][None, :]
        return np.asarray((gap > 0) + 0.5 * (gap == 0), dtype=np.float64)

    both = [wins(one), wins(other)]
    rows, columns = np.cov([win.mean(1) for win in both]), np.cov([win.mean(0) for win in both])
    total = rows / yes.sum() + columns / no.sum()
    return float(both[0].mean() - both[1].mean()), float(total[0, 0] + total[1, 1] - 2 * total[0, 1])


@tries(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.booleans())
def test_delong_equals_the_paper_s_pair_by_pair_form(seed: int, ties: bool) -> None:
    labels, scores = sample(seed, 120, ties)
    labels[:3], labels[3:6] = 1, 0
    other = np.random.default_rng(seed).random(120).round(1)
    areas, covariance = delong(labels, [scores, other])
    difference, variance = naive_delong(labels, scores, other)
    assert areas[0] - areas[1] == pytest.approx(difference, abs=1e-12)
    assert covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1] == pytest.approx(variance, abs=1e-12)


def covers(metric: str, worlds: int, rows: int) -> tuple[float, float]:
    """How often the interval of a measure, and that of a gain over a weak rule, hold the value of 200,000 rows."""

    def world(seed: int, size: int) -> tuple[Floats, Floats, Floats]:
        random = np.random.default_rng(seed)
        hidden = random.normal(size=size)
        labels = (random.random(size) < 1 / (1 + np.exp(1 - 1.5 * hidden))).astype(np.float64)
        good = 1 / (1 + np.exp(1 - 1.2 * (hidden + random.normal(0, 0.5, size))))
        weak = 1 / (1 + np.exp(1 - 0.5 * (hidden + random.normal(0, 2.0, size))))
        return labels, good, weak

    labels, good, weak = world(0, 200_000)
    reference = REFERENCES[metric]
    truth, better = reference(labels, good), reference(labels, good) - reference(labels, weak)
    better = better if MEASURES[metric].higher_is_better else -better
    alone, against = [], []
    for seed in range(1, worlds + 1):
        labels, good, weak = world(seed, rows)
        _, low, high = measure(metric, labels, good).known
        alone.append(low <= truth <= high)
        _, low, high = gain(metric, labels, good, weak).known
        against.append(low <= better <= high)
    return float(np.mean(alone)), float(np.mean(against))


@pytest.mark.parametrize(("metric", "worlds"), [("auc", 400), ("average_precision", 80), ("brier", 120), ("mae", 120)])
def test_intervals_hold_as_often_as_they_say(metric: str, worlds: int) -> None:
    alone, against = covers(metric, worlds, rows=400)
    assert alone >= 0.91
    assert against >= 0.91


def test_a_paired_comparison_is_surer_than_two_intervals_apart() -> None:
    labels, scores = sample(5, 600)
    nearly = np.clip(scores + np.random.default_rng(1).normal(0, 0.02, 600), 0.001, 0.999)
    _, low, high = gain("auc", labels, scores, nearly).known
    one, other = measure("auc", labels, scores).known, measure("auc", labels, nearly).known
    assert high - low < (one[2] - one[1] + other[2] - other[1]) / 4
    assert gain("brier", labels, scores, scores).known == (0.0, 0.0, 0.0)


def test_a_model_that_errs_less_is_better_also_where_less_is_more() -> None:
    labels, scores = sample(7, 2_000)
    constant = np.full(2_000, float(labels.mean()))
    for metric in ("brier", "log_loss", "mae", "rmse"):
        value, low, _ = gain(metric, labels, scores, constant).known
        assert value > 0, metric
        assert low > 0, metric


def test_an_error_is_held_against_its_upper_end() -> None:
    labels, scores = sample(8)
    found = measure("brier", labels, scores)
    assert pessimistic("brier", found) == found.high
    assert pessimistic("auc", measure("auc", labels, scores)) == measure("auc", labels, scores).low
    assert not reaches("brier", found, found.known[0])
    assert reaches("brier", found, found.known[2])


def test_a_perfect_separation_is_not_certainty() -> None:
    labels = np.array([0.0] * 15 + [1.0] * 15)
    value, low, high = measure("auc", labels, np.arange(30.0)).known
    assert (value, high) == (1.0, 1.0)
    assert 0.7 < low < 0.9


@pytest.mark.parametrize("metric", MEASURES)
def test_too_little_or_too_odd_to_tell_is_said_never_guessed(metric: str) -> None:
    labels, scores = sample(9)
    odd = scores.copy()
    odd[3] = np.nan
    cases = [(labels[:19], scores[:19]), (labels[:0], scores[:0]), (labels, odd)]
    if MEASURES[metric].needs != "numbers":
        cases += [(np.zeros(400), scores), (np.ones(400), scores), (labels * 2, scores)]
    if MEASURES[metric].needs == "probabilities":
        cases += [(labels, scores * 100)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for truth, given_ in cases:
            found = measure(metric, truth, given_)
            assert found.cannot_tell
            assert found.value is found.low is found.high is None
            assert gain(metric, truth, given_, given_).cannot_tell


def test_the_bootstrap_is_the_same_each_time_and_wider_for_more_confidence() -> None:
    values = np.random.default_rng(2).normal(size=300)

    def mean(counts: Floats) -> Floats:
        return np.asarray(counts @ values / counts.sum(axis=1), dtype=np.float64)

    assert bootstrap(mean, 300, 0.95) == bootstrap(mean, 300, 0.95)
    narrow, wide = bootstrap(mean, 300, 0.8), bootstrap(mean, 300, 0.99)
    assert wide[0] < narrow[0] < narrow[1] < wide[1]
    half = 1.96 * values.std() / np.sqrt(300)
    assert bootstrap(mean, 300, 0.95) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.03)


def test_a_distance_is_relative_where_amounts_are_large() -> None:
    assert apart(np.array([0.5]), np.array([0.5 + 1e-6])) == pytest.approx(1e-6)
    assert apart(np.array([1e9]), np.array([1e9 + 1e-3])) < 1e-9
    assert apart(np.zeros(0), np.zeros(0)) == 0.0
