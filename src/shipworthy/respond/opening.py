"""How an incident begins, and what may change while it is open. Pure."""

from __future__ import annotations

from datetime import datetime

from shipworthy.base.actor import Actor
from shipworthy.base.errors import Mistake, UserError, not_found
from shipworthy.base.fact import Decided, Past
from shipworthy.plan.rules import current_plan
from shipworthy.plan.schema import Plan
from shipworthy.respond.causes import causes
from shipworthy.respond.incidents import ANY_SOURCE, cause_of, incident_for, open_now, owner_of, severity_of
from shipworthy.respond.words import ChangeIncident, IncidentChanged, OpenIncident


def open_incident(command: OpenIncident, past: Past, at: datetime, actor: Actor) -> Decided[str]:
    """The incident as a fact.

    Raises:
        UserError: there is no title.
        NotFound: there is no such source, or nothing that could have caused it.
    """
    plan = current_plan(past)
    if len(command.title.strip()) < 8:
        fix = "Say in one sentence what is wrong for whom."
        raise UserError(Mistake("respond.title", "incident", "The title says nothing.", fix=fix))
    if command.source and command.source != ANY_SOURCE and command.source not in plan.sources:
        raise not_found("source", command.source, [*plan.sources, ANY_SOURCE], f"{ANY_SOURCE} stands for any.")
    known_causes = [cause.name for cause in causes(plan, past, at)] if command.cause else []
    if command.cause and command.cause not in known_causes and cause_of(past, command.cause) is None:
        fix = "Leave it out, or give the digest or name of an alarm, a refusal, a list or a delivery."
        raise not_found("cause", command.cause, [], fix)
    fact = incident_for(plan, past, command.title.strip(), command.cause, command.severity, command.source)
    known = fact.incident in {known.what.incident for known in open_now(past)}
    return Decided([] if known else [fact], lambda then: fact.incident)


def change_incident(command: ChangeIncident, past: Past, at: datetime, actor: Actor) -> Decided[str]:
    """The change as a fact; none where nothing changes.

    Raises:
        NotFound: no such incident is open, or the plan names no such person.
    """
    found = [fact.what for fact in open_now(past) if fact.what.incident == command.incident]
    if not found:
        names = [fact.what.incident for fact in open_now(past)]
        raise not_found("open incident", command.incident, names, "See `shipworthy incidents`.")
    before, owner = owner_of(past, found[0]), command.owner.strip() or owner_of(past, found[0])
    people = _named(current_plan(past))
    if owner != before and owner not in people:
        raise not_found("person", owner, people, "Whoever looks after it must stand in the plan, under `people`.")
    fact = IncidentChanged(
        product=command.product,
        incident=command.incident,
        severity=command.severity,
        owner=owner,
        remark=command.remark.strip(),
    )
    same = (command.severity, owner) == (severity_of(past, found[0]), before) and not fact.remark
    return Decided([] if same else [fact], lambda then: command.incident)


def _named(plan: Plan) -> list[str]:
    """Everybody whom the plan names."""
    people = plan.people
    owners = [owner for _, owner in people.owners]
    consumers = [consumer.person for consumer in plan.consumers.values()]
    return [people.product_manager, people.operator, *people.builders, *owners, *people.auditors, *consumers]
