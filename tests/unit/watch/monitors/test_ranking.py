"""Ranking is described with an interval; at most a note."""

from __future__ import annotations

import numpy as np

from shipworthy.watch.monitor import Settings, Window
from shipworthy.watch.monitors.ranking import MONITOR

SETTINGS = Settings(tolerance=None, phi=25.0, alpha=0.05, updates_per_year=12, floor=0.65)


def window(separation: float) -> Window:
    random = np.random.default_rng(2)
    labels = (random.random(3_000) < 0.2).astype(float)
    scores = 1 / (1 + np.exp(-random.normal(labels * separation, 1)))
    return Window("1997-07-01", scores, labels=labels)


def test_a_good_ranking_is_quiet_and_told_with_its_interval() -> None:
    found = MONITOR.judge({}, window(1.0), SETTINGS, {})
    assert found.level == "quiet"
    assert found.numbers["low"] < found.numbers["auc"] < found.numbers["high"]
    assert "not valid under repeated looks" in found.guarantee


def test_a_ranking_surely_below_the_proofs_floor_is_a_note() -> None:
    found = MONITOR.judge({}, window(0.1), SETTINGS, {})
    assert found.level == "note"
    assert "below 0.650" in found.text


def test_labels_of_one_kind_only_cannot_be_ranked() -> None:
    found = MONITOR.judge({}, Window("1997-07-01", np.full(5, 0.3), labels=np.ones(5)), SETTINGS, {})
    assert found.level == "not_run"


def test_amounts_are_not_ranked() -> None:
    found = MONITOR.judge({}, Window("1997-07-01", np.full(5, 0.3), labels=np.arange(5.0)), SETTINGS, {})
    assert found.level == "not_run"
