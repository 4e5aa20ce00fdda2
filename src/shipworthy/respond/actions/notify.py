"""Tell the owners, and the consumer concerned, what happened: a message on each declared route."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from shipworthy.base.digest import digest_of
from shipworthy.base.fact import What
from shipworthy.base.retries import given_up, next_try, rests
from shipworthy.plan.check import spoken
from shipworthy.respond.action import ESCALATES, Action, Situation
from shipworthy.respond.folds import ACTED
from shipworthy.respond.words import PeopleTold, TriggerFired


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
            trigger=situation.trigger.name,
            cause=situation.cause.name,
            action=ESCALATES if situation.escalation else ACTION.name,
        )
        for to in waiting(situation)
    ]
    names = ", ".join(recipients(situation)) or "nobody: respond.routes names no route"
    return f"told {names}", told


def unsent(situation: Situation) -> dict[str, dict[str, Any]]:
    """The messages of the trigger about the cause that have not arrived, by receiver.

    Nobody is told any more that nobody has answered once somebody has.
    """
    acted, name = situation.past.fold(ACTED), situation.cause.name
    return {
        to: one
        for to, one in acted["unsent"].get(name, {}).get(situation.trigger.name, {}).items()
        if to in situation.plan.respond.routes and not (one["action"] == ESCALATES and name in acted["taken_up"])
    }


def resend(situation: Situation) -> tuple[str, Sequence[What]]:
    """The messages that have not arrived and whose time has come again, under the names they had."""
    found, routes = unsent(situation), situation.plan.respond.routes
    told = [
        PeopleTold(
            product=situation.plan.product,
            message=one["message"],
            to=to,
            subject=one["subject"],
            route=routes[to].split(":")[0],
            trigger=situation.trigger.name,
            cause=situation.cause.name,
            action=one["action"],
        )
        for to, one in sorted(found.items())
        if not _rests(one, situation.now)
    ]
    return f"told {', '.join(one.to for one in told)}", told


def resting(situation: Situation) -> str:
    """The routes on which a message has failed, so that a dead route is not tried at every tick, nor for ever."""
    found = unsent(situation)
    if not all(_rests(one, situation.now) for one in found.values()):
        return ""
    later = sorted(to for to, one in found.items() if not given_up(one["tries"]))
    if not later:
        return f"the message to {', '.join(sorted(found))} is not tried any more; the next one about this is"
    return f"the message to {', '.join(later)} is tried again later"


def _rests(one: dict[str, Any], now: datetime) -> bool:
    return given_up(one["tries"]) or rests(one["tries"], datetime.fromisoformat(one["at"]), now)


def tried_again(unsent: dict[str, dict[str, Any]]) -> Iterator[datetime]:
    """When messages that have not arrived are tried again.

    Args:
        unsent: by receiver, as `ACTED` keeps them.
    """
    for one in unsent.values():
        if not given_up(one["tries"]):
            yield next_try(one["tries"], datetime.fromisoformat(one["at"]))


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


ACTION = Action("notify", "tells the owners and the consumers concerned", act)
