"""What fell short of what a consumer was promised: late, partial, not confirmed, not used. Pure."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from shipworthy.base.fact import Past, Recorded
from shipworthy.base.times import Length
from shipworthy.deliver.folds import Brought, Troubled, brought, confirmed, last_end, receipts, troubled
from shipworthy.deliver.rules import NOT_RELEASED, is_late, unvisited
from shipworthy.deliver.run import BACK_FILL
from shipworthy.deliver.words import DeliveryAcknowledged, RunFinished
from shipworthy.plan.check import spoken
from shipworthy.plan.schema import Consumer, Plan
from shipworthy.plan.words import PlanAdopted

NOT_FOR_PEOPLE = ("rehearsal", BACK_FILL)
"""Steps of deliveries that nobody has to confirm or to act on."""


@dataclass(frozen=True, slots=True)
class Shortfall:
    """One thing that fell short.

    Attributes:
        kind: late, partial, unacknowledged or unused, as a trigger names it.
        name: the delivery or run it is about.
        lasting: whether it can still be mended.
        at, seq: when the delivery or run came to be, and the number of the fact that says so; 0 where none does.
    """

    kind: str
    name: str
    run: str
    consumer: str
    text: str
    lasting: bool = False
    at: datetime | None = None
    seq: int = 0


def shortfalls(plan: Plan, past: Past, now: datetime) -> Iterator[Shortfall]:
    """Everything that fell short of the plan in what was brought to people, oldest first of each kind."""
    made = [one for one in brought(past) if one.step not in NOT_FOR_PEOPLE]
    yield from _late(plan, made)
    yield from _partial(plan, past, promised_since(past, "answered_at_least"))
    yield from _unread(plan, made, confirmed(past), now)
    yield from _unused(plan, past, made, now, promised_since(past, "use_at_least"))


def unheard(plan: Plan, past: Past, now: datetime) -> Iterator[Shortfall]:
    """Consumers who did not confirm, or use, the newest list of which it is time; at any destination will do.

    Nothing of a consumer for whom the plan declares neither `acknowledge_within` nor `use_at_least`.
    """
    runs: dict[str, list[Brought]] = {}
    for one in brought(past):
        if one.step not in NOT_FOR_PEOPLE:
            runs.setdefault(one.run, []).append(one)
    told = confirmed(past)
    since = promised_since(past, "acknowledge_within")
    waits = {name: one.acknowledge_within for name, one in plan.consumers.items() if one.acknowledge_within}
    for parts in _newest(runs.values(), waits, since, now):
        if not any(one.delivery in told for one in parts):
            yield from _unread(plan, parts[-1:], told, now)
    since = promised_since(past, "use_at_least")
    waits = {name: one.time_to_act for name, one in plan.consumers.items() if one.use_at_least is not None}
    for parts in _newest(runs.values(), waits, since, now):
        yield from _unused(plan, past, parts, now, since)


def _newest(
    runs: Iterable[Sequence[Brought]], waits: Mapping[str, Length], since: Mapping[str, int], now: datetime
) -> list[Sequence[Brought]]:
    """Of each consumer what was brought by the newest run of which it is time, under a promise that still holds."""
    found: dict[str, Sequence[Brought]] = {}
    for parts in runs:
        name, seq = parts[0].consumer, parts[0].seq
        if name in waits and seq >= since.get(name, seq + 1) and waits[name].after(max(o.at for o in parts)) < now:
            found[name] = parts
    return list(found.values())


def promised_since(past: Past, key: str) -> dict[str, int]:
    """Since which fact each consumer's plan holds a promise without a break; what was brought before is not judged."""
    since: dict[str, int] = {}
    for fact in past.of(PlanAdopted):
        told = fact.what.plan["consumers"]
        since = {name: since.get(name, fact.seq) for name, one in told.items() if one.get(key) is not None}
    return since


def receipts_of(past: Past) -> dict[str, Recorded[DeliveryAcknowledged]]:
    """The newest acknowledgement of each delivery, by its name."""
    return {fact.what.delivery: fact for fact in past.of(DeliveryAcknowledged)}


def told_by(receipt: Recorded[DeliveryAcknowledged]) -> str:
    """Who confirmed a delivery, in words; by a link it is whoever had it, in the name of the consumer's person."""
    return f"{receipt.who}, by {receipt.what.way}" if receipt.what.way else receipt.who


def used_of(rows: int, used: int | None) -> float | None:
    """The share of its rows that a delivery's receiver acted on; None where nobody said."""
    return None if used is None or not rows else used / rows


def enough_answered(consumer: Consumer, finished: RunFinished | Troubled) -> bool:
    """Whether a run answered as many of those due as the plan asks; whoever has no released cohort does not count."""
    if consumer.answered_at_least is None or finished.back_fill:
        return True
    waiting = finished.due - finished.refused.get(NOT_RELEASED, 0)
    return not waiting or finished.answered >= consumer.answered_at_least * waiting


def _late(plan: Plan, made: Sequence[Brought]) -> Iterator[Shortfall]:
    for one in made:
        if is_late(plan, one):
            due_by = one.due_by[:16].replace("T", " ")
            text = f"the list of {one.as_of[:10]} for {one.consumer} came late: due by {due_by} UTC"
            yield Shortfall("late", one.delivery, one.run, one.consumer, text, at=one.at, seq=one.seq)


def _partial(plan: Plan, past: Past, promised: dict[str, int]) -> Iterator[Shortfall]:
    for one in troubled(past):
        consumer = plan.consumers.get(one.consumer)
        if consumer is None:
            continue
        day, (at, seq) = one.as_of[:10], last_end(past, one.run)
        if one.seq >= promised.get(one.consumer, one.seq + 1) and not enough_answered(consumer, one):
            missed = one.due - one.answered - one.refused.get(NOT_RELEASED, 0)
            reasons = ", ".join(f"{n:,} {why}" for why, n in one.refused.items() if why != NOT_RELEASED)
            text = f"the list of {day} for {one.consumer} answered {one.answered:,}, and {missed:,} who were due got "
            text += f"no answer ({reasons}); the plan asks for {consumer.answered_at_least:.0%}"
            yield Shortfall("partial", one.run, one.run, one.consumer, text, False, at, seq)
        elif one.failed and one.delivered:
            still = unvisited(past, one.run, sorted(one.failed))
            missing = ", ".join(still or sorted(one.failed))
            text = f"the list of {day} for {one.consumer} reached only some of its destinations: not {missing}"
            yield Shortfall("partial", one.run, one.run, one.consumer, text, bool(still), at, seq)


def _unread(plan: Plan, made: Sequence[Brought], told: Container[str], now: datetime) -> Iterator[Shortfall]:
    for one in made:
        consumer = plan.consumers.get(one.consumer)
        wait = consumer.acknowledge_within if consumer else None
        if wait and one.delivery not in told and wait.after(one.at) < now:
            text = f"{one.consumer} has not acknowledged the list of {one.as_of[:10]} within {spoken(wait)}"
            yield Shortfall("unacknowledged", one.delivery, one.run, one.consumer, text, True, one.at, one.seq)


def _unused(
    plan: Plan,
    past: Past,
    made: Sequence[Brought],
    now: datetime,
    promised: dict[str, int],
) -> Iterator[Shortfall]:
    """Lists of which too little was acted on in time; a list that went to several places is used in any of them."""
    by_run: dict[str, list[Brought]] = {}
    for one in made:
        by_run.setdefault(one.run, []).append(one)
    for run, parts in by_run.items():
        what = parts[0]
        consumer = plan.consumers.get(what.consumer)
        wanted = consumer.use_at_least if consumer else None
        if consumer is None or wanted is None or not what.rows or what.seq < promised.get(what.consumer, 0):
            continue
        if consumer.time_to_act.after(max(one.at for one in parts)) >= now:
            continue
        newest = [(one.rows, receipt.used) for one in parts for receipt in receipts(past, one.delivery)[-1:]]
        shares = [used_of(rows, used) for rows, used in newest]
        said = [share for share in shares if share is not None]
        if said and max(said) >= wanted:
            continue
        day, within = what.as_of[:10], spoken(consumer.time_to_act)
        text = f"nobody said how much of the list of {day} {what.consumer} used within {within}"
        if said:
            text = f"{what.consumer} used {max(said):.0%} of the list of {day} within {within}"
        at, seq = last_end(past, run)
        text = f"{text}; the plan asks for {wanted:.0%}"
        yield Shortfall("unused", run, run, what.consumer, text, True, at, seq)
