"""Whether each class is still found, and right where it is named, as often as it was shown to be.

Of the answers that name a class, the share whose truth is another one (one minus its precision); of the rows that truly
are of a class, the share that got another one (one minus its recall). Every class is asked about by itself, whether or
not a person was asked about the row. The tolerance is what any of these shares may rise by.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from shipworthy.model.classes import confusion, named
from shipworthy.model.performance import HeldOut
from shipworthy.watch.dependence import of_classes
from shipworthy.watch.detector import promise
from shipworthy.watch.evidence import Counts, above
from shipworthy.watch.monitor import Judgement, Monitor, OfClasses, Settings, Window, not_run, percent
from shipworthy.watch.monitors.class_shares import applies
from shipworthy.watch.proof_rows import Question, share_at_most
from shipworthy.watch.side_by_side import Answer, Asked, answered, errors, reference_error, still_needed
from shipworthy.watch.words import Level

Counted = npt.NDArray[np.int64]
_SHOWN = 3


def judge(state: Mapping[str, Any], window: Window, settings: Settings, profile: Mapping[str, Any]) -> Judgement:
    """Alarm where a class is named wrongly or missed beyond what was proven and the tolerance."""
    classes, then = window.of_classes, HeldOut.read(profile)
    if window.labels is None or classes is None or classes.truths is None:
        return not_run(state, window.unlabelled_because or "The truth about these answers is not known.")
    if then is None or then.confusion is None:
        return not_run(state, "The candidate keeps no classes of held-out rows to compare with: train it anew.")
    if not np.isfinite(classes.truths).any():
        return not_run(state, f"None of the {window.scores.size:,} answers of {window.day} has a known truth.")
    now = confusion(classes.truths, classes.answered, len(classes.names))
    depends = of_classes(then, settings)
    asked = _asked(classes, then.confusion, now, settings, depends.phi)
    if not asked:
        return not_run(state, f"No class of {window.day} was there when the candidate was proven.")
    phi = depends.of_window(int(now.sum()))
    answers, kept = answered(state, asked, window.moment, settings, depends, phi)
    harmed = sorted((one for one in answers if one.harms), key=lambda one: -one.reached)
    outside = [one for one in answers if one.may_harm]
    level: Level = "alarm" if harmed else "note" if outside else "quiet"
    moments = [one.since for one in (harmed or outside)]
    return Judgement(
        level=level,
        text=_text(window, now, asked, harmed, outside),
        state=kept,
        numbers=_numbers(window, now, answers, settings, phi),
        parts={one.asked.name: one.row for one in answers} | _matrix(classes, now),
        guarantee=promise(settings, depends),
        cause=_cause(classes, now, harmed or outside) if level != "quiet" else "",
        advice="Have a person decide where this class is named until it is learnt anew; retrain on newer labels."
        if harmed
        else "",
        since=min(moments) if moments else "",
    )


def rests_on(profile: Mapping[str, Any], settings: Settings, answers: int) -> list[Question]:
    """Of each class that was named, or was true, on the held-out rows: named wrongly, and missed."""
    then, names = HeldOut.read(profile), named(profile)
    if then is None or then.confusion is None or len(names) != len(then.confusion):
        return []
    rows, error = max(1, int(then.confusion.sum())), reference_error(settings, 2 * len(names))
    phi = of_classes(then, settings).phi
    found = [
        (what, counts, 1 - others / rows)
        for place, name in enumerate(names)
        for (what, counts), others in zip(
            _counts(then.confusion, place, name),
            (int(then.confusion[place].sum()), int(then.confusion[:, place].sum())),
            strict=True,
        )
        if counts.rows
    ]
    yearly = errors(settings, False, len(found))[1] / max(1, len(found))
    return [
        Question(
            part=what,
            rows=rows,
            proven=counts.share,
            tolerance=settings.tolerance or 0.0,
            bound=partial(share_at_most, counts, phi, error),
            nothing=random,
            share=counts.rows / rows,
            error=yearly,
            phi=phi,
        )
        for what, counts, random in found
    ]


def _counts(confusion: Counted, place: int, name: str) -> list[tuple[str, Counts]]:
    """How often a class was named, and wrongly; how often it was true, and missed."""
    right = int(confusion[place, place])
    named, true = int(confusion[:, place].sum()), int(confusion[place].sum())
    return [(f"{name} named wrongly", Counts(named, named - right)), (f"{name} missed", Counts(true, true - right))]


def _asked(classes: OfClasses, then: Counted, now: Counted, settings: Settings, phi: float) -> list[Asked]:
    """For each class its two questions, where there were rows to prove it by and are rows to ask it of."""
    error, found = reference_error(settings, 2 * len(classes.names)), []
    for place, name in enumerate(classes.names):
        for (what, before), (_, after) in zip(_counts(then, place, name), _counts(now, place, name), strict=True):
            if before.rows and after.rows:
                found.append(_question(what, before, after, settings, error, phi))
    return found


def _question(name: str, then: Counts, now: Counts, settings: Settings, error: float, phi: float) -> Asked:
    """Whether a share lies beyond the exact upper bound of what it was, and the tolerance."""
    tau = share_at_most(then, phi, error) + (settings.tolerance or 0.0)
    factors = above(now, tau).reshape(1, -1)
    return Asked(name, now.rows, now.share, then.share, min(tau, 1.0), factors, now.share > tau)


def _numbers(
    window: Window, now: Counted, answers: Sequence[Answer], settings: Settings, phi: float
) -> dict[str, float]:
    rows = int(now.sum())
    recalls = [now[at, at] / now[at].sum() for at in range(len(now)) if now[at].sum()]
    return {
        "answers": float(window.scores.size),
        "n": float(rows),
        "accuracy": float(np.trace(now) / rows),
        "balanced_accuracy": float(np.mean(recalls)),
        "tolerance": settings.tolerance or 0.0,
        "phi": phi,
        "evidence": max(one.reached for one in answers),
    }


def _matrix(classes: OfClasses, now: Counted) -> dict[str, dict[str, float]]:
    """Each true class with the classes it was answered as: how many rows, and which share of that true class."""
    return {
        f"truly {name}, answered as {other}": {"rows": float(now[at, to]), "now": float(now[at, to] / now[at].sum())}
        for at, name in enumerate(classes.names)
        for to, other in enumerate(classes.names)
        if now[at, to]
    }


def _text(
    window: Window, now: Counted, asked: Sequence[Asked], harmed: Sequence[Answer], outside: Sequence[Answer]
) -> str:
    rows, right = int(now.sum()), int(np.trace(now))
    told = f"Of {rows:,} answers of {window.day} with a known truth, {percent(right / rows)} name the true class."
    if all(one.tolerated >= 1 for one in asked):
        told += " Nothing surer can be said: the proof had too few rows of each class to hold any share against it."
    for one in harmed[:_SHOWN]:
        told += f" More often than tolerated, and not by chance: {_said(one)}."
    for one in outside[:_SHOWN]:
        told += f" Beyond its tolerance: {_said(one)}; {still_needed(one)}."
    return told


def _said(one: Answer) -> str:
    asked = one.asked
    return (
        f"{asked.name} in {percent(asked.now)} of {asked.rows:,} ({percent(asked.then)} at the proof, up to "
        f"{percent(asked.tolerated)} tolerated)"
    )


def _cause(classes: OfClasses, now: Counted, worse: Sequence[Answer]) -> str:
    """The commonest mistake of the window."""
    wrong = now - np.diag(np.diag(now))
    if not worse or not wrong.any():
        return ""
    true, given = np.unravel_index(int(wrong.argmax()), wrong.shape)
    names = classes.names
    return f"Most often {names[true]} was answered as {names[given]}, {int(wrong[true, given]):,} times."


MONITOR = Monitor(
    name="confusion",
    asks="Is each class still found, and right where it is named?",
    needs="labels",
    judge=judge,
    tolerance=0.05,
    tolerates="{percent:g} points more than at the proof",
    applies=applies,
    rests_on=rests_on,
)
