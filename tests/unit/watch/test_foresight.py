"""What a proof says monitors will be able to tell is what they can tell: with so many rows as it names, they speak."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as tries
from hypothesis import strategies as st
from unit.sign.history import plan
from unit.watch.lives import lived
from unit.watch.monitors.test_classes import KNOWN as OF_CLASSES
from unit.watch.monitors.test_performance import profile, rows, window

from shipworthy.model.intervals import intervals_of
from shipworthy.prove.check import Foreseen
from shipworthy.watch.folds import UNSURE
from shipworthy.watch.foresight import answers_per_update, foreseen
from shipworthy.watch.monitor import Settings, Window
from shipworthy.watch.proof_rows import Question, rows_needed
from shipworthy.watch.rules import monitors, settings, updates_per_year

WEEKS = 53
WATCH = "respond:"


@cache
def known(size: int, *columns: str) -> dict[str, Any]:
    """A profile of so many held-out rows."""
    held, scores = rows(size, 1)
    named = profile(size, columns=columns) | {"labels": {"n": size, "mean": float(held.label.mean())}}
    return named | {"interval": intervals_of("number", 0.9, scores, scores + held.label, scores)}


def of(found: list[Foreseen], monitor: str, part: str = "everybody") -> Foreseen:
    return next(one for one in found if (one.monitor, one.part) == (monitor, part))


def asked_of(name: str, of: dict[str, Any], terms: Settings, answers: int) -> list[Question]:
    rests_on = monitors()[name].rests_on
    assert rests_on is not None
    return list(rests_on(of, terms, answers))


def declared(**monitor: float) -> Any:
    return plan((WATCH, f"watch: {{monitors: {{performance: {monitor}}}}}\n{WATCH}".replace("'", "")))


questions = st.builds(
    Question,
    part=st.just("everybody"),
    rows=st.integers(20, 20_000),
    proven=st.floats(0.01, 0.5),
    tolerance=st.floats(0.005, 0.2),
    bound=st.none(),
    nothing=st.floats(0.01, 0.5),
    share=st.floats(0.05, 1.0),
    error=st.floats(1e-4, 0.05),
    phi=st.floats(1.0, 25.0),
    least=st.sampled_from([1.0, 0.05]),
)


@tries(deadline=None)
@given(questions, st.integers(1, 365), st.floats(10.0, 1e7))
def test_with_the_rows_that_are_said_to_be_needed_a_monitor_tells_within_a_year_and_with_clearly_fewer_not(
    drawn: Question, updates: int, answers: float
) -> None:
    asked = replace(drawn, bound=lambda times: drawn.proven + 2 * (drawn.phi / (drawn.rows * times)) ** 0.5)
    more = rows_needed(asked.rows, lambda times: asked.tells(updates, answers, times))
    if more is None:
        assert not asked.tells(updates, answers, 1e5)
        return
    assert asked.tells(updates, answers, 1 + more / asked.rows)
    assert (more == 0) == asked.tells(updates, answers)
    if more > 20:
        assert not asked.tells(updates, answers, 1 + 0.8 * more / asked.rows)


@pytest.mark.parametrize("name", ["performance", "threshold", "interval"])
def test_the_rows_that_are_said_to_be_needed_are_enough_of_each_monitor_that_rests_on_them(name: str) -> None:
    asked = asked_of(name, known(300, "region"), settings(plan(), monitors()[name]), 5_000)
    assert asked
    for one in asked:
        more = rows_needed(one.rows, lambda times, one=one: one.tells(WEEKS, 5_000 * WEEKS, times))  # type: ignore[misc]
        assert more, (one.part, "is told with 300 rows at phi 25")
        assert one.tells(WEEKS, 5_000 * WEEKS, 1 + more / one.rows)


def test_a_monitor_that_was_said_to_be_blind_is_and_speaks_with_the_rows_that_were_said() -> None:
    the_plan = declared(phi=4)
    found = of(foreseen(the_plan, known(200), 2_000), "performance")
    assert not found.tells
    assert found.more
    monitor = monitors()["performance"]
    terms = settings(the_plan, monitor)
    assert monitor.judge({}, window(1), terms, known(200)).level == "not_run"
    enough = known(200 + found.more + found.more // 4)
    told = of(foreseen(the_plan, enough, 2_000), "performance")
    assert told.tells
    assert monitor.judge({}, window(1), terms, enough).level == "quiet"


@tries(deadline=None, max_examples=40)
@given(st.sampled_from([100, 300, 1_000, 4_000, 20_000]), st.floats(1.0, 25.0))
def test_whoever_was_said_to_tell_never_says_that_held_out_rows_are_missing(size: int, phi: float) -> None:
    the_plan = declared(phi=round(phi, 2))
    if of(foreseen(the_plan, known(size), 2_000), "performance").tells:
        monitor = monitors()["performance"]
        assert UNSURE not in monitor.judge({}, window(1), settings(the_plan, monitor), known(size)).numbers


def test_what_is_said_to_be_found_within_a_year_raises_an_alarm_within_a_year() -> None:
    the_plan, enough, size = declared(phi=2), known(20_000), 1_000
    found = of(foreseen(the_plan, enough, size), "performance")
    assert found.tells
    assert found.takes is not None
    random = np.random.default_rng(7)
    lives = []
    for week in range(2 * found.takes // size):
        surely_right = (random.random(size) < 0.25).astype(float)
        wrong = random.random(size) < found.finds  # each costs one, the others nothing: the mean loss is what it finds
        labels = np.where(wrong, 1 - surely_right, surely_right)
        lives.append(Window(f"1998-01-01T00:{week:02}:00+00:00", surely_right, labels=labels))
    assert len(lives) <= updates_per_year(the_plan)
    monitor = monitors()["performance"]
    levels = [one.level for one in lived(monitor, lives, settings(the_plan, monitor), enough)]
    assert "alarm" in levels


def test_a_segment_is_foretold_by_itself_and_more_rows_are_asked_of_it() -> None:
    found = foreseen(declared(phi=4), known(12_000, "region"), 5_000)
    north, everybody = of(found, "performance", "region = north"), of(found, "performance")
    assert everybody.tells
    assert north.held_out == 6_000
    assert north.answers == pytest.approx(everybody.answers / 2)
    assert north.tolerated > everybody.tolerated


def test_too_few_answers_are_no_matter_of_held_out_rows() -> None:
    found = of(foreseen(declared(phi=4), known(4_000), 1), "performance")
    assert found.more is None
    assert not found.tells
    assert found.takes
    assert found.takes > found.answers


def test_few_rows_that_speak_but_leave_more_to_chance_than_is_tolerated_are_told_apart() -> None:
    the_plan, many = declared(phi=1, tolerance=0.02), known(20_000)
    found = of(foreseen(the_plan, many, 50_000), "performance")
    assert found.tells
    assert not found.keeps
    assert found.to_keep
    assert found.tolerated > found.allowed
    asked = asked_of("performance", many, settings(the_plan, monitors()["performance"]), 50_000)
    assert asked[0].keeps(1 + found.to_keep / found.held_out)


def test_every_class_is_foretold() -> None:
    terms = Settings(tolerance=0.05, phi=1.0, alpha=0.05, updates_per_year=52)
    asked = {one.part: one for one in asked_of("confusion", OF_CLASSES, terms, 1_000)}
    assert asked
    for name, one in asked.items():
        assert name.endswith((" missed", " named wrongly"))
        assert 0 < one.share < 1
        assert one.bound(1.0) > one.proven


def test_without_losses_only_what_rests_on_none_is_foretold() -> None:
    assert {one.monitor for one in foreseen(plan(), {}, 1_000)} == {"calibration"}


def test_calibration_needs_answers_and_no_held_out_row_and_finds_what_was_foretold() -> None:
    the_plan = plan((WATCH, f"watch: {{monitors: {{calibration: {{phi: 2, tolerance: 0.05}}}}}}\n{WATCH}"))
    found = of(foreseen(the_plan, {"scores": {"mean": 0.25}}, 400), "calibration")
    assert (found.held_out, found.more, found.proven, found.to_keep) == (0, 0, 0.0, 0)
    assert (found.allowed, found.tolerated, found.finds) == pytest.approx((0.05, 0.05, 0.25))
    assert found.takes
    assert of(foreseen(the_plan, {"scores": {"mean": 0.25}}, 2), "calibration").more is None
    nothing_comes_true = [
        Window(f"1998-01-{day:02}T00:00:00+00:00", np.full(400, 0.25), labels=np.zeros(400))
        for day in range(1, 2 + -(-found.takes // 400))
    ]
    monitor = monitors()["calibration"]
    levels = [one.level for one in lived(monitor, nothing_comes_true, settings(the_plan, monitor), {})]
    assert levels[-1] == "alarm"


def test_the_answers_of_a_window_are_declared_or_everybody_due_or_without_a_list_each_once_a_year() -> None:
    assert answers_per_update(plan(), 5_000) == 5_000
    assert answers_per_update(plan((WATCH, f"watch: {{answers_per_update: 70}}\n{WATCH}")), 5_000) == 70
    by_list = plan()
    served = {name: one.model_copy(update={"mode": "realtime"}) for name, one in by_list.consumers.items()}
    assert answers_per_update(by_list.model_copy(update={"consumers": served}), 3_650) == 10
