"""Open an incident for the cause, with everybody it affected; once per cause."""

from __future__ import annotations

from collections.abc import Sequence

from shipworthy.base.fact import What
from shipworthy.respond.action import Action, Situation
from shipworthy.respond.incidents import incident_for, open_now


def act(situation: Situation) -> tuple[str, Sequence[What]]:
    """The incident as a fact, unless it is open already."""
    fact = incident_for(
        situation.plan, situation.past, situation.cause.text, situation.cause.name, situation.trigger.severity
    )
    if fact.incident in {known.what.incident for known in open_now(situation.past)}:
        return f"incident {fact.incident} is open already", []
    return f"opened incident {fact.incident}", [fact]


ACTION = Action("incident", "opens an incident", act)
