"""How much rows of a moment hang together: measured where the held-out rows tell, and then guarantees hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from unit.watch.lives import lived

from shipworthy.model import classes
from shipworthy.model.intervals import Intervals, intervals_of, outside_of
from shipworthy.model.learning import Examples
from shipworthy.model.performance import HeldOut, performance_of
from shipworthy.plan.schema import Worth
from shipworthy.watch import dependence
from shipworthy.watch.monitor import Settings, Window
from shipworthy.watch.monitors import threshold, worth

SETTINGS = Settings(tolerance=0.02, phi=5.0, alpha=0.05, updates_per_year=52)
WORTH = Worth(yes_right=5, yes_wrong=-5, no_right=1, no_wrong=-1, at_least=0.0)
MOMENTS, ROWS = 40, 400


def moments(seed: int, shock: float, count: int = MOMENTS) -> tuple[Any, Any, Any]:
    """Scores, truths and the moment of each row; a shock of a moment moves the chances of all its rows together."""
    draw = np.random.default_rng(seed)
    score, truth, moment = [], [], []
    for number in range(count):
        said = draw.beta(2, 3, ROWS)
        moved = np.clip(said + draw.normal(0, shock), 0, 1) if shock else said
        score.append(said)
        truth.append((draw.random(ROWS) < moved).astype(float))
        moment += [f"2025-{number // 28 + 1:02}-{number % 28 + 1:02}"] * ROWS
    return np.concatenate(score), np.concatenate(truth), np.array(moment, dtype=object)


def words(scores: Any) -> Any:
    return np.where(scores >= 0.5, "yes", "no").astype(object)


def kept(seed: int, shock: float, count: int = MOMENTS) -> dict[str, Any]:
    """The profile of a candidate whose held-out rows are these."""
    scores, truths, moment = moments(seed, shock, count)
    names = np.array([f"e{number}" for number in range(len(scores))], dtype=object)
    rows = Examples(pd.DataFrame({"x": np.zeros(len(scores))}), truths, names, moment)
    return {"performance": performance_of("probability", rows, scores, [], words(scores), ("yes", "no"), None)}


def held_out(profile: dict[str, Any]) -> HeldOut:
    found = HeldOut.read(profile)
    assert found is not None
    return found


def windows(seed: int, shock: float, count: int) -> list[Window]:
    scores, truths, moment = moments(seed, shock, count)
    return [
        Window(
            f"{day}T00:00:00+00:00",
            scores[moment == day],
            labels=truths[moment == day],
            decisions=words(scores[moment == day]),
        )
        for day in dict.fromkeys(moment.tolist())
    ]


def test_the_cells_of_all_moments_are_those_of_the_whole() -> None:
    then = held_out(kept(1, 0.0))
    assert then.cells is not None
    assert then.decided is not None
    right, wrong, _, missed = then.cells.sum(axis=0)
    assert (right + wrong, wrong) == (then.decided.chosen, then.decided.wrong)
    assert (right + missed, missed) == (then.decided.yes, then.decided.missed)
    assert then.cells.sum() == MOMENTS * ROWS


def test_independent_rows_measure_about_one_and_shocks_far_more() -> None:
    for shock, low, high in ((0.0, 1.0, 1.8), (0.15, 3.0, 60.0)):
        then = held_out(kept(2, shock))
        decisions = dependence.of_decisions(then, SETTINGS)
        assert all(one.measured and low <= one.phi <= high for one in decisions)
        value = dependence.of_worth(then, WORTH, SETTINGS)
        assert value.measured
        assert low <= value.phi <= high


def test_too_few_moments_say_nothing_and_neither_does_a_candidate_of_before() -> None:
    assert not any(one.measured for one in dependence.of_decisions(held_out(kept(3, 0.1, 19)), SETTINGS))
    old = kept(3, 0.1)
    for one in old["performance"]["batches"]:
        del one["cells"]
    assert [one.phi for one in dependence.of_decisions(held_out(old), SETTINGS)] == [5.0, 5.0]
    assert dependence.of_worth(held_out(old), WORTH, SETTINGS).phi == 5.0


def test_what_is_measured_of_everybody_raises_what_is_declared_of_groups_and_never_lowers_it() -> None:
    assert dependence.of_groups(kept(4, 0.0), SETTINGS).phi == 5.0
    raised = dependence.of_groups(kept(4, 0.1), SETTINGS)
    assert raised.phi > 5.0
    assert not raised.measured, "it stays a condition"
    assert dependence.of_groups({}, SETTINGS).phi == 5.0


@pytest.mark.parametrize("monitor", [threshold.MONITOR, worth.MONITOR], ids=lambda one: one.name)
def test_a_calm_year_of_shocks_raises_no_alarm_where_the_declared_bound_does(monitor: Any) -> None:
    """Moments that hang together more than the plan believed: measured, they are weighed as what they are."""
    settings = Settings(
        tolerance=0.02, phi=1.0, alpha=0.05, updates_per_year=52, worth=WORTH.model_copy(update={"at_least": 0.68})
    )
    alarms = {"measured": 0, "declared": 0}
    for seed in range(12):
        known = kept(100 + seed, 0.12)
        believed = kept(100 + seed, 0.12)
        for one in believed["performance"]["batches"]:
            del one["cells"]
        year = windows(200 + seed, 0.12, 52)
        for name, profile in (("measured", known), ("declared", believed)):
            alarms[name] += any(found.level == "alarm" for found in lived(monitor, year, settings, profile))
    assert alarms["measured"] <= 1
    assert alarms["declared"] >= 4, "negative control: the same year under a bound that does not hold"


def test_classes_named_wrongly_and_missed_are_measured_by_the_moment() -> None:
    draw = np.random.default_rng(5)
    for shock, low, high in ((0.0, 1.0, 2.0), (1.0, 4.0, 400.0)):
        logits = draw.normal(0, 1.5, (MOMENTS * 200, 3))
        real = logits + np.repeat(draw.normal(0, shock, (MOMENTS, 3)), 200, axis=0)
        likely, true = (np.exp(one) / np.exp(one).sum(axis=1, keepdims=True) for one in (logits, real))
        truths = (draw.random(len(real))[:, None] > true.cumsum(axis=1)).sum(axis=1).clip(0, 2).astype(float)
        moment = np.repeat(
            [f"2025-{number // 28 + 1:02}-{number % 28 + 1:02}" for number in range(MOMENTS)], 200
        ).astype(object)
        names = np.array([f"e{number}" for number in range(len(real))], dtype=object)
        rows = Examples(pd.DataFrame({"x": np.zeros(len(real))}), truths, names, moment)
        empty = np.full(len(real), "", dtype=object)
        made = performance_of("class", rows, classes.promised(likely), [], empty, ("a", "no"), None, likely)
        found = dependence.of_classes(held_out({"performance": made}), SETTINGS)
        assert found.measured
        assert low <= found.phi <= high


def test_truths_outside_of_intervals_are_counted_by_the_moment() -> None:
    draw = np.random.default_rng(6)
    moment = np.repeat([f"m{number:02}" for number in range(30)], 100)
    for shock, low, high in ((0.0, 1.0, 1.8), (1.0, 4.0, 60.0)):
        scores = draw.normal(size=3_000)
        truths = scores + draw.normal(size=3_000) + np.repeat(draw.normal(0, shock, 30), 100)
        made = intervals_of("number", 0.8, scores, truths, scores)
        assert made is not None
        made["outside"] = outside_of(made, scores, truths, moment.tolist())
        intervals = Intervals.read({"interval": made})
        assert intervals is not None
        assert sum(rows for _, rows in intervals.outside) == 3_000
        found = dependence.of_outside(intervals, {}, SETTINGS)
        assert found.measured
        assert low <= found.phi <= high


def test_a_shock_that_hits_one_segment_alone_is_measured_there() -> None:
    draw = np.random.default_rng(7)
    size = MOMENTS * ROWS
    moment = np.repeat([f"2025-{number // 28 + 1:02}-{number % 28 + 1:02}" for number in range(MOMENTS)], ROWS)
    part = np.where(draw.random(size) < 0.1, "north", "south")
    scores = draw.beta(2, 3, size)
    shock = np.repeat(draw.normal(0, 0.3, MOMENTS), ROWS) * (part == "north")
    truths = (draw.random(size) < np.clip(scores + shock, 0, 1)).astype(float)
    names = np.array([f"e{number}" for number in range(size)], dtype=object)
    rows = Examples(pd.DataFrame({"part": part}), truths, names, moment.astype(object))
    made = performance_of("probability", rows, scores, ["part"], words(scores), ("yes", "no"), None)
    then = held_out({"performance": made})
    north, south = (then.segments["part"].parts[name] for name in ("north", "south"))
    assert sum(rows for rows, _ in north.batches) == north.rows
    of_north, of_south = (dependence.of_segment(one, SETTINGS) for one in (north, south))
    assert of_north.measured
    assert of_north.phi > 2 * of_south.phi
    assert of_north.rows == pytest.approx(ROWS / 10, rel=0.2)
    assert of_north.phi > dependence.of_losses(then, SETTINGS).phi
