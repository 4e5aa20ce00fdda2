"""Whether the answers are as right for every group of people as for the others, once the truth is known.

For each pair of groups of each column of `proof.fairness`: how many of the real yes are found, how many of the real no
are chosen, how large the loss is, and how far promises lie from what came true. The tolerance is how far two groups
may lie apart in any of them. Shocks that hit all groups alike cancel in a difference, hence the smaller phi.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from shipworthy.model.performance import HeldOut
from shipworthy.watch.dependence import of_groups
from shipworthy.watch.detector import promise
from shipworthy.watch.groups import Measured, Named, compared, summary
from shipworthy.watch.monitor import Floats, Judgement, Monitor, Settings, Window, not_run
from shipworthy.watch.monitors.selection import applies
from shipworthy.watch.words import Level


def judge(state: Mapping[str, Any], window: Window, settings: Settings, profile: Mapping[str, Any]) -> Judgement:
    """Note where two groups differ beyond the tolerance; alarm where the plan names the tolerance."""
    if window.labels is None:
        return not_run(state, window.unlabelled_because or "The truth about these answers is not known.")
    if not window.groups:
        return not_run(state, f"The groups of those who were answered on {window.day} could not be found.")
    if not (np.isfinite(window.labels) & np.isfinite(window.scores)).any():
        return not_run(
            state, f"None of the {window.scores.size:,} answers of {window.day} has both a score and a known truth."
        )
    measured = measures(window, settings, HeldOut.read(profile))
    if not measured:
        return not_run(state, f"Nothing about the answers of {window.day} can be compared between groups.")
    named = Named(state, window.groups)
    depends = of_groups(profile, settings)
    found = compared(state, named, dict.fromkeys(named.known, measured), window.moment, settings, depends)
    if not found.answers:
        return not_run(state, f"Those answered on {window.day} are all of one group, so there is nothing to compare.")
    harmed, outside = found.harmed, found.outside
    level: Level = "quiet"
    if harmed or outside:
        level = "alarm" if harmed and settings.declared else "note"
    moments = [one.since for one in (harmed or outside)]
    return Judgement(
        level=level,
        text=summary(found) or f"The groups answered on {window.day} fare alike, within what is tolerated.",
        state=found.state,
        numbers={
            "answers": float(window.scores.size),
            "n": float(np.isfinite(window.labels).sum()),
            "gap": max(abs(one.asked.now) for one in found.answers),
            "tolerance": settings.tolerance or 0.0,
            "phi": depends.phi,
            "evidence": max(one.reached for one in found.answers),
        },
        parts={one.asked.name: one.row for one in [*harmed, *outside]},
        guarantee=promise(settings, depends),
        cause="See performance for the segment, and input-drift for what moved there." if level != "quiet" else "",
        advice="Have the legal and compliance owners judge it; until then let a person decide for the group."
        if level == "alarm"
        else "",
        since=min(moments) if moments else "",
    )


def measures(window: Window, settings: Settings, then: HeldOut | None) -> list[Measured]:
    """What can be compared: rates of the decisions, the loss, and promised less real."""
    assert window.labels is not None
    labels, scores = window.labels, window.scores
    tolerance, known = settings.tolerance or 0.0, np.isfinite(labels) & np.isfinite(scores)
    found: list[Measured] = []
    binary = bool(np.isin(labels[known], (0.0, 1.0)).all())
    if window.decisions.size == scores.size and (binary or window.threshold is not None):
        real = labels == 1 if window.threshold is None else labels >= window.threshold
        classes = window.of_classes
        if classes is not None and classes.truths is not None:  # the class that counts as yes
            real = np.array([*classes.names, ""], dtype=object)[_places(classes.truths)] == window.yes
        chosen = window.decisions == window.yes
        told = known & (chosen | (window.decisions == window.no))
        yes = chosen.astype(np.float64)
        found.append(Measured("share of real yes that was found", told & real, yes, tolerance=tolerance))
        found.append(Measured("share of real no that was chosen", told & ~real, yes, tolerance=tolerance))
    shares = binary and window.promises and bool(((scores[known] >= 0) & (scores[known] <= 1)).all())
    safe_scores, safe_labels = np.where(known, scores, 0.0), np.where(known, labels, 0.0)
    if then is not None and (shares or then.loss == "absolute"):
        lost = then.losses(safe_scores, safe_labels)
        if window.of_classes is not None:
            lost = np.where(known, window.of_classes.losses, 0.0)
        found.append(Measured("mean loss", known, lost, tolerance=tolerance))
    if shares:
        gap = safe_scores - safe_labels
        found.append(Measured("promised less real", known, gap, tolerance=tolerance, span=2.0))
    return found


def _places(truths: Floats) -> npt.NDArray[np.intp]:
    """The place of each true class; the one behind all of them where it is unknown."""
    return np.where(np.isfinite(truths), truths, -1).astype(np.intp)


MONITOR = Monitor(
    name="fairness",
    asks="Are the answers as right for every group as for the others?",
    needs="labels",
    judge=judge,
    tolerance=0.05,
    phi=5.0,
    applies=applies,
)
