"""Scores that moved are a note, long before any truth arrives."""

from __future__ import annotations

import numpy as np
import pandas as pd

from shipworthy.model.profile import profile_of
from shipworthy.watch.monitor import Settings, Window
from shipworthy.watch.monitors.score_drift import MONITOR

SETTINGS = Settings(tolerance=0.02, phi=1.0, alpha=0.05, updates_per_year=12)
SCORES = np.random.default_rng(1).beta(2, 6, 10_000)
PROFILE = profile_of(pd.DataFrame(), {}, SCORES, None, "held out", ["1997-04-01"])


def test_scores_that_rose_are_noted_with_both_means() -> None:
    first = MONITOR.judge({}, Window("1997-07-01", np.clip(SCORES[:5_000] + 0.1, 0, 1)), SETTINGS, PROFILE)
    assert first.level == "note"
    assert "when the candidate was made" in first.text
    assert first.numbers["mean"] > first.numbers["first_mean"]
    assert first.since == "1997-07-01"


def test_scores_as_they_were_are_quiet() -> None:
    found = MONITOR.judge({}, Window("1997-07-01", SCORES[5_000:]), SETTINGS, PROFILE)
    assert found.level == "quiet"
    assert "look as they did" in found.text


def test_answers_without_scores_count_as_missing_ones() -> None:
    found = MONITOR.judge({}, Window("1997-07-01", np.full(5_000, np.nan)), SETTINGS, PROFILE)
    assert found.level == "note"
    assert "missing: 0.0% then, 100.0% now" in found.text


def test_a_profile_without_scores_cannot_be_compared_with() -> None:
    bare = profile_of(pd.DataFrame(), {}, np.zeros(0), None, "nothing", [])
    assert MONITOR.judge({}, Window("1997-07-01", SCORES), SETTINGS, bare).level == "not_run"
