"""All that can take a trial back, or let one on, by chance keeps the declared error together."""

from __future__ import annotations

from datetime import timedelta
from math import log
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.watch.facts import HOUR, START, Life, plan

from shipworthy.watch.errors import to_take_back
from shipworthy.watch.guards import guarded_off
from shipworthy.watch.rules import Answered
from shipworthy.watch.trials import Compared, DueTrial, judged, of_same_rows, of_split

ERROR = 0.4
SURE = {"release": {"evidence": {"error": ERROR, "phi": 1, "margin": "5%"}}}


@given(st.sampled_from(["shadow", "canary", "in use", "proposed"]), st.booleans(), st.floats(0.001, 0.5))
def test_the_parts_are_all_of_the_error_and_no_more(step: str, realtime: bool, error: float) -> None:
    found = plan(release={"evidence": {"error": error}})
    lists = {name: one for name, one in found.consumers.items() if one.mode == "list"}
    parts = to_take_back(found if realtime else found.model_copy(update={"consumers": lists}), step)
    assert sum(parts.values()) == pytest.approx(error)
    assert min(parts.values()) > 0
    assert ("late" in parts) == ("failed" in parts) == (realtime and step in ("shadow", "canary"))
    assert ("division" in parts) == (step == "canary")


def looked(life: Life, number: int, found: Compared) -> Any:
    moment = (START + timedelta(days=7 * number)).isoformat()
    due = DueTrial(Answered("b", moment, ()), Answered("a", moment, ()), (), False)
    what = judged(life.plan, life.past, due, found)
    life.add(what)
    return what


def null_trial(random: np.random.Generator) -> tuple[bool, bool]:
    """Whether a candidate goes back that is as good as the other in everything; and whether it would, were every
    reason to keep the whole error."""
    life, back, unsplit = Life(plan(**SURE)).release("a").release("b", "canary", at=START), False, False
    for number in range(12):
        people = 4_000
        mine = int(random.binomial(people, 0.1))
        losses = [(random.random(count) < 0.3).astype(np.float64) for count in (mine, people - mine)]
        found = looked(life, number, of_split(losses[0], losses[1], (mine, people - mine), 0.1))
        counts = {name: int(random.binomial(1_000, 0.01)) for name in ("late", "failed")}
        life.serve(START + (number + 1) * HOUR, candidates={"b": {"asked": 1_000, **counts}})
        guarded = guarded_off(life.plan, life.past, START)
        back = back or found.verdict == "roll back" or bool(guarded)
        reached = found.numbers["harm"] * log(2 / ERROR) / log(1 / ERROR)
        by_split = found.numbers["divided_otherwise"] / log((number + 1) * (number + 2) / ERROR)
        unsplit = unsplit or max(reached, by_split) >= 1 or bool(guarded)
    return back, unsplit


def test_one_that_is_as_good_in_everything_goes_back_no_more_often_than_declared() -> None:
    random = np.random.default_rng(5)
    found = np.array([null_trial(random) for _ in range(150)])
    split, unsplit = found.mean(axis=0)
    assert split <= ERROR
    assert 0.05 < split < unsplit, "it is not for lack of evidence"


def test_one_that_is_worse_by_the_margin_is_let_on_no_more_often_than_declared() -> None:
    random = np.random.default_rng(6)
    let_on = 0
    for _ in range(150):
        life = Life(plan(**SURE)).release("a").release("b", "shadow", at=START)
        for number in range(5):
            both = random.random(400)  # the same people: the losses of both hang together
            mine, other = (both < 0.35).astype(np.float64), (both[::-1] < 0.3).astype(np.float64)
            if looked(life, number, of_same_rows("shadow", mine, other)).verdict == "promote":
                let_on += 1
                break
    assert let_on / 150 <= ERROR
