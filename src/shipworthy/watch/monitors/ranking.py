"""Whether the answers still put the right ones first: described, never an alarm."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from shipworthy.watch.bounds import ranking
from shipworthy.watch.monitor import Floats, Judgement, Monitor, OfClasses, Settings, Window, not_run
from shipworthy.watch.monitors.calibration import applies


def judge(state: Mapping[str, Any], window: Window, settings: Settings, profile: Mapping[str, Any]) -> Judgement:
    """Note when the whole interval of the AUC lies below the floor that the proof was held to."""
    if window.labels is None:
        return not_run(state, window.unlabelled_because or "The truth about these answers is not known.")
    if window.of_classes is not None and window.of_classes.truths is not None:
        return _of_classes(state, window, window.of_classes, window.of_classes.truths)
    usable = np.isfinite(window.labels) & np.isfinite(window.scores)
    scores, labels = window.scores[usable], window.labels[usable]
    size = float(scores.size)
    if not np.isin(labels, (0.0, 1.0)).all():
        return not_run(state, f"The truth of {window.day} is not yes or no, so there is nothing to rank.", n=size)
    found = ranking(scores, labels)
    if found is None:
        return not_run(
            state, f"The {scores.size:,} labelled answers of {window.day} do not hold two of both yes and no.", n=size
        )
    bound = settings.floor
    lower = bound is not None and found.high < bound
    numbers = {"n": size, "auc": found.auc, "low": found.low, "high": found.high}
    if bound is not None:
        numbers["bound"] = bound
    said = f"Ranking of {window.day}: AUC {found.auc:.3f} ({found.low:.3f} to {found.high:.3f})"
    held = "." if bound is None else f", {'below' if lower else 'held against'} {bound:.3f}."
    return Judgement(
        level="note" if lower else "quiet",
        text=said + held,
        state=dict(state),
        numbers=numbers,
        guarantee="Descriptive: a 95% interval for this window alone, not valid under repeated looks.",
        kind="description",
        cause="What separates yes from no has changed since the candidate was proven." if lower else "",
    )


def _of_classes(state: Mapping[str, Any], window: Window, classes: OfClasses, truths: Floats) -> Judgement:
    """Each class against all others, by its own probability."""
    known, found = np.isfinite(truths), {}
    for place, name in enumerate(classes.names):
        one = ranking(classes.likely[known, place], (truths[known] == place).astype(np.float64))
        if one is not None:
            rows = float((truths[known] == place).sum())
            found[name] = {"rows": rows, "now": one.auc, "low": one.low, "high": one.high}
    size = float(known.sum())
    if not found:
        why = f"The {int(size):,} labelled answers of {window.day} do not hold two of one class and two of another."
        return not_run(state, why, n=size)
    mean = float(np.mean([one["now"] for one in found.values()]))
    worst = min(found, key=lambda name: found[name]["now"])
    last = found[worst]
    return Judgement(
        level="quiet",
        text=f"Ranking of {window.day}, each class against the others: AUC {mean:.3f} on average, least for {worst} "
        f"with {last['now']:.3f} ({last['low']:.3f} to {last['high']:.3f}).",
        state=dict(state),
        numbers={"n": size, "auc": mean, "least": last["now"], "classes": float(len(found))},
        parts=found,
        guarantee="Descriptive: 95% intervals for this window alone, not valid under repeated looks.",
        kind="description",
    )


MONITOR = Monitor(
    name="ranking",
    asks="Are those for whom it comes true still ranked above the others?",
    needs="labels",
    judge=judge,
    tolerance=None,
    spends=False,
    applies=applies,
)
