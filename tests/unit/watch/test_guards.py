"""A candidate under trial that is too slow or fails too often goes back before any truth is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from unit.watch.facts import HOUR, START, Life

from shipworthy.release.rules import standing
from shipworthy.release.trials import to_take_back
from shipworthy.watch.guards import guarded_off


def trial(step: str = "canary") -> Life:
    return Life().release("a").release("b", step, at=START)


def served(life: Life, hour: int, **b: int) -> Life:
    counts = {"asked": 1_000, "late": 0, "failed": 0}
    return life.serve(START + hour * HOUR, candidates={"a": dict(counts), "b": {**counts, **b}})


@pytest.mark.parametrize("step", ["canary", "shadow"])
@pytest.mark.parametrize("guard", ["late", "failed"])
def test_a_candidate_that_is_late_or_fails_goes_back(step: str, guard: str) -> None:
    life = trial(step)
    bad: dict[str, Any] = {guard: 100}
    for hour in range(4):
        served(life, hour, **bad)
    (found,) = guarded_off(life.plan, life.past, START)
    assert (found.candidate, found.against, found.step, found.verdict, found.harm) == (
        "b",
        "a",
        step,
        "roll back",
        True,
    )
    assert "Of 4,000 questions in real time 400" in found.text
    life.add(found)
    assert to_take_back(life.past, standing(life.past)) == found
    assert not guarded_off(life.plan, life.past, START), "once"


def test_one_that_is_late_as_seldom_as_tolerated_stays() -> None:
    random = np.random.default_rng(3)
    taken_back = 0
    for _ in range(40):
        life = trial()
        for hour in range(20):
            served(life, hour, late=int(random.binomial(1_000, 0.01)))
        taken_back += bool(guarded_off(life.plan, life.past, START))
    assert taken_back <= 4


def test_what_was_counted_before_its_step_is_not_its_own_and_without_any_answer_there_is_no_verdict() -> None:
    life = Life().release("a")
    served(life, 0, late=1_000)
    life.release("b", "canary", at=START + HOUR)
    assert not guarded_off(life.plan, life.past, START + HOUR)
