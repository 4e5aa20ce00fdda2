"""Monitors of what lies beside the answers, such as sources and deliveries: counted from facts, each fact once.

A window is a stretch of time, an hour or a day. It is judged when it is over and something was counted in it. What is
carried on is the number of the newest fact that was counted and the end of the window, so that every look reads only
what came since. A fact that the clock puts into a window that is over already is counted in the next one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import numpy as np

from shipworthy.base.fact import Past
from shipworthy.base.times import read_moment
from shipworthy.data.words import SnapshotRefused, SnapshotTaken
from shipworthy.deliver.words import AnswersSealed, RunFinished, ServiceCounted
from shipworthy.plan.schema import Plan
from shipworthy.watch.folds import COUNTED_TO, JUDGED
from shipworthy.watch.monitor import NOBODY, Counted, Event, Judgement, Monitor, Since, Window
from shipworthy.watch.rules import carried, monitors, put_back, settings
from shipworthy.watch.words import WindowJudged

MOST_SAID = 3
_EVER = datetime.min.replace(tzinfo=UTC)
_OFTEN = (AnswersSealed, ServiceCounted, RunFinished, SnapshotTaken, SnapshotRefused, WindowJudged)
"""Kinds of facts of which one comes each day at the least where anybody is at work."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class States(Protocol):
    """Keeps the state of a monitor for a fact, and opens it again."""

    def kept(self, state: dict[str, Any]) -> dict[str, Any]: ...
    def opened(self, kept: dict[str, Any]) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class _Over:
    """One window that is over: when it began, what was counted in it, and the newest fact of it."""

    began: datetime
    parts: Mapping[str, Counted]
    seq: int


def counts_due(plan: Plan, past: Past, now: datetime) -> bool:
    """Whether a window of facts is over that no monitor has judged."""
    return any(next(_over(plan, past, monitor, now), None) for monitor in counting(plan))


def counting(plan: Plan) -> list[Monitor]:
    """The monitors that count facts, and have anything to count under this plan."""
    return [one for one in monitors().values() if one.counting is not None and one.applies(plan)]


def judged_counts(plan: Plan, past: Past, now: datetime, states: States) -> list[WindowJudged]:
    """What every monitor of facts found in the windows that are over, oldest first of each."""
    found = []
    for monitor in counting(plan):
        assert monitor.counting
        given = replace(settings(plan, monitor), updates_per_year=monitor.counting.updates(plan))
        state = states.opened(_carried(past, monitor))
        for one in _over(plan, past, monitor, now):
            window = Window(one.began.isoformat(), np.zeros(0), counted=one.parts)
            judgement = monitor.judge(state, window, given, {})
            state = judgement.state
            found.append(_fact(plan, monitor, one, judgement, states))
    return found


def _carried(past: Past, monitor: Monitor) -> dict[str, Any]:
    """What a monitor carries on: evidence starts anew after an answered alarm, what is only counted does not."""
    if monitor.spends:
        return carried(past, monitor.name, NOBODY)
    newest = _newest(past, monitor)
    return dict(newest["carried"]) if newest else {}


def _newest(past: Past, monitor: Monitor) -> Mapping[str, Any]:
    """What is known of the newest window that a monitor of facts has judged; empty where it has judged none."""
    known: Mapping[str, Any] = past.fold(JUDGED).get(NOBODY, {}).get(monitor.name, {})
    return known


def _fact(plan: Plan, monitor: Monitor, one: _Over, found: Judgement, states: States) -> WindowJudged:
    values = asdict(found) | {"state": states.kept(found.state)}
    values["numbers"] = {**found.numbers, COUNTED_TO: float(one.seq)}
    return WindowJudged(
        product=plan.product, monitor=monitor.name, candidate=NOBODY, window=one.began.isoformat(), **values
    )


def since(past: Past, monitor: Monitor, now: datetime) -> Since:
    """How far a monitor has counted; from the very first fact where it has judged nothing.

    Windows that were judged while the clock was ahead keep nobody waiting until then: it goes on where the clock was
    put right, with the facts behind those that were counted. What only the clock had brought counts when it comes.
    """
    assert monitor.counting
    newest = _newest(past, monitor)
    if not newest:
        return Since(0, _EVER)
    upto = read_moment(newest["newest"]) + monitor.counting.every
    if put_back(upto, now):
        upto = start_of(_put_right(past, newest["seq"], now), monitor.counting.every)
    return Since(int(newest["counted_to"]), upto)


def _put_right(past: Past, seq: int, now: datetime) -> datetime:
    """When the clock was put right, as far as facts behind one that is dated ahead tell; now where there is none."""
    return next((fact.at for fact in past.of(*_OFTEN, after=seq) if not put_back(fact.at, now)), now)


def _over(plan: Plan, past: Past, monitor: Monitor, now: datetime) -> Iterator[_Over]:
    """The windows that are over and have something in them, oldest first."""
    assert monitor.counting
    begin = since(past, monitor, now)
    events = in_order(monitor.counting.events(plan, past, begin, now), begin.moment, now)
    seq, began, parts = begin.seq, None, dict[str, Counted]()
    for event in events:
        mine = start_of(event.at, monitor.counting.every)
        if mine + monitor.counting.every > now:
            break
        if began is not None and mine != began:
            yield _Over(began, parts, seq)
            parts = {}
        began, seq = mine, max(seq, event.seq)
        parts[event.part] = added(parts.get(event.part, Counted()), event)
    if began is not None:
        yield _Over(began, parts, seq)


def in_order(events: Iterable[Event], after: datetime, now: datetime) -> list[Event]:
    """Events by when they were known. A fact is never known before the one in front of it, nor in a window that is
    over: a clock that was put back loses nothing and counts nothing twice. One that is dated far ahead of now was known
    with the one behind it."""
    known, told, newest = list(events), list[Event](), after
    for event in _not_ahead(sorted((one for one in known if one.seq), key=lambda one: one.seq), now):
        newest = max(newest, event.at)
        told.append(replace(event, at=newest))
    return sorted([*told, *(one for one in known if not one.seq)], key=lambda one: one.at)


def _not_ahead(events: Sequence[Event], now: datetime) -> list[Event]:
    """Events in order of their facts; one that the clock dated far ahead of now has the moment of the one behind it."""
    found, behind = list[Event](), None
    for event in reversed(events):
        ahead = put_back(event.at, now)
        found.append(replace(event, at=behind) if ahead and behind else event)
        behind = behind if ahead else event.at
    return found[::-1]


def start_of(moment: datetime, every: timedelta) -> datetime:
    """When the window began in which a moment lies.

    >>> start_of(datetime(2026, 3, 4, 15, 20, tzinfo=UTC), timedelta(days=1)).isoformat()
    '2026-03-04T00:00:00+00:00'
    """
    return moment - (moment - _EPOCH) % every


def added(before: Counted, event: Event) -> Counted:
    """One more event of a part in a window."""
    numbers = {name: before.numbers.get(name, 0.0) + value for name, value in event.numbers.items()}
    said = (*before.said, event.text)[-MOST_SAID:] if event.text else before.said
    return Counted(
        rows=before.rows + event.rows,
        ones=before.ones + event.ones,
        said=said,
        first=before.first or (event.at.isoformat() if event.ones else ""),
        numbers={**before.numbers, **numbers},
    )


def daily(plan: Plan) -> int:
    """Windows of a day: 365 a year."""
    return 365


def hourly(plan: Plan) -> int:
    """Windows of an hour: 8,766 a year."""
    return 8_766


def by_time(events: Sequence[Event], begin: Since, now: datetime) -> list[Event]:
    """Of events that only the clock brings, those that it has brought since, and none that it still will."""
    return [one for one in events if begin.moment <= one.at < now]
