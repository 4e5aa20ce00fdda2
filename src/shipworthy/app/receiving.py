"""Receipts without a login: who comes by a signed link, what the page shows them, and what they may say."""

from __future__ import annotations

from dataclasses import dataclass

from shipworthy.app.desk import Desk
from shipworthy.app.rights import Identity
from shipworthy.app.words import AcknowledgeByLink
from shipworthy.base.errors import Mistake, NotAllowed
from shipworthy.deliver.link import FOLDER, Link, acknowledged_by, brought_by, read_link
from shipworthy.deliver.lists import delivery_cards
from shipworthy.deliver.words import DeliveryCard

PATH = f"/{FOLDER}/{{product}}/{{consumer}}/{{token}}"


@dataclass(frozen=True, slots=True)
class Brought:
    """The one delivery that a link is about, as far as its page shows it.

    Attributes:
        who: the consumer's person, in whose name the visitor speaks.
        audience: who the list is for, in plain words.
        until: how long the link holds, ISO 8601.
    """

    who: Identity
    product: str
    consumer: str
    card: DeliveryCard
    audience: str
    zone: str
    until: str


def brought(desk: Desk, product: str, consumer: str, token: str) -> Brought:
    """What a link leads to.

    Raises:
        NotAllowed: it is not whole, was changed, has expired, or its consumer is not in the plan any more.
        NotFound: its delivery is not on record.
    """
    link, who = _came(desk, product, consumer, token)
    past, plan = desk.store.ledger.past(product), desk.plan(product)
    assert plan is not None, "a consumer was found in it"
    brought_by(link, past)
    card = [one for one in delivery_cards(plan, past) if one.delivery == link.delivery and one.state != "failed"][-1]
    return Brought(who, product, consumer, card, plan.consumers[consumer].who, plan.time.zone, link.until.isoformat())


def acknowledge_by_link(command: AcknowledgeByLink, desk: Desk, who: Identity) -> str:
    """Record it in the name of the consumer's person, as said by a link; once, however often it is sent."""
    link, person = _came(desk, command.product, command.consumer, command.token)
    actor, now = desk.actor(command.product, person), desk.now(command.product)
    facts = desk.store.ledger.append(
        lambda past: acknowledged_by(link, command.used, past, now, actor),
        product=command.product,
        who=person.person,
        at=now,
    )
    return "recorded" if facts else "known"


def _came(desk: Desk, product: str, consumer: str, token: str) -> tuple[Link, Identity]:
    """The link and the person for whom it speaks."""
    # The signature first: whoever made a link up learns nothing of products and consumers, not even that there are any.
    link = read_link(product, consumer, token, desk.store.keys)
    link.require_open(desk.now(product))
    plan = desk.plan(product)
    if plan is None or consumer not in plan.consumers:
        found = f"Nobody receives lists as {consumer} any more."
        fix = "Ask whoever sent you the list."
        raise NotAllowed(Mistake("deliver.link_nobody", "link", found, fix=fix))
    return link, Identity(plan.consumers[consumer].person)
