"""How many answers the simple baseline gave although a model is released, in lists, in real time and by streams."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from shipworthy.base.fact import Past
from shipworthy.base.times import read_moment
from shipworthy.deliver.words import RunFinished, ServiceCounted
from shipworthy.plan.schema import Plan
from shipworthy.release.words import CameBack, FellBack
from shipworthy.watch.counted import hourly
from shipworthy.watch.monitor import Counting, Event, Judgement, Monitor, Settings, Since, Window
from shipworthy.watch.rates import Telling, judged_shares

TELLING = Telling(
    of="answers",
    fell_short="are the baseline's",
    nothing="Nothing was answered.",
    cause="The model broke, took too long, was put aside, lacks fresh inputs, or somebody fell back on purpose.",
    advice="Read the notice of such an answer: it names the reason. After a fall-back: `shipworthy come-back`.",
)


def events(plan: Plan, past: Past, since: Since, now: datetime) -> Iterator[Event]:
    """Each list and each stretch of real-time answers, and how many of its answers stood in for the model."""
    turns = [(fact.seq, isinstance(fact.what, FellBack)) for fact in past.of(FellBack, CameBack)]

    def fallen(seq: int) -> bool:
        return next((is_fall for turn, is_fall in reversed(turns) if turn < seq), False)

    for list_ in past.of(RunFinished, after=since.seq):
        if not list_.what.back_fill:
            answered, day = list_.what.answered, read_moment(list_.what.as_of).date()
            ones = answered if list_.what.stood_in or fallen(list_.seq) else 0
            text = f"the list of {day}: {list_.what.stood_in or 'it was fallen back to on purpose'}" if ones else ""
            yield Event(list_.at, list_.seq, list_.what.consumer, answered, ones, text)
    for fact in past.of(ServiceCounted, after=since.seq):
        ones = fact.what.answered if fallen(fact.seq) else fact.what.stood_in
        text = "it was fallen back to on purpose" if ones and fallen(fact.seq) else ""
        yield Event(fact.at, fact.seq, fact.what.consumer, fact.what.answered, ones, text)


def judge(state: Mapping[str, Any], window: Window, settings: Settings, profile: Mapping[str, Any]) -> Judgement:
    """Note where more answers stand in than tolerated; alarm where it is not by chance and the plan names how many."""
    return judged_shares(state, window, settings, TELLING)


MONITOR = Monitor(
    name="fallback",
    asks="How many answers does the baseline give in place of the model?",
    needs="facts",
    judge=judge,
    tolerance=0.01,
    counting=Counting(events, timedelta(hours=1), hourly),
)
