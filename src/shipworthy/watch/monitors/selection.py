"""Whether each group of people is chosen about as often as the others: judged at once, before any truth is known.

The tolerance is the plan's own, `disparity_at_most` of each column of `proof.fairness`: with 0.2 a group harms where
its share of yes is below four fifths of another's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from shipworthy.plan.schema import Plan
from shipworthy.watch.bounds import Dependence
from shipworthy.watch.dependence import of_groups
from shipworthy.watch.detector import promise
from shipworthy.watch.groups import Compared, Measured, Named, compact, compared, summary, together
from shipworthy.watch.monitor import Judgement, Monitor, Settings, Window, not_run, percent
from shipworthy.watch.words import Level


def applies(plan: Plan) -> bool:
    """Groups are declared in `proof.fairness`."""
    return bool(plan.proof.fairness)


@dataclass(frozen=True)
class Choices:
    """Who was chosen among some answers, and of which groups all are: a few bytes per answer and column."""

    parts: tuple[tuple[npt.NDArray[np.bool_], Mapping[str, pd.Series[Any]]], ...]

    def __add__(self, other: Choices) -> Choices:
        return Choices(self.parts + other.parts)


def count(window: Window, profile: Mapping[str, Any]) -> Choices:
    """Who was chosen, and of which groups everybody is."""
    chosen = np.asarray(window.decisions == window.yes, dtype=bool)
    return Choices(((chosen, {column: compact(values) for column, values in window.groups.items()}),))


def judge(state: Mapping[str, Any], window: Window, settings: Settings, profile: Mapping[str, Any]) -> Judgement:
    """Alarm where a group's share of yes stays below the tolerated part of another's."""
    if not window.answers:
        return not_run(state, f"There are no answers of {window.day}.")
    if window.decisions.size != window.scores.size:
        return not_run(state, f"The decisions of {window.day} are not stored with its answers.")
    if not window.groups:
        return not_run(state, f"The groups of those who were answered on {window.day} could not be found.")
    terms = dict(settings.disparity)
    if state.get("disparity") != terms:  # evidence against one ratio says nothing about another
        state = {"groups": state.get("groups", {})}
    choices: Choices = count(window, profile) if window.tally is None else window.tally
    sizes = [part.size for part, _ in choices.parts]
    named = Named(state, together([groups for _, groups in choices.parts], sizes))
    chosen = np.concatenate([part for part, _ in choices.parts]).astype(np.float64)
    every = np.ones(chosen.size, dtype=bool)
    measures = {
        column: [Measured(f"share with “{window.yes}”", every, chosen, ratio=1 - settings.disparity.get(column, 0.2))]
        for column in named.known
    }
    depends = of_groups(profile, settings)
    found = compared(state, named, measures, window.moment, settings, depends)
    if not found.answers:
        return not_run(state, f"Those answered on {window.day} are all of one group, so there is nothing to compare.")
    return _judgement(window, settings, named, chosen, found, depends)


def _judgement(
    window: Window, settings: Settings, named: Named, chosen: Any, found: Compared, depends: Dependence
) -> Judgement:
    harmed, outside = found.harmed, found.outside
    level: Level = "alarm" if harmed else "note" if outside else "quiet"
    moments = [one.since for one in (harmed or outside)]
    worst = _worst(named, chosen)
    told = summary(found)
    return Judgement(
        level=level,
        text=f"{worst} {told}".strip(),
        state=found.state | {"disparity": dict(settings.disparity)},
        numbers={
            "answers": float(window.answers),
            "chosen": float(chosen.mean()),
            "tolerance": max(settings.disparity.values(), default=0.2),
            "phi": depends.phi,
            "evidence": max(one.reached for one in found.answers),
            **_disparities(named, chosen),
        },
        parts=_parts(named, chosen),
        guarantee=promise(settings, depends),
        cause="See input-drift and score-drift for what moved in these groups." if level != "quiet" else "",
        advice=_ADVICE if harmed else "",
        since=min(moments) if moments else "",
    )


_ADVICE = "Have the legal and compliance owners judge it; whether being chosen is a benefit or a harm is theirs to say."


def _rates(names: Any, chosen: Any, known: list[str]) -> dict[str, tuple[int, float]]:
    return {
        name: (int((names == name).sum()), float(chosen[names == name].mean()))
        for name in known
        if (names == name).any()
    }


def _worst(named: Named, chosen: Any) -> str:
    told = []
    for column, known in named.known.items():
        rates = {name: share for name, (_, share) in _rates(named.of[column], chosen, known).items()}
        low, high = min(rates, key=lambda name: rates[name]), max(rates, key=lambda name: rates[name])
        told.append(
            f"By {column}, {percent(rates[low])} of {low} to {percent(rates[high])} of {high} were chosen."
            if low != high
            else f"All were of {column} {low}."
        )
    return " ".join(told)


def _disparities(named: Named, chosen: Any) -> dict[str, float]:
    """One minus the lowest over the highest share of yes, the worst over all columns."""
    worst = 0.0
    for column, known in named.known.items():
        shares = [share for _, share in _rates(named.of[column], chosen, known).values()]
        worst = max(worst, 1 - min(shares) / max(shares) if max(shares) > 0 else 0.0)
    return {"disparity": worst}


def _parts(named: Named, chosen: Any) -> dict[str, dict[str, float]]:
    return {
        f"{column} = {name}": {"rows": float(rows), "now": share}
        for column, known in named.known.items()
        for name, (rows, share) in _rates(named.of[column], chosen, known).items()
    }


MONITOR = Monitor(
    name="selection",
    asks="Is every group chosen about as often as the others?",
    needs="answers",
    judge=judge,
    tolerance=None,
    phi=5.0,
    applies=applies,
    count=count,
)
