"""Incidents: bugs in production, from opening to the signature that closes them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from shipworthy.base.digest import digest_of
from shipworthy.base.fact import Past, Recorded, What, latest
from shipworthy.base.times import Length
from shipworthy.data.words import SnapshotRefused
from shipworthy.deliver.words import DeliveryFailed, DeliveryMade, RunFinished
from shipworthy.plan.schema import Plan
from shipworthy.respond.words import IncidentChanged, IncidentClosed, IncidentOpened, Severity
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


def _affected(past: Past, cause: str) -> list[str]:
    """The runs since the cause in which something stood in, or a sink got nothing."""
    known: list[Recorded[What]] = [*past.of(*_CAUSES, about=cause)] if cause else []
    if not known:
        return []
    return [
        fact.what.run
        for fact in past.of(RunFinished)
        if fact.seq >= known[0].seq and (fact.what.stood_in or any(fact.what.failed.values()))
    ]
