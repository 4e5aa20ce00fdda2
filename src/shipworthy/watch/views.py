"""What the monitors saw, for people to read and for charts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shipworthy.base.fact import Past, Recorded
from shipworthy.plan.rules import current_plan
from shipworthy.watch.monitor import Monitor
from shipworthy.watch.rules import monitors as members
from shipworthy.watch.rules import settings
from shipworthy.watch.words import (
    AlarmCard,
    AlarmClosed,
    AlarmRaised,
    Level,
    MonitorCard,
    MonitorPoint,
    Monitors,
    WatchState,
    WindowJudged,
)

_ORDER: tuple[Level, ...] = ("quiet", "not_run", "note", "alarm")


def monitors(question: Monitors, past: Past) -> WatchState:
    """Every monitor with its windows, also one that has judged nothing yet, and every alarm, oldest first."""
    plan = current_plan(past)
    judged = newest_of_each_window(past)
    cards = [
        _card(monitor, settings(plan, monitor).tolerance, [fact for fact in judged if fact.what.monitor == name])
        for name, monitor in members().items()
        if monitor.applies(plan) or any(fact.what.monitor == name for fact in judged)
    ]
    return WatchState(monitors=cards, alarms=alarms(past))


def newest_of_each_window(past: Past) -> list[Recorded[WindowJudged]]:
    """One finding per monitor, candidate and window, by moment: the newest, where one had to wait for its data."""
    found = {(fact.what.monitor, fact.what.candidate, fact.what.window): fact for fact in past.of(WindowJudged)}
    return sorted(found.values(), key=lambda fact: (fact.what.window, fact.seq))


def _card(monitor: Monitor, tolerance: float | None, judged: Sequence[Recorded[WindowJudged]]) -> MonitorCard:
    points = [
        MonitorPoint(what.window, what.candidate, what.level, what.numbers, what.text, what.kind, what.parts)
        for what in (fact.what for fact in judged)
    ]
    if not judged:
        nothing = "Has judged nothing yet: " + (
            "no answers were given." if monitor.needs == "answers" else "the truth about no answer is known."
        )
        return MonitorCard(monitor.name, monitor.asks, "", tolerance, "not_run", nothing, points)
    latest = [fact.what for fact in judged if fact.what.window == judged[-1].what.window]
    worst = max(latest, key=lambda what: _ORDER.index(what.level))
    guarantee = next((what.guarantee for what in (worst, *(f.what for f in reversed(judged))) if what.guarantee), "")
    return MonitorCard(monitor.name, monitor.asks, guarantee, tolerance, worst.level, worst.text, points, worst.kind)


def alarms(past: Past) -> list[AlarmCard]:
    """Every alarm, oldest first, and whether it still waits for an answer."""
    closed = {fact.what.alarm for fact in past.of(AlarmClosed)}
    return [
        AlarmCard(
            alarm=fact.what.alarm,
            monitor=fact.what.monitor,
            candidate=fact.what.candidate,
            at=fact.at.isoformat(),
            since=fact.what.since,
            text=fact.what.text,
            guarantee=fact.what.guarantee,
            cause=fact.what.cause,
            advice=fact.what.advice,
            open=fact.what.alarm not in closed,
            kind=fact.what.kind,
        )
        for fact in past.of(AlarmRaised)
    ]


@dataclass(frozen=True, slots=True)
class PromiseKept:
    """Promised against real for one window of one candidate, as shares.

    Attributes:
        would_have_promised: what the first model would have promised for the same entities, had nobody acted;
            None where it is this candidate itself or could not be computed.
    """

    window: str
    candidate: str
    promised: float
    real: float
    would_have_promised: float | None


def promises(state: WatchState) -> list[PromiseKept]:
    """The comparison behind the calibration monitor, one point per window and candidate, for a chart."""
    points = [point for card in state.monitors if card.monitor == "calibration" for point in card.points]
    return [
        PromiseKept(
            point.window,
            point.candidate,
            point.numbers["promised"],
            point.numbers["real"],
            point.numbers.get("would_have_promised"),
        )
        for point in points
        if "promised" in point.numbers and "real" in point.numbers
    ]
