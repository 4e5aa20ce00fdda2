"""Which roles a plan gives, and which right each role gives. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from shipworthy.base.actor import ADMINISTRATOR, Actor
from shipworthy.base.errors import not_allowed
from shipworthy.plan.schema import Plan

_MAY_READ = frozenset({"read"})
RIGHTS: dict[str, frozenset[str]] = {
    ADMINISTRATOR: _MAY_READ | {"administer", "plan"},
    "product_manager": _MAY_READ | {"plan", "release", "respond", "operate", "probe", "label"},
    "builder": _MAY_READ | {"build", "probe", "rows", "mend"},
    "operator": _MAY_READ | {"operate", "release", "respond", "build", "probe", "rows", "mend", "label"},
    "owner": _MAY_READ | {"sign", "respond", "label"},
    "consumer": _MAY_READ | {"acknowledge", "predict", "label"},
    "owner:privacy": frozenset({"erase"}),
    "auditor": _MAY_READ | {"audit", "rows"},
}
# What each right lets somebody do, as it is said to who has not got it.
IN_WORDS = {
    "acknowledge": "confirm deliveries",
    "administer": "administer this store",
    "audit": "export the ledger",
    "build": "make and prove candidates",
    "erase": "erase people",
    "label": "label answers",
    "mend": "mend rows",
    "operate": "operate it",
    "plan": "adopt a plan",
    "predict": "ask for answers",
    "probe": "probe connections",
    "read": "read what is on record",
    "release": "release or hold anything",
    "respond": "answer alarms and incidents",
    "rows": "see rows",
    "sign": "review and sign",
}


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody who proved who they are, with the roles that hold for the whole store."""

    person: str
    store_roles: frozenset[str] = frozenset()


def roles_in(plan: Plan | None, person: str) -> list[str]:
    """The roles that a plan gives a person.

    >>> roles_in(None, "anybody")
    []
    """
    if plan is None:
        return []
    people = plan.people
    roles = [f"owner:{function}" for function, owner in people.owners if owner == person]
    roles += [f"consumer:{name}" for name, consumer in plan.consumers.items() if consumer.person == person]
    roles += ["product_manager"] * (people.product_manager == person)
    roles += ["builder"] * (person in people.builders)
    roles += ["operator"] * (people.operator == person)
    roles += ["auditor"] * (person in people.auditors)
    return roles


def rights_of(actor: Actor) -> frozenset[str]:
    """Everything an actor may do, from all of its roles."""
    return frozenset().union(
        *(RIGHTS.get(name, frozenset()) for role in actor.roles for name in {role, role.split(":")[0]})
    )


def require(actor: Actor, right: str, operation: str) -> None:
    """Nothing, where the actor has the right.

    Raises:
        NotAllowed: it has not; the message says which roles have it.
    """
    if right in rights_of(actor):
        return
    holders = sorted(
        role.replace("_", " ").replace("owner:privacy", "privacy owner")
        for role, rights in RIGHTS.items()
        if right in rights
    )
    played = " and ".join(sorted(_role(role) for role in actor.roles))
    who = f"{actor.person} is {played} here" if played else f"{actor.person} has no part here, or no plan is in force,"
    raise not_allowed(
        f"{who} and may not {IN_WORDS[right]}.",
        "Whoever writes the plan gives people a part: roles stand in product.yaml under `people` and `consumers`."
        if right == "read"  # which comes with every part
        else f"Ask one who may: {', '.join(holders)}. Roles stand in product.yaml under `people`.",
        where=operation,
    )


def _role(role: str) -> str:
    """A role as people say it.

    >>> _role("owner:legal"), _role("consumer:sales"), _role("product_manager")
    ('legal owner', 'consumer of sales', 'product manager')
    """
    kind, _, of = role.partition(":")
    if kind == "owner":
        return f"{of} owner"
    return f"{kind} of {of}" if of else kind.replace("_", " ")
