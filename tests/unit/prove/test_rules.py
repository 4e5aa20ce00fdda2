"""Promises, groups and decisions are measured right on data whose truth is known by construction."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from shipworthy.base.errors import UserError
from shipworthy.prove.rules import (
    calibration,
    change_of_output,
    decision_results,
    disparity,
    group_rates,
    mean_gap,
    reliability,
)


def test_a_promise_that_is_too_high_by_a_tenth_is_measured_as_that() -> None:
    random = np.random.default_rng(1)
    real = random.uniform(0.1, 0.6, 50_000)
    labels = (random.random(50_000) < real).astype(np.float64)
    kept, broken = calibration(labels, real), calibration(labels, real + 0.1)
    assert kept.gap.known[1] <= 0.0 <= kept.gap.known[2]
    assert kept.expected_error < 0.01
    assert broken.gap.known[0] == pytest.approx(0.1, abs=0.01)
    assert broken.expected_error == pytest.approx(0.1, abs=0.01)


def test_promises_right_on_the_whole_and_wrong_at_every_height_are_found() -> None:
    random = np.random.default_rng(2)
    scores = np.repeat([0.1, 0.3], 5_000)
    labels = (random.random(10_000) < np.repeat([0.2, 0.2], 5_000)).astype(np.float64)
    found = calibration(labels, scores)
    assert found.gap.known[0] == pytest.approx(0.0, abs=0.02)
    assert found.expected_error == pytest.approx(0.1, abs=0.02)
    assert len(found.bins) == 2


def test_the_reliability_table_is_that_of_scikit_learn() -> None:
    random = np.random.default_rng(3)
    scores = random.random(2_000)
    labels = (random.random(2_000) < scores**2).astype(np.float64)
    real, promised = calibration_curve(labels, scores, n_bins=10, strategy="quantile")
    table = reliability(labels, scores)
    assert [one.promised for one in table] == pytest.approx(promised, abs=0.002)
    assert [one.real.known[0] for one in table] == pytest.approx(real, abs=0.01)
    assert sum(one.real.rows for one in table) == 2_000


def test_the_gap_of_numbers_is_a_share_of_the_truth() -> None:
    truth = np.random.default_rng(4).gamma(2.0, 50.0, 5_000)
    value, low, high = mean_gap(truth, truth * 1.1).known
    assert value == pytest.approx(0.1)
    assert low <= value <= high
    assert mean_gap(np.array([-1.0, 1.0]), np.ones(2)).cannot_tell
    assert mean_gap(np.zeros(0), np.zeros(0)).cannot_tell


def test_what_decisions_achieve_is_counted() -> None:
    labels = np.array([1.0] * 30 + [0.0] * 70)
    chosen = [True] * 10 + [False] * 20 + [True] * 5 + [False] * 65
    found = decision_results(labels, chosen)
    assert (found.rows, found.chosen, found.hits) == (100, 15, 10)
    assert found.precision.known[0] == pytest.approx(2 / 3)
    assert found.found.known[0] == pytest.approx(1 / 3)
    assert found.lift.known[0] == pytest.approx((2 / 3) / 0.3)
    assert decision_results(labels, [False] * 100).lift.cannot_tell
    assert decision_results(np.zeros(5), [True] * 5).lift.cannot_tell


def drawn(shares: dict[str, float], rows: int, seed: int) -> tuple[list[str], list[bool]]:
    random = np.random.default_rng(seed)
    groups = [name for name in shares for _ in range(rows)]
    return groups, [bool(random.random() < shares[name]) for name in groups]


@pytest.mark.parametrize("many", [2, 6])
def test_equal_groups_are_rarely_called_unequal_however_many_there_are(many: int) -> None:
    equal = {f"group {number}": 0.3 for number in range(many)}
    found = [group_rates(*drawn(equal, 300, seed)).disparity.known for seed in range(400)]
    assert np.mean([low > 0 for _, low, _ in found]) <= 0.07


def test_a_known_disparity_lies_in_its_interval() -> None:
    truth = 1 - 0.2 / 0.4
    found = [group_rates(*drawn({"a": 0.2, "b": 0.4}, 400, seed)).disparity.known for seed in range(300)]
    assert np.mean([low <= truth <= high for _, low, high in found]) >= 0.93


def test_small_groups_cannot_be_told() -> None:
    rates = group_rates(["a"] * 99 + ["b"] * 200, [True] * 299, at_least=100)
    assert rates.groups["a"].cannot_tell
    assert "1 of 2 groups" in rates.disparity.cannot_tell
    assert group_rates([], []).disparity.cannot_tell
    with pytest.raises(UserError, match="cannot be compared"):
        disparity({"a": 0.5})


def test_groups_in_which_nobody_is_chosen_are_equal() -> None:
    rates = group_rates(["a"] * 200 + ["b"] * 200, [False] * 400)
    assert rates.disparity.known == (0.0, 0.0, 1.0)


def test_a_change_of_output_is_measured_by_height_and_order() -> None:
    before = np.linspace(0.1, 0.9, 50)
    assert change_of_output(before, before) == (0.0, 1.0)
    assert change_of_output(before[::-1], before) == pytest.approx((0.0, -1.0))
    assert change_of_output(before * 1.2, before) == pytest.approx((0.2, 1.0))
    assert change_of_output(np.full(50, 0.5), before)[1] == 0.0
    assert change_of_output(np.zeros(50), np.zeros(50)) == (0.0, 1.0)
    assert change_of_output(np.ones(50), np.zeros(50)) == (1.0, 1.0)
