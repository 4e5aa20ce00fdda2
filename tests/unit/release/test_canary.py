"""A canary answers a small share for real: the same entities everywhere and for good, and is taken back in one step."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from unit.release.test_rules import Road
from unit.sign.history import BASELINE, CHALLENGER, MODEL, PRODUCT

from shipworthy.base.errors import GateShut, UserError
from shipworthy.deliver.answering import parts
from shipworthy.model.rules import cohort_of, held_out
from shipworthy.plan.schema import Cohorts
from shipworthy.release.rules import (
    canary_share,
    in_canary,
    next_step,
    rollback_target,
    standing,
    trials_done,
    who_answers,
)
from shipworthy.release.words import Standing, TrialFinished
from shipworthy.sign.rules import candidate_made

STEPS = (
    "  steps: [rehearsal, shadow, all]",
    "  steps: [rehearsal, canary, cohort, all]\n  canary: 10%\n  canary_lists: 2\n  cohorts: {names: [north, south]}",
)
NAMES = ["north", "south"]
MANY = [f"c{number}" for number in range(20_000)]


def road_with_canary(*more: tuple[str, str]) -> Road:
    road = Road()
    road.adopt(STEPS, *more)
    road.through(BASELINE, "rehearsal", "cohort", "all")
    road.through(MODEL, "rehearsal")
    return road


def lists(road: Road, *moments: str, ok: bool = True) -> None:
    for moment in moments:
        road.write(
            TrialFinished(
                product=PRODUCT, candidate=MODEL, step="canary", consumer="service", as_of=moment, ok=ok, text=""
            )
        )


@given(st.text(max_size=8), st.floats(0, 1), st.floats(0, 1))
def test_whoever_is_in_a_small_share_is_in_every_larger_one(product: str, one: float, other: float) -> None:
    entities = MANY[:200]
    small, large = sorted((one, other))
    assert (canary_share(entities, product, small) <= canary_share(entities, product, large)).all()


@settings(max_examples=30)
@given(st.text(max_size=8), st.floats(0.01, 0.99))
def test_the_share_is_what_it_says_within_binomial_bounds(product: str, share: float) -> None:
    found = int(canary_share(MANY[:2_000], product, share).sum())
    low, high = stats.binom.interval(1 - 1e-9, 2_000, share)
    assert low <= found <= high


def test_who_is_chosen_hangs_on_nothing_but_product_and_name() -> None:
    chosen = canary_share(MANY, "shop", 0.1)
    shuffled = np.random.default_rng(1).permutation(MANY).tolist()
    again = dict(zip(shuffled, canary_share(shuffled, "shop", 0.1).tolist(), strict=True))
    assert [again[name] for name in MANY] == chosen.tolist()
    assert canary_share(["compliance-owner"], "shop", 0.1).tolist() == [chosen[1]]
    assert [in_canary(name, "shop", 0.1) for name in MANY[:500]] == chosen[:500].tolist()
    assert (canary_share(MANY, "other", 0.1) != chosen).any()
    cohorts = np.array(cohort_of(MANY, Cohorts(names=NAMES), "shop"))
    held = held_out(MANY, "shop", 0.2)
    for part in (cohorts == "north", cohorts == "south", held, ~held):
        assert chosen[part].mean() == pytest.approx(0.1, abs=0.01), "neither cohort nor hold-out decides"


def test_each_entity_has_one_who_answers_and_nobody_is_switched_on_by_mistake() -> None:
    cohorts = ["north", "south", "", "north"] * 500
    entities = MANY[:2_000]
    now = Standing({"north": BASELINE}, canary=MODEL, canary_share=0.3)
    who = who_answers(now, entities, cohorts, NAMES, "shop")
    chosen = canary_share(entities, "shop", 0.3)
    for name, cohort, canary in zip(who, cohorts, chosen, strict=True):
        champion = {"north": BASELINE}.get(cohort, "")
        assert name == (MODEL if canary and cohort in NAMES else champion)
    without = who_answers(Standing({"north": BASELINE}), entities, cohorts, NAMES, "shop")
    assert set(without) == {BASELINE, ""}


def test_a_canary_comes_in_its_place_carries_its_share_and_leaves_the_champions() -> None:
    road = road_with_canary()
    made = candidate_made(road.past, MODEL)
    assert next_step(road.plan, road.past, made) == "canary"
    with pytest.raises(GateShut, match="comes after canary"):
        road.step(MODEL, "cohort", "north")
    [fact] = road.step(MODEL, "canary")
    assert (fact.step, fact.share, fact.cohorts, fact.replaces) == ("canary", 0.1, [], "")
    now = standing(road.past)
    assert (now.canary, now.canary_share, now.challenger) == (MODEL, 0.1, "")
    assert now.champion == {"north": BASELINE, "south": BASELINE}
    assert "canary of 10%" in now.history[-1]
    assert road.step(MODEL, "canary") == [], "it is there already"
    fresh = Road()
    fresh.adopt(STEPS)
    with pytest.raises(UserError, match="A baseline has no step canary"):
        fresh.step(BASELINE, "canary")


def test_the_next_step_waits_for_so_many_lists_and_answers() -> None:
    shop = "consumers:\n  shop: {who: The shop, person: shop-system, mode: realtime, latency: 1s, time_to_act: 1s}\n"
    road = road_with_canary(("consumers:\n", shop), ("  canary_lists: 2", "  canary_lists: 2\n  canary_answers: 100"))
    road.step(MODEL, "canary")
    made = candidate_made(road.past, MODEL)
    lists(road, "1", "1")  # the same list twice is one
    lists(road, "2", ok=False)
    with pytest.raises(GateShut, match="canary for service has ended well 1 times; the plan asks for 2"):
        road.step(MODEL, "cohort", "north")
    lists(road, "2")
    for _ in range(2):
        assert not trials_done(road.plan, road.past, made, "cohort")
        with pytest.raises(GateShut, match="As a canary it has given shop"):
            road.step(MODEL, "cohort", "north")
        road.write(
            TrialFinished(
                product=PRODUCT, candidate=MODEL, step="canary", consumer="shop", as_of="2", ok=True, text="",
                compared={"rows": 50.0},
            )
        )  # fmt: skip
    assert trials_done(road.plan, road.past, made, "cohort")
    road.step(MODEL, "cohort", "north")


def test_a_canary_stays_beside_its_cohorts_until_it_answers_everybody() -> None:
    road = road_with_canary()
    road.step(MODEL, "canary")
    lists(road, "1", "2")
    road.step(MODEL, "cohort", "north")
    now = standing(road.past)
    assert (now.canary, now.champion) == (MODEL, {"north": MODEL, "south": BASELINE})
    [own, other] = sorted(parts(road.plan, now, "", False), key=lambda part: part.candidate == BASELINE)
    assert (own.candidate, own.cohorts, own.canary) == (MODEL, ("north",), MODEL), "one part, so one row per entity"
    assert (other.candidate, other.cohorts, other.canary_share) == (BASELINE, ("south",), 0.1)
    assert rollback_target(road.past) == (MODEL, BASELINE)
    road.step(MODEL, "all")
    assert (standing(road.past).canary, standing(road.past).canary_share) == ("", 0.0)


def test_a_larger_share_is_a_step_of_its_own() -> None:
    road = road_with_canary()
    road.step(MODEL, "canary")
    road.adopt((STEPS[0], STEPS[1].replace("10%", "25%")))
    assert standing(road.past).canary_share == 0.1, "a plan alone gives nobody anything"
    [fact] = road.step(MODEL, "canary")
    assert (fact.share, standing(road.past).canary_share) == (0.25, 0.25)


def test_a_rollback_takes_the_canary_back_in_one_step_and_leaves_everything_else() -> None:
    road = road_with_canary()
    road.step(MODEL, "canary")
    road.through(CHALLENGER, "rehearsal")
    for named in ("", MODEL):
        assert rollback_target(road.past, named) == (MODEL, "")
    assert road.back() == (MODEL, "")
    now = standing(road.past)
    assert (now.canary, now.canary_share, now.challenger) == ("", 0.0, CHALLENGER)
    assert now.champion == {"north": BASELINE, "south": BASELINE}
    with pytest.raises(GateShut, match="comes after rehearsal"):
        road.step(MODEL, "canary")


def test_a_stand_in_answers_the_canary_share_too() -> None:
    road = road_with_canary()
    road.step(MODEL, "canary")
    now = standing(road.past)
    assert [(part.candidate, part.canary) for part in parts(road.plan, now, "", True)] == [(BASELINE, "")]
    assert [part.candidate for part in parts(road.plan, now, "", False)] == [BASELINE, MODEL]
