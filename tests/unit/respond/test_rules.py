"""What sets a trigger off, how often it acts, and what its acting makes due."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from unit.respond.happenings import (
    ANOTHER_SOURCE,
    BEFORE,
    READ_WITHIN_A_WEEK,
    acknowledged,
    alarm,
    close_alarm,
    delivery,
    failed_delivery,
    fire,
    live,
    refusal,
    release,
    run,
    to_do,
)
from unit.sign.history import BASELINE, CHALLENGER, MODEL, PRODUCT, History

from shipworthy.base.times import length
from shipworthy.data.words import SnapshotTaken
from shipworthy.deliver.words import RunFinished
from shipworthy.release.rules import rollback_target, standing
from shipworthy.release.words import CameBack, FellBack, ReleaseStepped, RolledBack, TrialFinished, TrialJudged
from shipworthy.respond.asked import retraining_due, rollbacks_due
from shipworthy.respond.causes import causes
from shipworthy.respond.rules import answered_alarms, response_due, situations
from shipworthy.respond.words import TriggerFired
from shipworthy.sign.words import SignOffGiven, SignOffRevoked

LONG_AGO = "2026-01-01T00:00:00+00:00"


def revoke(history: History, candidate: str = MODEL, function: str = "legal") -> None:
    history.write(
        SignOffRevoked(product=PRODUCT, candidate=candidate, function=function, reason="It ended."), "legal-owner"
    )


def word(history: History, decision: str, candidate: str = MODEL) -> None:
    said = SignOffGiven(
        product=PRODUCT,
        candidate=candidate,
        function="legal",
        decision="approve" if decision == "approve" else "reject",
        evidence="evidence",
        sections={},
        reason="Not in this country.",
    )
    history.write(said, "legal-owner")


def unanswered_delivery(history: History) -> None:
    delivery(history)
    history.now = length("14d").after(history.now)


HAPPENINGS: dict[str, tuple[Callable[[History], None], str]] = {
    "alarm": (alarm, "calibration"),
    "refusal": (refusal, "visits"),
    "late": (lambda history: delivery(history, due_by=LONG_AGO), "service"),
    "failed": (failed_delivery, "service"),
    "revoked": (revoke, "legal"),
    "unacknowledged": (unanswered_delivery, "service"),
}


@pytest.mark.parametrize("on", HAPPENINGS)
def test_each_kind_of_cause_sets_off_its_trigger_once(on: str) -> None:
    happen, of = HAPPENINGS[on]
    others = [name for name in HAPPENINGS if name != on]
    history = live(
        f"{{name: mine, on: {on}, do: [notify, incident]}}",
        *(f"{{name: other-{name}, on: {name}, do: [notify]}}" for name in others),
        change=READ_WITHIN_A_WEEK if on == "unacknowledged" else ("", ""),
    )
    assert to_do(history) == []
    happen(history)
    assert to_do(history) == [("mine", "notify"), ("mine", "incident")]
    assert response_due(history.plan, history.past, history.now)
    cause = next(causes(history.plan, history.past, history.now))
    assert (cause.on, cause.of) == (on, of)
    assert cause.text
    assert fire(history, days=400) == ["notify", "incident"]
    assert to_do(history) == [("said-of-what-is-overdue", "notify")]  # the incident, which nobody closed


@pytest.mark.parametrize("on", HAPPENINGS)
def test_a_trigger_may_look_at_one_monitor_source_consumer_or_function_only(on: str) -> None:
    happen, of = HAPPENINGS[on]
    history = live(f"{{name: mine, on: {on}, of: {of}, do: [notify]}}", change=READ_WITHIN_A_WEEK)
    happen(history)
    assert ("mine", "notify") in to_do(history)
    other = history.plan.respond.triggers[0].model_copy(update={"of": "another"})
    answers = history.plan.respond.model_copy(update={"triggers": [other]})
    looking_elsewhere = history.plan.model_copy(update={"respond": answers})
    assert list(situations(looking_elsewhere, history.past, history.now)) == []


def test_it_acts_again_after_its_time_while_the_cause_lasts() -> None:
    history = live("{name: stale, on: alarm, do: [notify], again_after: 45d}")
    alarm(history)
    assert fire(history, days=44) == ["notify"]
    assert to_do(history) == []
    assert fire(history, days=1) == []
    assert fire(history, days=45) == ["notify"]
    close_alarm(history)
    assert to_do(history) == []


def test_a_trigger_on_failed_may_name_the_destination_that_a_list_did_not_reach() -> None:
    register = (
        "sinks:\n",
        "sinks:\n  register: {kind: csv, path: 'out/r-{as_of}.csv', rehearsal: 'out/x-{as_of}.csv'}\n",
    )
    history = live(
        "{name: mine, on: failed, of: call-list, do: [notify, pause]}",
        "{name: other, on: failed, of: register, do: [pause]}",
        change=register,
    )
    failed_delivery(history)
    assert to_do(history) == [("mine", "notify"), ("mine", "pause")]
    fire(history)
    assert [fact.what.of for fact in history.past.of(TriggerFired)] == ["service", "service"], "its consumer waits"
    values: dict[str, Any] = {
        "candidate": CHALLENGER,
        "step": "canary",
        "consumer": "service",
        "as_of": "",
        "text": "broken",
    }
    history.write(TrialFinished(product=PRODUCT, ok=False, **values))
    assert to_do(history) == [], "what came without a canary reached every destination"


def test_what_is_over_is_not_acted_on_again() -> None:
    history = live("{name: broken, on: failed, do: [notify], again_after: 1d}")
    failed_delivery(history)
    assert fire(history, days=30) == ["notify"]
    assert to_do(history) == []


def test_a_refused_source_lasts_until_it_is_accepted_again() -> None:
    history = live("{name: bad-feed, on: refusal, do: [notify], again_after: 1d}")
    refusal(history)
    assert fire(history, hours=1) == ["notify"]
    refusal(history, "refusal-2")
    assert to_do(history) == [], "the source is still broken: it is the same cause, however often it is read"
    history.now += timedelta(days=1)
    assert fire(history) == ["notify"], "and whoever asked for it is reminded"
    history.write(SnapshotTaken(product=PRODUCT, snapshot="s", as_of=LONG_AGO, intakes=[], checks=[]))
    history.now += timedelta(days=2)
    assert to_do(history) == []
    refusal(history, "refusal-3")
    assert to_do(history) == [("bad-feed", "notify")]


@pytest.mark.parametrize(
    ("where", "of"), [("visits.minutes", "visits"), ("minutes.day", "minutes"), ("minutes", "minutes"), ("all", "")]
)
def test_a_refusal_is_about_the_source_and_not_one_that_bears_the_name_of_its_column(where: str, of: str) -> None:
    history = live("{name: bad-feed, on: refusal, of: visits, do: [notify]}", change=ANOTHER_SOURCE)
    refusal(history, where=where)
    assert [cause.of for cause in causes(history.plan, history.past, history.now)] == [of]
    assert to_do(history) == ([("bad-feed", "notify")] if of == "visits" else [])


def test_a_list_that_is_not_made_lasts_until_it_is() -> None:
    history = live("{name: late-list, on: late, do: [notify], again_after: 1d}", first_list="2026-03-02")
    history.now += timedelta(days=2)
    assert fire(history, days=1)[:1] == ["notify"]
    assert to_do(history)[:1] == [("late-list", "notify")]


def test_a_delivery_that_was_acknowledged_in_time_needs_no_answer() -> None:
    history = live("{name: unread, on: unacknowledged, do: [notify]}", change=READ_WITHIN_A_WEEK)
    delivery(history)
    acknowledged(history)
    history.now = length("3mo").after(history.now)
    assert to_do(history) == []


def test_a_rehearsal_is_neither_late_nor_unread() -> None:
    history = live("{name: late-list, on: late, do: [notify]}", "{name: unread, on: unacknowledged, do: [notify]}",
                   change=READ_WITHIN_A_WEEK)  # fmt: skip
    delivery(history, due_by=LONG_AGO, step="rehearsal")
    history.now = length("3mo").after(history.now)
    assert to_do(history) == []


def test_a_list_that_nobody_got_is_late() -> None:
    history = live("{name: late-list, on: late, do: [notify]}")
    run(history, "run-2", stood_in="nothing", delivered=0)
    assert to_do(history) == [("late-list", "notify")]


def test_a_rejection_of_what_is_in_use_is_a_revocation_and_a_new_approval_ends_it() -> None:
    history = live("{name: unsigned, on: revoked, do: [notify], again_after: 1d}")
    word(history, "approve")
    assert to_do(history) == []
    word(history, "reject")
    assert fire(history, days=2) == ["notify"]
    assert to_do(history) == [("unsigned", "notify")]
    word(history, "approve")
    assert to_do(history) == []


def test_a_signature_on_what_nobody_uses_may_be_taken_back_quietly() -> None:
    history = live("{name: unsigned, on: revoked, do: [notify]}")
    history.make(CHALLENGER)
    revoke(history, CHALLENGER)
    assert to_do(history) == []


def test_rolling_back_is_due_until_it_is_done() -> None:
    history = live("{name: unsigned, on: revoked, do: [rollback]}")
    revoke(history)
    assert fire(history) == ["rollback"]
    assert rollbacks_due(history.past)
    history.write(
        RolledBack(product=PRODUCT, candidate=MODEL, to=BEFORE, reason="a trigger asked for it"), "night-operator"
    )
    assert rollbacks_due(history.past) == []
    assert to_do(history) == []


def test_a_champion_and_a_challenger_alarmed_about_at_one_moment_both_go_back() -> None:
    history = live("{name: harmful, on: alarm, do: [rollback]}")
    history.make(CHALLENGER)
    release(history, CHALLENGER, step="shadow")
    alarm(history, "alarm-1", candidate=MODEL)
    alarm(history, "alarm-2", candidate=CHALLENGER)
    assert fire(history) == ["rollback", "rollback"]
    while due := rollbacks_due(history.past):
        current, target = rollback_target(history.past, due[-1].candidate)
        history.write(RolledBack(product=PRODUCT, candidate=current, to=target, reason="a trigger asked for it"))
    now = standing(history.past)
    assert (set(now.champion.values()), now.challenger) == ({BEFORE}, "")


def test_who_is_to_go_back_without_a_name_is_whoever_was_released_last_not_a_challenger() -> None:
    history = live("{name: late-list, on: late, do: [rollback]}", "{name: harmful, on: alarm, do: [rollback]}")
    history.make(CHALLENGER)
    release(history, CHALLENGER, step="shadow")
    alarm(history, candidate=CHALLENGER)
    delivery(history, due_by=LONG_AGO)
    assert fire(history) == ["rollback", "rollback"]
    assert [asked.candidate for asked in rollbacks_due(history.past)] == ["", CHALLENGER]
    history.write(RolledBack(product=PRODUCT, candidate=CHALLENGER, to="", reason="a trigger asked for it"))
    assert [asked.candidate for asked in rollbacks_due(history.past)] == [""]
    history.write(RolledBack(product=PRODUCT, candidate=MODEL, to=BEFORE, reason="a trigger asked for it"))
    assert rollbacks_due(history.past) == []


def test_retraining_is_due_until_somebody_has_made_a_model_since() -> None:
    history = live("{name: stale, on: alarm, do: [retrain]}")
    history.make("d" * 64)
    alarm(history)
    assert fire(history) == ["retrain"]
    asked = retraining_due(history.past)
    assert asked
    history.make("e" * 64, role="baseline")
    assert retraining_due(history.past) == asked
    history.make(CHALLENGER)
    assert retraining_due(history.past) is None


def test_an_alarm_is_answered_once_its_candidate_answers_nobody() -> None:
    history = live("{name: stale, on: alarm, do: [notify]}")
    alarm(history)
    assert answered_alarms(history.past) == []
    history.make(CHALLENGER)
    release(history, CHALLENGER, "shadow")
    assert answered_alarms(history.past) == []
    release(history, CHALLENGER, replaces=MODEL)
    closed = answered_alarms(history.past)
    assert [(one.alarm, one.by) for one in closed] == [("alarm-1", f"replaced by {CHALLENGER[:12]}")]
    history.write(closed[0], "night-operator")
    assert answered_alarms(history.past) == []


def test_the_alarm_of_a_canary_stays_open_while_the_baseline_answers_in_its_place() -> None:
    history = live("{name: stale, on: alarm, do: [notify]}")
    history.make(CHALLENGER)
    history.write(
        ReleaseStepped(
            product=PRODUCT, candidate=CHALLENGER, step="canary", cohorts=[], replaces="", gate="", role="model",
            share=0.1,
        )
    )  # fmt: skip
    alarm(history, candidate=CHALLENGER)
    history.write(FellBack(product=PRODUCT, to=BASELINE, reason="look"))
    assert standing(history.past).canary == ""
    assert answered_alarms(history.past) == [], "it goes on after the way back"
    history.write(CameBack(product=PRODUCT, to={"everyone": MODEL}, reason="fine"))
    assert standing(history.past).canary == CHALLENGER
    assert answered_alarms(history.past) == []
    history.write(RolledBack(product=PRODUCT, candidate=CHALLENGER, to="", reason="harm"))
    assert [one.alarm for one in answered_alarms(history.past)] == ["alarm-1"]


def test_passing_checks_are_not_told_as_causes() -> None:
    history = live("{name: bad-feed, on: refusal, do: [notify]}")
    refusal(history)
    cause = next(causes(history.plan, history.past, history.now))
    assert "median" in cause.text
    assert "All are there" not in cause.text


def test_a_list_that_was_not_even_made_by_its_deadline_is_late() -> None:
    history = live("{name: late-list, on: late, do: [notify]}", first_list="2026-03-09")
    history.now = datetime(2026, 3, 9, 6, tzinfo=UTC)
    assert to_do(history) == [], "the deadline of six hours has not passed"
    history.now += timedelta(minutes=1)
    assert to_do(history) == [("late-list", "notify")]
    [cause] = causes(history.plan, history.past, history.now)
    assert (cause.on, cause.of) == ("late", "service")
    assert "it has not been made" in cause.text


def test_a_list_that_came_without_the_model_has_failed() -> None:
    history = live("{name: broken, on: failed, do: [incident]}")
    history.write(
        RunFinished(
            product=PRODUCT, run="r", consumer="service", as_of=LONG_AGO, due=5, answered=5, refused={},
            delivered={"call-list": 5}, failed={}, snapshot="s", stood_in="The model broke.", broken="The model broke.",
        )
    )  # fmt: skip
    assert to_do(history) == [("broken", "incident")]


def test_a_canary_that_could_not_answer_is_told_and_may_be_rolled_back() -> None:
    history = live("{name: bird, on: failed, of: service, do: [rollback]}")
    history.write(
        ReleaseStepped(
            product=PRODUCT, candidate=CHALLENGER, step="canary", cohorts=[], replaces="", gate="", role="model",
            share=0.1,
        )
    )  # fmt: skip
    history.make(CHALLENGER)
    history.write(
        TrialFinished(
            product=PRODUCT, candidate=CHALLENGER, step="canary", consumer="service", as_of=LONG_AGO, ok=False,
            text="The candidate could not answer: broken.",
        )
    )  # fmt: skip
    [cause] = [cause for cause in causes(history.plan, history.past, history.now) if cause.on == "failed"]
    assert (cause.candidate, cause.of) == (CHALLENGER, "service")
    assert "came without the canary: The candidate could not answer" in cause.text
    assert to_do(history) == [("bird", "rollback")]


def test_harm_that_a_trial_has_shown_is_told_once() -> None:
    history = live("{name: broken, on: failed, do: [notify]}")
    values: dict[str, Any] = {
        "against": MODEL,
        "window": "2026-05-01T00:00:00+00:00",
        "guarantee": "",
        "numbers": {},
        "state": {},
    }
    values |= {"product": PRODUCT, "candidate": CHALLENGER, "text": "Worse."}
    history.write(TrialJudged(step="shadow", verdict="hold", harm=False, **values), "operator")
    history.write(TrialJudged(step="canary", verdict="roll back", harm=True, **values), "operator")
    (cause,) = [cause for cause in causes(history.plan, history.past, history.now) if cause.on == "failed"]
    assert cause.text == f"candidate {CHALLENGER[:12]} as a canary: Worse."
    assert to_do(history) == [("broken", "notify")]
    fire(history)
    assert to_do(history) == []
