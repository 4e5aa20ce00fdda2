"""Promised against real: harm is alarmed, chance and tolerance are not, and the words carry the values."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from unit.watch.lives import lived

from shipworthy.watch.monitor import Judgement, Settings, Window
from shipworthy.watch.monitors.calibration import MONITOR

SETTINGS = Settings(tolerance=0.05, phi=25.0, alpha=0.05, updates_per_year=12)
ROWS = 23_570


def window(month: int, promised: float, real: float, rows: int = ROWS, year: int = 1997) -> Window:
    """A list that promises a spread of shares around one mean, and of which a share came true."""
    scores = np.clip(promised * np.linspace(0.2, 1.8, rows), 0, 1)
    labels = np.zeros(rows)
    labels[np.linspace(0, rows - 1, round(real * rows)).astype(int)] = 1.0
    return Window(f"{year}-{month:02}-01T00:00:00+00:00", scores, labels=labels)


def life(windows: list[Window], settings: Settings = SETTINGS) -> list[Judgement]:
    return lived(MONITOR, windows, settings)


def test_a_model_that_promises_ever_more_is_alarmed_with_the_values_in_words() -> None:
    found = life([window(7, 0.234, 0.181), window(8, 0.25, 0.18), window(9, 0.262, 0.178), window(10, 0.279, 0.179)])
    assert [one.level for one in found[:2]] == ["note", "note"]
    assert found[-1].level == "alarm"
    assert found[-1].text == (
        "The list of 1997-10-01 promised 27.9% yes; 17.9% came true. "
        "The gap has been beyond the tolerated 5.0% since 1997-07-01."
    )
    assert found[-1].since == "1997-07-01T00:00:00+00:00"
    assert found[-1].cause
    assert found[-1].advice
    assert found[-1].guarantee == (
        "At most a 5% chance of any false alarm in 12 windows (one year), however often one looks; "
        "guarantee conditional on phi <= 25."
    )


def test_a_model_that_keeps_its_promises_stays_quiet_for_years() -> None:
    found = life([window(1 + n % 12, 0.20, 0.17, year=1997 + n // 12) for n in range(36)])
    assert {one.level for one in found} == {"quiet"}
    assert "within the tolerated 5.0%" in found[-1].text


def test_promising_too_little_is_harm_too() -> None:
    found = life([window(month, 0.15, 0.30) for month in range(1, 4)])
    assert found[-1].level == "alarm"
    assert "fewer than come true" in found[-1].cause


def test_too_little_evidence_says_how_much_more_is_needed() -> None:
    found = life([window(7, 0.30, 0.20, rows=2_000)])[0]
    assert found.level == "note"
    assert found.numbers["rows_more"] > 1_000
    assert f"{found.numbers['rows_more']:,.0f} more answers like these needed" in found.text


def test_a_handful_of_rows_cannot_tell() -> None:
    found = life([window(7, 0.5, 1.0, rows=1)])[0]
    assert found.level == "note"
    assert "Cannot tell yet" in found.text


def test_since_starts_anew_when_the_gap_was_tolerable_in_between() -> None:
    found = life([window(7, 0.25, 0.18), window(8, 0.19, 0.18), window(9, 0.25, 0.18)])
    assert [one.since[:10] for one in found] == ["1997-07-01", "", "1997-09-01"]


def test_an_alarm_stands_until_it_is_closed() -> None:
    found = life([window(7, 0.40, 0.18), window(8, 0.40, 0.18), window(9, 0.19, 0.18)])
    assert [one.level for one in found] == ["alarm", "alarm", "alarm"]
    assert "within the tolerated" in found[-1].text
    assert "since 1997-07-01 still stands" in found[-1].text


def test_answers_whose_truth_is_unknown_are_counted_and_bound_the_real_share() -> None:
    known = window(7, 0.2, 0.2, rows=100)
    labels = np.asarray(known.labels).copy()
    labels[:50] = np.nan
    found = MONITOR.judge({}, replace(known, labels=labels, contradicting=3), SETTINGS, {})
    assert found.numbers["coverage"] == 0.5
    assert found.numbers["contradicting"] == 3
    assert found.numbers["real_low"] <= found.numbers["real"] <= found.numbers["real_high"]
    assert found.numbers["real_high"] - found.numbers["real_low"] == pytest.approx(0.5)
    assert "The truth is known for 50.0% of its 100 answers." in found.text
    assert "Contradicting truths were stated of 3 of them" in found.text


def test_scores_that_promise_no_share_are_not_judged() -> None:
    ranked = replace(window(7, 0.2, 0.2, rows=10), promises=False)
    assert MONITOR.judge({}, ranked, SETTINGS, {}).level == "not_run"
    outside = replace(window(7, 0.2, 0.2, rows=10), scores=np.full(10, 7.0))
    assert MONITOR.judge({}, outside, SETTINGS, {}).level == "not_run"
    amounts = replace(window(7, 0.2, 0.2, rows=10), labels=np.full(10, 7.0))
    assert MONITOR.judge({}, amounts, SETTINGS, {}).level == "not_run"


def test_evidence_starts_anew_when_the_plan_changes_what_is_tolerated() -> None:
    first = MONITOR.judge({}, window(7, 0.40, 0.18), SETTINGS, {})
    assert first.level == "alarm"
    wider = MONITOR.judge(first.state, window(8, 0.40, 0.18), replace(SETTINGS, tolerance=0.5), {})
    assert wider.level == "quiet"


def held_out(swing: float) -> dict[str, Any]:
    """A profile of 20 reference batches of 500 rows, whose gap swings so far to either side."""
    batches = [{"moment": f"m{n}", "n": 500, "loss": 0.1, "gap": swing * (-1) ** n} for n in range(20)]
    whole = {"n": 10_000, "mean": 0.1, "levels": [10_000.0, *[0.0] * 20]}
    return {
        "performance": {
            "loss": "brier", "cap": 1.0, "whole": whole, "large": None, "segments": {}, "decision": None,
            "by_score": {"edges": [], "n": [10_000], "mean": [0.1]}, "batches": batches,
        }
    }  # fmt: skip


def test_dependence_is_measured_where_the_profile_has_enough_batches() -> None:
    found = MONITOR.judge({}, window(7, 0.2, 0.2), SETTINGS, held_out(0.0))
    assert "measured on the reference batches" in found.guarantee
    assert found.numbers["phi"] == 1.0


def test_rows_that_share_a_shock_weigh_no_more_in_a_larger_window() -> None:
    """phi = 1 + (n - 1) rho: twice the rows of one shock are no more evidence of it."""
    small, large = (MONITOR.judge({}, window(7, 0.4, 0.2, rows), SETTINGS, held_out(0.05)) for rows in (500, 50_000))
    assert small.numbers["phi"] == pytest.approx(500 * 0.0025 / 0.1 * 20 / 19)
    assert large.numbers["evidence"] == pytest.approx(small.numbers["evidence"], rel=0.1)
