"""What was asked for and could not be done: tried again later and later, told, given up, and answered by no circle."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.respond.happenings import BEFORE, alarm, failed_delivery, fire, live, release, to_do, triggers
from unit.sign.history import BASELINE, CHALLENGER, ENVELOPE, MODEL, NOW, OWNERS, PRODUCT, History
from unit.sign.test_envelope import measured

from shipworthy.app.due import attempted, due, lists_due, stops
from shipworthy.base.retries import FIRST_WAIT, LONGEST_WAIT, MOST_TRIES
from shipworthy.deliver.rules import run_name
from shipworthy.deliver.words import DeliveryFailed, RunFinished
from shipworthy.model.words import TrainCandidate
from shipworthy.plan.references import ATTEMPTS as NAMED
from shipworthy.release.words import RollBack, RolledBack, TrialFinished, TrialJudged
from shipworthy.respond.attempts import ATTEMPTS, failing
from shipworthy.respond.views import responses
from shipworthy.respond.words import AttemptFailed, IncidentOpened, PeopleTold, Respond, Responses, TriggerFired

LIST_OF = datetime(2026, 3, 2, tzinfo=UTC)
IN_VAIN = [timedelta(hours=hours) for hours in (0, 1, 3, 7, 15, 31, 55, 79)]
"""How long after the first time something is tried that fails each time."""


def failed(history: History, attempt: str, concerns: str = "", trigger: str = "mine") -> None:
    history.write(
        AttemptFailed(product=PRODUCT, attempt=attempt, concerns=concerns, reason="The disk is full.", trigger=trigger)
    )


def tried(history: History) -> list[str]:
    """What is due now of what triggers ask for."""
    return [
        found[0]
        for command in due(history.plan, history.past, history.now)
        if (found := attempted(command, history.past))
    ]


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


def look(history: History) -> None:
    """Do what is due now as a worker does, where everything that is tried by itself fails."""
    done: set[str] = set()
    while wanted := [one for one in due(history.plan, history.past, history.now) if repr(one) not in done]:
        done.add(repr(wanted[0]))
        if attempt := attempted(wanted[0], history.past):
            failed(history, *attempt)
            done -= {repr(Respond(product=PRODUCT))}
        elif isinstance(wanted[0], Respond):
            fire(history)


def lives(history: History, until: datetime, cuts: list[datetime]) -> None:
    """Let time pass to a moment in as many leaps as there are cuts on the way, and one more."""
    for end in sorted({*(cut for cut in cuts if history.now < cut < until), until}):
        for moment in stops(lambda: history.past, history.now, end):
            history.now = moment
            look(history)


def attempts(history: History) -> list[timedelta]:
    """When something was tried in vain, since the beginning."""
    return [fact.at - NOW for fact in history.past.of(AttemptFailed)]


@pytest.mark.parametrize("attempt", ["rollback", "fallback", "pause", "retrain"])
def test_what_fails_is_tried_later_and_later_then_given_up_and_both_are_told(attempt: str) -> None:
    history = asked(f"{{name: mine, on: alarm, do: [{attempt}], to: [technology]}}")
    look(history)
    lives(history, NOW + timedelta(days=365), [])
    assert attempts(history) == (IN_VAIN if attempt != "pause" else sorted(IN_VAIN * len(history.plan.consumers)))
    first, *_, last = history.past.of(PeopleTold)
    assert first.at - NOW == timedelta(0)
    assert last.at - NOW == IN_VAIN[-1]
    assert "failed 8 times and is not tried any more: The disk is full. Mend that, then do it by hand: `shipworthy" in (
        last.what.subject
    )
    said = responses(Responses(product=PRODUCT), history.past, history.now).failing
    assert all("Tried 8 times since 2026-03-01; it is not tried any more. Mend that" in one for one in said)


def test_a_trigger_that_asks_anew_has_it_tried_anew_and_not_before_a_day_has_gone_by() -> None:
    history = asked("{name: mine, on: alarm, do: [retrain]}")
    look(history)
    lives(history, NOW + timedelta(hours=80), [])
    alarm(history, "alarm-2")
    look(history)
    assert attempts(history) == IN_VAIN
    lives(history, NOW + timedelta(days=60), [])
    assert attempts(history) == IN_VAIN + [timedelta(hours=79 + 24) + after for after in IN_VAIN]
    told = [fact.what.subject for fact in history.past.of(PeopleTold) if fact.what.to == "technology"]
    assert [("not tried any more" in one) for one in told] == [False, True, False, True]


def test_a_trigger_on_failed_hears_that_it_was_given_up() -> None:
    history = live("{name: mine, on: alarm, do: [retrain]}", "{name: gone, on: failed, of: retrain, do: [incident]}")
    alarm(history)
    look(history)
    lives(history, NOW + timedelta(days=30), [])
    opened = [fact for fact in history.past.of(IncidentOpened) if "not tried any more" in fact.what.title]
    assert [fact.at - NOW for fact in opened] == IN_VAIN[-1:]


hours = st.integers(1, 24 * 6).map(lambda hour: NOW + timedelta(hours=hour))


@settings(max_examples=10)
@given(
    action=st.sampled_from(["retrain", "rollback", "fallback"]),
    again=st.sampled_from(["", ", again_after: 20h"]),
    alarms=st.lists(hours, max_size=2),
    cuts=st.lists(hours.map(lambda hour: hour + timedelta(minutes=17)), max_size=8),
)
def test_tries_are_bounded_and_the_same_in_one_leap_and_in_many(
    action: str, again: str, alarms: list[datetime], cuts: list[datetime]
) -> None:
    found = []
    for leaps in ([], cuts):
        history = asked(f"{{name: mine, on: alarm, do: [{action}]{again}}}")
        look(history)
        for number, moment in enumerate(sorted(alarms), start=2):
            lives(history, moment, leaps)
            alarm(history, f"alarm-{number}")
            look(history)
        lives(history, NOW + timedelta(days=7), leaps)
        found.append(attempts(history))
        requests = [fact for fact in history.past.of(TriggerFired) if fact.what.action == action]
        assert len(found[-1]) <= MOST_TRIES * len(requests)
        for before, after in pairwise(found[-1]):
            assert after - before >= FIRST_WAIT
        for first, ninth in zip(found[-1], found[-1][MOST_TRIES:], strict=False):
            assert ninth - first >= IN_VAIN[-1] - IN_VAIN[0] + LONGEST_WAIT, "eight in four days, whoever asks"
    assert found[0] == found[1]


def unbrought(*lines: str) -> History:
    """A product whose list of the second of March has not reached its destination."""
    history = live(*lines, first_list="2026-03-02")
    history.now = LIST_OF + timedelta(days=2)
    name = run_name(PRODUCT, "service", LIST_OF)
    history.write(
        RunFinished(
            product=PRODUCT, run=name, consumer="service", as_of=LIST_OF.isoformat(), due=10, answered=10, refused={},
            delivered={}, failed={"call-list": 10}, snapshot="snapshot",
        )
    )  # fmt: skip
    failed_delivery(history, run=name)
    return history


def to_bring(history: History) -> bool:
    return any(command.consumer == "service" for command in lists_due(history.plan, history.past, history.now))


@pytest.mark.parametrize(("hours", "again"), [(0.5, False), (1, True), (-24, True)])
def test_a_list_that_did_not_arrive_is_tried_again_after_an_hour_also_if_the_clock_went_back(
    hours: float, again: bool
) -> None:
    history = unbrought("{name: mine, on: alarm, do: [notify]}")
    history.now += timedelta(hours=hours)
    assert to_bring(history) == again


def test_a_list_that_does_not_arrive_is_tried_later_and_later_then_each_day_and_people_are_told_twice() -> None:
    history = unbrought("{name: mine, on: failed, of: call-list, do: [notify], to: [technology]}")
    first = history.now
    fire(history)
    for moment in stops(lambda: history.past, first, first + timedelta(days=4, hours=8)):
        history.now = moment
        if to_bring(history):
            failed_delivery(history, run=run_name(PRODUCT, "service", LIST_OF))
        fire(history)
    failed = [fact.at - first for fact in history.past.of(DeliveryFailed)]
    assert failed == [*IN_VAIN, IN_VAIN[-1] + LONGEST_WAIT]
    told = [(fact.at - first, fact.what.subject) for fact in history.past.of(PeopleTold)]
    assert [after for after, _ in told] == [IN_VAIN[0], IN_VAIN[-1]], (
        "once that it failed, once that people must see to it"
    )
    assert "in 8 tries: The disk is full. Mend that; it is tried once a day until the next list" in told[-1][1]


def test_it_is_over_once_it_succeeds_and_a_later_failure_is_told_anew() -> None:
    history = asked("{name: mine, on: alarm, do: [retrain]}")
    failed(history, "retrain")
    fire(history)
    history.make(CHALLENGER)
    assert failing(history.plan, history.past) == []
    failed(history, "prove", CHALLENGER)
    assert fire(history) == ["notify"]
    history.make("d" * 64)
    assert failing(history.plan, history.past) == [], "only the newest model is proven"


def test_who_answers_nobody_any_more_need_not_be_taken_back() -> None:
    history = asked("{name: mine, on: alarm, do: [rollback]}")
    failed(history, "rollback", MODEL)
    release(history, CHALLENGER, replaces=MODEL)
    assert failing(history.plan, history.past) == []
    failed(history, "rollback", CHALLENGER)
    history.write(RolledBack(product=PRODUCT, candidate=CHALLENGER, to=BEFORE, reason="by hand"))
    assert failing(history.plan, history.past) == []


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
    assert "named: rollback: rollback is what failed; the same again is no answer to it" in held


def challenger(*changes: tuple[str, str]) -> History:
    """A product whose retrained candidate, inside the signed envelope, is to be let on by itself."""
    history = History(
        triggers("{name: mine, on: alarm, do: [retrain], to: [technology]}"), ("respond:\n", ENVELOPE),
        ("start: 2026-03-02", "start: 2031-03-03"), *changes,
    )  # fmt: skip
    history.make(MODEL, trained_on=["2025-10-01"])
    history.prove(MODEL)
    history.approve(MODEL)
    for function in OWNERS:
        history.envelope(function)
    release(history, MODEL)
    alarm(history)
    fire(history)
    cause = history.past.of(TriggerFired)[-1].digest
    history.make(CHALLENGER, author="night-operator", parent=MODEL, notes={"cause": cause})
    history.prove(CHALLENGER, checks=measured())
    return history


def rehearsed(history: History, ok: bool, step: str = "rehearsal") -> None:
    text = "10 entities answered" if ok else "call-list: The disk is full."
    as_of = history.now.isoformat()
    history.write(
        TrialFinished(
            product=PRODUCT, candidate=CHALLENGER, step=step, consumer="service", as_of=as_of, ok=ok, text=text
        )
    )  # fmt: skip


def test_a_step_of_a_release_that_fails_is_tried_again_told_and_given_up() -> None:
    history = challenger()
    look(history)
    lives(history, NOW + timedelta(days=30), [])
    assert {fact.what.about for fact in history.past.of(AttemptFailed)} == {f"release {CHALLENGER} rehearsal"}
    assert attempts(history) == IN_VAIN
    told = [fact.what.subject for fact in history.past.of(PeopleTold) if fact.what.to == "technology"]
    assert len(told) == 2
    assert "taking the retrained candidate bbbbbbbbbbbb to the step rehearsal, which the trigger mine asked" in told[0]
    assert "by hand: `shipworthy release bbbbbbbbbbbb rehearsal`." in told[1]
    release(history, CHALLENGER, step="rehearsal")
    assert failing(history.plan, history.past) == [], "somebody did it by hand"


def test_a_rehearsal_that_did_not_end_well_comes_again_before_the_next_step() -> None:
    history = challenger()
    release(history, CHALLENGER, step="rehearsal")
    rehearsed(history, ok=False)
    assert tried(history) == ["rehearse"], "what fails is not forgotten with the step taken"
    failed(history, "rehearse", f"{CHALLENGER} service")
    assert tried(history) == []
    (said,) = failing(history.plan, history.past)
    assert said.startswith(
        "Rehearsing a retrained candidate bbbbbbbbbbbb for service, which the trigger mine asked for"
    )
    history.now += timedelta(hours=1)
    assert tried(history) == ["rehearse"]
    rehearsed(history, ok=True)
    assert failing(history.plan, history.past) == []
    assert tried(history) == ["release"]


def test_a_step_that_only_waits_for_evidence_has_not_failed() -> None:
    history = challenger(("release:\n", "release:\n  evidence: {required: true}\n"))
    for step in ("rehearsal", "shadow"):
        assert tried(history) == ["release"]
        release(history, CHALLENGER, step=step)
        rehearsed(history, ok=True, step=step)
    assert tried(history) == []
    numbers: dict[str, float] = {"rows": 100.0}
    history.write(
        TrialJudged(
            product=PRODUCT, candidate=CHALLENGER, against=MODEL, step="shadow", window="2026-03-01", verdict="promote",
            harm=False, text="shown not to be worse", guarantee="", numbers=numbers, state={},
        )
    )  # fmt: skip
    assert tried(history) == ["release"]


def test_what_the_plan_may_name_is_what_is_tried() -> None:
    assert tuple(ATTEMPTS) == NAMED
    assert attempted(TrainCandidate(product=PRODUCT), History().past) == ("retrain", "")
    assert attempted(RollBack(product=PRODUCT, reason="", candidate=MODEL), History().past) == ("rollback", MODEL)
