"""Incidents: bugs in production, from opening to the signature that closes them. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from shipworthy.base.digest import digest_of
from shipworthy.base.fact import Past, Recorded
from shipworthy.data.words import SnapshotRefused
from shipworthy.deliver.words import RunFinished
from shipworthy.plan.schema import Plan
from shipworthy.respond.words import IncidentClosed, IncidentOpened, Severity


def opened(past: Past) -> Sequence[Recorded[IncidentOpened]]:
    """Every incident that was opened, oldest first."""
    return past.of(IncidentOpened)


def open_now(past: Past) -> list[Recorded[IncidentOpened]]:
    """The incidents that nobody has closed."""
    closed = {fact.what.incident for fact in past.of(IncidentClosed)}
    return [fact for fact in opened(past) if fact.what.incident not in closed]


def data_incidents_open(past: Past) -> list[str]:
    """The names of open incidents whose cause is a refused snapshot."""
    refusals = {fact.what.refusal for fact in past.of(SnapshotRefused)}
    return [fact.what.incident for fact in open_now(past) if fact.what.cause in refusals]


def incident_for(plan: Plan, past: Past, title: str, cause: str, severity: Severity) -> IncidentOpened:
    """The incident for a cause, with the runs in which something stood in or failed since."""
    affected = [
        fact.what.run
        for fact in past.of(RunFinished)
        if cause and (fact.what.stood_in or any(fact.what.failed.values()))
    ]
    return IncidentOpened(
        product=plan.product,
        incident=f"I-{digest_of([plan.product, cause, title])[:8]}",
        severity=severity,
        title=title,
        owner=plan.people.owners.technology,
        cause=cause,
        affected=affected[-50:],
    )
