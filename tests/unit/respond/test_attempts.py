"""What was asked for and could not be done: it is left alone for an hour, told once, and answered by no circle."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from unit.respond.happenings import BEFORE, alarm, failed_delivery, fire, live, release, to_do
from unit.sign.history import BASELINE, CHALLENGER, MODEL, PRODUCT, History

from shipworthy.app.due import attempted, due, lists_due
from shipworthy.deliver.rules import run_name
from shipworthy.deliver.words import RunFinished
from shipworthy.model.words import TrainCandidate
from shipworthy.plan.references import ATTEMPTS as NAMED
from shipworthy.release.words import RollBack, RolledBack
from shipworthy.respond.attempts import ATTEMPTS, failing
from shipworthy.respond.views import responses
from shipworthy.respond.words import AttemptFailed, PeopleTold, Responses


def failed(history: History, attempt: str, concerns: str = "", trigger: str = "mine") -> None:
    history.write(
        AttemptFailed(product=PRODUCT, attempt=attempt, concerns=concerns, reason="The disk is full.", trigger=trigger)
    )


def tried(history: History) -> list[str]:
    """What is due now of what triggers ask for."""
    return [found[0] for command in due(history.plan, history.past, history.now) if (found := attempted(command))]


def asked(line: str) -> History:
    history = live(line)
    history.make(BASELINE, role="baseline")
    release(history, BASELINE, role="baseline")
    release(history, MODEL, replaces=BASELINE)
    alarm(history)
    fire(history)
    return history


@pytest.mark.parametrize(
    ("attempt", "concerns"), [("rollback", MODEL), ("fallback", ""), ("pause", "service"), ("retrain", "")]
)
def test_what_failed_is_left_alone_for_an_hour_and_told_once(attempt: str, concerns: str) -> None:
    history = asked(f"{{name: mine, on: alarm, do: [{attempt}], to: [technology]}}")
    assert tried(history) == [attempt]
    failed(history, attempt, concerns)
    assert tried(history) == []
    assert fire(history, minutes=59) == ["notify"]
    told = [fact.what for fact in history.past.of(PeopleTold)]
    assert [one.to for one in told] == ["technology"], "the people of the trigger that asked"
    assert "which the trigger mine asked for, failed: The disk is full." in told[0].subject
    assert tried(history) == []
    history.now += timedelta(minutes=1)
    assert tried(history) == [attempt]
    failed(history, attempt, concerns)
    assert fire(history) == [], "the same failure is told once"
    (said,) = responses(Responses(product=PRODUCT), history.past, history.now).failing
    assert "failed: The disk is full. Tried 2 times since" in said


def test_a_failure_dated_ahead_keeps_nothing_back() -> None:
    history = asked("{name: mine, on: alarm, do: [retrain]}")
    history.now += timedelta(days=365)
    failed(history, "retrain")
    history.now -= timedelta(days=365)
    assert tried(history) == ["retrain"]


@pytest.mark.parametrize(("hours", "again"), [(0.5, False), (1, True), (-24, True)])
def test_a_list_that_did_not_arrive_is_tried_again_after_an_hour_also_if_the_clock_went_back(
    hours: float, again: bool
) -> None:
    history = live("{name: mine, on: alarm, do: [notify]}", first_list="2026-03-02")
    list_of = datetime(2026, 3, 2, tzinfo=UTC)
    history.now = list_of + timedelta(days=2)
    name = run_name(PRODUCT, "service", list_of)
    history.write(
        RunFinished(
            product=PRODUCT, run=name, consumer="service", as_of=list_of.isoformat(), due=10, answered=10, refused={},
            delivered={}, failed={"call-list": 10}, snapshot="snapshot",
        )
    )  # fmt: skip
    failed_delivery(history, run=name)
    history.now += timedelta(hours=hours)
    found = [command for command in lists_due(history.plan, history.past, history.now) if command.consumer == "service"]
    assert bool(found) == again


def test_it_is_over_once_it_succeeds_and_a_later_failure_is_told_anew() -> None:
    history = asked("{name: mine, on: alarm, do: [retrain]}")
    failed(history, "retrain")
    fire(history)
    history.make(CHALLENGER)
    assert failing(history.past) == []
    failed(history, "prove", CHALLENGER)
    assert fire(history) == ["notify"]
    history.make("d" * 64)
    assert failing(history.past) == [], "only the newest model is proven"


def test_who_answers_nobody_any_more_need_not_be_taken_back() -> None:
    history = asked("{name: mine, on: alarm, do: [rollback]}")
    failed(history, "rollback", MODEL)
    release(history, CHALLENGER, replaces=MODEL)
    assert failing(history.past) == []
    failed(history, "rollback", CHALLENGER)
    history.write(RolledBack(product=PRODUCT, candidate=CHALLENGER, to=BEFORE, reason="by hand"))
    assert failing(history.past) == []


def test_a_trigger_may_answer_a_failed_attempt_but_not_by_the_same_nor_unless_it_names_it() -> None:
    history = live(
        "{name: mine, on: alarm, do: [rollback]}",
        "{name: any, on: failed, do: [notify, retrain, pause, rollback]}",
        "{name: named, on: failed, of: rollback, do: [pause, rollback]}",
    )
    alarm(history)
    fire(history)
    failed(history, "rollback", MODEL)
    assert to_do(history) == [("any", "notify"), ("named", "pause")], "the trigger that hears it tells it too"
    assert fire(history) == ["notify", "pause"]
    held = responses(Responses(product=PRODUCT), history.past, history.now).held_back
    assert "named: rollback: rollback has failed, and is tried again by itself" in held


def test_what_the_plan_may_name_is_what_is_tried() -> None:
    assert tuple(ATTEMPTS) == NAMED
    assert attempted(TrainCandidate(product=PRODUCT)) == ("retrain", "")
    assert attempted(RollBack(product=PRODUCT, reason="", candidate=MODEL)) == ("rollback", MODEL)
