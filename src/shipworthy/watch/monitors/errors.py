"""How often a question in real time, or one of a stream, got no answer: for our reasons, or for one of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from shipworthy.base.fact import Past
from shipworthy.deliver.service import HELD_BACK, NOT_AS_AGREED
from shipworthy.deliver.words import ServiceCounted
from shipworthy.plan.schema import Plan
from shipworthy.watch.counted import hourly
from shipworthy.watch.monitor import Counting, Event, Judgement, Monitor, Settings, Since, Window
from shipworthy.watch.monitors.latency import served
from shipworthy.watch.rates import Telling, judged_shares

TELLING = Telling(
    of="questions",
    fell_short="got no answer",
    nothing="Nothing was asked in real time.",
    cause="What failed is ours: a model that broke or took too long, a full disk, too much to do. What was refused is "
    "the caller's: inputs that are not as agreed.",
    advice="`shipworthy explain CODE` says what each code means; the refusals in the prediction log name the field.",
)


def events(plan: Plan, past: Past, since: Since, now: datetime) -> Iterator[Event]:
    """Each sealed stretch: the questions that failed, were turned away or timed out, and those not as agreed.

    What is held back on purpose is no error.
    """
    for fact in past.of(ServiceCounted, after=since.seq):
        what = fact.what
        asked = what.asked - what.refused.get(HELD_BACK, 0)
        theirs = {code: count for code, count in what.refused.items() if code in NOT_AS_AGREED}
        ours = {code: count for code, count in what.refused.items() if code not in NOT_AS_AGREED | {HELD_BACK}}
        for kind, codes in (("failed", ours), ("not as agreed", theirs)):
            count = sum(codes.values())
            text = ", ".join(f"{code} {number:,}" for code, number in sorted(codes.items()))
            yield Event(fact.at, fact.seq, f"{what.consumer}: {kind}", asked, count, text)


def judge(state: Mapping[str, Any], window: Window, settings: Settings, profile: Mapping[str, Any]) -> Judgement:
    """Note where more questions go unanswered than tolerated; alarm beyond chance where the plan names how many."""
    return judged_shares(state, window, settings, TELLING)


MONITOR = Monitor(
    name="errors",
    asks="How many questions in real time get no answer?",
    needs="facts",
    judge=judge,
    tolerance=0.01,
    applies=served,
    counting=Counting(events, timedelta(hours=1), hourly),
)
