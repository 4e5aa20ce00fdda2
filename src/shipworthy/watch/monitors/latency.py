"""How often an answer in real time, or one of a stream, came later than its consumer's plan allows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from shipworthy.base.fact import Past
from shipworthy.deliver.words import ServiceCounted
from shipworthy.plan.schema import Plan
from shipworthy.watch.counted import hourly
from shipworthy.watch.monitor import Counting, Event, Judgement, Monitor, Settings, Since, Window
from shipworthy.watch.rates import Telling, judged_shares

TELLING = Telling(
    of="answers",
    fell_short="came too late",
    nothing="Nothing was answered in real time.",
    cause="The model, the disk of the prediction log or the machine is slower than planned, or more is asked of it.",
    advice="Open the servers' page: how many a second, and how long half of them and 99 of 100 take.",
)


def served(plan: Plan) -> bool:
    """Only where somebody is answered in real time or by a stream."""
    return any(consumer.mode in ("realtime", "stream") for consumer in plan.consumers.values())


def events(plan: Plan, past: Past, since: Since, now: datetime) -> Iterator[Event]:
    """Each sealed stretch of a server or worker: its answers, and those beyond the latency that was declared then."""
    for fact in past.of(ServiceCounted, after=since.seq):
        what = fact.what
        text = f"{what.late:,} took more than {what.within_ms:g} ms" if what.late else ""
        yield Event(fact.at, fact.seq, what.consumer, what.answered, what.late, text)


def judge(state: Mapping[str, Any], window: Window, settings: Settings, profile: Mapping[str, Any]) -> Judgement:
    """Note where more answers are late than tolerated; alarm where it is not by chance and the plan names how many."""
    return judged_shares(state, window, settings, TELLING)


MONITOR = Monitor(
    name="latency",
    asks="Do answers in real time come within the declared latency?",
    needs="facts",
    judge=judge,
    tolerance=0.01,
    applies=served,
    counting=Counting(events, timedelta(hours=1), hourly),
)
