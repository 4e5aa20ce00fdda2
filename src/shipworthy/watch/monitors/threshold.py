"""Whether the decisions are right as often as they were shown to be: who is chosen wrongly, and who is missed.

Of those chosen, the share whose truth is no (one minus precision); of those whose truth is yes, the share that got a no
(one minus recall). Whoever was left to a person counts in neither. The tolerance is what either share may rise by.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from shipworthy.model.performance import Decided, HeldOut
from shipworthy.plan.schema import Plan
from shipworthy.watch.bounds import of_windows, together
from shipworthy.watch.dependence import of_decisions
from shipworthy.watch.detector import promise
from shipworthy.watch.evidence import Counts, above, counted
from shipworthy.watch.folds import UNSURE
from shipworthy.watch.monitor import Judgement, Monitor, Settings, Window, not_run, percent
from shipworthy.watch.proof_rows import Question, rows_needed, said, share_at_most
from shipworthy.watch.side_by_side import Answer, Asked, answered, errors, reference_error, still_needed
from shipworthy.watch.words import Level

WRONG, MISSED = "chosen wrongly", "missed"


def applies(plan: Plan) -> bool:
    """A decision about a number is right or wrong only where a threshold says which truth is a yes."""
    return plan.need.answer == "probability" or plan.decision.threshold is not None


def judge(state: Mapping[str, Any], window: Window, settings: Settings, profile: Mapping[str, Any]) -> Judgement:
    """Alarm where the share chosen wrongly or missed lies beyond what was proven and the tolerance."""
    if window.labels is None:
        return not_run(state, window.unlabelled_because or "The truth about these answers is not known.")
    then = HeldOut.read(profile)
    if then is None or then.decided is None:
        return not_run(state, "The candidate keeps no decisions about held-out rows to compare with: train it anew.")
    if window.decisions.size != window.labels.size:
        return not_run(state, f"The decisions of {window.day} are not stored with its answers.")
    now = decided(window)
    if not now.chosen and not now.yes:
        return not_run(state, f"Of {window.day} nobody whose truth is known was chosen, and nobody's truth is a yes.")
    each = of_decisions(then, settings)
    depends, phi = together(each, settings.phi), of_windows(each, [now.chosen, now.yes])
    wrong, missed = Counts(then.decided.chosen, then.decided.wrong), Counts(then.decided.yes, then.decided.missed)
    asked = [
        one
        for one in (
            _question(WRONG, wrong, Counts(now.chosen, now.wrong), settings, depends.phi),
            _question(MISSED, missed, Counts(now.yes, now.missed), settings, depends.phi),
        )
        if one.rows
    ]
    answers, kept = answered(state, asked, window.moment, settings, depends, phi)
    harmed = [one for one in answers if one.harms]
    outside = [one for one in answers if one.asked.beyond and not one.harms]
    level: Level = "alarm" if harmed else "note" if outside else "quiet"
    moments = [one.since for one in (harmed or outside)]
    needed = _needed(then, settings) if level == "quiet" else {}
    if needed and all(one.asked.name in needed for one in answers):
        level = "not_run"
    return Judgement(
        level=level,
        text=_text(window, answers, needed),
        state=kept,
        numbers=_numbers(window, answers, settings, phi)
        | ({UNSURE: float(_most(needed) or 0)} if level == "not_run" else {}),
        parts={one.asked.name: one.row for one in answers},
        guarantee=promise(settings, depends),
        cause=_cause(harmed or outside) if level != "quiet" else "",
        advice="Look at the cut of the decision rule: it was set for other scores. Retrain, or move it in the plan."
        if harmed
        else "",
        since=min(moments) if moments else "",
    )


def decided(window: Window) -> Decided:
    """What the decisions of a window did, where the truth is known."""
    assert window.labels is not None
    known = np.isfinite(window.labels)
    real = window.labels == 1 if window.threshold is None else window.labels >= window.threshold
    yes, no = (window.decisions == window.yes) & known, (window.decisions == window.no) & known
    chosen, told = counted(yes), counted(real & (yes | no))
    return Decided(chosen.ones, counted(yes & ~real).ones, told.ones, counted(real & no).ones)


def _question(name: str, then: Counts, now: Counts, settings: Settings, phi: float) -> Asked:
    """Whether a share lies beyond the exact upper bound of what it was, and the tolerance."""
    error = reference_error(settings, 2)
    tau = share_at_most(then, phi, error) + (settings.tolerance or 0.0)
    factors = above(now, tau).reshape(1, -1)
    return Asked(name, now.rows, now.share, then.share, min(tau, 1.0), factors, now.share > tau)


def _numbers(window: Window, answers: list[Answer], settings: Settings, phi: float) -> dict[str, float]:
    found = {one.asked.name: one.asked for one in answers}
    numbers = {
        "answers": float(window.scores.size),
        "tolerance": settings.tolerance or 0.0,
        "phi": phi,
        "evidence": max(one.reached for one in answers),
    }
    if WRONG in found:
        numbers |= {"precision": 1 - found[WRONG].now, "precision_then": 1 - found[WRONG].then}
        numbers["precision_at_least"] = 1 - found[WRONG].tolerated
    if MISSED in found:
        numbers |= {"recall": 1 - found[MISSED].now, "recall_then": 1 - found[MISSED].then}
        numbers["recall_at_least"] = 1 - found[MISSED].tolerated
    return numbers


_SAID = {
    WRONG: "Of {rows:,} chosen on {day}, {now} were no yes ({then} at the proof, {most}).",
    MISSED: "Of {rows:,} real yes, {now} got a no ({then} at the proof, {most}).",
}


def _needed(then: HeldOut, settings: Settings) -> dict[str, int | None]:
    """Of each share that the proof cannot hold anything against, about how many more held-out rows it would take."""
    error, found = reference_error(settings, 2), {}
    phi = together(of_decisions(then, settings), settings.phi).phi
    for name, counts, random in _at_random(then):
        limit = max(random, counts.share + (settings.tolerance or 0.0))
        more = rows_needed(then.whole.rows, partial(_within, counts, phi, error, limit))
        if more != 0:
            found[name] = more
    return found


def _at_random(then: HeldOut) -> list[tuple[str, Counts, float]]:
    """Both shares on the held-out rows, and what they would be for whoever chooses at random.

    That is wrong as often as a truth is no, and misses as many as are not chosen.
    """
    assert then.decided is not None
    decided, rows = then.decided, max(1, then.whole.rows)
    return [
        (WRONG, Counts(decided.chosen, decided.wrong), 1 - decided.yes / rows),
        (MISSED, Counts(decided.yes, decided.missed), 1 - decided.chosen / rows),
    ]


def rests_on(profile: Mapping[str, Any], settings: Settings, answers: int) -> list[Question]:
    """Who was chosen wrongly and who was missed on the held-out rows."""
    then = HeldOut.read(profile)
    if then is None or then.decided is None:
        return []
    error, (_, yearly) = reference_error(settings, 2), errors(settings, False, 2)
    phi = together(of_decisions(then, settings), settings.phi).phi
    return [
        Question(
            part=name,
            rows=then.whole.rows,
            proven=counts.share,
            tolerance=settings.tolerance or 0.0,
            bound=partial(share_at_most, counts, phi, error),
            nothing=random,
            share=counts.rows / then.whole.rows,
            error=yearly / 2,
            phi=phi,
        )
        for name, counts, random in _at_random(then)
    ]


def _within(counts: Counts, phi: float, error: float, limit: float, times: float) -> bool:
    return share_at_most(counts, phi, error, times) < limit


def _most(needed: Mapping[str, int | None]) -> int | None:
    """What is enough for each of them; None where nothing is for one."""
    known = [more for more in needed.values() if more is not None]
    return max(known) if len(known) == len(needed) else None


def _text(window: Window, answers: list[Answer], needed: Mapping[str, int | None]) -> str:
    told = []
    if needed:
        parts = " and ".join(f"those {name}" for name in needed)
        told.append(
            f"Cannot tell of {parts} whether there are too many: {said(_most(needed))}, until chance leaves less room "
            "than choosing at random."
        )
    for one in answers:
        asked = one.asked
        shares = {name: percent(getattr(asked, name)) for name in ("now", "then", "tolerated")}
        # With few rows at the proof all might have been wrong there, so nothing now is surely worse.
        most = (
            f"up to {shares['tolerated']} tolerated" if asked.tolerated < 1 else "on too few rows to find any too many"
        )
        told.append(_SAID[asked.name].format(rows=asked.rows, day=window.day, most=most, **shares))
        if one.harms:
            told.append(f"More than tolerated since {Window(one.since, np.zeros(0)).day}, and not by chance.")
        elif asked.beyond:
            told.append(f"Beyond that: {still_needed(one)}.")
    return " ".join(told)


def _cause(worse: list[Answer]) -> str:
    names = {one.asked.name for one in worse}
    if names == {WRONG}:
        return "There are fewer yes among high scores than there were; see calibration and performance."
    if names == {MISSED}:
        return "Real yes no longer get high scores, or there are more of them than are chosen; see ranking."
    return "Scores no longer tell yes from no as they did; see ranking and performance."


MONITOR = Monitor(
    name="threshold",
    asks="Are those who are chosen the right ones, and are few missed?",
    needs="labels",
    judge=judge,
    tolerance=0.05,
    tolerates="{percent:g} points more than at the proof",
    applies=applies,
    rests_on=rests_on,
)
