"""Tell the owners, and the consumer concerned, what happened: a message on each declared route."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from shipworthy.base.digest import digest_of
from shipworthy.base.fact import What
from shipworthy.plan.check import spoken
from shipworthy.respond.action import ESCALATES, Action, Situation
from shipworthy.respond.words import MessageFailed, PeopleTold, TriggerFired

PATIENCE = timedelta(hours=1)
"""How long a route on which a message failed is left alone."""


def act(situation: Situation) -> tuple[str, Sequence[What]]:
    """A message per route, as facts; the flow sends them before they are recorded."""
    routes = situation.plan.respond.routes
    told = [
        PeopleTold(
            product=situation.plan.product,
            message=message(situation, to),
            to=to,
            subject=f"{situation.plan.product}: {_lead(situation)}{situation.cause.text}",
            route=routes[to].split(":")[0],
        )
        for to in waiting(situation)
    ]
    names = ", ".join(recipients(situation)) or "nobody: respond.routes names no route"
    return f"told {names}", told


def blocked(situation: Situation) -> str:
    """The routes on which a message has just failed, so that a dead route is not tried at every tick."""
    names = waiting(situation)
    failed = [
        fact
        for to in names
        for fact in situation.past.of(MessageFailed, about=message(situation, to))
        if fact.at + PATIENCE > situation.now
    ]
    resting = {fact.what.to for fact in failed}
    return f"the message to {', '.join(sorted(resting))} is tried again later" if resting >= set(names) > set() else ""


def waiting(situation: Situation) -> list[str]:
    """Those whom this firing of the trigger has not reached yet."""
    past = situation.past
    return [to for to in recipients(situation) if not past.of(PeopleTold, about=message(situation, to))]


def message(situation: Situation, to: str) -> str:
    """The name of a message: the same however often it is tried, another one when the trigger acts again."""
    cause, trigger = situation.cause.name, situation.trigger.name
    action = ESCALATES if situation.escalation else ACTION.name
    before = [
        fact
        for fact in situation.past.of(TriggerFired, about=cause)
        if fact.what.trigger == trigger and fact.what.action == action and not fact.what.dry
    ]
    step = [action] if situation.escalation else []
    return digest_of([situation.plan.product, trigger, cause, to, len(before), *step])


def recipients(situation: Situation) -> list[str]:
    """Whom the trigger names; else every routed function, and of the routed consumers those concerned.

    That is all of them unless the cause names one.
    """
    named = situation.escalation.to if situation.escalation else situation.trigger.to or situation.cause.to
    if named:
        return sorted(to for to in named if to in situation.plan.respond.routes)
    consumers = set(situation.plan.consumers)
    concerned = {situation.cause.of} if situation.cause.of in consumers else consumers
    return sorted(to for to in situation.plan.respond.routes if to not in consumers or to in concerned)


def _lead(situation: Situation) -> str:
    if situation.escalation is None:
        return ""
    return f"Nobody has taken this up within {spoken(situation.escalation.after)}: "


ACTION = Action("notify", "tells the owners and the consumers concerned", act, blocked)
