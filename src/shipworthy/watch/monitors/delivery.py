"""Lists that came in time, were confirmed, and were used: of each consumer, against what the plan promises."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from shipworthy.base.fact import Past
from shipworthy.base.times import read_moment
from shipworthy.deliver.folds import Brought, Receipt, brought, receipts
from shipworthy.deliver.owing import owed
from shipworthy.deliver.rules import arrived, due_by, run_name
from shipworthy.deliver.shortfall import NOT_FOR_PEOPLE, promised_since, used_of
from shipworthy.plan.schema import Consumer, Plan
from shipworthy.release.signed import plan_in_use
from shipworthy.watch.counted import by_time
from shipworthy.watch.monitor import Counting, Event, Judgement, Monitor, Settings, Since, Window
from shipworthy.watch.rates import Telling, judged_shares
from shipworthy.watch.rules import updates_per_year

Made = Sequence[Brought]
Said = Mapping[str, Sequence[Receipt]]
TELLING = Telling(
    of="lists",
    fell_short="fell short of the plan",
    nothing="No list was due, to be confirmed or to be used.",
    cause="The run, its data or a destination came too late, or nobody there looks at the list.",
    advice="Open the delivery: it says when it went where; ask the consumer what keeps them from using it.",
)


def applies(plan: Plan) -> bool:
    """Only where lists are delivered."""
    return any(consumer.mode == "list" for consumer in plan.consumers.values())


def events(plan: Plan, past: Past, since: Since, now: datetime) -> list[Event]:
    """Of each list, once its time is up: whether it was there, whether it was confirmed, whether enough was used."""
    signed = plan_in_use(plan, past)
    made: dict[str, list[Brought]] = {}
    for one in brought(past):
        if one.step not in NOT_FOR_PEOPLE:
            made.setdefault(one.run, []).append(one)
    said = receipts(past)
    found = list(_in_time(signed, past, made, now))
    for key, told in (("acknowledge_within", _confirmed), ("use_at_least", _used)):
        promised = promised_since(past, key)
        for run in made.values():
            consumer = plan.consumers.get(run[0].consumer)
            if consumer is not None and run[0].seq >= promised.get(run[0].consumer, run[0].seq + 1):
                found += told(consumer, run, said)
    return by_time(found, since, now)


def _in_time(plan: Plan, past: Past, made: Mapping[str, Made], now: datetime) -> Iterator[Event]:
    """One row per list: whether it had reached every destination by its deadline."""
    for name, moment in owed(plan, past, now):
        consumer = plan.consumers[name]
        limit = due_by(consumer, moment)
        there = {
            one.sink
            for one in made.get(run_name(plan.product, name, moment), [])
            if arrived(plan, one) <= max(limit, read_moment(one.due_by))
        }
        missing = [sink for sink in consumer.sinks if sink not in there]
        text = f"the list of {moment:%Y-%m-%d} was not at {', '.join(missing)} by {limit:%Y-%m-%d %H:%M}"
        numbers = {"destinations": float(len(consumer.sinks)), "in_time": float(len(consumer.sinks) - len(missing))}
        yield Event(limit, 0, f"{name}: in time", 1, int(bool(missing)), text if missing else "", numbers)


def _confirmed(consumer: Consumer, run: Made, said: Said) -> Iterator[Event]:
    """Whether somebody confirmed the list, at whichever destination, in time."""
    assert consumer.acknowledge_within
    what, limit = run[0], consumer.acknowledge_within.after(run[0].at)
    heard = any(receipt.at <= limit for one in run for receipt in said.get(one.delivery, []))
    text = "" if heard else f"nobody confirmed the list of {what.as_of[:10]} by {limit:%Y-%m-%d %H:%M}"
    yield Event(limit, 0, f"{what.consumer}: confirmed", 1, int(not heard), text)


def _used(consumer: Consumer, run: Made, said: Said) -> Iterator[Event]:
    """Whether as much of the list was acted on in time as the plan asks; silence is not use."""
    wanted, what = consumer.use_at_least, run[0]
    if wanted is None or not what.rows:
        return
    limit = consumer.time_to_act.after(max(fact.at for fact in run))
    shares = [
        used_of(one.rows, receipt.used)
        for one in run
        for receipt in said.get(one.delivery, [])
        if receipt.at <= limit and receipt.used is not None
    ]
    best = max((share for share in shares if share is not None), default=None)
    short = best is None or best < wanted
    told = "nobody said how much" if best is None else f"{best:.0%}"
    text = f"of the list of {what.as_of[:10]} {told} was used, {wanted:.0%} are planned" if short else ""
    numbers = {"rows_delivered": float(what.rows), "rows_used": (best or 0.0) * what.rows}
    yield Event(limit, 0, f"{what.consumer}: used", 1, int(short), text, numbers)


def judge(state: Mapping[str, Any], window: Window, settings: Settings, profile: Mapping[str, Any]) -> Judgement:
    """Note each list that fell short; alarm where they do so more often than the plan tolerates."""
    return judged_shares(state, window, settings, TELLING)


MONITOR = Monitor(
    name="delivery",
    asks="Do lists come in time, and are they confirmed and used?",
    needs="facts",
    judge=judge,
    tolerance=0.05,
    phi=1.0,
    applies=applies,
    counting=Counting(events, timedelta(days=1), updates_per_year),
)
