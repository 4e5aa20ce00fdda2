"""Why the baseline answers in place of a model: said for as long as it does, and only of whom it is true."""

from __future__ import annotations

from unit.release.test_canary import road_with_canary
from unit.release.test_rules import Road
from unit.sign.history import BASELINE, MODEL, PRODUCT

from shipworthy.release.holding import came_back, fallen_back
from shipworthy.release.rules import answers_everybody, in_place_of_the_model, said_instead, standing
from shipworthy.release.words import ComeBack, FallBack

TAKEN = f"The model {MODEL[:12]} was taken back: It was wrong."


def released() -> Road:
    road = Road()
    road.through(BASELINE, "rehearsal", "cohort", "all")
    return road


def with_model() -> Road:
    road = released()
    road.through(MODEL, "rehearsal", "shadow", "cohort", "all")
    return road


def fall(road: Road, reason: str = "It looks odd.") -> int:
    facts = fallen_back(FallBack(product=PRODUCT, reason=reason), road.past)
    for fact in facts:
        road.write(fact)
    return len(facts)


def come_back(road: Road) -> None:
    for fact in came_back(ComeBack(product=PRODUCT, reason="It is right."), road.past):
        road.write(fact)


def test_a_baseline_that_was_released_stands_in_for_nobody() -> None:
    assert standing(released().past).instead == {}
    assert standing(with_model().past).instead == {}
    assert in_place_of_the_model(standing(with_model().past)) == ""


def test_a_fall_back_is_said_until_the_way_back() -> None:
    road = with_model()
    fall(road)
    now = standing(road.past)
    assert now.instead == {"north": "It looks odd.", "south": "It looks odd."}
    assert in_place_of_the_model(now) == "It looks odd."
    come_back(road)
    assert standing(road.past).instead == {}


def test_a_model_that_was_taken_back_is_said_until_the_next_release() -> None:
    road = with_model()
    road.back()
    assert standing(road.past).instead == {"north": TAKEN, "south": TAKEN}
    assert said_instead(TAKEN).endswith(f"in place of the model: {TAKEN}")
    road.through(BASELINE, "cohort")
    assert standing(road.past).champion == {"north": BASELINE, "south": BASELINE}
    road.through(MODEL, "rehearsal", "shadow", "cohort")
    assert standing(road.past).instead == {"south": TAKEN}
    assert in_place_of_the_model(standing(road.past)) == f"{TAKEN[:-1]} (for south)."


def test_a_cohort_whose_baseline_was_planned_is_told_nothing() -> None:
    road = released()
    road.through(MODEL, "rehearsal", "shadow", "cohort")
    fall(road)
    assert standing(road.past).instead == {"north": "It looks odd."}
    road.back(MODEL)
    assert standing(road.past).instead == {"north": TAKEN}
    come_back(road)
    assert standing(road.past).instead == {"north": TAKEN}


def test_a_canary_beside_the_baseline_is_fallen_back_from_too() -> None:
    road = road_with_canary()
    road.step(MODEL, "canary")
    assert not answers_everybody(standing(road.past), BASELINE)
    assert fall(road) == 1
    now = standing(road.past)
    assert (now.canary, now.waiting) == ("", MODEL)
    assert set(now.instead.values()) == {"It looks odd."}
    assert fall(road) == 0
    come_back(road)
    assert (standing(road.past).canary, standing(road.past).instead) == (MODEL, {})
