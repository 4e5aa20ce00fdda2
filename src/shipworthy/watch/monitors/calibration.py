"""Promised against real: the monitor that measures harm."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from shipworthy.plan.schema import Plan
from shipworthy.watch import detector
from shipworthy.watch.bounds import Dependence
from shipworthy.watch.dependence import of_gaps
from shipworthy.watch.evidence import Floats, beyond, rows_more, temper, threshold
from shipworthy.watch.monitor import Judgement, Monitor, Settings, Window, not_run, percent
from shipworthy.watch.proof_rows import Question
from shipworthy.watch.side_by_side import WHOLE
from shipworthy.watch.words import Level

_SIDES = 2
_Z, _HALF = 1.96, 0.5


def applies(plan: Plan) -> bool:
    """A number promises no share of yes; a class promises to be right."""
    return plan.need.answer != "number"


def judge(state: Mapping[str, Any], window: Window, settings: Settings, profile: Mapping[str, Any]) -> Judgement:
    """Alarm when the mean of promised minus real lies beyond the tolerance, on either side."""
    labels = window.labels
    if not window.promises:
        return not_run(state, f"The scores of {window.day} are no probabilities, so they promise no share.")
    if labels is None:
        return not_run(state, window.unlabelled_because or "The truth about these answers is not known.")
    usable = window.usable
    promised, real = window.scores[usable], np.where(window.each > 0, labels[usable], 0.0)
    if why := _unusable(window, promised, real):
        return not_run(state, why, answers=float(window.scores.size), n=float(promised.size))
    return _judged(state, window, settings, of_gaps(profile, settings), promised, real)


def rests_on(profile: Mapping[str, Any], settings: Settings, answers: int) -> list[Question]:
    """Promised less real, on either side; it is held against no held-out row, only answers may be too few for it.

    Whoever promises what never comes true is off by all of it. A difference D is bet on as (D + 1) / 2.
    """
    promised = float((profile.get("scores") or {}).get("mean", 0.0))
    return [
        Question(
            part=WHOLE,
            rows=0,
            proven=_HALF,
            tolerance=(settings.tolerance or 0.0) / _SIDES,
            bound=lambda times: _HALF,
            nothing=_HALF + promised / _SIDES,
            share=1.0,
            error=settings.alpha,
            phi=of_gaps(profile, settings).of_window(answers),
            tests=_SIDES,
            nil=_HALF,
            unit=_SIDES,
        )
    ]


def _unusable(window: Window, promised: Floats, real: Floats) -> str:
    if not promised.size:
        return f"None of the {window.scores.size:,} answers of {window.day} has both a score and a known truth."
    if promised.min() < 0 or promised.max() > 1:
        return f"Scores of {window.day} lie outside 0 to 1, so they promise no share."
    if real.min() < 0 or real.max() > 1:
        return f"The truth of {window.day} lies outside 0 to 1, so there is no share to compare with."
    return ""


def _judged(
    state: Mapping[str, Any],
    window: Window,
    settings: Settings,
    known: Dependence,
    promised: Floats,
    real: Floats,
) -> Judgement:
    tolerance, phi = settings.tolerance or 0.0, known.of_window(promised.size)
    differences = (promised - real) * window.each
    scaled = tolerance * window.least
    log_factors = np.array([beyond(differences, scaled), beyond(-differences, scaled)])
    before = detector.carried(state, "gap", _SIDES, settings, known.phi)
    evidence = detector.grown(before, log_factors, phi)
    reached = detector.against(evidence, settings, settings.alpha)
    gap = float(differences.mean()) / window.least
    outside = abs(gap) > tolerance
    since = (str(state.get("since") or "") or window.moment) if outside or reached >= 1 else ""
    numbers = _numbers(window, promised, real, phi, tolerance, reached)
    level, more = _level(outside, reached), None
    if level == "note":
        bar = threshold(settings.updates_per_year, settings.alpha)
        tempered = temper(log_factors, phi).reshape(-1)
        more = rows_more(evidence.reshape(-1), tempered, promised.size, bar)
        numbers |= {"rows_more": float(more)} if more is not None else {}
    return Judgement(
        level=level,
        text=_text(window, numbers, since, more),
        state=detector.kept({"gap": evidence}, settings, known.phi, since=since),
        numbers=numbers,
        guarantee=detector.promise(settings, known),
        cause=_cause(gap, window) if level in ("note", "alarm") else "",
        advice=_ADVICE if level == "alarm" else "",
        since=since,
    )


def _level(outside: bool, reached: float) -> Level:
    if reached >= 1:
        return "alarm"
    return "note" if outside else "quiet"


def _numbers(
    window: Window, promised: Floats, real: Floats, phi: float, tolerance: float, reached: float
) -> dict[str, float]:
    """What was counted, with a descriptive interval of the gap and the bounds of the share if some truth is missing."""
    each = window.each / window.least
    gap = float(((promised - real) * each).mean())
    half = _Z * float(((promised - real) * each).std()) * float(np.sqrt(phi / promised.size))
    coverage = promised.size / window.scores.size
    share = float((real * each).mean())
    return {
        "answers": float(window.scores.size),
        "n": float(promised.size),
        "coverage": coverage,
        "contradicting": float(window.contradicting),
        "promised": float((promised * each).mean()),
        "real": share,
        "real_low": coverage * share,
        "real_high": coverage * share + (1 - coverage),
        "gap": gap,
        "low": gap - half,
        "high": gap + half,
        "tolerance": tolerance,
        "phi": phi,
        "evidence": reached,
    }


def _text(window: Window, numbers: Mapping[str, float], since: str, more: int | None) -> str:
    tolerated, alarmed = percent(numbers["tolerance"]), numbers["evidence"] >= 1
    first = (
        f"The list of {window.day} promised {percent(numbers['promised'])} {_kept(window)}; "
        f"{percent(numbers['real'])} came true."
    )
    if numbers["coverage"] < 1:
        first += f" The truth is known for {percent(numbers['coverage'])} of its {window.scores.size:,} answers."
    first += window.contradictions + window.weighing
    if abs(numbers["gap"]) <= numbers["tolerance"]:
        inside = f"{first} The gap is within the tolerated {tolerated}."
        return f"{inside} The evidence of the windows since {_day(since)} still stands." if alarmed else inside
    then = f"{first} The gap has been beyond the tolerated {tolerated} since {_day(since)}."
    if alarmed:
        return then
    if more is None:
        return f"{then} Cannot tell yet whether by chance: these rows are too few or too close to the tolerance."
    return f"{then} Cannot tell yet whether by chance: {more:,} more answers like these needed."


def _kept(window: Window) -> str:
    return "yes" if window.of_classes is None else "right answers"


def _day(moment: str) -> str:
    return Window(moment, np.zeros(0)).day


def _cause(gap: float, window: Window) -> str:
    if window.of_classes is not None:
        more = "surer" if gap > 0 else "less sure"
        return f"The candidate is {more} of its classes than it may be; see confusion for which of them it mistakes."
    more, less = ("more", "fewer") if gap > 0 else ("fewer", "more")
    return (
        f"The candidate promises {more} than come true: there are {less} yes than in the time it learnt from. "
        "Ranking may still be right; see the ranking and drift monitors of the same window."
    )


_ADVICE = "Retrain on newer labels. Until then rely on the order of the answers, not on the promised shares."

MONITOR = Monitor(
    name="calibration",
    asks="Does what was promised come true?",
    needs="labels",
    judge=judge,
    tolerance=0.05,
    applies=applies,
    weighs=True,
    rests_on=rests_on,
)
