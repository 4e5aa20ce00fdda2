"""Whether each class is answered as often, and as surely, as when the candidate was made: a note, before any truth.

The share of each class among the answers is one question, and the probability of each class another: a class may be
answered as often as before while nobody is sure of it any more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from shipworthy.plan.schema import Plan
from shipworthy.watch import detector
from shipworthy.watch.bounds import measured
from shipworthy.watch.counting import Tally
from shipworthy.watch.drift import REFERENCE_PART, Cut, factors, leading, moved_shares, said, unsure
from shipworthy.watch.evidence import Floats
from shipworthy.watch.monitor import Judgement, Monitor, OfClasses, Settings, Window, not_run, percent
from shipworthy.watch.reference import Known, known

ANSWERED = "class"
_SHOWN = 3


def applies(plan: Plan) -> bool:
    """An answer is a class."""
    return plan.need.answer == "class"


@dataclass(frozen=True)
class Shares:
    """What is counted of some answers.

    Attributes:
        of: the tally of the classes that were answered, and of the probability of each.
        answered: how often each class was; likely: the sum of its probabilities.
    """

    of: Mapping[str, Tally]
    answered: Floats
    likely: Floats

    def __add__(self, other: Shares) -> Shares:
        together = {name: tally + other.of[name] for name, tally in self.of.items()}
        return Shares(together, self.answered + other.answered, self.likely + other.likely)


def count(window: Window, profile: Mapping[str, Any]) -> Shares | None:
    """What is counted of some answers; None where there are no classes to compare."""
    kept, classes = profile.get("classes"), window.of_classes
    if classes is None or not kept or not kept["rows"]:
        return None
    answered = np.bincount(classes.answered, minlength=len(classes.names)).astype(np.float64)
    return Shares(_tallies(kept, classes), answered, classes.likely.sum(axis=0))


def judge(state: Mapping[str, Any], window: Window, settings: Settings, profile: Mapping[str, Any]) -> Judgement:
    """Note when the share of a class, or the probability of one, moved beyond the tolerance."""
    kept, classes = profile.get("classes"), window.of_classes
    if classes is None or not window.answers:
        return not_run(state, f"There are no answers of {window.day}.")
    counted: Shares | None = count(window, profile) if window.tally is None else window.tally
    if not kept or counted is None:
        return not_run(state, "The candidate's reference profile holds no classes to compare with.")
    columns = counted.of
    depends = measured([tally.known.phi for tally in columns.values()], settings.phi)
    alpha, tolerance = settings.alpha * (1 - REFERENCE_PART), settings.tolerance or 0.0
    evidence, leads, reached, open_ = {}, {}, {}, []
    for name, tally in columns.items():
        found, own = tally.cuts(), measured([tally.known.phi], settings.phi, tally.known.batch)
        phi = own.of_window(window.answers)
        factor = factors(found, tolerance, settings.alpha * REFERENCE_PART / len(columns), own.phi)
        before = detector.carried(state, name, 2 * len(found), settings, depends.phi)
        evidence[name] = detector.grown(before, factor, phi)
        leads[name] = leading(found, evidence[name])
        reached[name] = detector.against(evidence[name], settings, alpha, len(columns))
        doubt = unsure(found, evidence[name], factor, phi, settings, alpha / len(columns))
        if reached[name] < 1 and doubt is not None:
            open_.append(f"{name} ({doubt.text})")
    moved = sorted((name for name in reached if reached[name] >= 1), key=lambda name: -reached[name])
    since = (str(state.get("since") or "") or window.moment) if moved else ""
    return Judgement(
        level="note" if moved else "quiet",
        text=_text(window, leads, moved, open_, tolerance),
        state=detector.kept(evidence, settings, depends.phi, since=since),
        numbers={
            "answers": float(window.answers),
            "changed": float(len(moved)),
            "evidence": max(reached.values()),
            **moved_shares(leads),
        },
        parts=_parts(kept, classes.names, counted, window.answers),
        guarantee=detector.promise(settings, depends, f" for all {len(columns)} questions together"),
        cause=f"{moved[0]} moved most surely: {said(leads[moved[0]])}; see input-drift." if moved else "",
        since=since,
    )


def _tallies(kept: Mapping[str, Any], classes: OfClasses) -> dict[str, Tally]:
    """The class that was answered, then the probability of each class, against their first distribution."""
    names = np.array(classes.names, dtype=object)
    rows = int(kept["rows"])
    batch = rows / kept["batches"] if kept.get("batches") else 0.0
    answered = Known(ANSWERED, rows, shares=dict(kept["answered"]), phi=kept.get("phi"), batch=batch)
    found = {ANSWERED: Tally.of(answered, names[classes.answered])}
    for place, name in enumerate(classes.names):
        column = f"p_{name}"
        found[column] = Tally.of(known(column, kept["likely"][name]), classes.likely[:, place])
    return found


def _parts(kept: Mapping[str, Any], names: Sequence[str], counted: Shares, answers: int) -> dict[str, dict[str, float]]:
    return {
        name: {
            "rows": float(counted.answered[place]),
            "now": float(counted.answered[place] / answers),
            "then": float(kept["answered"][name]),
            "mean_probability": float(counted.likely[place] / answers),
            "first_mean_probability": float(kept["likely"][name]["mean"]),
        }
        for place, name in enumerate(names)
    }


def _text(window: Window, leads: Mapping[str, Cut], moved: list[str], open_: list[str], tolerance: float) -> str:
    if moved:
        named = "; ".join(f"{name} ({said(leads[name])})" for name in moved[:_SHOWN])
        return f"Classes of {window.day} changed beyond {percent(tolerance)} of rows: {named}."
    told = f"Classes of {window.day}: none changed beyond {percent(tolerance)} of rows for sure."
    return f"{told} Cannot tell yet of {open_[0]}." if open_ else told


MONITOR = Monitor(
    name="class-shares",
    asks="Is each class answered as often, and as surely, as when the candidate was made?",
    needs="answers",
    judge=judge,
    tolerance=0.02,
    applies=applies,
    count=count,
)
