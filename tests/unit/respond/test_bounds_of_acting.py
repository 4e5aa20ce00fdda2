"""Cool-down, quiet hours, dry runs, escalation and the causes that come by the clock or by a change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from unit.respond.happenings import (
    ANOTHER_SOURCE,
    alarm,
    close_alarm,
    failed_delivery,
    fire,
    live,
    refusal,
    release,
    to_do,
    triggers,
)
from unit.sign.history import BASELINE, CHALLENGER, MODEL, PRODUCT, History

from shipworthy.base.check import CheckResult
from shipworthy.base.errors import NotFound, UserError
from shipworthy.data.words import SnapshotTaken
from shipworthy.plan.reading import read_plan
from shipworthy.plan.reference_examples import WITH_PIPELINE
from shipworthy.release.holding import came_back, fallen_back, pausing, resuming
from shipworthy.release.rules import paused, rolled_back, standing
from shipworthy.release.words import (
    ComeBack,
    FallBack,
    PauseDeliveries,
    ResumeDeliveries,
    RollBack,
)
from shipworthy.respond.asked import fallback_due, pauses_due, retraining_due
from shipworthy.respond.rules import answer_moments, take_up, weighed
from shipworthy.respond.views import responses
from shipworthy.respond.words import PeopleTold, Responses, TakeUp, TriggerFired
from shipworthy.watch.words import WindowJudged


def why_not(history: History) -> list[str]:
    return [why for _, _, why in weighed(history.plan, history.past, history.now) if why]


def with_baseline(*lines: str) -> History:
    history = live(*lines)
    history.make(BASELINE, role="baseline")
    release(history, BASELINE, role="baseline")
    release(history, MODEL, replaces=BASELINE)
    return history


def test_while_a_trigger_cools_down_what_is_over_is_passed_over_and_what_lasts_waits() -> None:
    history = live("{name: mine, on: failed, do: [notify], cool_down: 6h}",
                   "{name: stale, on: alarm, do: [notify], cool_down: 6h}")  # fmt: skip
    failed_delivery(history, "one")
    alarm(history, "alarm-1")
    assert fire(history, hours=1) == ["notify", "notify"]
    failed_delivery(history, "two")
    alarm(history, "alarm-2")
    assert to_do(history) == []
    assert all("cool-down until 2026-03-01 06:00" in why for why in why_not(history))
    history.now += timedelta(hours=6)
    assert to_do(history) == [("stale", "notify")]
    assert why_not(history) == ["passed over: it was over when the cool-down ended"]
    failed_delivery(history, "three")
    assert ("mine", "notify") in to_do(history)


def test_a_second_source_that_was_refused_while_a_trigger_cools_down_is_taken_up_afterwards() -> None:
    history = live("{name: bad-feed, on: refusal, do: [notify], cool_down: 6h}", change=ANOTHER_SOURCE)
    refusal(history, "one", "visits.minutes")
    assert fire(history, hours=1) == ["notify"]
    refusal(history, "two", "minutes.day")
    assert to_do(history) == []
    history.now += timedelta(hours=6)
    assert to_do(history) == [("bad-feed", "notify")]
    snapshot(history, "mended", "2026-03-01")
    assert to_do(history) == []


@pytest.mark.parametrize(("severity", "told"), [("low", False), ("high", True), ("critical", True)])
def test_only_what_is_urgent_is_told_at_night_but_everything_is_done(severity: str, told: bool) -> None:
    history = History(
        triggers(f"{{name: mine, on: alarm, do: [notify, retrain], severity: {severity}}}"),
        ("  routes:\n", '  quiet: {start: "22:00", end: "07:00"}\n  routes:\n'),
    )
    history.now = datetime(2026, 3, 1, 23, tzinfo=UTC)
    history.make(MODEL, trained_on=["2025-10-01"])
    release(history, MODEL)
    alarm(history)
    assert to_do(history) == ([("mine", "notify")] if told else []) + [("mine", "retrain")]
    history.now += timedelta(hours=8)
    assert to_do(history) == [("mine", "notify"), ("mine", "retrain")]


def test_a_dry_trigger_says_what_it_would_have_done_and_does_nothing() -> None:
    history = live("{name: mine, on: alarm, do: [notify, retrain], dry: true}")
    alarm(history)
    assert fire(history) == ["notify", "retrain"]
    assert to_do(history) == []
    assert history.past.of(PeopleTold) == []
    assert retraining_due(history.past) is None
    assert [fact.what.outcome[:5] for fact in history.past.of(TriggerFired)] == ["dry, ", "dry, "]


def test_nobody_answers_so_the_next_ones_are_told_until_somebody_does() -> None:
    history = live("{name: mine, on: alarm, do: [notify], to: [technology], "
                   "escalate: [{after: 4h, to: [service]}, {after: 1d, to: [technology, service]}]}")  # fmt: skip
    alarm(history)
    assert fire(history, hours=3) == ["notify"]
    assert to_do(history) == []
    history.now += timedelta(hours=1)
    assert fire(history) == ["escalate"]
    told = [fact.what for fact in history.past.of(PeopleTold)]
    assert [one.to for one in told] == ["technology", "service"]
    assert "Nobody has taken this up within 4 hours" in told[1].subject
    history.do(take_up, TakeUp(product=PRODUCT, cause="alarm-1", remark="I look at it."), "night-operator")
    history.now += timedelta(days=2)
    assert to_do(history) == []
    with pytest.raises(NotFound, match="cause that people were told about"):
        history.do(take_up, TakeUp(product=PRODUCT, cause="nothing"), "night-operator")


def test_what_was_over_before_a_trigger_was_planned_is_not_acted_on() -> None:
    history = live("{name: mine, on: alarm, do: [notify]}")
    failed_delivery(history, "long-ago")
    alarm(history)
    history.adopt(
        triggers("{name: mine, on: alarm, do: [notify]}", "{name: new, on: failed, do: [notify]}",
                 "{name: also, on: alarm, do: [incident]}"),
        ("start: 2026-03-02", "start: 2031-03-03"),
    )  # fmt: skip
    assert to_do(history) == [("mine", "notify"), ("also", "incident")], "an alarm still lasts, a failure is over"
    failed_delivery(history, "now")
    assert ("new", "notify") in to_do(history)


def test_a_schedule_acts_once_at_each_of_its_moments() -> None:
    history = live("{name: monthly, on: schedule, every: 1mo, start: 2026-01-31, do: [retrain]}")
    assert fire(history) == ["retrain"]
    assert to_do(history) == []
    until = datetime(2026, 4, 30, tzinfo=UTC)
    assert list(answer_moments(history.plan, history.past, history.now, until)) == [
        datetime(2026, 3, 31, tzinfo=UTC), until,
    ]  # fmt: skip
    history.now = datetime(2026, 3, 31, tzinfo=UTC)
    assert to_do(history) == [("monthly", "retrain")]


def snapshot(history: History, name: str, as_of: str, warned: bool = False) -> None:
    check = CheckResult("data.fresh", "?", "warn" if warned else "pass", "It is old.", where="sources.visits")
    history.write(SnapshotTaken(product=PRODUCT, snapshot=name, as_of=as_of, intakes=[], checks=[check]))


def test_new_data_breaches_notes_code_and_plan_are_causes_of_their_own() -> None:
    lines = [f"{{name: {name}, on: {name}, do: [notify]}}" for name in ("new-data", "breach", "note", "code", "plan")]
    history = live(*lines)
    snapshot(history, "one", "2026-02-01", warned=True)
    snapshot(history, "two", "2026-02-02", warned=True)
    snapshot(history, "two", "2026-02-03")
    history.make(CHALLENGER, code="other code")
    history.write(
        WindowJudged(
            product=PRODUCT, monitor="input-drift", candidate=MODEL, window="2026-02-01", level="note", numbers={},
            state={}, text="minutes moved",
        )
    )  # fmt: skip
    found = sorted(name for name, _ in to_do(history))
    assert found == ["breach", "code", "new-data", "new-data", "note"]
    history.adopt(triggers(*lines), ("top: 50", "top: 60"))
    sections = [cause.of for cause, in [(s.cause,) for s, _, _ in weighed(history.plan, history.past, history.now)
                                        if s.trigger.name == "plan"]]  # fmt: skip
    assert "decision" in sections


def test_a_monitor_that_falls_silent_is_told_of() -> None:
    history = live("{name: quiet, on: silent, of: calibration, after: 45d, do: [notify]}")
    assert to_do(history) == []
    history.now += timedelta(days=46)
    assert to_do(history) == [("quiet", "notify")]


def test_the_baseline_takes_over_in_one_step_and_gives_back() -> None:
    history = with_baseline("{name: mine, on: alarm, do: [fallback]}")
    alarm(history)
    assert fire(history) == ["fallback"]
    assert fallback_due(history.past)
    for fact in fallen_back(FallBack(product=PRODUCT, reason="asked for"), history.past):
        history.write(fact)
    now = standing(history.past)
    assert (set(now.champion.values()), set(now.released.values())) == ({BASELINE}, {MODEL})
    assert fallback_due(history.past) is None
    assert fallen_back(FallBack(product=PRODUCT, reason="again"), history.past) == []
    assert [action for _, action in to_do(history)] == ["notify"], "everybody who waits is told"
    for back in came_back(ComeBack(product=PRODUCT, reason="mended"), history.past):
        history.write(back)
    assert set(standing(history.past).champion.values()) == {MODEL}
    with pytest.raises(UserError, match="has not taken over"):
        came_back(ComeBack(product=PRODUCT, reason="again"), history.past)


def test_taking_back_or_releasing_while_the_baseline_answers_changes_who_comes_back() -> None:
    history = with_baseline("{name: mine, on: alarm, do: [fallback]}")
    history.write(fallen_back(FallBack(product=PRODUCT, reason="asked for"), history.past)[0])
    command = RollBack(product=PRODUCT, candidate=MODEL, reason="wrong")
    history.write(rolled_back(command, history.past, MODEL, CHALLENGER)[0])
    assert rolled_back(command, history.past, MODEL, CHALLENGER) == [], "somebody else was faster"
    assert set(standing(history.past).released.values()) == {CHALLENGER}
    release(history, MODEL)
    assert (standing(history.past).held, set(standing(history.past).champion.values())) == ({}, {MODEL})


def test_deliveries_are_held_for_whom_it_concerns_and_go_on() -> None:
    history = live("{name: mine, on: failed, do: [pause]}")
    failed_delivery(history)
    assert fire(history) == ["pause"]
    assert list(pauses_due(history.plan, history.past)) == ["service"]
    command = PauseDeliveries(product=PRODUCT, reason="look first", consumer="service")
    history.write(pausing(history.plan, command, history.past)[0])
    assert paused(history.past) == {"service": "look first"}
    assert pauses_due(history.plan, history.past) == {}
    assert fire(history) == ["notify"]
    history.write(resuming(history.plan, ResumeDeliveries(product=PRODUCT, reason="mended"), history.past)[0])
    assert paused(history.past) == {}
    assert fire(history) == ["notify"]
    assert "go on again" in [fact.what.subject for fact in history.past.of(PeopleTold)][-1]
    assert not why_not(history)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{name: mine, on: schedule, do: [notify]}", "but no every"),
        ("{name: mine, on: alarm, do: [notify], after: 1d}", "only `on: silent` reads"),
        ("{name: mine, on: alarm, do: [retrain], escalate: [{after: 1h, to: [technology]}]}", "does not notify"),
        ("{name: mine, on: alarm, do: [notify], to: [legal]}", "legal"),
        ("{name: mine, on: overdue, of: dreadful, do: [notify]}", "dreadful"),
    ],
)
def test_a_trigger_that_could_never_act_is_refused(line: str, said: str) -> None:
    old, new = triggers(line)
    with pytest.raises(UserError, match=said):
        read_plan(WITH_PIPELINE.replace(old, new))


@pytest.mark.parametrize("text", ['"22:00"', "22:00"])
def test_a_time_of_day_may_stand_without_quotes(text: str) -> None:
    plan = read_plan(WITH_PIPELINE.replace("  routes:\n", f'  quiet: {{start: {text}, end: "07:00"}}\n  routes:\n'))
    assert plan.respond.quiet
    assert plan.respond.quiet.start == "22:00"


def test_an_alarm_that_was_answered_waits_for_nobody() -> None:
    history = live("{name: stale, on: alarm, do: [notify]}")
    alarm(history)
    fire(history)
    question = Responses(product=PRODUCT)
    assert [one.waits for one in responses(question, history.past, history.now).happenings] == [True]
    close_alarm(history)
    assert [one.waits for one in responses(question, history.past, history.now).happenings] == [False]


SECOND_CONSUMER = (
    "consumers:\n  service:",
    """consumers:
  other:
    who: The other team
    person: sales-lead
    columns: [rank, subscriber, score, decision, reasons, answer_id]
    sinks: [call-list]
    every: 1w
    start: 2031-03-03
    deadline: 6h
    time_to_act: 5d
    capacity: 50
    guide: guides/service.md
  service:""",
)


def pause(history: History, consumer: str) -> None:
    command = PauseDeliveries(product=PRODUCT, reason="asked for", consumer=consumer)
    history.write(pausing(history.plan, command, history.past)[0])


def test_deliveries_to_two_that_failed_at_one_moment_are_both_held() -> None:
    history = live("{name: mine, on: failed, do: [pause]}", change=SECOND_CONSUMER)
    failed_delivery(history, "one")
    failed_delivery(history, "two", consumer="other")
    assert fire(history) == ["pause", "pause"]
    assert set(pauses_due(history.plan, history.past)) == {"service", "other"}
    pause(history, "other")
    assert set(pauses_due(history.plan, history.past)) == {"service"}
    pause(history, "service")
    assert pauses_due(history.plan, history.past) == {}
    for fact in resuming(history.plan, ResumeDeliveries(product=PRODUCT, reason="mended"), history.past):
        history.write(fact)
    assert pauses_due(history.plan, history.past) == {}, "whoever resumes has the last word"


def test_who_came_into_the_plan_after_all_were_to_be_held_is_not_held() -> None:
    history = live("{name: mine, on: alarm, do: [pause]}")
    alarm(history)
    assert fire(history) == ["pause"]
    pause(history, "service")
    history.adopt(
        triggers("{name: mine, on: alarm, do: [pause]}"), ("start: 2026-03-02", "start: 2031-03-03"), SECOND_CONSUMER
    )
    assert pauses_due(history.plan, history.past) == {}
