"""Whether intervals hold as often as they say: of a number its truth, else the share of yes among like scores."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from shipworthy.model.intervals import Intervals
from shipworthy.plan.schema import Plan
from shipworthy.watch.bounds import share_between
from shipworthy.watch.dependence import of_outside
from shipworthy.watch.detector import promise
from shipworthy.watch.drift import REFERENCE_PART
from shipworthy.watch.evidence import Floats, above, beyond, counted
from shipworthy.watch.monitor import Judgement, Monitor, Settings, Window, not_run, percent
from shipworthy.watch.proof_rows import Question
from shipworthy.watch.side_by_side import WHOLE, Answer, Asked, answered, errors, still_needed
from shipworthy.watch.words import Level

_HALF = 0.5  # an interval that holds one truth and misses the next says nothing


def applies(plan: Plan) -> bool:
    """Only answers of a plan with `proof.interval` carry intervals."""
    return plan.proof.interval is not None


def judge(state: Mapping[str, Any], window: Window, settings: Settings, profile: Mapping[str, Any]) -> Judgement:
    """Alarm where the truth lies outside more often than promised, beyond the tolerance."""
    if window.labels is None:
        return not_run(state, window.unlabelled_because or "The truth about these answers is not known.")
    intervals = Intervals.read(profile)
    if intervals is None:
        return not_run(state, "The candidate was made without intervals.")
    usable = np.isfinite(window.labels) & np.isfinite(window.scores)
    scores, labels = window.scores[usable], window.labels[usable]
    if not scores.size:
        return not_run(
            state, f"None of the {window.scores.size:,} answers of {window.day} has both a score and a known truth."
        )
    if intervals.of == "probability" and not np.isin(labels, (0.0, 1.0)).all():
        return not_run(state, f"The truth of {window.day} is not yes or no.")
    depends = of_outside(intervals, profile, settings)
    phi = depends.of_window(scores.size)
    if intervals.of == "number":
        asked = _of_number(intervals, scores, labels, settings, depends.phi)
    else:
        asked = _of_share(intervals, scores, labels, settings)
    (answer,), kept = answered(state, [asked], window.moment, settings, depends, phi)
    level: Level = "alarm" if answer.harms else "note" if asked.beyond else "quiet"
    changed = level != "quiet"
    return Judgement(
        level=level,
        text=_text(window, intervals, answer),
        state=kept,
        numbers={
            "answers": float(window.scores.size),
            "n": float(scores.size),
            "coverage": scores.size / window.scores.size,
            "outside": asked.now,
            "promised_outside": asked.then,
            "tolerated": asked.tolerated,
            "tolerance": settings.tolerance or 0.0,
            "phi": phi,
            "evidence": answer.reached,
        },
        guarantee=promise(settings, depends),
        cause="Answers miss by more than they did when the intervals were set; see performance." if changed else "",
        advice="Retrain, so that the intervals are set anew; until then do not rely on their width."
        if level == "alarm"
        else "",
        since=answer.since if changed else "",
    )


def _of_number(intervals: Intervals, scores: Floats, labels: Floats, settings: Settings, phi: float) -> Asked:
    """Whether more truths lie outside than promised.

    The share outside given the rows that set the intervals is itself uncertain; it counts with the exact upper bound
    of as many misses among as many rows.
    """
    low, high = intervals.ends(scores)
    outside = counted((labels < low) | (labels > high))
    promised = 1 - intervals.level
    tau = _at_most(intervals, settings, phi) + (settings.tolerance or 0.0)
    factors = above(outside, tau).reshape(1, -1)
    return Asked(WHOLE, outside.rows, outside.share, promised, min(tau, 1.0), factors, outside.share > tau)


def _at_most(intervals: Intervals, settings: Settings, phi: float, times: float = 1.0) -> float:
    rows = intervals.rows * times / phi
    return share_between((1 - intervals.level) * rows, rows, settings.alpha * REFERENCE_PART)[1]


def rests_on(profile: Mapping[str, Any], settings: Settings, answers: int) -> list[Question]:
    """Of a number, how many truths lay outside the intervals of the rows that set them; of a share nothing does."""
    intervals = Intervals.read(profile)
    if intervals is None or intervals.of != "number":
        return []
    phi = of_outside(intervals, profile, settings).phi
    return [
        Question(
            part=WHOLE,
            rows=intervals.rows,
            proven=1 - intervals.level,
            tolerance=settings.tolerance or 0.0,
            bound=partial(_at_most, intervals, settings, phi),
            nothing=_HALF,
            share=1.0,
            error=errors(settings, True, 0)[0],
            phi=phi,
        )
    ]


def _of_share(intervals: Intervals, scores: Floats, labels: Floats, settings: Settings) -> Asked:
    """Whether the yes among rows with a like score lie above or below their interval by more than the tolerance."""
    tolerance = settings.tolerance or 0.0
    low, high = intervals.ends(scores)
    factors = np.array([beyond(labels - high, tolerance), beyond(low - labels, tolerance)])
    gap = max(0.0, float((labels - high).mean()), float((low - labels).mean()))
    return Asked(WHOLE, labels.size, gap, 0.0, tolerance, factors, gap > tolerance)


def _text(window: Window, intervals: Intervals, answer: Answer) -> str:
    asked = answer.asked
    if intervals.of == "number":
        told = (
            f"Of {asked.rows:,} answers of {window.day} the truth lies outside the interval for {percent(asked.now)}; "
            f"{percent(asked.then)} was promised, and up to {percent(asked.tolerated)} is tolerated."
        )
    else:
        what = "yes" if window.of_classes is None else "right answers"
        told = (
            f"Of {asked.rows:,} answers of {window.day} the share of {what} lies {percent(asked.now)} outside the "
            f"intervals of their scores on average; up to {percent(asked.tolerated)} is tolerated."
        )
    if answer.harms:
        return f"{told} More than tolerated since {Window(answer.since, np.zeros(0)).day}, and not by chance."
    return f"{told} Beyond that: {still_needed(answer)}." if asked.beyond else told


MONITOR = Monitor(
    name="interval",
    asks="Does the truth lie inside the interval as often as promised?",
    needs="labels",
    judge=judge,
    tolerance=0.05,
    tolerates="{percent:g} points more than was promised",
    applies=applies,
    rests_on=rests_on,
)
