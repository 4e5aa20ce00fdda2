"""What decisions were worth, against what the plan counts on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.watch.facts import plan

from shipworthy.plan.schema import Worth
from shipworthy.watch.monitor import Judgement, Settings, Window
from shipworthy.watch.monitors.worth import MONITOR, worths

WORTH = Worth(yes_right=30, yes_wrong=-2, no_wrong=-5, at_least=1.5, unit="EUR")
SETTINGS = Settings(tolerance=None, phi=1.0, alpha=0.05, updates_per_year=52, worth=WORTH)


def window(hits: int, misses: int, missed: int, left: int, unknown: int = 0) -> Window:
    counts = (
        (hits, "yes", 1.0),
        (misses, "yes", 0.0),
        (missed, "no", 1.0),
        (left, "no", 0.0),
        (unknown, "yes", np.nan),
    )
    decisions = np.array([word for count, word, _ in counts for _ in range(count)], dtype=object)
    labels = np.array([label for count, _, label in counts for _ in range(count)])
    return Window("2026-03-02T00:00:00+00:00", np.zeros(labels.size), labels=labels, decisions=decisions)


def judged(*windows: Window, settings: Settings = SETTINGS) -> Judgement:
    state: dict[str, Any] = {}
    for one in windows:
        found = MONITOR.judge(state, one, settings, {})
        state = found.state
    return found


@given(st.tuples(*[st.integers(0, 30)] * 5))
def test_each_decision_with_a_known_truth_is_worth_what_the_plan_says(counts: tuple[int, ...]) -> None:
    hits, misses, missed, left, unknown = counts
    found = worths(window(hits, misses, missed, left, unknown), WORTH)
    assert found.size == hits + misses + missed + left
    assert found.sum() == pytest.approx(30 * hits - 2 * misses - 5 * missed)


def test_decisions_that_are_worth_too_little_are_an_alarm_with_their_values() -> None:
    found = judged(*[window(10, 190, 20, 780)] * 6)
    assert found.level == "alarm"
    assert found.kind == "guarantee"
    assert found.since == "2026-03-02T00:00:00+00:00"
    assert "1,000 decisions of 2026-03-02 were worth -0.18 EUR each" in found.text
    assert "1.5 are planned. This is not by chance." in found.text
    assert found.numbers["low"] < -0.18 < found.numbers["high"]


def test_decisions_that_are_worth_what_is_planned_stay_quiet() -> None:
    assert judged(*[window(70, 130, 20, 780)] * 20).level == "quiet"


def test_at_the_edge_of_the_plan_false_alarms_keep_their_rate() -> None:
    random = np.random.default_rng(5)
    raised = 0
    for _ in range(200):
        state: dict[str, Any] = {}
        levels = set()
        for _ in range(52):  # a yes is right with probability 1.5 + 2 over 32
            hits = int(random.binomial(50, 3.5 / 32))
            found = MONITOR.judge(state, window(hits, 50 - hits, 0, 0), SETTINGS, {})
            state = found.state
            levels.add(found.level)
        raised += "alarm" in levels
    assert raised <= 0.05 * 200 + 3 * np.sqrt(0.05 * 0.95 * 200)


def test_what_cannot_be_judged_is_said() -> None:
    assert judged(window(0, 0, 0, 0, unknown=5)).level == "not_run"
    assert judged(Window("2026-03-02", np.zeros(3), unlabelled_because="no feed")).text == "no feed"
    beyond = Settings(None, 1.0, 0.05, 52, worth=Worth(yes_right=1, at_least=5))
    assert "counts on 5" in judged(window(5, 5, 5, 5), settings=beyond).text


def test_it_applies_only_where_the_plan_says_what_decisions_are_worth() -> None:
    assert not MONITOR.applies(plan())
    assert MONITOR.applies(plan({"worth": {"yes_right": 3, "at_least": 1}}))
