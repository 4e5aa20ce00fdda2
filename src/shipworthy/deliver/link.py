"""The signed link that comes with a list: whoever has it may say that this one list arrived, and nothing else."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Literal

from shipworthy.base.actor import Actor
from shipworthy.base.digest import canonical
from shipworthy.base.errors import Mistake, NotAllowed, NotFound, UserError
from shipworthy.base.fact import Past, latest
from shipworthy.deliver.rules import acknowledge_delivery
from shipworthy.deliver.words import AcknowledgeDelivery, DeliveryAcknowledged, DeliveryMade
from shipworthy.edges.keys import Keys
from shipworthy.plan.schema import Consumer

FOLDER = "receipts"
BY_LINK: Literal["signed link"] = "signed link"
LONGER = timedelta(days=30)
"""How long a link holds after the last day on which its word is awaited."""
MOST_WORDS = 20
"""Facts that one link may add: the ledger never forgets, and whoever has the link needs no login."""
_FORM = b"\x01"
_SIZES = (1, 32, 8, 64)  # form, delivery, until, signature: 105 bytes, so that base32 has no bit to spare
_LETTERS = sum(_SIZES) * 8 // 5
_ASK = "Open the link once more from the message itself, or ask whoever sends you the list."


@dataclass(frozen=True, slots=True)
class Link:
    """What one link is good for, and until when by the product's clock."""

    product: str
    consumer: str
    delivery: str
    until: datetime

    def require_open(self, now: datetime) -> None:
        """Nothing, while the link holds.

        Raises:
            NotAllowed: it has expired.
        """
        if now < self.until:
            return
        raise NotAllowed(
            Mistake(
                "deliver.link_expired",
                "link",
                f"This link held until {self.until.day} {self.until:%B %Y}.",
                "A link that never ends is a key that nobody can take back.",
                "Log in to say it now, or ask whoever sends you the list.",
            )
        )

    def path(self, keys: Keys) -> str:
        """Where the page of this link is, signed with the store's key.

        Small letters and digits alone, which no mail or chat program takes for a mark-up of its own.
        """
        head = self._head()
        token = base64.b32encode(head + keys.sign(self._statement())).decode().lower()
        return f"/{FOLDER}/{self.product}/{self.consumer}/{token}"

    def _head(self) -> bytes:
        return _FORM + bytes.fromhex(self.delivery) + int(self.until.timestamp()).to_bytes(8, signed=True)

    def _statement(self) -> bytes:
        # Named after what it is for, so that no other signature of the same key can stand in for it.
        return canonical(["receipt link", self.product, self.consumer, self._head().hex()])


def read_link(product: str, consumer: str, token: str, keys: Keys) -> Link:
    """The link that a visitor came by, once its signature is known to be ours; whether it still holds is not asked.

    Raises:
        NotAllowed: it is not whole, was changed or made up.
    """
    form, delivery, until, signature = _parts(token)
    try:
        moment = datetime.fromtimestamp(int.from_bytes(until, signed=True), UTC)
    except (ValueError, OverflowError, OSError):
        raise _broken() from None
    link = Link(product, consumer, delivery.hex(), moment)
    if form != _FORM or not keys.verify(link._statement(), signature):
        raise _broken()
    return link


def holds_until(consumer: Consumer, at: datetime) -> datetime:
    """How long a link holds: thirty days longer than a word about the list is awaited."""
    waits = filter(None, (consumer.time_to_act, consumer.acknowledge_within))
    return (max(wait.after(at) for wait in waits) + LONGER).replace(microsecond=0)


def brought_by(link: Link, past: Past) -> DeliveryMade:
    """The delivery that a link came with.

    Raises:
        NotFound: it is not on record.
    """
    made = latest(past.of(DeliveryMade, about=link.delivery), lambda what: what.consumer == link.consumer)
    if made is None:
        raise NotFound(
            Mistake(
                "deliver.link_early",
                f"delivery {link.delivery[:12]}",
                "This list is not on record yet.",
                "The message may have come before the list had reached everybody.",
                "Open the link again in some minutes.",
            )
        )
    return made.what


def acknowledged_by(
    link: Link, used: int | None, past: Past, at: datetime, actor: Actor
) -> Sequence[DeliveryAcknowledged]:
    """The acknowledgement as a fact; none where the same was said before, however often it is sent.

    Raises:
        NotFound: the delivery is not on record.
        NotAllowed: nobody speaks for the consumer any more.
        UserError: nobody need confirm it, more rows were used than delivered, or the link said enough.
    """
    made = brought_by(link, past)
    if made.step != "live":
        found, fix = (
            f"This was a {made.step}, not a list to act on.",
            "Nothing is to be confirmed; nothing was recorded.",
        )
        raise UserError(Mistake("deliver.link_no_list", f"delivery {link.delivery[:12]}", found, fix=fix))
    said = past.of(DeliveryAcknowledged, about=link.delivery)
    if said and used in (None, said[-1].what.used):
        return []
    if sum(fact.what.way == BY_LINK for fact in said) >= MOST_WORDS:
        found = f"By this link {MOST_WORDS} different answers were given."
        fix = "Log in to change the number again, or ask whoever sends you the list."
        raise UserError(Mistake("deliver.link_spent", f"delivery {link.delivery[:12]}", found, fix=fix))
    command = AcknowledgeDelivery(product=link.product, delivery=link.delivery, used=used)
    facts = acknowledge_delivery(command, past, at, actor).facts
    return [replace(fact, way=BY_LINK) for fact in facts if isinstance(fact, DeliveryAcknowledged)]


def _parts(token: str) -> list[bytes]:
    try:
        whole = base64.b32decode(token.encode("ascii"), casefold=True) if len(token) == _LETTERS else b""
    except (binascii.Error, UnicodeError):
        whole = b""
    if len(whole) != sum(_SIZES):
        raise _broken()
    return [whole[sum(_SIZES[:at]) : sum(_SIZES[: at + 1])] for at in range(len(_SIZES))]


def _broken() -> NotAllowed:
    found = "This link is not whole, or was changed on its way."
    why = "Only a link as we sent it shows that a list was for you."
    return NotAllowed(Mistake("deliver.link_broken", "link", found, why, _ASK))
