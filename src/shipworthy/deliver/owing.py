"""Which lists a consumer is owed: from when, by schedule or by arrival of data. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from shipworthy.base.fact import Past
from shipworthy.data.folds import ARRIVED
from shipworthy.deliver.rules import list_moments
from shipworthy.model.words import CandidateMade
from shipworthy.plan.schema import Consumer, Plan
from shipworthy.plan.words import PlanAdopted
from shipworthy.release.words import FOR_PEOPLE, ReleaseStepped

_EVER = datetime.min.replace(tzinfo=UTC)
_RHYTHM = ("mode", "when", "arrival_of", "arrives_every", "every", "start")


def owed(plan: Plan, past: Past, until: datetime) -> Iterator[tuple[str, datetime]]:
    """The lists that are owed up to and with a moment, consumer by consumer: name and moment of each.

    Args:
        plan: the plan in use.
    """
    since = owed_since(past)
    for name, consumer in plan.consumers.items():
        if consumer.mode == "list" and name in since:
            yield from ((name, moment) for moment in moments_of(consumer, past, until) if moment >= since[name])


def moments_of(consumer: Consumer, past: Past, until: datetime) -> Iterator[datetime]:
    """The moments up to and with `until` of which a consumer gets a list: by its schedule, or when data came in.

    Of an arrival the moment counts at which it was noted, cut to the second, so that it can stand in a file's name.
    """
    if consumer.when == "schedule":
        yield from list_moments(consumer, until)
        return
    for told, sources in past.fold(ARRIVED)["arrivals"]:
        at = datetime.fromisoformat(told)
        if at <= until and (not consumer.arrival_of or set(sources) & set(consumer.arrival_of)):
            yield at.replace(microsecond=0)


def missing_arrivals(plan: Plan, past: Past, now: datetime) -> Iterator[tuple[str, datetime, datetime]]:
    """Lists by arrival whose data did not come in time: consumer, when data came last, and by when it should have.

    Each silence counts once, however long it lasts: whether one feed or three are missing from it nobody can say.
    Before the first arrival the time counts from when the consumer is owed lists.

    Args:
        plan: the plan in use.
    """
    for name, since in owed_since(past).items():
        consumer = plan.consumers.get(name)
        if consumer is None or consumer.mode != "list" or consumer.when != "arrival" or not consumer.arrives_every:
            continue
        came = [since, *(moment for moment in moments_of(consumer, past, now) if moment >= since)]
        for last, following in zip(came, [*came[1:], now], strict=True):
            expected = consumer.arrives_every.after(last)
            if expected < following:
                yield name, last, expected


def owed_since(past: Past) -> dict[str, datetime]:
    """Since when each consumer is owed lists: since something answers people under a plan that has it, as it is now.

    Who comes into the plan later is owed nothing from before, and neither is the old schedule of somebody who has
    a new one: nobody had promised those lists.
    """
    planned, released = _planned(past), _released(past)
    # A list of the very moment at which it was promised is owed; microseconds would leave that to chance.
    return {
        name: max(planned[name], released[name]).replace(microsecond=0) for name in planned.keys() & released.keys()
    }


def _planned(past: Past) -> dict[str, datetime]:
    """Since when each consumer has had the schedule that it has now; for ever, where the first plan has it.

    The first plan is adopted before the product has a time of its own, which may be simulated.
    """
    since: dict[str, datetime] = {}
    before: dict[str, Any] = {}
    for fact in past.of(PlanAdopted):
        now = {name: _rhythm(consumer) for name, consumer in fact.what.plan["consumers"].items()}
        changed = fact.at if before else _EVER
        since = {name: since[name] if before.get(name) == told else changed for name, told in now.items()}
        before = now
    return since


def _rhythm(consumer: dict[str, Any]) -> list[Any]:
    # A plan of before these keys existed has the same schedule as one that spells out their defaults.
    return [consumer.get(key) or {"when": "schedule"}.get(key) for key in _RHYTHM]


def _released(past: Past) -> dict[str, datetime]:
    """Since when each consumer has been part of what answers people without a break."""
    plans = {fact.what.version: set(fact.what.plan["consumers"]) for fact in past.of(PlanAdopted)}
    versions = {fact.what.candidate: fact.what.plan_version for fact in past.of(CandidateMade)}
    since: dict[str, datetime] = {}
    for fact in past.of(ReleaseStepped):
        if fact.what.step in FOR_PEOPLE:
            names = plans.get(versions.get(fact.what.candidate, 0), set())
            since = {name: since.get(name, fact.at) for name in names}
    return since
