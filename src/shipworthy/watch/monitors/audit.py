"""Whether answers are as right as when they were proven, by what people say of a random sample: a guarantee."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from shipworthy.watch import detector
from shipworthy.watch.bounds import dependence
from shipworthy.watch.drift import REFERENCE_PART
from shipworthy.watch.evidence import mean_above
from shipworthy.watch.monitor import Judgement, Monitor, Settings, Window, not_run
from shipworthy.watch.proof_rows import Question
from shipworthy.watch.side_by_side import WHOLE, errors
from shipworthy.watch.words import Level


def judge(state: Mapping[str, Any], window: Window, settings: Settings, profile: Mapping[str, Any]) -> Judgement:
    """Alarm when the mean squared error of the sample lies beyond what was proven and the tolerance together."""
    kept, labels = profile.get("estimates"), window.labels
    if labels is None:
        return not_run(state, window.unlabelled_because or f"No sample of {window.day} was labelled.")
    if kept is None or "brier" not in kept:
        return not_run(
            state, "The candidate holds no squared error of its proof to compare with, as of yes or no it would."
        )
    usable = np.isfinite(window.scores)
    scores, truth = window.scores[usable], labels[usable]
    known = np.isfinite(truth)
    if not known.any():
        return not_run(state, f"Nobody could tell the truth about any of the {truth.size} answers of {window.day}.")
    # Whoever could not be told counts as right, so that doubt alone raises nothing.
    losses = np.where(known, (scores - np.where(known, truth, 0.0)) ** 2, 0.0)
    first, bound = float(kept["brier"]), _at_most(kept, settings.alpha * REFERENCE_PART)
    tau = min(1.0, bound + (settings.tolerance or 0.0))
    depends = dependence(settings.phi)
    factor = mean_above(losses, tau)
    before = detector.carried(state, "loss", 1, settings, depends.phi)
    evidence = detector.grown(before, factor[None], depends.phi)
    reached = detector.against(evidence, settings, settings.alpha * (1 - REFERENCE_PART))
    outside = float(losses.mean()) > tau
    level: Level = "alarm" if reached >= 1 else "note" if outside else "quiet"
    since = (str(state.get("since") or "") or window.moment) if level != "quiet" else ""
    mean = float(losses.mean())
    right = float(((scores >= 0.5) == (truth == 1))[known].mean())
    return Judgement(
        level=level,
        text=f"People labelled {int(known.sum()):,} answers of {window.day} that were drawn at random: squared error "
        f"{mean:.3f}, {first:.3f} when the candidate was proven, up to {tau:.3f} tolerated."
        + (f" Nobody could tell of {int((~known).sum()):,} more; they count as right." if not known.all() else ""),
        state=detector.kept({"loss": evidence}, settings, depends.phi, since=since),
        numbers={
            "n": float(known.sum()),
            "unsure": float((~known).sum()),
            "brier": mean,
            "first_brier": first,
            "tolerated": tau,
            "accuracy": right,
            "evidence": reached,
        },
        guarantee=detector.promise(settings, depends) + " Rows are independent because the sample was drawn at random.",
        cause="What inputs mean has changed, or inputs come from where scores say little." if level != "quiet" else "",
        advice="Compare with estimated-performance: where that saw nothing, the meaning of inputs changed; retrain."
        if level == "alarm"
        else "",
        since=since,
    )


def rests_on(profile: Mapping[str, Any], settings: Settings, answers: int) -> list[Question]:
    """The mean squared error of the held-out rows."""
    kept = profile.get("estimates")
    if kept is None or "brier" not in kept:
        return []
    labels = profile.get("labels") or {}
    yes = float(labels.get("mean", 0.5))
    return [
        Question(
            part=WHOLE,
            rows=int(kept["rows"]),
            proven=float(kept["brier"]),
            tolerance=settings.tolerance or 0.0,
            bound=lambda times: _at_most(kept, settings.alpha * REFERENCE_PART, times),
            nothing=yes * (1 - yes),
            share=1.0,
            error=errors(settings, True, 0)[0],
            phi=settings.phi,
        )
    ]


def _at_most(kept: Mapping[str, Any], error: float, times: float = 1.0) -> float:
    """The mean squared error of the held-out rows, at most.

    Source: Maurer and Pontil (2009), theorem 4, from mean, variance and number of rows.
    """
    rows, log = float(kept["rows"]) * times, float(np.log(2 / error))
    spread = np.sqrt(2 * float(kept["brier_variance"]) * log / rows)
    return float(kept["brier"] + spread + 7 * log / (3 * (rows - 1)))


MONITOR = Monitor(
    name="audit",
    asks="Are answers as right as proven, by what people say of a random sample?",
    needs="audit",
    judge=judge,
    tolerance=0.02,
    tolerates="{share:g} more than was proven",
    phi=1.0,
    applies=lambda plan: plan.watch.audit is not None,
    rests_on=rests_on,
)
