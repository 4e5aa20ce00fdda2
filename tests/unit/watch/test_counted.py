"""What lies beside the answers is counted from facts, each fact once, and held against the plan."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.watch.facts import DAY, HOUR, START, Life, plan

from shipworthy.deliver.words import DeliveryAcknowledged
from shipworthy.plan.words import PlanAdopted
from shipworthy.release.words import FellBack
from shipworthy.watch.counted import counts_due
from shipworthy.watch.monitors import label_lateness
from shipworthy.watch.rules import is_judged
from shipworthy.watch.words import LabelsSealed, WindowJudged


@given(
    at=st.lists(st.integers(min_value=-20, max_value=60), min_size=1, max_size=12),
    looks=st.lists(st.integers(min_value=0, max_value=80), max_size=5),
)
def test_every_fact_is_counted_once_whenever_one_looks_and_whichever_way_the_clock_goes(
    at: list[int], looks: list[int]
) -> None:
    life = Life()
    queue = [*((hour, True) for hour in at), *((hour, False) for hour in sorted(looks))]
    found = []
    for hour, is_fact in queue:
        if is_fact:
            life.serve(START + hour * HOUR, answered=7, late=1)
        else:
            found += life.look(START + hour * HOUR, "latency")
    found += life.look(START + 100 * HOUR, "latency")
    assert sum(what.numbers["rows"] for what in found) == 7 * len(at)
    assert sum(what.numbers["fell_short"] for what in found) == len(at)
    assert len({what.window for what in found}) == len(found)
    assert not counts_due(life.plan, life.past, START + 100 * HOUR)


def test_facts_that_come_between_looks_are_counted_once_also_where_the_clock_was_put_back() -> None:
    life = Life().serve(START, answered=5)
    first = life.look(START + HOUR, "latency")
    life.serve(START - 3 * HOUR, answered=6)  # the clock was put back by three hours
    assert not life.look(START - 2 * HOUR, "latency")
    second = life.look(START + 3 * HOUR, "latency")
    assert [what.numbers["rows"] for what in (*first, *second)] == [5.0, 6.0]


def test_what_was_counted_while_the_clock_was_ahead_silences_nobody_until_then() -> None:
    life = Life().serve(START, answered=5)
    life.look(START + HOUR, "latency")
    life.serve(START + 365 * DAY, answered=3)
    assert [one.numbers["rows"] for one in life.look(START + 365 * DAY + HOUR, "latency")] == [3.0]
    life.serve(START + 365 * DAY, answered=4)  # and then the clock was put right
    rows = []
    for hour in range(2, 8):
        life.serve(START + hour * HOUR, answered=10, late=1)
        rows += [one.numbers["rows"] for one in life.look(START + (hour + 1) * HOUR, "latency")]
        assert not life.look(START + (hour + 1) * HOUR, "latency"), "nothing is counted twice"
    assert rows == [14.0, *[10.0] * 5], "what was dated ahead was known with what came next"


@settings(max_examples=30)
@given(st.lists(st.booleans(), min_size=1, max_size=8))
def test_however_often_the_clock_is_ahead_and_put_right_every_fact_is_counted_once(ahead: list[bool]) -> None:
    life, found = Life(), list[WindowJudged]()
    for number, is_ahead in enumerate([*ahead, False]):
        now = START + 2 * number * HOUR + is_ahead * 400 * DAY
        life.serve(now, answered=7)
        found += life.look(now + HOUR, "latency")
    assert sum(what.numbers["rows"] for what in found) == 7 * (len(ahead) + 1)
    assert not counts_due(life.plan, life.past, now + 2 * HOUR)


def test_what_was_read_before_its_newest_row_by_a_clock_that_was_put_back_has_no_negative_age() -> None:
    life = Life(plan(contract={"freshness": "2d"})).read(START, newest=(START + DAY).isoformat())
    (found,) = life.look(START + DAY, "freshness")
    assert (found.level, found.numbers["oldest_days"]) == ("quiet", 0.0)


def test_a_window_is_judged_when_it_is_over_and_an_empty_one_never() -> None:
    life = Life().serve(START + timedelta(minutes=5))
    assert not counts_due(life.plan, life.past, START + timedelta(minutes=59))
    assert counts_due(life.plan, life.past, START + HOUR)
    life.look(START + HOUR, "latency")
    assert not life.look(START + 30 * DAY, "latency")
    life.serve(START + 30 * DAY, answered=0)
    (nothing,) = life.look(START + 31 * DAY, "latency")
    assert nothing.level == "not_run", "nothing to judge is never all is well"


@pytest.mark.parametrize(("declared", "level"), [({}, "note"), ({"latency": {"tolerance": 0.01}}, "alarm")])
def test_late_answers_are_an_alarm_only_under_a_declared_tolerance(declared: dict[str, object], level: str) -> None:
    life = Life(plan({"monitors": declared}))
    for hour in range(6):
        life.serve(START + hour * HOUR, answered=2_000, late=300)
    found = life.look(START + 7 * HOUR, "latency")
    assert found[-1].level == level
    assert found[-1].kind == "guarantee"
    assert found[-1].since == START.isoformat()
    assert "web: 300 of 2,000 answers came too late (15.0%)" in found[-1].text
    assert "not by chance" in found[-1].text
    assert "phi <= 25" in found[-1].guarantee


def test_answers_within_the_latency_stay_quiet_for_a_year() -> None:
    life = Life(plan({"monitors": {"latency": {"tolerance": 0.01}}}))
    for day in range(365):
        life.serve(START + day * DAY, answered=2_000, late=20)
    assert {what.level for what in life.look(START + 366 * DAY, "latency")} == {"quiet"}


def test_evidence_starts_anew_after_an_answered_alarm_and_nothing_is_counted_again() -> None:
    life = Life(plan({"monitors": {"latency": {"tolerance": 0.01}}}))
    for hour in range(6):
        life.serve(START + hour * HOUR, answered=2_000, late=300)
    last = life.look(START + 7 * HOUR, "latency")[-1]
    life.alarm(last, START + 8 * HOUR).serve(START + 9 * HOUR, answered=100, late=2)
    (after,) = life.look(START + 10 * HOUR, "latency")
    assert after.numbers["rows"] == 100
    assert after.numbers["evidence"] < 0.1


def test_errors_tell_what_is_ours_from_what_was_not_as_agreed_and_what_is_held_back() -> None:
    life = Life().serve(START, answered=900, refused={"serve.bug": 40, "serve.input": 10, "serve.paused": 50})
    (found,) = life.look(START + HOUR, "errors")
    assert found.parts["web: failed"]["rows"] == 950
    assert found.parts["web: failed"]["now"] == pytest.approx(40 / 950)
    assert found.parts["web: not as agreed"]["now"] == pytest.approx(10 / 950)
    assert "serve.bug 40" in found.text


def test_answers_of_the_baseline_are_counted_where_it_stood_in_and_where_one_fell_back_to_it() -> None:
    life = Life().serve(START, stood_in=30).finish(START, stood_in="the model broke", at=START)
    (found,) = life.look(START + HOUR, "fallback")
    assert found.parts["web"]["now"] == pytest.approx(0.03)
    assert found.parts["sales"]["now"] == 1.0
    assert "the model broke" in found.text
    life.add(FellBack(product="p", to="b", reason="it drifts"), at=START + HOUR).serve(START + HOUR, answered=50)
    (fallen,) = life.look(START + 2 * HOUR, "fallback")
    assert fallen.parts["web"]["now"] == 1.0
    assert "fallen back to on purpose" in fallen.text


def test_a_source_that_breaks_its_contract_is_noted_once_for_each_delivery_of_it() -> None:
    life = Life(plan(contract={"vendor": "feeds.example"}))
    life.read(START, content="one").read(START + HOUR, content="one", aside=3)
    life.read(START + 2 * HOUR, bad="only 3 rows", content="two").read(
        START + 3 * HOUR, bad="only 3 rows", content="two"
    )
    (found,) = life.look(START + DAY, "contract-breaches")
    assert found.numbers["rows"] == 2, "read again it is the same delivery"
    assert found.numbers["fell_short"] == 1
    assert "rows, from feeds.example: 1 of 2 deliveries broke the contract" in found.text
    assert "only 3 rows" in found.text


def test_a_source_grows_too_old_also_while_nobody_reads_it() -> None:
    life = Life(plan(contract={"freshness": "2d"}))
    assert not life.look(START, "freshness"), "a source that came into the plan just now has not been read yet"
    life = life.read(START, newest=START.isoformat())
    fresh = life.look(START + DAY, "freshness")
    assert [what.level for what in fresh] == ["quiet"]
    old = life.look(START + 4 * DAY, "freshness")
    assert [what.level for what in old] == ["alarm"]
    assert old[0].since == (START + 2 * DAY).isoformat()
    assert "2 days are declared, and nothing newer was read since" in old[0].text
    assert old[0].kind == "description"
    assert not life.look(START + 9 * DAY, "freshness"), "a silence is counted once"


def test_stored_inputs_are_held_against_the_age_that_their_consumer_allows() -> None:
    web = {"who": "The shop", "person": "lead", "time_to_act": "1d", "mode": "realtime", "latency": "1s"}
    life = Life(plan(consumers={"web": {**web, "features_within": "36h"}})).read(START)
    (found,) = [what for what in life.look(START + 3 * DAY, "freshness") if what.level == "alarm"]
    assert "stored inputs of web" in found.text


def test_lists_are_in_time_confirmed_and_used_or_fall_short_when_their_time_is_up() -> None:
    life = Life().release()
    delivery = life.deliver(START, START + HOUR)
    life.add(DeliveryAcknowledged(product="p", delivery=delivery, used=9), at=START + DAY)
    second = START + 7 * DAY
    life.deliver(second, second + 20 * HOUR)
    found = life.look(START + 14 * DAY, "delivery")
    shares = {(what.window[:10], name): part["now"] for what in found for name, part in what.parts.items()}
    assert shares == {
        ("2026-03-02", "sales: in time"): 0.0,
        ("2026-03-04", "sales: confirmed"): 0.0,
        ("2026-03-05", "sales: used"): 0.0,
        ("2026-03-09", "sales: in time"): 1.0,
        ("2026-03-11", "sales: confirmed"): 1.0,
        ("2026-03-12", "sales: used"): 1.0,
    }
    used = next(what for what in found if "sales: used" in what.parts)
    assert used.parts["sales: used"]["rows_used"] == 9
    assert "not at out by 2026-03-09 12:00" in found[3].text


def test_without_any_delivery_nothing_is_said_to_be_well() -> None:
    life = Life()
    assert not life.look(START + 30 * DAY, "delivery")
    life.release(at=START + 30 * DAY)
    (missed,) = life.look(START + 37 * DAY, "delivery")
    assert missed.parts["sales: in time"]["now"] == 1.0


def test_labels_that_do_not_come_are_late_before_anybody_asks_for_them() -> None:
    life = Life().answer(START, rows=10).answer(START + 7 * DAY, rows=12)
    sealed = LabelsSealed(product="p", segment="l", as_of=START.isoformat(), matched=9, unlabelled=1, snapshot="s")
    life.add(sealed, at=START + 7 * DAY)
    found = life.look(START + 20 * DAY, "label-lateness")
    assert [(what.numbers["rows"], what.numbers["fell_short"]) for what in found] == [(10.0, 1.0), (12.0, 12.0)]
    assert "all 12" in found[1].text
    late = LabelsSealed(
        product="p", segment="m", as_of=(START + 7 * DAY).isoformat(), matched=12, unlabelled=0, snapshot="s"
    )
    life.add(late, at=START + 20 * DAY)
    assert not life.look(START + 30 * DAY, "label-lateness"), "what came late was counted as late"


def test_late_labels_are_said_to_be_those_of_a_feed_that_is_behind() -> None:
    life = Life().answer(START, rows=10)
    behind = WindowJudged(
        product="p", monitor="performance", candidate="a", window=START.isoformat(), level="not_run", state={},
        numbers={"waiting": 1.0, "behind": 1.0}, text="The source ends early.",
    )  # fmt: skip
    life.add(behind, at=START + 7 * DAY)
    [found] = life.look(START + 10 * DAY, "label-lateness")
    assert found.numbers["fell_short"] == 10.0
    assert "whose truth the feed has not reached yet" in found.text


def test_answers_of_a_day_have_their_labels_under_the_day_and_until_a_horizon_after_it() -> None:
    life, sealed = Life(), Life().answer(START).facts[-1].what
    for minute in range(1, 4):
        moment = START + timedelta(minutes=minute)
        windows = {START.date().isoformat(): {"a": 10}}
        life.add(replace(sealed, run=f"serve/p/{minute}", as_of=moment.isoformat(), windows=windows), at=moment)
    assert not life.look(START + 9 * DAY, "label-lateness"), "the last of them may come until a week after midnight"
    labels = LabelsSealed(product="p", segment="l", as_of=START.isoformat(), matched=28, unlabelled=2, snapshot="s")
    life.add(labels, at=START + 8 * DAY)
    [found] = life.look(START + 20 * DAY, "label-lateness")
    assert (found.numbers["rows"], found.numbers["fell_short"]) == (30.0, 2.0)


def test_two_looks_side_by_side_record_each_window_once() -> None:
    life = Life().serve(START).serve(START + 2 * HOUR).serve(START + 5 * HOUR)
    found = life.look(START + DAY, "errors")
    assert len(found) == 3
    assert all(is_judged(life.past, one, START + DAY) for one in found)
    [more] = life.serve(START + DAY + HOUR).look(START + DAY + 3 * HOUR, "errors")
    assert is_judged(life.past, more, START + DAY + 3 * HOUR)
    life.facts = life.facts[: -len([one for one in life.facts if one.at == START + DAY + 3 * HOUR])]
    assert not is_judged(life.past, more, START + DAY + 3 * HOUR)


def test_nobody_waits_for_the_truth_about_those_on_whom_nobody_acted() -> None:
    life = Life().answer(START, rows=100)
    labels = LabelsSealed(
        product="p", segment="l", as_of=START.isoformat(), matched=19, unlabelled=81, not_acted=80, snapshot="s"
    )
    [found] = life.add(labels, at=START + 7 * DAY).look(START + 20 * DAY, "label-lateness")
    assert (found.numbers["rows"], found.numbers["fell_short"]) == (20.0, 1.0)
    acted = {"respond": {"retraining": {"labels_only_when_acted": True}}}
    assert not label_lateness.MONITOR.applies(plan(**acted)), "nobody is acted on at random: no labels are collected"
    assert label_lateness.MONITOR.applies(plan(**acted, decision={"top": 2, "explore": {"share": "2%", "seed": "s"}}))


def test_what_was_answered_before_anybody_was_acted_on_at_random_waits_for_no_truth() -> None:
    acted = {"respond": {"retraining": {"labels_only_when_acted": True}}}
    life = Life(plan(**acted)).release().answer(START, rows=100)
    life.plan = plan(**acted, decision={"top": 2, "explore": {"share": "2%", "seed": "s"}})
    life.add(PlanAdopted(product="p", version=2, plan=life.plan.values(), digest="e", sections={}), at=START + 9 * DAY)
    assert life.look(START + 20 * DAY, "label-lateness") == [], "its truth was never to be known"
    later = START + 21 * DAY
    life.release("b", at=later, replaces="a").answer(later, rows=50)
    life.facts[-1] = replace(life.facts[-1], what=replace(life.facts[-1].what, candidates={"b": 50}))
    [found] = life.look(later + 20 * DAY, "label-lateness")
    assert (found.numbers["rows"], found.numbers["fell_short"]) == (50.0, 50.0)


def test_a_month_that_costs_more_than_planned_is_an_alarm_and_the_next_begins_anew() -> None:
    life = Life(plan({"cost": {"per_answer": 0.01, "per_list": 5, "per_month": 10, "at_most": 30, "unit": "EUR"}}))
    life.finish(START).serve(START + DAY, answered=1_000).serve(START + 2 * DAY, answered=1_000)
    found = life.look(START + 3 * DAY, "cost")
    assert [round(what.numbers["spent"], 2) for what in found] == [15.1, 25.1, 35.1]
    assert [what.level for what in found] == ["quiet", "quiet", "alarm"]
    life.alarm(found[-1], START + 3 * DAY).serve(START + 3 * DAY, answered=100)
    (more,) = life.look(START + 4 * DAY, "cost")
    assert more.numbers["spent"] == pytest.approx(36.1), "an answered alarm gives no money back"
    life.serve(START + 31 * DAY, answered=100)
    (april,) = life.look(START + 32 * DAY, "cost")
    assert april.numbers["spent"] == pytest.approx(11.0)
    assert april.level == "quiet"


def test_answers_in_shadow_cost_the_same_and_so_does_each_model_that_was_made() -> None:
    life = Life(plan({"cost": {"per_answer": 0.01, "per_training": 7, "at_most": 30}})).answer(START, rows=100)
    sealed = life.facts[-1].what
    life.finish(START, answered=100).add(replace(sealed, segment="b", steps={"shadow": 40, "all": 3}), at=START)
    (day,) = life.look(START + DAY, "cost")
    assert {name: part["now"] for name, part in day.parts.items()} == {"sales": 1.0, "in shadow": 0.4}
    life.release("b", at=START + DAY)
    (trained,) = life.look(START + 2 * DAY, "cost")
    assert trained.numbers["today"] == 7.0
    assert trained.numbers["spent"] == pytest.approx(8.4)
