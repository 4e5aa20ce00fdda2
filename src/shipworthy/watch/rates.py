"""How often each part of what lies beside the answers fell short, held against a tolerated share: one way for all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from shipworthy.base.check import sentence_of
from shipworthy.watch.bounds import dependence
from shipworthy.watch.detector import promise
from shipworthy.watch.evidence import Counts, above
from shipworthy.watch.monitor import Counted, Judgement, Settings, Window, not_run, percent
from shipworthy.watch.side_by_side import Answer, Asked, answered
from shipworthy.watch.words import Level


@dataclass(frozen=True, slots=True)
class Telling:
    """What a monitor of shares calls what it counts.

    Attributes:
        of: what a row is, in the plural, such as "lists".
        fell_short: what a row did that fell short, such as "were late".
        nothing: why a window may have nothing to judge.
    """

    of: str
    fell_short: str
    nothing: str
    cause: str
    advice: str


def judged_shares(state: Mapping[str, Any], window: Window, settings: Settings, telling: Telling) -> Judgement:
    """Note where a part fell short more often than is tolerated; alarm where it does so beyond chance and the plan
    names the tolerance."""
    parts = {name: one for name, one in window.counted.items() if one.rows}
    if not parts:
        return not_run(state, telling.nothing)
    tolerance, depends = settings.tolerance or 0.0, dependence(settings.phi)
    asked = [_question(name, one, tolerance, settings) for name, one in sorted(parts.items())]
    answers, kept = answered(state, asked, window.moment, settings, depends, depends.phi)
    harmed = [one for one in answers if one.harms and one.asked.beyond]
    outside = [one for one in answers if one.asked.beyond]
    level: Level = ("alarm" if harmed and settings.declared else "note") if outside else "quiet"
    shown = harmed or outside
    whole = Counts(sum(one.rows for one in parts.values()), sum(one.ones for one in parts.values()))
    return Judgement(
        level=level,
        text=_text(window, answers, parts, whole, tolerance, telling),
        state=kept,
        numbers={
            "rows": float(whole.rows),
            "fell_short": float(whole.ones),
            "share": whole.share,
            "tolerance": tolerance,
            "evidence": max(one.reached for one in answers),
            **_summed(parts),
        },
        parts={one.asked.name: _row(one, parts[one.asked.name]) for one in answers},
        guarantee=promise(settings, depends),
        cause=telling.cause if outside else "",
        advice=telling.advice if outside else "",
        since=min((_since(one, window, parts) for one in shown), default=""),
    )


def _question(name: str, one: Counted, tolerance: float, settings: Settings) -> Asked:
    factors = np.array([above(Counts(one.rows, one.ones), tolerance)])
    return Asked(name, one.rows, one.share, 0.0, tolerance, factors, one.share > tolerance)


def _row(one: Answer, part: Counted) -> dict[str, float]:
    """A part as numbers; there is no proof with which it could be compared."""
    return {name: value for name, value in one.row.items() if name != "then"} | dict(part.numbers)


def _since(one: Answer, window: Window, parts: Mapping[str, Counted]) -> str:
    """When it fell short first: to the moment in this window, to the window where it goes on since an earlier one."""
    return parts[one.asked.name].first if one.since in ("", window.moment) else one.since


def _summed(parts: Mapping[str, Counted]) -> dict[str, float]:
    names = {name for one in parts.values() for name in one.numbers}
    return {name: sum(one.numbers.get(name, 0.0) for one in parts.values()) for name in sorted(names)}


def _text(
    window: Window,
    answers: list[Answer],
    parts: Mapping[str, Counted],
    whole: Counts,
    tolerance: float,
    telling: Telling,
) -> str:
    outside = sorted((one for one in answers if one.asked.beyond), key=lambda one: -one.reached)
    if not outside:
        return f"{window.day}: {whole.ones:,} of {whole.rows:,} {telling.of} {telling.fell_short}."
    said = []
    for one in outside:
        part = parts[one.asked.name]
        share = f"{part.ones:,} of {part.rows:,} {telling.of} {telling.fell_short} ({percent(part.share)})"
        why = f": {sentence_of(part.said)}" if part.said else "."
        said.append(f"{one.asked.name}: {share}{why} {_sure(one, telling)}")
    return f"{window.day}: {'. '.join(said)}. {percent(tolerance)} tolerated."


def _sure(one: Answer, telling: Telling) -> str:
    if one.harms:
        return "This is not by chance"
    if one.more is None:
        return "Whether by chance cannot be told yet"
    return f"Whether by chance cannot be told yet: it takes {one.more:,} more {telling.of} like these"
