"""The seal of the newest fact: signed anew in the transaction of every append.

The chain needs no key, so whoever can write to the database could add a fact, or take the last ones away, and compute
every digest as we do. The seal says which fact is the last, and only who has the key can give it; one check of it tells
that nothing was added, cut or recomputed since the last append, however long the ledger is.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from shipworthy.base.digest import canonical
from shipworthy.edges import database as db
from shipworthy.edges import tables
from shipworthy.edges.chain import START, Finding, Head, StoredFact, tampered
from shipworthy.edges.keys import Keys

_NEWEST = sa.select(sa.func.max(tables.fact.c.seq)).scalar_subquery()
_END = sa.select(tables.store.c.id, tables.tip, tables.fact).select_from(
    tables.store.outerjoin(tables.fact, tables.fact.c.seq == _NEWEST).outerjoin(tables.tip, sa.true())
)
_FIX = "Only processes with the store's key may write: see SHIPWORTHY_KEYS."


@dataclass(frozen=True, slots=True)
class End:
    """How the ledger ends: its newest fact and what the seal says, read in one statement so that they belong together.

    Attributes:
        fact: the newest fact, None where there is none.
        sealed: the head that the seal names, None where there is no seal.
    """

    store: str
    fact: StoredFact | None
    sealed: Head | None
    key_id: str
    signature: str

    @property
    def head(self) -> Head:
        """Where the ledger ends.

        Raises:
            Tampered: the newest fact does not have its digest.
        """
        if self.fact is None:
            return START
        row = self.fact.row()
        return Head(row.seq, row.digest)

    def finding(self, keys: Keys) -> Finding | None:
        """What is wrong with the seal, None where it is good."""
        seq = self.fact.seq if self.fact else 0
        ends = Head(seq, self.fact.digest) if self.fact else START
        if self.sealed is None:
            return Finding(seq, "head", f"The seal of the newest fact, {seq}, is gone.") if self.fact else None
        if not keys.verify(_statement(self.store, self.sealed), self.signature, self.key_id):
            text = f"The seal of fact {self.sealed.seq} was not given by a key known here ({self.key_id[:12]}). {_FIX}"
            return Finding(self.sealed.seq, "key", text)
        if self.sealed.seq > seq:
            text = f"The ledger ends at fact {seq}, but its seal names fact {self.sealed.seq}: its tail was cut off."
            return Finding(seq + 1, "cut", text)
        if self.sealed.seq < seq:
            text = f"The facts after {self.sealed.seq} carry no seal: they were inserted by somebody without the key."
            return Finding(self.sealed.seq + 1, "inserted", text)
        if self.sealed != ends:
            text = (
                f"Fact {seq} is not the one that was sealed: a fact up to {seq} was changed and the chain recomputed."
            )
            return Finding(seq, "recomputed", text)
        return None


def end(connection: sa.Connection) -> End:
    """How the ledger ends."""
    with db.legible(connection.engine):
        rows = connection.execute(_END).all()
    if len(rows) != 1:
        raise tampered(
            [Finding(0, "damaged", f"the tables `store` and `tip` have {len(rows)} rows together, not one.")]
        )
    store, sealed_seq, sealed_digest, key_id, signature, *fact = rows[0]
    return End(
        store=str(store),
        fact=None if fact[0] is None else StoredFact(*fact),
        sealed=None if sealed_seq is None else Head(sealed_seq, sealed_digest),
        key_id=str(key_id),
        signature=str(signature),
    )


def require(connection: sa.Connection, keys: Keys) -> End:
    """How the ledger ends, its seal verified.

    Raises:
        Tampered: the seal is not that of the newest fact, or that fact does not have its digest.
    """
    found = end(connection)
    _ = found.head  # an edited newest fact is told as that
    if finding := found.finding(keys):
        raise tampered([finding])
    return found


def seal(connection: sa.Connection, keys: Keys, store: str, head: Head) -> None:
    """Seal a new end, in the transaction that appends it."""
    signature = keys.sign(_statement(store, head)).hex()
    connection.execute(tables.tip.delete())
    connection.execute(
        tables.tip.insert().values(seq=head.seq, digest=head.digest, key_id=keys.key_id, signature=signature)
    )


def _statement(store: str, head: Head) -> bytes:
    return canonical(["tip", store, head.seq, head.digest])
