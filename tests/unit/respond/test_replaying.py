"""What triggers would have done, at the moments at which they would: also those that follow from their own acting."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from unit.respond.happenings import alarm, close_alarm, fire, live, triggers
from unit.sign.history import NOW, PRODUCT, History, plan

from shipworthy.respond import replaying
from shipworthy.respond.replaying import preview
from shipworthy.respond.rules import following_moments, take_up
from shipworthy.respond.words import TakeUp


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
