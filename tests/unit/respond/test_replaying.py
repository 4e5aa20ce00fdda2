"""What triggers would have done, at the moments at which they would: also those that follow from their own acting."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from unit.respond.happenings import alarm, close_alarm, fire, live, triggers
from unit.sign.history import MODEL, NOW, PRODUCT, History, plan

from shipworthy.app.due import stops
from shipworthy.deliver.rules import run_name
from shipworthy.deliver.words import DeliveryAcknowledged, DeliveryMade, RunFinished
from shipworthy.respond import replaying
from shipworthy.respond.replaying import preview
from shipworthy.respond.rules import following_moments, take_up
from shipworthy.respond.words import TakeUp, TriggerFired


def tried(history: History, *lines: str) -> list[tuple[str, timedelta]]:
    """Each action that triggers would have taken, with how long after the start of the history."""
    other = plan(triggers(*lines), ("start: 2026-03-02", "start: 2031-03-03"))
    found = preview(other, history.past, NOW, history.now).lines
    return [(one.action, datetime.fromisoformat(one.at) - NOW) for one in found if not one.why_not]


def unanswered(days: int = 10) -> History:
    history = live("{name: mine, on: alarm, do: [notify], to: [technology]}")
    alarm(history)
    fire(history, days=days)
    return history


REMINDING = (
    "{name: mine, on: alarm, do: [notify], to: [technology], again_after: 1d, "
    "escalate: [{after: 4h, to: [service]}, {after: 30h, to: [service]}]}"
)


def test_reminders_and_escalation_come_when_they_would_have_come() -> None:
    days = [("notify", timedelta(days=day)) for day in range(11)]
    steps = [("escalate", timedelta(hours=4)), ("escalate", timedelta(hours=30))]
    assert tried(unanswered(), REMINDING) == sorted(days + steps, key=lambda one: one[1])


def test_they_end_when_somebody_took_it_up() -> None:
    history = live("{name: mine, on: alarm, do: [notify], to: [technology]}")
    alarm(history)
    fire(history, hours=25)
    history.do(take_up, TakeUp(product=PRODUCT, cause="alarm-1", remark="I look at it."), "night-operator")
    history.now += timedelta(days=5)
    assert [action for action, _ in tried(history, REMINDING)] == ["notify", "escalate", "notify"]


def test_what_waits_for_the_end_of_a_cool_down_is_taken_up_then() -> None:
    history = live("{name: mine, on: alarm, do: [notify]}")
    alarm(history)
    history.now += timedelta(hours=1)
    alarm(history, "alarm-2")
    history.now += timedelta(days=3)
    assert tried(history, "{name: mine, on: alarm, do: [notify], cool_down: 6h}") == [
        ("notify", timedelta(0)), ("notify", timedelta(hours=6)),
    ]  # fmt: skip


def test_a_silence_is_told_when_it_has_lasted_long_enough() -> None:
    history = live("{name: mine, on: alarm, do: [notify]}")
    history.now += timedelta(days=60)
    ((action, after),) = tried(history, "{name: quiet, on: silent, of: calibration, after: 45d, do: [notify]}")
    assert (action, after.days) == ("notify", 45)


PROMISED = (
    "    capacity: 50\n", "    capacity: 50\n    acknowledge_within: 3d\n    use_at_least: 50%\n"
)  # fmt: skip
HEARING = tuple(
    f"{{name: {on}, on: {on}, do: [notify], to: [technology]{more}}}"
    for on, more in (("late", ""), ("unacknowledged", ", again_after: 1d"), ("unused", ", cool_down: 2d"))
)


def month_of_lists(*lines: str, until: datetime, change: tuple[str, str] = PROMISED) -> History:
    """A month in which one list comes late, one not at all, and one is neither confirmed nor used; triggers act."""
    history = live(*lines, first_list="2026-03-02", change=change)
    fire(history)
    for moment in stops(lambda: history.past, NOW, until):
        history.now = moment
        bring(history)
        fire(history)
    return history


def bring(history: History) -> None:
    """Make the list of today, too late that of the ninth, and never that of the sixteenth; one is confirmed."""
    monday = history.now.replace(hour=0, minute=0, second=0, microsecond=0)
    name = run_name(PRODUCT, "service", monday)
    waits = monday.day == 9 and history.now <= monday + timedelta(hours=6)
    if waits or monday.weekday() or monday.day == 16 or history.past.of(RunFinished, about=name):
        return
    as_of = monday.isoformat()
    due_by = (monday + timedelta(hours=6)).isoformat()
    history.write(
        RunFinished(
            product=PRODUCT, run=name, consumer="service", as_of=as_of, due=10, answered=10, refused={},
            delivered={"call-list": 10}, failed={}, snapshot="snapshot",
        )
    )  # fmt: skip
    history.write(
        DeliveryMade(
            product=PRODUCT, delivery=f"{name}/call-list", run=name, consumer="service", sink="call-list",
            candidate=MODEL, step="all", rows=10, content="", where="", as_of=as_of, due_by=due_by, late=False,
            checks=[],
        )
    )  # fmt: skip
    if monday.day == 2:
        history.write(DeliveryAcknowledged(product=PRODUCT, delivery=f"{name}/call-list", used=8))


def really(history: History) -> list[tuple[str, str, str, str]]:
    fired = history.past.of(TriggerFired)
    return [(fact.at.isoformat(), fact.what.trigger, fact.what.action, fact.what.cause) for fact in fired]


def test_what_if_says_at_the_moments_of_deadlines_what_really_was_done() -> None:
    history = month_of_lists(*HEARING, until=NOW + timedelta(days=30))
    found = preview(history.plan, history.past, NOW, history.now)
    told = [(one.at, one.trigger, one.action, one.cause) for one in found.lines if not one.why_not]
    assert told == really(history)
    assert found.counts == found.really
    late = [at for at, trigger, *_ in told if trigger == "late"]
    assert late == ["2026-03-09T06:00:00.000001+00:00", "2026-03-16T06:00:00.000001+00:00"]
    assert min(found.counts["unacknowledged: notify"], found.counts["unused: notify"]) > 1


def test_what_if_of_other_promises_says_what_would_have_been_done_under_them() -> None:
    shorter = tuple(text.replace("acknowledge_within: 3d", "acknowledge_within: 36h") for text in PROMISED)
    days = NOW + timedelta(days=20)
    before = month_of_lists("{name: mine, on: alarm, do: [notify]}", until=days)
    lived = month_of_lists(*HEARING[1:2], until=days, change=(shorter[0], shorter[1]))
    other = plan(triggers(*HEARING[1:2]), ("start: 2026-03-02", "start: 2026-03-02"), (shorter[0], shorter[1]))
    found = preview(other, before.past, NOW, before.now)
    assert [(one.at, one.trigger, one.action) for one in found.lines if not one.why_not] == [
        line[:3] for line in really(lived)
    ]


def test_many_moments_are_taken_together_rather_than_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replaying, "MOST_MOMENTS", 50)
    found = tried(unanswered(20), "{name: mine, on: alarm, do: [notify], again_after: 10min}")
    assert 50 < len(found) < 150
    assert found[-1][1] == timedelta(days=20)


def test_the_next_moments_are_known_while_nothing_happens() -> None:
    history = live(REMINDING)
    alarm(history)
    fire(history)
    until = NOW + timedelta(days=30)
    told = sorted(moment - NOW for moment in following_moments(history.plan, history.past, history.now, until))
    assert told == [timedelta(hours=4), timedelta(days=1)]
    close_alarm(history)
    told = sorted(moment - NOW for moment in following_moments(history.plan, history.past, history.now, until))
    assert told == [timedelta(days=1)], "nobody has to be told of what was answered"
