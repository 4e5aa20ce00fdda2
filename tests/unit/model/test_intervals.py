"""Intervals hold as often as they say, whatever the model, and follow from profile and score alone."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shipworthy.base.digest import canonical
from shipworthy.model.intervals import BINS, LEAST, Floats, Intervals, ends_of, intervals_of, sets_intervals
from shipworthy.model.rules import held_out


def read(kept: object) -> Intervals:
    found = Intervals.read({"interval": json.loads(canonical(kept))})
    assert found is not None
    return found


def spread(rows: int, seed: int) -> tuple[Floats, Floats]:
    """Scores, and truths around them that lie the farther away the higher the score."""
    random = np.random.default_rng(seed)
    scores = random.uniform(0, 100, rows)
    return scores, scores + random.standard_t(3, rows) * (1 + scores / 10)


@pytest.mark.parametrize("level", [0.5, 0.8, 0.9, 0.95])
def test_intervals_of_numbers_hold_for_new_rows_at_every_height(level: float) -> None:
    scores, truths = spread(4_000, 1)
    found = read(intervals_of("number", level, scores, truths, spread(500, 2)[0]))
    assert len(found.low) == BINS
    new, came = spread(40_000, 3)
    low, high = found.ends(new)
    held = (came >= low) & (came <= high)
    assert held.mean() > level - 0.015
    for number in range(BINS):
        assert held[found.bins(new) == number].mean() == pytest.approx(level, abs=0.07)
    width = high - low
    assert width[new > 90].mean() > 3 * width[new < 10].mean()  # honest about where it knows less


def test_the_finite_sample_correction_is_that_of_the_theorem() -> None:
    # 99 rows of one bin at 90 %: the 90th smallest of 99 distances, not the 89th.
    scores, truths = np.zeros(99), np.arange(1.0, 100.0)
    found = read(intervals_of("number", 0.9, scores, truths, np.zeros(10)))
    assert found.ends(np.array([5.0])) == (np.array([-85.0]), np.array([95.0]))


def test_intervals_of_probabilities_hold_the_share_and_rise_with_the_score() -> None:
    random = np.random.default_rng(4)
    scores = np.asarray(random.beta(1, 3, 3_000), dtype=np.float64)
    real: Floats = np.asarray(scores**1.3, dtype=np.float64)  # not even calibrated
    found = read(intervals_of("probability", 0.9, scores, (random.random(3_000) < real).astype(np.float64), scores))
    assert (np.diff(found.low) >= 0).all()
    assert (np.diff(found.high) >= 0).all()
    assert ((found.low >= 0) & (found.high <= 1) & (found.low < found.high)).all()
    new = random.beta(1, 3, 200_000)
    place = found.bins(new)
    shares = np.array([(new[place == number] ** 1.3).mean() for number in range(len(found.low))])
    assert ((shares >= found.low) & (shares <= found.high)).mean() >= 0.8


@settings(max_examples=40)
@given(st.integers(0, 400), st.integers(1, 20), st.sampled_from(["probability", "number"]))
def test_every_bin_has_enough_rows_or_there_is_no_interval(rows: int, values: int, answer: str) -> None:
    random = np.random.default_rng(rows)
    scores = random.integers(0, values, rows) / values
    truths = (random.random(rows) < scores) * 1.0
    kept = intervals_of(answer, 0.9, scores, truths, scores)  # type: ignore[arg-type]
    assert (kept is None) == (rows < LEAST)
    if kept is not None:
        assert min(kept["n"]) >= LEAST
        assert sum(kept["n"]) == rows
        low, high = read(kept).ends(np.array([-1e9, *scores, 1e9]))
        assert (low <= high).all()
        assert np.isfinite(low).all()
        assert np.isfinite(high).all()


def test_a_level_that_few_rows_cannot_show_needs_more_of_them() -> None:
    scores, truths = spread(90, 1)
    assert intervals_of("number", 0.99, scores, truths, scores) is None
    assert intervals_of("number", 0.9, scores, truths, scores) is not None


def test_without_intervals_ends_are_unknown() -> None:
    assert Intervals.read({}) is None
    assert Intervals.read({"interval": None}) is None
    assert np.isnan(ends_of(None, np.zeros(3))).all()


def test_who_sets_and_who_tests_are_halves_that_the_hold_out_does_not_decide() -> None:
    names = [f"c{number}" for number in range(20_000)]
    setting, held = sets_intervals(names, "shop"), held_out(names, "shop", 0.2)
    assert setting[held].mean() == pytest.approx(0.5, abs=0.03)
    assert setting[~held].mean() == pytest.approx(0.5, abs=0.03)
    assert (sets_intervals(names, "shop") == setting).all()
