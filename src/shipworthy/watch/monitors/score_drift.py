"""Whether the answers themselves still look as they did: a note, long before any truth arrives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from shipworthy.watch import detector
from shipworthy.watch.bounds import measured
from shipworthy.watch.counting import Tally
from shipworthy.watch.drift import REFERENCE_PART, Unsure, factors, leading, said, unsure
from shipworthy.watch.monitor import Judgement, Monitor, Settings, Window, not_run, percent
from shipworthy.watch.reference import reference


@dataclass(frozen=True, slots=True)
class Scores:
    """What is counted of some scores.

    Attributes:
        total: of the finite ones; known: how many those are.
    """

    tally: Tally
    total: float
    known: int

    def __add__(self, other: Scores) -> Scores:
        return Scores(self.tally + other.tally, self.total + other.total, self.known + other.known)


def count(window: Window, profile: Mapping[str, Any]) -> Scores | None:
    """How often the cuts of the scores held in some answers, and their mean; None where the profile has no scores."""
    known, finite = reference(profile).score, window.scores[np.isfinite(window.scores)]
    return Scores(Tally.of(known, window.scores), float(finite.sum()), finite.size) if known else None


def judge(state: Mapping[str, Any], window: Window, settings: Settings, profile: Mapping[str, Any]) -> Judgement:
    """Note when the scores moved beyond the tolerance at a cut of their first distribution."""
    known = reference(profile)
    if not window.answers:
        return not_run(state, f"There are no answers of {window.day}.")
    counted: Scores | None = count(window, profile) if window.tally is None else window.tally
    if known.score is None or counted is None:
        return not_run(state, "The candidate's reference profile holds no scores to compare with.")
    found = counted.tally.cuts()
    depends = measured([known.score.phi], settings.phi, known.score.batch)
    phi = depends.of_window(window.answers)
    alpha = settings.alpha * (1 - REFERENCE_PART)
    tolerance = settings.tolerance or 0.0
    factor = factors(found, tolerance, settings.alpha * REFERENCE_PART, depends.phi)
    evidence = detector.grown(detector.carried(state, "score", 2 * len(found), settings, depends.phi), factor, phi)
    reached = detector.against(evidence, settings, alpha)
    changed = reached >= 1
    since = (str(state.get("since") or "") or window.moment) if changed else ""
    lead = leading(found, evidence)
    open_ = None if changed else unsure(found, evidence, factor, phi, settings, alpha)
    numbers = {"answers": float(window.answers), "evidence": reached, "moved": lead.moved}
    return Judgement(
        level="note" if changed else "quiet",
        text=f"Scores of {window.day}{_means(counted, known.mean_score, numbers)} "
        + (f"changed beyond {percent(tolerance)} of rows: scores {said(lead)}." if changed else _quiet(open_)),
        state=detector.kept({"score": evidence}, settings, depends.phi, since=since),
        numbers=numbers,
        guarantee=detector.promise(settings, depends),
        cause="The inputs moved, or different entities are answered; see input-drift." if changed else "",
        since=since,
    )


def _quiet(found: Unsure | None) -> str:
    return f"cannot be told yet: scores {found.text}." if found else "look as they did."


def _means(counted: Scores, first: float | None, numbers: dict[str, float]) -> str:
    """The mean score now and then in words; both also go into the numbers."""
    if not counted.known or first is None:
        return ""
    numbers |= {"mean": counted.total / counted.known, "first_mean": first}
    return f" (mean {numbers['mean']:.3f}, {first:.3f} when the candidate was made)"


MONITOR = Monitor(
    name="score-drift",
    asks="Do the scores still look as they did when the candidate was made?",
    needs="answers",
    judge=judge,
    tolerance=0.02,
    count=count,
)
