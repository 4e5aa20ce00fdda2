"""Tell the owners, and the consumer concerned, what happened: a message on each declared route."""

from __future__ import annotations

from collections.abc import Sequence

from shipworthy.base.digest import digest_of
from shipworthy.base.fact import What
from shipworthy.respond.action import Action, Situation
from shipworthy.respond.words import PeopleTold


def act(situation: Situation) -> tuple[str, Sequence[What]]:
    """A message per route, as facts; the flow sends them before they are recorded."""
    told: list[What] = []
    for to in recipients(situation):
        message = digest_of([situation.plan.product, situation.trigger.name, situation.cause.name, to])
        told.append(
            PeopleTold(
                product=situation.plan.product,
                message=message,
                to=to,
                subject=f"{situation.plan.product}: {situation.cause.text}",
                route=situation.plan.respond.routes[to].split(":")[0],
            )
        )
    names = ", ".join(recipients(situation)) or "nobody: respond.routes names no route"
    return f"told {names}", told


def recipients(situation: Situation) -> list[str]:
    """Every routed function, and of the routed consumers those concerned: all of them unless the cause names one."""
    consumers = set(situation.plan.consumers)
    concerned = {situation.cause.of} if situation.cause.of in consumers else consumers
    return sorted(to for to in situation.plan.respond.routes if to not in consumers or to in concerned)


ACTION = Action("notify", "tells the owners and the consumers concerned", act)
