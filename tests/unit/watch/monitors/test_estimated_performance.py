"""Estimates of performance: marked as such, right under their assumption, careful where they have nothing to say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from unit.watch.besides import beside, stored

from shipworthy.model.estimates import estimates_of
from shipworthy.model.projections import projections_of
from shipworthy.watch.monitor import Judgement, Settings, Window
from shipworthy.watch.monitors.estimated_performance import MONITOR, judge

SETTINGS = Settings(tolerance=0.05, phi=25.0, alpha=0.05, updates_per_year=52, floor=0.6)
TABLES: dict[str, pa.Table] = {}


def put(table: pa.Table) -> str:
    TABLES[str(len(TABLES))] = table
    return str(len(TABLES) - 1)


def people(size: int, seed: int, share: float) -> tuple[pd.DataFrame, Any, Any]:
    """A score that is right for one group and tells nothing of the other, which is a share of all."""
    random = np.random.default_rng(seed)
    group, score = random.random(size) < share, random.random(size)
    truth = random.random(size) < np.where(group, 0.5, score)
    return pd.DataFrame({"group": np.where(group, "b", "a").astype(object), "x": score}), score, truth.astype(float)


@pytest.fixture(scope="module")
def profile() -> dict[str, Any]:
    features, scores, truth = people(6_000, 1, 0.1)
    names = [f"c{number}" for number in range(6_000)]
    return stored(
        {
            "estimates": estimates_of("probability", scores, truth, "held out"),
            "projections": projections_of(features, names, scores, truth, "p", "customer", put),
        }
    )


def judged(profile: dict[str, Any], share: float, features: bool = True) -> tuple[Judgement, float]:
    frame, scores, truth = people(2_000, 7, share)
    window = Window(
        "2026-01-01T00:00:00+00:00",
        scores,
        features={str(name): frame[name].to_numpy() for name in frame} if features else {},
        says_yes=scores >= 0.5,
        beside=beside(profile, TABLES),
    )
    return judge({}, window, SETTINGS, profile), float(((scores >= 0.5) == truth).mean())


def test_an_unchanged_world_is_estimated_well_and_said_to_be_an_estimate(profile: dict[str, Any]) -> None:
    found, real = judged(profile, 0.1)
    assert found.level == "quiet"
    assert found.numbers["accuracy"] == pytest.approx(real, abs=0.03)
    assert found.numbers["weighted"] == 0.0
    assert "valid only if" in found.guarantee
    assert "Estimate" in found.text
    assert found.kind == "estimate"


def test_another_mix_is_weighted_and_noted_but_never_an_alarm(profile: dict[str, Any]) -> None:
    found, real = judged(profile, 0.9)
    blind, _ = judged(profile, 0.9, features=False)
    assert found.level == "note"
    assert found.numbers["weighted"] == 1.0
    assert found.numbers["accuracy"] == pytest.approx(real, abs=0.04)
    assert abs(blind.numbers["accuracy"] - real) > 0.1
    assert "below the floor" in found.text or "less AUC" in found.text


def test_rows_unlike_any_of_the_reference_are_not_estimated(profile: dict[str, Any]) -> None:
    scores = np.random.default_rng(3).random(1_000)
    strange = {"group": np.full(1_000, "z", dtype=object), "x": scores + 1_000}
    window = Window("2026-01-01T00:00:00+00:00", scores, features=strange, beside=beside(profile, TABLES))
    found = judge({}, window, SETTINGS, profile)
    assert found.level == "not_run"
    assert "Nothing can be said" in found.text


def test_a_number_is_estimated_by_how_wrong_numbers_of_its_size_were() -> None:
    random = np.random.default_rng(4)
    scores = random.random(2_000) * 100
    truth = scores + random.normal(size=2_000) * scores / 10
    kept = {"estimates": estimates_of("number", scores, truth, "held out")}
    small, large = (
        judge({}, Window("2026-01-01T00:00:00+00:00", scores[chosen]), SETTINGS, kept)
        for chosen in (scores < 50, scores > 80)
    )
    assert small.level == "quiet"
    assert large.level == "note"
    assert large.numbers["mae"] == pytest.approx(np.abs(scores - truth)[scores > 80].mean(), rel=0.1)


@pytest.mark.parametrize("kept", [{}, {"estimates": None}])
def test_a_candidate_without_them_says_what_to_do(kept: dict[str, Any]) -> None:
    found = judge({}, Window("2026-01-01T00:00:00+00:00", np.full(9, 0.5)), SETTINGS, kept)
    assert found.level == "not_run"
    assert "Train it again" in found.text


def test_too_few_truths_make_no_estimate() -> None:
    assert estimates_of("probability", np.full(60, 0.5), np.r_[np.ones(20), np.full(40, np.nan)], "held out") is None
    assert MONITOR.needs == "answers"
