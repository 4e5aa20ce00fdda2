"""What decisions were worth once their truth was known, against what the plan counts on.

Each answer is worth one of four amounts, by its decision and its truth, so that its worth is bounded and the evidence
against "the mean is at least what is planned" keeps its rate of false alarms. Whoever was left to a person counts as
nothing of the four and is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from shipworthy.model.performance import HeldOut
from shipworthy.plan.schema import Plan, Worth
from shipworthy.watch.bounds import mean_at_least, mean_at_most
from shipworthy.watch.dependence import of_worth
from shipworthy.watch.detector import promise
from shipworthy.watch.evidence import Floats, beyond
from shipworthy.watch.monitor import Judgement, Monitor, Settings, Window, not_run
from shipworthy.watch.side_by_side import WHOLE, Asked, answered, still_needed
from shipworthy.watch.words import Level

_CONFIDENCE = 0.95


def applies(plan: Plan) -> bool:
    """Only where the plan says what decisions are worth, and a truth is a yes or a no."""
    return plan.watch.worth is not None and (plan.need.answer == "probability" or plan.decision.threshold is not None)


def judge(state: Mapping[str, Any], window: Window, settings: Settings, profile: Mapping[str, Any]) -> Judgement:
    """Alarm where decisions are worth less on average than the plan counts on, and not by chance."""
    worth = settings.worth
    if window.labels is None or worth is None:
        return not_run(state, window.unlabelled_because or "The plan does not say what decisions are worth.")
    if window.decisions.size != window.labels.size:
        return not_run(state, f"The decisions of {window.day} are not stored with its answers.")
    values = worths(window, worth)
    low, high = _ends(worth)
    if not values.size:
        return not_run(state, f"Of {window.day} no decision has a truth that is known.")
    if not low < worth.at_least < high:
        return not_run(state, f"The plan counts on {worth.at_least:g}, and an answer is worth {low:g} to {high:g}.")
    depends = of_worth(HeldOut.read(profile), worth, settings)
    phi = depends.of_window(int(values.size))
    scaled = (values - low) / (high - low)
    planned = (worth.at_least - low) / (high - low)
    factors = np.array([beyond(-scaled, -planned)])
    mean = float(values.mean())
    asked = Asked(WHOLE, int(values.size), mean, worth.at_least, worth.at_least, factors, mean < worth.at_least)
    [answer], kept = answered(state, [asked], window.moment, replace(settings, tolerance=planned), depends, phi)
    level: Level = "quiet"
    if asked.beyond:
        level = "alarm" if answer.harms else "note"
    ends = [bound(scaled, (1 - _CONFIDENCE) / 2, phi) for bound in (mean_at_least, mean_at_most)]
    least, most = (low + max(0.0, min(1.0, end)) * (high - low) for end in ends)
    sure = "" if not asked.beyond else " This is not by chance." if answer.harms else f" One {still_needed(answer)}."
    unit = f" {worth.unit}" if worth.unit else ""
    return Judgement(
        level=level,
        text=f"{values.size:,} decisions of {window.day} were worth {mean:,.3g}{unit} each ({least:,.3g} to "
        f"{most:,.3g} with {_CONFIDENCE:.0%} confidence), {float(values.sum()):,.0f} in all; "
        f"{worth.at_least:,.3g} are planned."
        f"{sure}",
        state=kept,
        numbers={
            "rows": float(values.size),
            "mean": mean,
            "low": least,
            "high": most,
            "total": float(values.sum()),
            "planned": worth.at_least,
            "evidence": answer.reached,
        },
        guarantee=promise(settings, depends, " in which decisions are worth what is planned"),
        cause="Fewer of those chosen are the right ones, more of the others would have been, or acting changed them."
        if asked.beyond
        else "",
        advice="Compare with the monitors of performance and threshold; see whether the plan's amounts still hold."
        if asked.beyond
        else "",
        since=answer.since if asked.beyond else "",
    )


def worths(window: Window, worth: Worth) -> Floats:
    """What each decision was worth whose truth is known."""
    assert window.labels is not None
    cut = 0.5 if window.threshold is None else window.threshold
    known = np.isfinite(window.labels)
    came_true = window.labels >= cut
    amounts = (
        (window.yes, True, worth.yes_right),
        (window.yes, False, worth.yes_wrong),
        (window.no, True, worth.no_wrong),
        (window.no, False, worth.no_right),
    )
    found = np.full(window.labels.shape, np.nan)
    for word, truth, amount in amounts:
        found[known & (window.decisions == word) & (came_true == truth)] = amount
    return np.asarray(found[np.isfinite(found)], dtype=np.float64)


def _ends(worth: Worth) -> tuple[float, float]:
    amounts = (worth.yes_right, worth.yes_wrong, worth.no_right, worth.no_wrong)
    return min(amounts), max(amounts)


MONITOR = Monitor(
    name="worth",
    asks="Are decisions worth what the plan counts on?",
    needs="labels",
    judge=judge,
    tolerance=None,
    applies=applies,
)
