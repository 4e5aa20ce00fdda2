"""Groups compared once the truth is known and before it is: figures, words, groups that are too small."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from unit.watch.lives import lived

from shipworthy.watch.monitor import Judgement, Monitor, Settings, Window
from shipworthy.watch.monitors.fairness import MONITOR as FAIRNESS
from shipworthy.watch.monitors.fairness import measures
from shipworthy.watch.monitors.selection import MONITOR as SELECTION

SETTINGS = Settings(tolerance=0.05, phi=1.0, alpha=0.05, updates_per_year=12, declared=True, disparity={"region": 0.2})


def window(month: int, rows: int = 2_000, missed_in_b: float = 0.2, chosen_in_b: float = 0.3) -> Window:
    """Half of the rows are of group b; of its real yes a share is missed, of its real no a share is chosen."""
    random = np.random.default_rng(month)
    group = np.array(["a", "b"], dtype=object)[np.arange(rows) % 2]
    labels = (random.random(rows) < 0.5).astype(float)
    hit = np.where(group == "a", 0.8, 1 - missed_in_b)
    chosen = np.where(labels == 1, random.random(rows) < hit, random.random(rows) < 0.1)
    chosen &= (group == "a") | (random.random(rows) < chosen_in_b / 0.3)
    words = np.where(chosen, "yes", "no").astype(object)
    return Window(f"1997-{month:02}-01", np.full(rows, 0.5), labels=labels, decisions=words, groups={"region": group})


def life(monitor: Monitor, windows: list[Window], settings: Settings = SETTINGS) -> list[Judgement]:
    return lived(monitor, windows, settings)


def test_groups_that_fare_alike_are_quiet_and_one_that_is_missed_more_is_alarmed() -> None:
    assert {one.level for one in life(FAIRNESS, [window(n) for n in range(1, 7)])} == {"quiet"}
    found = life(FAIRNESS, [window(n, missed_in_b=0.45) for n in (1, 2, 3)])[-1]
    assert found.level == "alarm"
    assert "share of real yes that was found: 8" in found.text
    assert "in region = b" in found.text
    assert found.since == "1997-01-01"


def test_a_gap_beyond_a_tolerance_that_the_plan_does_not_name_is_a_note() -> None:
    quiet = Settings(tolerance=0.05, phi=1.0, alpha=0.05, updates_per_year=12)
    assert life(FAIRNESS, [window(n, missed_in_b=0.45) for n in (1, 2, 3)], quiet)[-1].level == "note"


def test_a_group_chosen_less_than_four_fifths_as_often_is_alarmed_without_any_truth() -> None:
    calm = life(SELECTION, [window(n) for n in range(1, 7)])
    assert {one.level for one in calm} == {"quiet"}
    found = life(SELECTION, [window(n, chosen_in_b=0.15) for n in range(1, 5)])[-1]
    assert found.level == "alarm"
    assert "in region = b" in found.text
    assert found.numbers["disparity"] > 0.4
    assert found.parts["region = a"]["now"] > found.parts["region = b"]["now"]


def test_evidence_starts_anew_when_the_plan_changes_what_is_tolerated() -> None:
    first = life(SELECTION, [window(n, chosen_in_b=0.15) for n in range(1, 5)])[-1]
    assert first.level == "alarm"
    wider = replace(SETTINGS, disparity={"region": 0.7})
    later = SELECTION.judge(first.state, window(5, chosen_in_b=0.15), wider, {})
    assert later.level == "quiet"
    assert later.numbers["evidence"] < 0.1


def test_a_small_group_is_told_as_such_with_what_it_takes() -> None:
    one = window(1, rows=400)
    group = np.where(np.arange(400) < 6, "c", one.groups["region"]).astype(object)
    few = Window(one.moment, one.scores, one.labels, decisions=one.decisions, groups={"region": group})
    found = life(FAIRNESS, [few])[0]
    assert "Cannot tell for small groups: region = c" in found.text
    assert "more a year needed" in found.text


def test_bands_and_groups_stay_what_they_were_in_the_first_window() -> None:
    random = np.random.default_rng(1)
    ages = [random.uniform(20 + 10 * n, 60 + 10 * n, 400) for n in range(3)]
    windows = []
    for n, age in enumerate(ages, 1):
        one = window(n, rows=400)
        windows.append(Window(one.moment, one.scores, decisions=one.decisions, groups={"age": age}))
    found = life(SELECTION, windows)
    assert found[0].state["groups"] == found[2].state["groups"]


@pytest.mark.parametrize("groups", [{}, {"region": np.full(2_000, "a", dtype=object)}])
def test_without_two_groups_nothing_is_said_to_be_fair(groups: dict[str, Any]) -> None:
    one = window(1)
    bare = Window(one.moment, one.scores, one.labels, decisions=one.decisions, groups=groups)
    assert {life(monitor, [bare])[0].level for monitor in (SELECTION, FAIRNESS)} == {"not_run"}


def test_every_measure_is_the_plain_mean_over_its_own_rows() -> None:
    one = window(5)
    assert one.labels is not None
    found = {measured.name: measured for measured in measures(one, SETTINGS, None)}
    chosen = one.decisions == "yes"
    for name, real in (("share of real yes that was found", 1), ("share of real no that was chosen", 0)):
        mine = found[name]
        assert mine.values[mine.rows].mean() == pytest.approx(chosen[one.labels == real].mean())
    gap = found["promised less real"]
    assert gap.values.mean() == pytest.approx((one.scores - one.labels).mean())
