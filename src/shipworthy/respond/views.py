"""Incidents for people to read."""

from __future__ import annotations

from shipworthy.base.fact import Past, latest
from shipworthy.respond.incidents import opened
from shipworthy.respond.words import IncidentCard, IncidentClosed, Incidents


def incidents(question: Incidents, past: Past) -> list[IncidentCard]:
    """Every incident, oldest first."""
    cards = []
    for fact in opened(past):
        closed = latest(past.of(IncidentClosed, about=fact.what.incident))
        cards.append(
            IncidentCard(
                incident=fact.what.incident,
                severity=fact.what.severity,
                title=fact.what.title,
                owner=fact.what.owner,
                opened_at=fact.at.isoformat(),
                cause=fact.what.cause,
                affected=fact.what.affected,
                closed_at=closed.at.isoformat() if closed else "",
                closed_by=closed.who if closed else "",
                root_cause=closed.what.root_cause if closed else "",
                fix=closed.what.fix if closed else "",
                check=closed.what.check if closed else "",
            )
        )
    return cards
