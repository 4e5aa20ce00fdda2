"""Who answers whom, which step may come next, and what a candidate is taken back to."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.sign.history import BASELINE, CHALLENGER, MODEL, PRODUCT, History

from shipworthy.base.errors import GateShut, NotFound, UserError
from shipworthy.release.rules import next_step, rollback_target, stand_in, standing, stepped, steps_taken, trials_done
from shipworthy.release.words import ReleaseCandidate, ReleaseStepped, RolledBack, TrialFinished
from shipworthy.sign.rules import candidate_made
from shipworthy.sign.words import SignOffRevoked

BY_STEPS = (
    "  steps: [rehearsal, shadow, all]",
    "  steps: [rehearsal, shadow, cohort, all]\n  cohorts: {names: [north, south]}",
)


class Road(History):
    """A history in which candidates take steps."""

    def __init__(self) -> None:
        super().__init__(BY_STEPS)
        self.make(BASELINE, role="baseline")
        self.make(MODEL)
        self.make(CHALLENGER)

    def step(self, candidate: str, step: str, cohort: str = "") -> list[ReleaseStepped]:
        command = ReleaseCandidate(product=PRODUCT, candidate=candidate, step=step, cohort=cohort)
        made = candidate_made(self.past, candidate)
        facts = stepped(self.plan, self.past, made, command, "gate")
        for fact in facts:
            self.write(fact)
        return facts

    def trial(self, candidate: str, step: str, ok: bool = True) -> None:
        self.write(
            TrialFinished(
                product=PRODUCT, candidate=candidate, step=step, consumer="service", as_of="1", ok=ok, text=""
            )
        )

    def through(self, candidate: str, *steps: str) -> None:
        for name in steps:
            self.step(candidate, name, "north" if name == "cohort" else "")
            if name in ("rehearsal", "shadow"):
                self.trial(candidate, name)

    def back(self, candidate: str = "") -> tuple[str, str]:
        current, target = rollback_target(self.past, candidate)
        self.write(RolledBack(product=PRODUCT, candidate=current, to=target, reason="It was wrong."))
        return current, target


def test_steps_come_one_after_the_other_and_each_must_end_well() -> None:
    road = Road()
    made = candidate_made(road.past, MODEL)
    for step in ("shadow", "cohort", "all"):
        with pytest.raises(GateShut, match="comes after rehearsal"):
            road.step(MODEL, step, "north" if step == "cohort" else "")
    assert next_step(road.plan, road.past, made) == "rehearsal"
    road.step(MODEL, "rehearsal")
    with pytest.raises(GateShut, match="ended well 0 times; the plan asks for 1"):
        road.step(MODEL, "shadow")
    road.trial(MODEL, "rehearsal", ok=False)
    assert not trials_done(road.plan, road.past, made, "shadow")
    road.trial(MODEL, "rehearsal")
    road.through(MODEL, "shadow", "cohort")
    assert next_step(road.plan, road.past, made) == "all"
    assert standing(road.past).champion == {"north": MODEL}
    road.step(MODEL, "all")
    assert next_step(road.plan, road.past, made) == ""
    assert road.step(MODEL, "all") == [], "it is there already"


def test_unknown_steps_and_cohorts_are_refused_with_the_known_ones() -> None:
    road = Road()
    road.through(MODEL, "rehearsal", "shadow")
    with pytest.raises(NotFound, match="Known: north, south"):
        road.step(MODEL, "cohort", "west")
    with pytest.raises(NotFound, match="Known: all, cohort, rehearsal, shadow"):
        road.step(MODEL, "everywhere")
    with pytest.raises(UserError, match="A baseline has no step shadow"):
        road.step(BASELINE, "shadow")


def test_a_cohort_gets_back_what_it_had_and_everybody_else_keeps_theirs() -> None:
    road = Road()
    road.through(BASELINE, "rehearsal", "cohort", "all")
    road.through(MODEL, "rehearsal", "shadow", "cohort")
    assert standing(road.past).champion == {"north": MODEL, "south": BASELINE}
    assert road.back() == (MODEL, BASELINE)
    assert standing(road.past).champion == {"north": BASELINE, "south": BASELINE}
    with pytest.raises(UserError, match="no candidate before it"):
        road.back()


def test_a_candidate_in_shadow_is_taken_out_of_it_and_nobody_notices() -> None:
    road = Road()
    road.through(BASELINE, "rehearsal", "cohort", "all")
    road.through(MODEL, "rehearsal", "shadow")
    assert road.back(MODEL) == (MODEL, "")
    now = standing(road.past)
    assert (now.challenger, set(now.champion.values())) == ("", {BASELINE})
    with pytest.raises(UserError, match="is not released"):
        rollback_target(road.past, CHALLENGER)


def test_a_baseline_that_an_owner_has_said_no_to_stands_in_for_nobody() -> None:
    road = Road()
    assert stand_in(road.past) == ""
    road.through(BASELINE, "rehearsal", "cohort", "all")
    assert stand_in(road.past) == BASELINE
    road.through(MODEL, "rehearsal", "shadow", "cohort")
    road.write(SignOffRevoked(product=PRODUCT, candidate=BASELINE, function="business", reason="It ended."))
    assert stand_in(road.past) == ""
    with pytest.raises(UserError, match="no baseline to go back to whose signatures stand"):
        road.back()


def test_whoever_was_taken_back_begins_again_and_is_no_target_any_more() -> None:
    road = Road()
    road.through(BASELINE, "rehearsal", "cohort", "all")
    road.through(MODEL, "rehearsal", "shadow", "cohort", "all")
    road.through(CHALLENGER, "rehearsal", "shadow", "cohort", "all")
    assert road.back(CHALLENGER) == (CHALLENGER, MODEL)
    assert steps_taken(road.past, CHALLENGER) == set()
    with pytest.raises(GateShut, match="comes after rehearsal"):
        road.step(CHALLENGER, "all")
    assert road.back() == (MODEL, BASELINE)
    assert set(standing(road.past).champion.values()) == {BASELINE}


@given(st.lists(st.sampled_from([BASELINE, MODEL, CHALLENGER, "back"]), max_size=12))
def test_a_rollback_always_gives_cohorts_to_somebody_who_answered_before(acts: Sequence[str]) -> None:
    road = Road()
    answered: set[str] = set()
    for act in acts:
        if act == "back":
            try:
                current, target = road.back()
            except UserError:
                continue
            assert target in answered - {current}
            assert current not in standing(road.past).champion.values()
        else:
            taken = steps_taken(road.past, act)
            steps = ("rehearsal", "cohort", "all") if act == BASELINE else ("rehearsal", "shadow", "cohort", "all")
            road.through(act, *(step for step in steps if step not in taken))
            road.step(act, "all")
            answered.add(act)
        assert set(standing(road.past).champion.values()) <= answered
