"""Which plan comes into force, what its changes void, and what time it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipworthy.base.actor import Actor
from shipworthy.base.errors import NotAllowed, NotFound, UserError
from shipworthy.base.fact import KnownPast, Recorded, What
from shipworthy.plan.reading import read_plan
from shipworthy.plan.reference_examples import WITH_PIPELINE
from shipworthy.plan.rules import (
    adopt_plan,
    adoption,
    advance_clock,
    answer_sections,
    changes,
    current_plan,
    current_version,
    now_in,
    plan_digest,
    section_digests,
)
from shipworthy.plan.schema import Plan, plan_of
from shipworthy.plan.views import plan_history
from shipworthy.plan.words import AdoptPlan, AdvanceClock, ClockAdvanced, PlanAdopted, PlanHistory

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ADMINISTRATOR = Actor("ada", frozenset({"administrator"}))
MANAGER = Actor("product-manager", frozenset({"product_manager"}))
SIMULATED = ("\npeople:", "\ntime: {clock: simulated, start: 2026-01-01}\n\npeople:")


def past_of(facts: Sequence[What]) -> KnownPast:
    recorded = [
        Recorded(seq, "ada", NOW + timedelta(days=seq), NOW, what, "", "") for seq, what in enumerate(facts, start=1)
    ]
    return KnownPast(recorded)


def adopted(*texts: str, product: str = "renewals") -> list[PlanAdopted]:
    """The facts after adopting some texts one after the other."""
    facts: list[PlanAdopted] = []
    for text in texts:
        command = AdoptPlan(product=product, text=text)
        new, _ = adoption(command, past_of(facts), NOW, "ada", is_administrator=True)
        facts += new
    return facts


def test_the_first_plan_comes_into_force_as_version_one(text: str) -> None:
    decided = adopt_plan(AdoptPlan(product="renewals", text=text), past_of([]), NOW, ADMINISTRATOR)
    past = past_of(decided.facts)
    result = decided.result(past)
    assert (result.version, result.changes, result.warnings) == (1, [], [])
    assert current_plan(past) == read_plan(text)
    assert current_version(past).digest == result.digest == plan_digest(read_plan(text))
    assert current_version(past).sections == section_digests(read_plan(text))


def test_before_any_plan_there_is_none() -> None:
    with pytest.raises(NotFound):
        current_plan(past_of([]))


def test_the_same_plan_twice_adopts_nothing_new(text: str) -> None:
    facts = adopted(text)
    again = AdoptPlan(product="renewals", text="# a remark\n" + text.replace("top: 50", "top:   50"))
    new, result = adoption(again, past_of(facts), NOW, "ada", is_administrator=True)
    assert new == []
    assert (result.version, result.digest, result.changes) == (1, facts[0].digest, [])


def test_a_changed_plan_is_the_next_version_and_says_what_changed(text: str, changed: Callable[..., str]) -> None:
    new, result = adoption(
        AdoptPlan(product="renewals", text=changed(("time_to_act: 5d", "time_to_act: 4d"), ("top: 50", "top: 40"))),
        past_of(adopted(text)),
        NOW,
        "product-manager",
        is_administrator=False,
    )
    assert [fact.version for fact in new] == [result.version] == [2]
    assert result.changes == [
        "consumers.service.time_to_act: 5d -> 4d (does not touch what was proven)",
        "decision.top: 50 -> 40 (voids proof and signatures)",
    ]


def test_a_plan_that_does_not_fit_is_refused_with_every_reason_at_its_line(changed: Callable[..., str]) -> None:
    text = changed(("time_to_act: 5d", "time_to_act: 180d"), ("capacity: 50", "capacity: 10"))
    with pytest.raises(UserError) as error:
        adopt_plan(AdoptPlan(product="renewals", text=text), past_of([]), NOW, ADMINISTRATOR)
    found = {mistake.code: mistake for mistake in error.value.mistakes}
    assert set(found) == {"plan.time_to_act", "plan.capacity"}
    line = text[: text.index("time_to_act")].count("\n") + 1
    assert str(found["plan.time_to_act"]) == (
        f"product.yaml:{line}:5  plan.time_to_act\n"
        "  consumers.service.time_to_act is 180 days, but need.horizon is 2 months (about 61 days).\n"
        "  By the time service can act, the forecast has expired.\n"
        "  Fix: time_to_act of 2mo or less, or a longer horizon."
    )


def test_warnings_do_not_keep_a_plan_from_being_adopted(changed: Callable[..., str]) -> None:
    text = changed(("    guide: guides/service.md\n", ""))
    _, result = adoption(AdoptPlan(product="renewals", text=text), past_of([]), NOW, "ada", is_administrator=True)
    assert [warning.check for warning in result.warnings] == ["plan.guide"]
    assert result.warnings[0].where.startswith("product.yaml:")


def test_only_an_administrator_changes_who_does_what(text: str, changed: Callable[..., str]) -> None:
    past = past_of(adopted(text))
    command = AdoptPlan(
        product="renewals", text=changed(("validation: validation-owner", "validation: outside-validator"))
    )
    with pytest.raises(NotAllowed, match="validation: validation-owner -> outside-validator"):
        adopt_plan(command, past, NOW, MANAGER)
    decided = adopt_plan(command, past, NOW, ADMINISTRATOR)
    assert decided.result(past).version == 2


def test_a_product_keeps_its_name(text: str) -> None:
    with pytest.raises(UserError, match=r"plan\.product_changed"):
        adopted(text, text.replace("product: renewals", "product: other"))


def test_the_clock_is_the_wall_or_stands_where_it_was_put(planned: Callable[..., Plan]) -> None:
    wall, simulated = planned(), planned(SIMULATED)
    assert now_in(wall, past_of([]), NOW) == NOW
    assert now_in(simulated, past_of([]), NOW) == datetime(2026, 1, 1, tzinfo=UTC)
    moved = past_of([ClockAdvanced(product="renewals", to=day) for day in ("2026-02-01", "2026-03-05T06:00:00+00:00")])
    assert now_in(simulated, moved, NOW) == datetime(2026, 3, 5, 6, tzinfo=UTC)


def test_a_simulated_clock_goes_forward_only(changed: Callable[..., str]) -> None:
    facts: list[What] = [*adopted(changed(SIMULATED))]
    decided = advance_clock(AdvanceClock(product="renewals", to="2026-02-01"), past_of(facts), NOW, ADMINISTRATOR)
    facts += decided.facts
    assert decided.result(past_of(facts)) == "2026-02-01T00:00:00+00:00"
    again = advance_clock(AdvanceClock(product="renewals", to="2026-02-01"), past_of(facts), NOW, ADMINISTRATOR)
    assert again.facts == []
    for to, code in (("2026-01-31", "plan.clock_back"), ("soon", "times.no_moment")):
        with pytest.raises(UserError, match=code):
            advance_clock(AdvanceClock(product="renewals", to=to), past_of(facts), NOW, ADMINISTRATOR)


def test_the_wall_clock_is_moved_by_nobody(text: str) -> None:
    with pytest.raises(UserError, match=r"plan\.clock_not_simulated"):
        advance_clock(AdvanceClock(product="renewals", to="2026-05-01"), past_of(adopted(text)), NOW, ADMINISTRATOR)


def test_a_new_plan_cannot_turn_back_time(text: str, changed: Callable[..., str]) -> None:
    with pytest.raises(UserError, match=r"plan\.clock_back"):
        adopted(text, changed(SIMULATED))


UNTOUCHED = [
    ("guide: guides/service.md", "guide: guides/other.md"),
    ("who: The service team, which calls subscribers", "who: The service team"),
    ("person: sales-lead", "person: shop-system"),
    ("time_to_act: 5d", "time_to_act: 4d"),
    ("every: 1w", "every: 2w"),
    ("steps: [rehearsal, shadow, all]", "cohorts: {names: [north, south]}"),
    ("technology: file:messages", "technology: file:elsewhere"),
    ("again_after: 1mo", "again_after: 2mo"),
    ("path: out/calls-{as_of}.csv", "path: out/list-{as_of}.csv"),
]
TOUCHED = [
    ("horizon: 2mo", "horizon: 3mo"),
    ("columns: [rank, subscriber, score,", "columns: [subscriber, score,"),
    ("    columns: [rank", "    only: chosen\n    columns: [rank"),
    ("    capacity: 50", "    needs_values: [minutes_30]\n    capacity: 50"),
    ("minutes: {type: number", "minutes: {type: integer"),
    ("pipeline: pipeline.py", "pipeline: other.py"),
    ("snapshots: 3", "snapshots: 4"),
    ("top: 50", "top: 49"),
    ("release:", "proof: {holdout: 30%}\nrelease:"),
]


@pytest.mark.parametrize("change", UNTOUCHED)
def test_what_does_not_determine_the_answers_voids_nothing(
    planned: Callable[..., Plan], change: tuple[str, str]
) -> None:
    old, new = planned(), planned(change)
    assert section_digests(old) != section_digests(new)
    assert answer_sections(old) == answer_sections(new)
    assert all(line.endswith("(does not touch what was proven)") for line in changes(old, new))


@pytest.mark.parametrize("change", TOUCHED)
def test_what_determines_the_answers_voids_what_was_proven(
    planned: Callable[..., Plan], change: tuple[str, str]
) -> None:
    old, new = planned(), planned(change)
    assert answer_sections(old) != answer_sections(new)
    assert any(line.endswith("(voids proof and signatures)") for line in changes(old, new))


@given(st.sets(st.sampled_from(UNTOUCHED + TOUCHED)), st.sets(st.sampled_from(UNTOUCHED + TOUCHED)))
def test_the_lines_say_exactly_what_the_digests_say(before: set[tuple[str, str]], after: set[tuple[str, str]]) -> None:
    plans = []
    for picked in (before, after):
        text = WITH_PIPELINE
        for old, new in sorted(picked):
            text = text.replace(old, new)
        plans.append(read_plan(text))
    lines = changes(*plans)
    assert bool(lines) == (plan_digest(plans[0]) != plan_digest(plans[1]))
    voided = any("(voids" in line for line in lines)
    assert voided == (answer_sections(plans[0]) != answer_sections(plans[1]))


def test_a_default_that_is_written_out_is_no_change(planned: Callable[..., Plan]) -> None:
    written = planned(("release:", "proof: {holdout: 20%, reasons: 3}\nrelease:"))
    assert plan_digest(written) == plan_digest(planned())
    assert changes(planned(), written) == []


def test_the_digest_of_a_plan_survives_the_ledger(planned: Callable[..., Plan]) -> None:
    plan = planned(("release:", "proof: {calibration_tolerance: null, performance: {floor: 1}}\nrelease:"))
    kept = plan_of(plan.values())
    assert kept == plan
    assert plan_digest(kept) == plan_digest(plan)
    assert kept.proof.calibration_tolerance is None


def test_named_items_of_a_list_are_compared_by_name(planned: Callable[..., Plan]) -> None:
    late = "    - {name: late-list, on: late, do: [notify]}\n"
    bad_feed = "    - {name: bad-feed, on: refusal, do: [notify, incident]}\n"
    moved = changes(planned(), planned((bad_feed + late, late + bad_feed)))
    assert moved == ["respond.triggers: in another order (does not touch what was proven)"]
    removed = changes(planned(), planned((late, "")))
    assert [line.split(",")[0] for line in removed] == ["respond.triggers.late-list: removed"]
    edited = changes(planned(), planned((bad_feed, bad_feed.replace(", incident", ""))))
    assert edited == [
        'respond.triggers.bad-feed.do: ["notify", "incident"] -> ["notify"] (does not touch what was proven)'
    ]


def test_a_new_consumer_is_a_new_contract(planned: Callable[..., Plan]) -> None:
    shop = "consumers:\n  shop: {who: The shop, person: shop-system, mode: realtime, "
    shop += "latency: 1s, time_to_act: 1s}\n  service:"
    lines = changes(planned(), planned(("consumers:\n  service:", shop)))
    assert len(lines) == 1
    assert lines[0].startswith("consumers.shop: added")
    assert lines[0].endswith("(voids proof and signatures)")


def test_the_history_tells_every_version_with_who_when_and_what(text: str, changed: Callable[..., str]) -> None:
    facts = adopted(text, changed(("top: 50", "top: 40")))
    history = plan_history(PlanHistory(product="renewals"), past_of(facts))
    assert [(version.version, version.adopted_by, version.changes) for version in history] == [
        (1, "ada", []),
        (2, "ada", ["decision.top: 50 -> 40 (voids proof and signatures)"]),
    ]
    assert history[1].at == (NOW + timedelta(days=2)).isoformat()
    assert history[1].sections["decision"] != history[0].sections["decision"]
    assert history[1].sections["need"] == history[0].sections["need"]


def test_a_change_is_named_as_people_name_it(planned: Callable[..., Plan]) -> None:
    fair = "release:\n", "proof: {fairness: [{column: minutes_30, disparity_at_most: 0.2}]}\n\nrelease:\n"
    old = planned(fair)
    eased = planned((fair[0], fair[1].replace("0.2}", "0.3}")))
    assert changes(old, eased) == [
        "proof.fairness.minutes_30.disparity_at_most: 0.2 -> 0.3 (voids proof and signatures)"
    ]
    once = changes(planned(), planned((", again_after: 1mo", "")))
    assert once == ["respond.triggers.stale.again_after: 1mo -> not set (does not touch what was proven)"]
