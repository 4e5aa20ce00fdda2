"""The chain that facts form: their digests, and what is wrong where they no longer fit together.

What the chain shows and what it cannot. By itself it shows a fact that was edited, dropped, inserted or reordered
without recomputing every digest after it. Held against a signed head it also shows a recomputed chain and a cut tail,
up to the fact that the head names; in the database the seal of the newest fact (`tip`) shows them up to the end. Out of
scope: a whole database put back as it was earlier, with the seal of then, as far as no signed head beside the key is
newer; and whoever holds both the key and the database, who can sign another history; only a head that was kept
elsewhere shows that one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from json.encoder import encode_basestring as quoted
from typing import Any, Literal, NamedTuple

import orjson

from shipworthy.base.digest import canonical, digest_of_bytes
from shipworthy.base.errors import Mistake, Tampered
from shipworthy.base.fact import GENESIS, Recorded, W, what_of

Tampering = Literal[
    "edited", "dropped", "inserted", "reordered", "replaced", "cut", "recomputed", "head", "key", "damaged"
]


@dataclass(frozen=True, slots=True)
class Head:
    """Where a ledger ends: the number of its newest fact, which is also their count, and its digest."""

    seq: int
    digest: str


START = Head(0, GENESIS)


@dataclass(frozen=True, slots=True)
class SignedHead:
    """A head that was signed: from then on nobody can change a fact up to it without being found out.

    Attributes:
        store: the name of the ledger, so that no head passes for that of another.
        seq, digest: the head.
        purpose: why it was signed: a gate, a release, an export.
        at: when, on the wall clock, ISO 8601.
        key_id: the key that signed; see `Keys`.
        signature: Ed25519 over `statement()`, in hex.
    """

    store: str
    seq: int
    digest: str
    purpose: str
    at: str
    key_id: str
    signature: str

    def statement(self) -> bytes:
        """The bytes that are signed: canonical JSON of store, seq, digest, purpose and at."""
        return canonical([self.store, self.seq, self.digest, self.purpose, self.at])

    def line(self) -> str:
        """The head as one line of JSON, to keep somewhere else and hold an export against later."""
        return canonical(asdict(self)).decode()

    @staticmethod
    def read(line: str | Mapping[str, Any]) -> SignedHead:
        """The head that `line()` wrote.

        Raises:
            ValueError: it is none.
        """
        told = json.loads(line) if isinstance(line, str) else line
        names = SignedHead.__slots__
        if not isinstance(told, Mapping) or set(told) != set(names):
            raise ValueError(f"a signed head has {', '.join(names)} and nothing else")
        if type(told["seq"]) is not int or not all(type(told[name]) is str for name in names if name != "seq"):
            raise ValueError("in a signed head seq is a whole number and all else is text")
        head = SignedHead(**told)
        head.statement()  # raises where half a character is in it, which no signature can be over
        return head


class Row(NamedTuple):
    """A fact as it is stored: kind by name, moments as ISO 8601 texts, body in JSON's types."""

    seq: int
    kind: str
    product: str
    about: str
    who: str
    at: str
    recorded_at: str
    body: dict[str, Any]
    previous: str
    digest: str


class StoredFact(NamedTuple):
    """A fact's columns exactly as they lie in the database or an export; the body is text, not yet read."""

    seq: int
    kind: str
    product: str
    about: str
    who: str
    at: str
    recorded_at: str
    body: str
    previous: str
    digest: str

    def own_digest(self) -> str:
        """The digest its content has.

        The same as `base.fact.chained`, but taken over the stored text, so that nothing is read and written again and
        not even a blank in the body can change unseen.
        """
        seq, kind, product, about, who, at, recorded_at, body, previous, _ = self
        return digest_of_bytes(
            f"[{seq},{quoted(kind)},{quoted(product)},{quoted(about)},{quoted(who)},{quoted(at)},{quoted(recorded_at)},"
            f"{body},{quoted(previous)}]".encode()
        )

    @property
    def is_whole(self) -> bool:
        """Whether its content has the digest that stands beside it."""
        try:
            return self.own_digest() == self.digest
        except (TypeError, UnicodeEncodeError):  # bytes where a text was, or half a character: somebody wrote by hand
            return False

    def row(self) -> Row:
        """The fact with its body read.

        Raises:
            Tampered: its content does not have its digest, or its body is no JSON.
        """
        if not self.is_whole:
            raise tampered([edited(self)])
        try:
            return Row(*self[:7], orjson.loads(self.body), *self[8:])
        except ValueError as error:
            raise tampered([unreadable(self, error)]) from error

    def sealed(self) -> StoredFact:
        """The fact with the digest its content has."""
        return self._replace(digest=self.own_digest())


@dataclass(frozen=True, slots=True)
class Finding:
    """One sign of tampering: at which fact, of which kind, and how it shows, in plain words.

    `seq` is 0 where it concerns the whole ledger.
    """

    seq: int
    tampering: Tampering
    text: str

    def __post_init__(self) -> None:
        # What was written by hand may hold half characters, which no screen takes, or orders to the terminal.
        shown = (char if char.isprintable() else char.encode("unicode_escape").decode() for char in self.text)
        object.__setattr__(self, "text", "".join(shown))

    def __str__(self) -> str:
        return f"{self.tampering}: {self.text[0].upper()}{self.text[1:]}"


def name_of(fact: StoredFact) -> str:
    """A fact as messages name it."""
    return f"fact {fact.seq} ({fact.kind}{' of ' + fact.product if fact.product else ''}, by {fact.who} at {fact.at})"


def edited(fact: StoredFact) -> Finding:
    """The finding on a fact whose content does not have its digest."""
    return Finding(
        fact.seq,
        "edited",
        f"{name_of(fact)} was edited or renumbered: its content no longer has the digest {fact.digest[:12]}… that was "
        "recorded with it.",
    )


def unreadable(fact: StoredFact, error: Exception) -> Finding:
    """The finding on a fact that has its digest and still is none that this version wrote."""
    reason = str(error).partition("\n")[0]
    return Finding(
        fact.seq,
        "edited",
        f"{name_of(fact)} has its digest, but cannot be read as what it says it is ({reason}): another version wrote "
        "it, or it was edited and its digest recomputed.",
    )


class Walk:
    """A walk along the chain from one head to the next, which goes on after each fault to find them all."""

    def __init__(self, start: Head = START) -> None:
        self.head = start
        self.findings: list[Finding] = []

    def take(self, fact: StoredFact) -> None:
        """Look at the next fact."""
        if not self._numbered(fact):
            return
        if not fact.is_whole:
            self.findings.append(edited(fact))
        elif fact.previous != self.head.digest and fact.seq == self.head.seq + 1:
            self.findings.append(self._unlinked(fact))
        self.head = Head(fact.seq, fact.digest)

    def _numbered(self, fact: StoredFact) -> bool:
        """Whether the fact moves the walk on; a number that came before does not."""
        expected = self.head.seq + 1
        if fact.seq < expected:
            self.findings.append(
                Finding(
                    fact.seq, "reordered", f"{name_of(fact)} comes after fact {self.head.seq}: reordered or doubled."
                )
            )
            return False
        if fact.seq > expected:
            missing = f"Fact {expected} is" if fact.seq == expected + 1 else f"Facts {expected} to {fact.seq - 1} are"
            text = f"{missing} missing, dropped: after fact {self.head.seq} comes {name_of(fact)}."
            self.findings.append(Finding(expected, "dropped", text))
        return True

    def _unlinked(self, fact: StoredFact) -> Finding:
        return Finding(
            self.head.seq,
            "replaced",
            f"{name_of(fact)} was chained to a fact with the digest {fact.previous[:12]}…, but fact {self.head.seq} "
            f"now has {self.head.digest[:12]}…: fact {self.head.seq} was replaced, or facts were inserted, dropped or "
            "reordered here and their digests recomputed.",
        )


def held_against(head: SignedHead, facts: int, digest: str | None) -> Finding | None:
    """What a signed head shows about a chain of so many facts whose fact of that number has that digest."""
    signed = f"the head signed at {head.at} for {head.purpose!r}"
    if head.seq > facts:
        return Finding(
            facts + 1, "cut", f"The ledger ends at fact {facts}, but {signed} counts {head.seq}: its tail was cut off."
        )
    if digest is not None and digest != head.digest:
        return Finding(
            head.seq,
            "recomputed",
            f"Fact {head.seq} has the digest {digest[:12]}…, but {signed} has {head.digest[:12]}…: "
            f"a fact up to {head.seq} was changed and the chain recomputed from there.",
        )
    return None


def walk(facts: Iterable[StoredFact], start: Head = START) -> Walk:
    """The walk over some facts in the order given."""
    walked = Walk(start)
    for fact in facts:
        walked.take(fact)
    return walked


def tampered(findings: list[Finding]) -> Tampered:
    """The error that names what was found, the first bad fact first."""
    return Tampered(
        *(
            Mistake(
                f"ledger.{finding.tampering}",
                f"fact {finding.seq}" if finding.seq else "the ledger",
                finding.text[0].upper() + finding.text[1:],
                "Nothing that rests on facts from here on can be trusted.",
                "Find out who could write to the database, and restore it from a copy that verifies.",
            )
            for finding in sorted(findings, key=lambda finding: finding.seq)
        )
    )


def recorded(fact: StoredFact, kind: type[W]) -> Recorded[W]:
    """A stored fact as the kind of fact it is.

    Raises:
        Tampered: its content does not have its digest, or it cannot be read as this kind.
    """
    row = fact.row()
    try:
        return Recorded(
            seq=row.seq,
            who=row.who,
            at=datetime.fromisoformat(row.at),
            recorded_at=datetime.fromisoformat(row.recorded_at),
            what=what_of(kind, row.body),
            previous=row.previous,
            digest=row.digest,
        )
    except (TypeError, ValueError) as error:
        raise tampered([unreadable(fact, error)]) from error
