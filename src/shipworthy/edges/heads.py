"""Signed heads: how one is made, where they are kept, and what they show about the facts that are there now.

They are kept twice, in the database and in the copy beside the key, so that neither place alone can be rolled back
unseen. What they cannot show is said in `chain`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace

import sqlalchemy as sa

from shipworthy.edges import database as db
from shipworthy.edges import tables
from shipworthy.edges.chain import Finding, Head, SignedHead, held_against, tampered
from shipworthy.edges.keys import Keys, is_signed


def store_of(connection: sa.Connection) -> str:
    """The name the ledger was given when its tables were made.

    Raises:
        Tampered: it has none any more, or several.
    """
    names = connection.execute(sa.select(tables.store.c.id)).scalars().all()
    if len(names) != 1:
        raise tampered([Finding(0, "damaged", f"the table `store` names {len(names)} ledgers where it must name one.")])
    return str(names[0])


def sign(keys: Keys, store: str, head: Head, purpose: str, at: str) -> SignedHead:
    """A head with the signature of this store's key."""
    unsigned = SignedHead(store, head.seq, head.digest, purpose, at, keys.key_id, "")
    return replace(unsigned, signature=keys.sign(unsigned.statement()).hex())


def in_copy(keys: Keys) -> list[SignedHead]:
    """The signed heads in the copy beside the key, oldest first.

    Raises:
        Tampered: a line there is no signed head.
    """
    try:
        return [SignedHead.read(line) for line in keys.kept()]
    except ValueError as error:
        text = f"A line of the copy of signed heads in {keys.folder} was edited: {error}."
        raise tampered([Finding(0, "head", text)]) from error


def in_database(connection: sa.Connection) -> list[SignedHead]:
    """The signed heads in the database, oldest first.

    Raises:
        Tampered: a row there is no signed head; SQLite takes any type in any column.
    """
    columns = [column for column in tables.signed_head.c if column.name != "id"]
    query = sa.select(*columns).order_by(tables.signed_head.c.id)
    try:
        with db.legible(connection.engine):
            return [SignedHead.read(dict(row._mapping)) for row in connection.execute(query)]
    except ValueError as error:
        raise tampered([Finding(0, "head", f"a signed head in the database was edited: {error}.")]) from error


def keep(engine: sa.Engine, keys: Keys, signed: SignedHead) -> None:
    """Keep a signed head in both places; first beside the key, so that a crash in between loses no signature."""
    keys.keep(signed.line())
    with engine.begin() as connection:
        connection.execute(tables.signed_head.insert().values(**asdict(signed)))


def examine(connection: sa.Connection, keys: Keys, copy: list[SignedHead], facts: int) -> list[Finding]:
    """What every head that was ever signed shows about the facts that are there now, so many of them.

    The digests are compared as they stand; that they fit the facts' content is for a walk along the chain to say.
    """
    store, known = store_of(connection), keys.known()
    places = [(head, "the copy beside the key") for head in copy]
    places += [(head, "the database") for head in in_database(connection)]
    digests = _digests(connection, {head.seq for head, _ in places})
    findings: dict[Finding, None] = {}  # the same finding from both places is told once
    for head, place in places:
        finding = _broken(head, place, store, known) or held_against(head, facts, digests.get(head.seq))
        if finding:
            findings[finding] = None
    return list(findings)


def _broken(head: SignedHead, place: str, store: str, known: Mapping[str, str]) -> Finding | None:
    name = f"the head of fact {head.seq} signed at {head.at} for {head.purpose!r} in {place}"
    if head.key_id not in known:
        return Finding(0, "key", f"{name} carries the signature of the key {head.key_id}, which is not known here.")
    if not is_signed(head.statement(), head.signature, known[head.key_id]):
        return Finding(0, "head", f"{name} was edited: its signature does not fit.")
    if head.store != store:
        return Finding(
            0, "head", f"{name} is of the ledger {head.store}, but this is {store}: the ledger was put in its place."
        )
    return None


def _digests(connection: sa.Connection, seqs: set[int]) -> dict[int, str]:
    wanted, digests = sorted(seqs), dict[int, str]()
    for start in range(0, len(wanted), 500):
        some = sa.select(tables.fact.c.seq, tables.fact.c.digest).where(
            tables.fact.c.seq.in_(wanted[start : start + 500])
        )
        digests.update((row.seq, row.digest) for row in connection.execute(some))
    return digests
