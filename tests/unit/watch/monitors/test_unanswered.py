"""Who got no answer, or only a stand-in's, is counted against what is tolerated."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from shipworthy.watch.monitor import Judgement, Settings, Window
from shipworthy.watch.monitors.unanswered import MONITOR

SETTINGS = Settings(tolerance=0.01, phi=25.0, alpha=0.05, updates_per_year=12)


def judged(window: Window, state: dict[str, Any] | None = None, settings: Settings = SETTINGS) -> Judgement:
    return MONITOR.judge(state or {}, window, settings, {})


def account(due: int, refused: int = 0, stood_in: int = 0, nothing: str = "") -> Window:
    return Window("1997-07-01", np.zeros(0), due=due, refused=refused, stood_in=stood_in, nothing_because=nothing)


def test_everybody_answered_is_quiet() -> None:
    found = judged(account(23_570, refused=3))
    assert found.level == "quiet"
    assert "3 got no answer" in found.text


def test_a_stand_in_is_noted_and_alarmed_where_the_plan_names_a_tolerance() -> None:
    stood_in = account(23_570, stood_in=23_570)
    assert judged(stood_in).level == "note"
    assert judged(stood_in, settings=replace(SETTINGS, declared=True)).level == "alarm"


def test_a_run_that_brought_nothing_is_counted_as_everybody_due_last_time() -> None:
    before = judged(account(23_570))
    found = judged(account(0, nothing="nothing delivered: the data was refused"), before.state)
    assert found.level == "note"
    assert found.numbers["due"] == 23_570
    assert found.numbers["share"] == 1.0
    assert "the data was refused" in found.text


def test_without_an_account_nothing_is_judged() -> None:
    assert judged(account(0)).level == "not_run"
