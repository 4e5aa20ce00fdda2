"""Whether intervals hold: of numbers row by row, of probabilities by shares of like scores."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from unit.watch.lives import lived

from shipworthy.model.intervals import Intervals, intervals_of
from shipworthy.watch.monitor import Judgement, Settings, Window
from shipworthy.watch.monitors.interval import MONITOR

SETTINGS = Settings(tolerance=0.05, phi=2.0, alpha=0.05, updates_per_year=12)


def made(answer: Any) -> dict[str, Any]:
    random = np.random.default_rng(1)
    scores = random.beta(2, 6, 3_000) * (1 if answer == "probability" else 100)
    truths = (random.random(3_000) < scores).astype(float) if answer == "probability" else random.normal(scores, 5)
    return {"interval": intervals_of(answer, 0.9, scores, truths, scores)}


def window(answer: Any, month: int, off: float = 0.0) -> Window:
    random = np.random.default_rng(month)
    scores = random.beta(2, 6, 2_000) * (1 if answer == "probability" else 100)
    if answer == "probability":
        labels = (random.random(2_000) < scores + off).astype(float)
    else:
        labels = random.normal(scores, 5 * (1 + off))
    return Window(f"1997-{month:02}-01", scores, labels=labels)


def life(windows: list[Window], profile: dict[str, Any]) -> list[Judgement]:
    return lived(MONITOR, windows, SETTINGS, profile)


@pytest.mark.parametrize(("answer", "off"), [("number", 1.0), ("probability", 0.2)])
def test_intervals_that_hold_are_quiet_and_those_that_no_longer_do_are_alarmed(answer: str, off: float) -> None:
    profile = made(answer)
    assert {one.level for one in life([window(answer, n) for n in range(1, 13)], profile)} == {"quiet"}
    found = life([window(answer, 1), window(answer, 2, off), window(answer, 3, off)], profile)
    assert [one.level for one in found][::2] == ["quiet", "alarm"]
    assert found[-1].since == "1997-02-01"
    assert "not by chance" in found[-1].text


def test_the_share_outside_is_counted_row_by_row() -> None:
    profile, one = made("number"), window("number", 4)
    intervals = Intervals.read(profile)
    assert intervals is not None
    assert one.labels is not None
    low, high = intervals.ends(one.scores)
    outside = sum(not a <= y <= b for a, y, b in zip(low, one.labels, high, strict=True)) / 2_000
    assert life([one], profile)[0].numbers["outside"] == pytest.approx(outside)


def test_without_intervals_it_does_not_run() -> None:
    (found,) = life([window("number", 1)], {})
    assert (found.level, found.text) == ("not_run", "The candidate was made without intervals.")
