"""How often people got no answer, or one of the baseline standing in for what was released."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from shipworthy.watch import detector
from shipworthy.watch.bounds import dependence
from shipworthy.watch.evidence import Counts, above
from shipworthy.watch.monitor import Judgement, Monitor, Settings, Window, not_run, percent
from shipworthy.watch.words import Level


def judge(state: Mapping[str, Any], window: Window, settings: Settings, profile: Mapping[str, Any]) -> Judgement:
    """Note when the share is above the tolerance; alarm when it stays there and the plan names the tolerance."""
    missed = _missed(state, window)
    if not missed.rows:
        return not_run(state, f"No run of {window.day} says how many answers were due.")
    tolerance = settings.tolerance or 0.0
    depends = dependence(settings.phi)
    factor = np.array([above(missed, tolerance)])
    evidence = detector.grown(detector.carried(state, "missed", 1, settings, depends.phi), factor, depends.phi)
    reached = detector.against(evidence, settings, settings.alpha)
    outside = missed.share > tolerance
    since = (str(state.get("since") or "") or window.moment) if outside else ""
    level: Level = "quiet"
    if outside:
        level = "alarm" if reached >= 1 and settings.declared else "note"
    return Judgement(
        level=level,
        text=_text(window, missed, tolerance),
        state=detector.kept({"missed": evidence}, settings, depends.phi, since=since, due=missed.rows),
        numbers={
            "due": float(missed.rows),
            "refused": float(window.refused),
            "stood_in": float(window.stood_in),
            "share": missed.share,
            "tolerance": tolerance,
            "evidence": reached,
        },
        guarantee=detector.promise(settings, depends),
        cause="The run's own account names the reasons." if outside else "",
        advice="Open the run: every refusal carries its reason." if outside else "",
        since=since,
    )


def _missed(state: Mapping[str, Any], window: Window) -> Counts:
    """Who was due and got no answer of what was released; all of those due last time where a run brought nothing."""
    if window.nothing_because:
        usual = max(int(state.get("due", 0)), window.due, 1)
        return Counts(usual, usual)
    return Counts(window.due, min(window.due, window.refused + window.stood_in))


def _text(window: Window, missed: Counts, tolerance: float) -> str:
    if window.nothing_because:
        return f"Nobody due on {window.day} got an answer: {window.nothing_because}"
    return (
        f"Of {window.due:,} due on {window.day}, {window.refused:,} got no answer and {window.stood_in:,} one of the "
        f"baseline standing in: {percent(missed.share)}, {percent(tolerance)} tolerated."
    )


MONITOR = Monitor(
    name="unanswered",
    asks="How many of those due got no answer, or only a stand-in's?",
    needs="runs",
    judge=judge,
    tolerance=0.01,
)
