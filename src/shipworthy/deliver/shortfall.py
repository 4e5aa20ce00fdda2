"""What fell short of what a consumer was promised: late, partial, not confirmed, not used. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from shipworthy.base.fact import Past, Recorded
from shipworthy.deliver.rules import NOT_RELEASED, is_late, unvisited
from shipworthy.deliver.run import BACK_FILL
from shipworthy.deliver.words import DeliveryAcknowledged, DeliveryMade, RunFinished
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
    """

    kind: str
    name: str
    run: str
    consumer: str
    text: str
    lasting: bool = False


def shortfalls(plan: Plan, past: Past, now: datetime) -> Iterator[Shortfall]:
    """Everything that fell short of the plan in what was brought to people, oldest first of each kind."""
    made = [fact for fact in past.of(DeliveryMade) if fact.what.step not in NOT_FOR_PEOPLE]
    receipts = receipts_of(past)
    yield from _late(plan, made)
    yield from _partial(plan, past, promised_since(past, "answered_at_least"))
    yield from _unread(plan, made, receipts, now)
    yield from _unused(plan, made, receipts, now, promised_since(past, "use_at_least"))


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


def enough_answered(consumer: Consumer, finished: RunFinished) -> bool:
    """Whether a run answered as many of those due as the plan asks; whoever has no released cohort does not count."""
    if consumer.answered_at_least is None or finished.back_fill:
        return True
    waiting = finished.due - finished.refused.get(NOT_RELEASED, 0)
    return not waiting or finished.answered >= consumer.answered_at_least * waiting


def _late(plan: Plan, made: list[Recorded[DeliveryMade]]) -> Iterator[Shortfall]:
    for fact in made:
        what = fact.what
        if is_late(plan, fact):
            due_by = what.due_by[:16].replace("T", " ")
            text = f"the list of {what.as_of[:10]} for {what.consumer} came late: due by {due_by} UTC"
            yield Shortfall("late", what.delivery, what.run, what.consumer, text)


def _partial(plan: Plan, past: Past, promised: dict[str, int]) -> Iterator[Shortfall]:
    for fact in past.of(RunFinished):
        what = fact.what
        consumer = plan.consumers.get(what.consumer)
        if consumer is None:
            continue
        day = what.as_of[:10]
        if fact.seq >= promised.get(what.consumer, fact.seq + 1) and not enough_answered(consumer, what):
            missed = what.due - what.answered - what.refused.get(NOT_RELEASED, 0)
            reasons = ", ".join(f"{n:,} {why}" for why, n in what.refused.items() if why != NOT_RELEASED)
            text = f"the list of {day} for {what.consumer} answered {what.answered:,}, and {missed:,} who were due got "
            text += f"no answer ({reasons}); the plan asks for {consumer.answered_at_least:.0%}"
            yield Shortfall("partial", what.run, what.run, what.consumer, text)
        elif what.failed and what.delivered:
            still = unvisited(past, what.run, sorted(what.failed))
            missing = ", ".join(still or sorted(what.failed))
            text = f"the list of {day} for {what.consumer} reached only some of its destinations: not {missing}"
            yield Shortfall("partial", what.run, what.run, what.consumer, text, bool(still))


def _unread(
    plan: Plan, made: list[Recorded[DeliveryMade]], receipts: dict[str, Recorded[DeliveryAcknowledged]], now: datetime
) -> Iterator[Shortfall]:
    for fact in made:
        what = fact.what
        consumer = plan.consumers.get(what.consumer)
        wait = consumer.acknowledge_within if consumer else None
        if wait and what.delivery not in receipts and wait.after(fact.at) < now:
            text = f"{what.consumer} has not acknowledged the list of {what.as_of[:10]} within {spoken(wait)}"
            yield Shortfall("unacknowledged", what.delivery, what.run, what.consumer, text, lasting=True)


def _unused(
    plan: Plan,
    made: list[Recorded[DeliveryMade]],
    receipts: dict[str, Recorded[DeliveryAcknowledged]],
    now: datetime,
    promised: dict[str, int],
) -> Iterator[Shortfall]:
    """Lists of which too little was acted on in time; a list that went to several places is used in any of them."""
    by_run: dict[str, list[Recorded[DeliveryMade]]] = {}
    for fact in made:
        by_run.setdefault(fact.what.run, []).append(fact)
    for run, facts in by_run.items():
        what = facts[0].what
        consumer = plan.consumers.get(what.consumer)
        wanted = consumer.use_at_least if consumer else None
        if consumer is None or wanted is None or not what.rows or facts[0].seq < promised.get(what.consumer, 0):
            continue
        if consumer.time_to_act.after(max(fact.at for fact in facts)) >= now:
            continue
        shares = [
            used_of(fact.what.rows, receipts[fact.what.delivery].what.used)
            for fact in facts
            if fact.what.delivery in receipts
        ]
        said = [share for share in shares if share is not None]
        if said and max(said) >= wanted:
            continue
        day, within = what.as_of[:10], spoken(consumer.time_to_act)
        text = f"nobody said how much of the list of {day} {what.consumer} used within {within}"
        if said:
            text = f"{what.consumer} used {max(said):.0%} of the list of {day} within {within}"
        yield Shortfall("unused", run, run, what.consumer, f"{text}; the plan asks for {wanted:.0%}", lasting=True)
