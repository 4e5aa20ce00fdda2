"""Open an incident for the cause, with everybody it affected; once per cause."""

from __future__ import annotations

from collections.abc import Sequence

from shipworthy.base.fact import What
from shipworthy.respond.action import Action, Cause, Situation
from shipworthy.respond.incidents import ANY_SOURCE, OF_A_FEED, incident_for, open_now


def act(situation: Situation) -> tuple[str, Sequence[What]]:
    """The incident as a fact, unless it is open already."""
    cause = situation.cause
    fact = incident_for(
        situation.plan, situation.past, cause.text, cause.name, situation.trigger.severity, _suspect_source(cause)
    )
    if fact.incident in {known.what.incident for known in open_now(situation.past)}:
        return f"incident {fact.incident} is open already", []
    return f"opened incident {fact.incident}", [fact]


def _suspect_source(cause: Cause) -> str:
    """The source whose data the cause makes suspect; empty where it is not about data."""
    if cause.on in ("refusal", "breach"):
        return cause.of or ANY_SOURCE
    return ANY_SOURCE if cause.on == "alarm" and cause.of in OF_A_FEED else ""


ACTION = Action("incident", "opens an incident", act)
