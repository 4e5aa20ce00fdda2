"""Promises that are too high or too low are found, on the whole and at every height."""

from __future__ import annotations

import numpy as np
import pytest
from unit.prove.subjects import NUMBER_PROOF, subject, verdicts, with_truth


@pytest.mark.parametrize(("shift", "verdict"), [(0.0, "pass"), (0.04, "warn"), (0.12, "fail"), (-0.12, "fail")])
def test_promises_that_are_too_high_or_low_are_found(shift: float, verdict: str) -> None:
    good = subject()
    scores = np.clip(good.known().rows.scores + shift, 0, 1)
    assert verdicts("calibration", with_truth(good, good.known().labels, scores))["calibration"] == verdict


def test_scores_that_promise_no_share_are_no_probabilities() -> None:
    good = subject()
    ranked = with_truth(good, good.known().labels, good.known().rows.scores * 50)
    assert verdicts("calibration", ranked) == {"calibration": "fail"}


def test_promises_wrong_at_one_height_are_looked_at() -> None:
    good = subject()
    scores = good.known().rows.scores
    stretched = np.where(scores > np.median(scores), np.minimum(scores + 0.15, 1), np.maximum(scores - 0.15, 0))
    found = verdicts("calibration", with_truth(good, good.known().labels, stretched))
    assert found["calibration.by_tenth"] == "warn"


def test_answers_that_are_too_high_by_a_fifth_are_found() -> None:
    good = subject(NUMBER_PROOF, answer="number")
    high = with_truth(good, good.known().labels, good.known().rows.scores * 1.2)
    assert verdicts("calibration", high) == {"calibration": "fail"}
