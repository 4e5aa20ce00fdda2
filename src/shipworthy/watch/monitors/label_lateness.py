"""How many answers had no label when their truth should have been known."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from shipworthy.base.fact import Past
from shipworthy.base.times import read_moment
from shipworthy.model.exploring import weighs
from shipworthy.plan.schema import Plan
from shipworthy.release.signed import plan_as_signed
from shipworthy.watch.counted import by_time, daily
from shipworthy.watch.folds import JUDGED, LABELLED, SEALED, unreached
from shipworthy.watch.monitor import Counting, Event, Judgement, Monitor, Settings, Since, Window
from shipworthy.watch.rates import Telling, judged_shares

GRACE = timedelta(days=1)
"""After the horizon, for the look that collects labels; then answers without any count as late."""
PART = "labels"
TELLING = Telling(
    of="answers whose truth should be known",
    fell_short="have no label",
    nothing="No answer's truth became due.",
    cause="The feed of outcomes stopped or comes late, or it names entities otherwise than the answers do.",
    advice="Look at the newest row of the source of the labels; until they come, nothing says how good answers are.",
)


def applies(plan: Plan) -> bool:
    """Not where truths follow from acting and nobody is acted on at random: no labels are collected then."""
    return plan.decision.explore is not None or not weighs(plan)


def events(plan: Plan, past: Past, since: Since, now: datetime) -> list[Event]:
    """Of each moment whose horizon has passed: the answers, and those that had no label when they should have.

    Each moment counts once: when its labels were collected first, or a day after the horizon where none were. Whose
    truth only follows from acting on them, and who was not acted on, has none to wait for; where nobody was acted on
    at random yet, nobody has.
    """
    collected, judged = past.fold(LABELLED), past.fold(JUDGED)
    behind = unreached(judged, judged)
    found, missing = [], []
    waits = cache(lambda candidate: applies(plan_as_signed(plan, past, candidate)))
    for moment, answered in sorted(past.fold(SEALED)["windows"].items()):
        labels = collected.get(moment)
        candidates = {name: known for name, known in answered.items() if waits(name)}
        if not candidates or (labels and labels["seq"] <= since.seq):
            continue  # nothing to wait for, or counted
        rows = sum(known["rows"] for known in candidates.values())
        ends = max(read_moment(known["until"] or moment) for known in candidates.values())
        limit = plan.need.horizon.after(ends) + GRACE
        at = read_moment(labels["at"]) if labels else now
        if labels and at <= limit:
            late = labels["unlabelled"] - labels["not_acted"]
            whole = labels["matched"] + late
            if whole:
                text = f"of {moment[:10]} {late:,} of {whole:,}" if late else ""
                found.append(Event(at, labels["seq"], PART, whole, late, text))
        else:
            why = ", whose truth the feed has not reached yet" if moment in behind else ""
            missing.append(Event(limit, 0, PART, rows, rows, f"of {moment[:10]} all {rows:,}{why}"))
    return found + by_time(missing, since, now)


def judge(state: Mapping[str, Any], window: Window, settings: Settings, profile: Mapping[str, Any]) -> Judgement:
    """Note where more labels are missing than tolerated; alarm where it stays so and the plan names the tolerance."""
    return judged_shares(state, window, settings, TELLING)


MONITOR = Monitor(
    name="label-lateness",
    asks="Does the truth come as soon as it should?",
    needs="facts",
    judge=judge,
    tolerance=0.1,
    applies=applies,
    counting=Counting(events, timedelta(days=1), daily),
)
