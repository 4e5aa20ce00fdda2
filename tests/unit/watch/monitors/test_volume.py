"""The number of answers is held against the usual one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from unit.watch.lives import lived

from shipworthy.watch.monitor import Judgement, Settings, Window
from shipworthy.watch.monitors.volume import MONITOR

SETTINGS = Settings(tolerance=0.5, phi=1.0, alpha=0.05, updates_per_year=12)


def life(sizes: list[int], settings: Settings = SETTINGS) -> list[Judgement]:
    windows = (Window(f"1997-{month:02}-01", np.zeros(size)) for month, size in enumerate(sizes, start=1))
    return lived(MONITOR, windows, settings)


def test_the_first_window_has_nothing_to_be_compared_with() -> None:
    assert life([100])[0].level == "not_run"


def test_a_list_cut_short_is_a_note_and_an_alarm_where_the_plan_names_a_tolerance() -> None:
    assert [one.level for one in life([100, 104, 30])] == ["not_run", "quiet", "note"]
    assert life([100, 104, 30], replace(SETTINGS, declared=True))[-1].level == "alarm"
    assert "70.6% fewer" in life([100, 104, 30])[-1].text


def test_what_fell_out_of_line_does_not_become_usual() -> None:
    assert [one.level for one in life([100, 10, 10, 100])][1:] == ["note", "note", "quiet"]
    assert [one.level for one in life([100, 10, 40, 300, 100])][1:] == ["note", "note", "note", "quiet"]


def test_three_windows_alike_are_a_new_level() -> None:
    found = life([10, 10, 50, 200, 210, 190, 200, 205], replace(SETTINGS, declared=True))
    assert [one.level for one in found][1:] == ["quiet", "alarm", "alarm", "alarm", "alarm", "quiet", "quiet"]
    assert found[5].text.endswith("It is the third window like this in a row: from the next one on, as many are usual.")


def test_a_list_that_nobody_is_on_any_more_is_said_until_somebody_is() -> None:
    assert {one.level for one in life([100, 0, 0, 0, 0])[1:]} == {"note"}


def test_a_canary_that_grows_as_declared_is_as_usual() -> None:
    state: dict[str, Any] = {}
    levels = []
    for month, (size, share) in enumerate([(10, 0.05), (11, 0.05), (50, 0.25), (200, 1.0), (90, 1.0)], start=1):
        found = MONITOR.judge(state, Window(f"1997-{month:02}-01", np.zeros(size), share=share), SETTINGS, {})
        levels.append(found.level)
        state = found.state
    assert levels == ["not_run", "quiet", "quiet", "quiet", "note"]
    assert "200 are usual" in found.text
