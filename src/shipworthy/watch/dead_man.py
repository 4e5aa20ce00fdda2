"""The alarm about whoever stopped reporting, raised once for each silence and closed when they report again. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime

import numpy as np

from shipworthy.base.actor import Actor
from shipworthy.base.digest import digest_of
from shipworthy.base.fact import Decided, Past, What
from shipworthy.base.kinds import kind
from shipworthy.watch.folds import ALARMS, JUDGED
from shipworthy.watch.monitor import NOBODY, Counted, Monitor, Settings, Window
from shipworthy.watch.words import AlarmClosed, AlarmRaised, NoteSilence, Silence, WindowJudged

NAME = "dead-man"
# Silence is counted and not tested, so nothing of this is used.
_NO_TEST = Settings(tolerance=None, phi=1.0, alpha=0.0, updates_per_year=1)


def held_silent(past: Past) -> dict[str, str]:
    """Whoever was silent when it was last noted, by name, with the alarm that says so."""
    newest = past.fold(JUDGED).get(NOBODY, {}).get(NAME)
    return dict(newest["carried"].get("silent", {})) if newest else {}


def note_silence(command: NoteSilence, past: Past, at: datetime, actor: Actor) -> Decided[list[str]]:
    """An alarm about each who fell silent, and the end of those about whoever reports again; nothing without a change.

    Gives what changed, in plain words.
    """
    before, now = held_silent(past), command.silent
    fallen = [one for name, one in now.items() if name not in before]
    back = [name for name in before if name not in now]
    if not fallen and not back:
        return Decided([], lambda then: [])
    window = _window(command.product, before, now, at)
    raised = [_alarm(window, one) for one in fallen]
    held = {name: before[name] for name in now.keys() & before.keys()}
    held |= {one.name: alarm.alarm for one, alarm in zip(fallen, raised, strict=True)}
    facts: list[What] = [_with(window, held), *raised]
    waiting = past.fold(ALARMS)["open"]
    for name in back:
        if before[name] in waiting:
            reason = f"The {name.removeprefix('the ')} reports again: noted on {at:%Y-%m-%d %H:%M}."
            facts.append(AlarmClosed(product=command.product, alarm=before[name], by=NAME, reason=reason))
    said = [f"alarm: {one.text}" for one in fallen] + [
        f"The {name.removeprefix('the ')} reports again." for name in back
    ]
    return Decided(facts, lambda then: said)


def _window(product: str, before: Mapping[str, str], silent: Mapping[str, Silence], at: datetime) -> WindowJudged:
    parts = {name: Counted(1, 1, (one.text,), one.since) for name, one in silent.items()}
    window = Window(at.isoformat(), np.zeros(0), counted=parts)
    found = kind("watch/monitors", "dead_man", Monitor).judge({"silent": before}, window, _NO_TEST, {})
    return WindowJudged(product=product, monitor=NAME, candidate=NOBODY, window=window.moment, **asdict(found))


def _with(window: WindowJudged, held: Mapping[str, str]) -> WindowJudged:
    return replace(window, state={"silent": dict(sorted(held.items()))})


def _alarm(window: WindowJudged, one: Silence) -> AlarmRaised:
    return AlarmRaised(
        product=window.product,
        alarm=digest_of([window.product, NAME, one.name, one.since, window.window]),
        monitor=NAME,
        candidate=NOBODY,
        window=window.window,
        since=one.since,
        text=one.text,
        guarantee=window.guarantee,
        cause=window.cause,
        advice=one.advice,
        kind=window.kind,
    )
