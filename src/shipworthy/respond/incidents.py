"""Incidents: bugs in production, from opening to the signature that closes them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shipworthy.base.digest import digest_of
from shipworthy.base.fact import Past, Recorded, What, latest
from shipworthy.base.times import Length
from shipworthy.data.words import SnapshotRefused
from shipworthy.deliver.words import DeliveryFailed, DeliveryMade, RunFinished
from shipworthy.plan.schema import Plan
from shipworthy.respond.words import (
    IncidentChanged,
    IncidentClosed,
    IncidentOpened,
    Severity,
)
from shipworthy.watch.words import AlarmRaised

_CAUSES: tuple[type[What], ...] = (SnapshotRefused, AlarmRaised, DeliveryFailed, DeliveryMade, RunFinished)
MOST_RUNS = 50


def opened(past: Past) -> Sequence[Recorded[IncidentOpened]]:
    """Every incident that was opened, oldest first."""
    return past.of(IncidentOpened)


def open_now(past: Past) -> list[Recorded[IncidentOpened]]:
    """The incidents that nobody has closed."""
    closed = {fact.what.incident for fact in past.of(IncidentClosed)}
    return [fact for fact in opened(past) if fact.what.incident not in closed]


def severity_of(past: Past, incident: IncidentOpened) -> Severity:
    """How bad an incident is by the last word about it."""
    changed = latest(past.of(IncidentChanged, about=incident.incident))
    return changed.what.severity if changed else incident.severity


def owner_of(past: Past, incident: IncidentOpened) -> str:
    """Who looks after an incident by the last word about it."""
    changed = latest(past.of(IncidentChanged, about=incident.incident))
    return changed.what.owner if changed else incident.owner


def deadline(plan: Plan, past: Past, incident: Recorded[IncidentOpened]) -> datetime:
    """When an incident is to be closed at the latest, by its severity."""
    within: Length = getattr(plan.respond.incidents, severity_of(past, incident.what))
    return within.after(incident.at)


def data_incidents_open(past: Past) -> list[str]:
    """The names of open incidents whose cause is a refused snapshot."""
    refusals = {fact.what.refusal for fact in past.of(SnapshotRefused)}
    return [fact.what.incident for fact in open_now(past) if fact.what.cause in refusals]


def incident_for(plan: Plan, past: Past, title: str, cause: str, severity: Severity) -> IncidentOpened:
    """The incident for a cause, with the runs in which something stood in or failed since.

    The same trouble under the same title is the same incident until it is closed; after that it is a new one.
    """
    closed = {fact.what.incident for fact in past.of(IncidentClosed)}
    number = 0
    while (name := _name(plan.product, cause, title, number)) in closed:
        number += 1
    return IncidentOpened(
        product=plan.product,
        incident=name,
        severity=severity,
        title=title,
        owner=plan.people.owners.technology,
        cause=cause,
        affected=_affected(past, cause)[-MOST_RUNS:],
    )


def _name(product: str, cause: str, title: str, number: int) -> str:
    return f"I-{digest_of([product, cause, title, *([number] if number else [])])[:8]}"


def cause_of(past: Past, name: str) -> Recorded[What] | None:
    """The fact that set an incident off, where one did."""
    found = past.of(*_CAUSES, about=name) if name else []
    return found[0] if found else None


@dataclass(frozen=True, slots=True)
class Reach:
    """Whom an incident had to do with: the runs, oldest first, their answers, and people at the least."""

    runs: list[str]
    answers: int
    people_at_least: int


def reach(past: Past, incident: IncidentOpened) -> Reach:
    """The reach of an incident: as it was frozen when it was closed, else as the facts tell it now."""
    closed = latest(past.of(IncidentClosed, about=incident.incident))
    if closed and closed.what.affected:
        return Reach(list(closed.what.affected), closed.what.answers, closed.what.people_at_least)
    runs = list(dict.fromkeys([*incident.affected, *_affected(past, incident.cause)]))
    answered = {fact.what.run: fact.what.answered for fact in past.of(RunFinished)}
    counts = [answered.get(run, 0) for run in runs]
    return Reach(runs[-MOST_RUNS:], sum(counts), max(counts, default=0))


def _affected(past: Past, cause: str) -> list[str]:
    """The runs that a cause had to do with.

    Of an alarm these are the runs since when it goes on to which its candidate gave answers; of a run or delivery
    itself; of all those since in which something stood in, or a sink got nothing.
    """
    known: list[Recorded[What]] = [*past.of(*_CAUSES, about=cause)] if cause else []
    if not known:
        return []
    first = known[0].what
    runs = [fact.what.run for fact in past.of(RunFinished) if fact.seq >= known[0].seq and _fell_short(fact.what)]
    if isinstance(first, AlarmRaised) and first.since:
        since = first.since
        made = past.of(DeliveryMade)
        runs += [fact.what.run for fact in made if fact.what.candidate == first.candidate and fact.what.as_of >= since]
    if isinstance(first, DeliveryMade | DeliveryFailed | RunFinished):
        runs.append(first.run)
    order = {fact.what.run: fact.seq for fact in past.of(RunFinished)}
    return sorted(dict.fromkeys(runs), key=lambda run: order.get(run, 0))


def _fell_short(finished: RunFinished) -> bool:
    return bool(finished.stood_in or any(finished.failed.values()))
