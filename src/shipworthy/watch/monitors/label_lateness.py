"""How many answers had no label when their truth should have been known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from shipworthy.base.fact import Past
from shipworthy.base.times import read_moment
from shipworthy.deliver.run import BACK_FILL
from shipworthy.deliver.words import AnswersSealed
from shipworthy.plan.schema import Plan
from shipworthy.watch.counted import by_time, daily
from shipworthy.watch.monitor import Counting, Event, Judgement, Monitor, Settings, Since, Window
from shipworthy.watch.rates import Telling, judged_shares
from shipworthy.watch.rules import REHEARSAL
from shipworthy.watch.words import LabelsSealed

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


def events(plan: Plan, past: Past, since: Since, now: datetime) -> list[Event]:
    """Of each moment whose horizon has passed: the answers, and those that had no label when they should have.

    Each moment counts once: when its labels were collected first, or a day after the horizon where none were.
    """
    collected: dict[str, tuple[datetime, int, LabelsSealed]] = {}
    for fact in past.of(LabelsSealed):
        moment = read_moment(fact.what.as_of).isoformat()
        collected.setdefault(moment, (fact.at, fact.seq, fact.what))
    found, missing = [], []
    for moment, rows in _answers(past).items():
        limit = plan.need.horizon.after(read_moment(moment)) + GRACE
        at, seq, labels = collected.get(moment, (now, 0, None))
        if labels is not None and at <= limit:
            if seq > since.seq:
                whole = labels.matched + labels.unlabelled
                text = f"of {moment[:10]} {labels.unlabelled:,} of {whole:,}" if labels.unlabelled else ""
                found.append(Event(at, seq, PART, whole, labels.unlabelled, text))
        else:
            missing.append(Event(limit, 0, PART, rows, rows, f"of {moment[:10]} all {rows:,}"))
    return found + by_time(missing, since, now)


def _answers(past: Past) -> dict[str, int]:
    """How many answers were given for each moment; those of a rehearsal or a back-fill are not held against a truth."""
    found: Counter[str] = Counter()
    for fact in past.of(AnswersSealed):
        if set(fact.what.steps) != {REHEARSAL} and BACK_FILL not in fact.what.steps:
            found[read_moment(fact.what.as_of).isoformat()] += fact.what.rows
    return found


def judge(state: Mapping[str, Any], window: Window, settings: Settings, profile: Mapping[str, Any]) -> Judgement:
    """Note where more labels are missing than tolerated; alarm where it stays so and the plan names the tolerance."""
    return judged_shares(state, window, settings, TELLING)


MONITOR = Monitor(
    name="label-lateness",
    asks="Does the truth come as soon as it should?",
    needs="facts",
    judge=judge,
    tolerance=0.1,
    counting=Counting(events, timedelta(days=1), daily),
)
