"""The ledger: facts, each chained to the one before, appended by deciding on all that came earlier."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar

import orjson
import sqlalchemy as sa

from shipworthy.base.digest import canonical
from shipworthy.base.fact import Fold, Past, Recorded, W, What, body_of, kinds_by_name, what_of
from shipworthy.base.times import aware
from shipworthy.edges import database as db
from shipworthy.edges import heads, tables, tip, view
from shipworthy.edges.chain import (
    Finding,
    Head,
    Row,
    SignedHead,
    StoredFact,
    edited,
    recorded,
    tampered,
    unreadable,
    walk,
)
from shipworthy.edges.keys import Keys

__all__ = ["Head", "Ledger", "Row", "SignedHead", "wall_clock"]

S = TypeVar("S")
_APPEND_LOCK = 0x5EA_0002
_ROWS_AT_ONCE = 10_000


def wall_clock() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)


class Ledger:
    """The append-only record of everything that happened in a store.

    Any number of threads and processes may share one. Facts are never changed or removed; the product '' holds those
    that concern the whole store.

    Reading checks each fact that is read, and so shows an edit; that one is missing from what is read, or stands under
    another product or kind, only `verify` shows, and `sign_head`, which verifies first. See `chain` for what neither
    can show.
    """

    def __init__(self, engine: sa.Engine, keys: Keys, clock: Callable[[], datetime] = wall_clock) -> None:
        """The ledger in a database that `database.migrate` has brought up to date.

        Args:
            clock: the wall clock, for `recorded_at` and signatures only.
        """
        self.engine = engine
        self.keys = keys
        self._clock = clock
        self._thread = threading.local()
        self._store = ""

    @property
    def store(self) -> str:
        """The name that this ledger was given when it was made; signed heads carry it."""
        if not self._store:
            with self.engine.connect() as connection:
                self._store = heads.store_of(connection)
        return self._store

    def append(
        self,
        decide: Callable[[Past], Sequence[What]],
        *,
        product: str,
        who: str,
        at: datetime,
        key: str = "",
    ) -> list[Recorded[What]]:
        """Decide on the past as of the head and append what was decided, in one transaction under the write lock.

        Args:
            decide: gives the facts to append; it may raise, then nothing is written. It reads nothing but the past it
                is given and is quick, since everybody else waits.
            product: the product whose past is read and whose facts are written.
            who: the identity that causes the facts.
            at: the moment in the product's time.
            key: names this append for good: where it was used before, nothing is decided and the facts that were
                appended then are given.

        Raises:
            UserError: somebody else held the lock for more than a minute.
            Tampered: the ledger does not end where its seal says, or a fact that was read to decide does not have its
                digest.
            ValueError: a fact is of another product, or `at` has no time zone.
        """
        moment = aware(at)
        with self._deciding(), db.exclusive(self.engine, _APPEND_LOCK) as connection:
            if key and (before := self._under(connection, key)) is not None:
                return before
            end = tip.require(connection, self.keys)
            head = end.head
            past = StoredPast(self, product, head.seq, connection)
            facts = self._chained(head, decide(past), product, who, moment)
            past.release()
            if facts:
                connection.execute(tables.fact.insert(), [fact._asdict() for fact, _ in facts])
                newest = facts[-1][0]
                tip.seal(connection, self.keys, end.store, Head(newest.seq, newest.digest))
            if key:
                self._use(connection, key, head.seq + 1, len(facts))
        return [recorded(fact, type(what)) for fact, what in facts]

    def past(self, product: str) -> Past:
        """The facts of a product up to the head of now; what is appended later is not in it.

        Each fact is checked against its own digest when it is read, which raises Tampered.
        """
        return StoredPast(self, product, self.head().seq)

    def past_of_key(self, product: str, key: str) -> Past | None:
        """The past on which the append under a key was decided; None where nothing was appended under it."""
        with self.engine.connect() as connection:
            used = self._used(connection, key)
        return None if used is None else StoredPast(self, product, used[0] - 1)

    def head(self) -> Head:
        """Where the ledger ends.

        Raises:
            Tampered: it does not end where its seal says, or the newest fact does not have its digest.
        """
        with self.engine.connect() as connection:
            return tip.require(connection, self.keys).head

    def facts(self, after: int = 0, *, product: str | None = None, kinds: Sequence[str] = ()) -> Iterator[Row]:
        """The facts after a number, oldest first, one at a time from the database.

        Raises:
            Tampered: one of them does not have its digest.
        """
        query = sa.select(tables.fact).where(tables.fact.c.seq > after)
        if product is not None:
            query = query.where(tables.fact.c.product == product)
        if kinds:
            query = query.where(tables.fact.c.kind.in_(kinds))
        with db.snapshot(self.engine) as connection, _streamed(connection, query) as facts:
            for fact in facts:
                yield fact.row()

    def stored(self, upto: int) -> Iterator[StoredFact]:
        """The facts up to a number exactly as they are stored, unchecked, for an export."""
        query = sa.select(tables.fact).where(tables.fact.c.seq <= upto)
        with db.snapshot(self.engine) as connection, _streamed(connection, query) as facts:
            yield from facts

    def newest(self, kind: type[W], about: str) -> Recorded[W] | None:
        """The newest fact of a kind about something, whichever product it is of; None where there is none.

        Raises:
            Tampered: it does not have its digest.
        """
        columns = tables.fact.c
        query = sa.select(tables.fact).where(columns.about == about, columns.kind == kind.__name__)
        with self.engine.connect() as connection, db.legible(self.engine):
            row = connection.execute(query.order_by(columns.seq.desc()).limit(1)).first()
        return None if row is None else recorded(StoredFact(*row), kind)

    def verify(self) -> Head:
        """Check every fact, the whole chain, and every head that was ever signed, here and beside the key.

        Raises:
            Tampered: something was edited, dropped, inserted, reordered, cut off or recomputed; it names every such
                fact, the first one first, and what was done to it.
        """
        copy = heads.in_copy(self.keys)  # read first: the facts it counts are then surely in what is read next
        with db.snapshot(self.engine) as connection:
            with _streamed(connection, sa.select(tables.fact)) as facts:
                walked = walk(facts)
            findings = walked.findings + heads.examine(connection, self.keys, copy, walked.head.seq)
            sealed = tip.end(connection).finding(self.keys)
        # What the walk and the heads show says more; the seal shows what they cannot, after the newest signed head.
        findings = findings or ([sealed] if sealed else [])
        if findings:
            raise tampered(findings)
        return walked.head

    def sign_head(self, purpose: str) -> SignedHead:
        """Verify the ledger, then sign where it ends, in the database and in the copy beside the key.

        All of it is verified, also what earlier heads cover, so that no signature is given to a changed history.

        Raises:
            Tampered: as `verify`; nothing is signed.
        """
        head = self.verify()
        signed = heads.sign(self.keys, self.store, head, purpose, self._clock().isoformat())
        heads.keep(self.engine, self.keys, signed)
        return signed

    def signed_heads(self) -> list[SignedHead]:
        """Every head that was signed, oldest first, as the database has them."""
        with self.engine.connect() as connection:
            return heads.in_database(connection)

    def products(self) -> list[str]:
        """The products that have facts, sorted; '' is none."""
        found: list[str] = []
        smallest = sa.select(sa.func.min(tables.fact.c.product))
        with db.snapshot(self.engine) as connection:
            product = connection.execute(smallest.where(tables.fact.c.product != "")).scalar()
            while product is not None:  # one step in the index for each product, however many facts there are
                found.append(product)
                product = connection.execute(smallest.where(tables.fact.c.product > product)).scalar()
        return sorted(found)

    @contextmanager
    def _deciding(self) -> Iterator[None]:
        if getattr(self._thread, "deciding", False):
            raise RuntimeError("A decision must not append by itself: it would wait for its own lock. Give the facts.")
        self._thread.deciding = True
        try:
            yield
        finally:
            self._thread.deciding = False

    def _chained(
        self, head: Head, facts: Sequence[What], product: str, who: str, at: datetime
    ) -> list[tuple[StoredFact, What]]:
        recorded_at = aware(self._clock()).isoformat()
        chained: list[tuple[StoredFact, What]] = []
        for what in facts:
            if what.product != product:
                raise ValueError(f"{type(what).__name__} is of {what.product!r}; this append is of {product!r}")
            body = canonical(body_of(what)).decode()
            _require_readable(type(what), body)
            fact = StoredFact(
                seq=head.seq + 1,
                kind=type(what).__name__,
                product=product,
                about=what.about,
                who=who,
                at=at.isoformat(),
                recorded_at=recorded_at,
                body=body,
                previous=head.digest,
                digest="",
            ).sealed()
            head = Head(fact.seq, fact.digest)
            chained.append((fact, what))
        return chained

    def _use(self, connection: sa.Connection, key: str, first: int, facts: int) -> None:
        signature = self.keys.sign(_use_of(key, first, facts)).hex()
        connection.execute(tables.step_key.insert().values(key=key, first_seq=first, facts=facts, signature=signature))

    def _used(self, connection: sa.Connection, key: str) -> tuple[int, int] | None:
        """Number of the first fact and count of those appended under a key; one set by hand would lose an append."""
        used = connection.execute(sa.select(tables.step_key).where(tables.step_key.c.key == key)).first()
        if used is None:
            return None
        if not self.keys.verify(_use_of(key, used.first_seq, used.facts), used.signature):
            text = f"The key {key!r} was marked as used by somebody without the store's key."
            raise tampered([Finding(used.first_seq, "key", text)])
        return used.first_seq, used.facts

    def _under(self, connection: sa.Connection, key: str) -> list[Recorded[What]] | None:
        """What was appended under a key; None where it is new."""
        used = self._used(connection, key)
        if used is None:
            return None
        among = tables.fact.c.seq.between(used[0], used[0] + used[1] - 1)
        known = kinds_by_name(_kinds(What))
        facts = _read(connection, sa.select(tables.fact).where(among))
        return [recorded(fact, _kind_of(fact, known)) for fact in facts]


class StoredPast:
    """The facts of a product up to one head, read from the database when asked for and then remembered."""

    def __init__(self, ledger: Ledger, product: str, upto: int, connection: sa.Connection | None = None) -> None:
        self._ledger = ledger
        self._engine = ledger.engine
        self._product = product
        self._upto = upto
        self._connection = connection
        self._read: dict[tuple[Any, ...], Sequence[Recorded[Any]]] = {}
        self._folded: dict[tuple[str, int], Any] = {}

    def of(
        self, *kinds: type[W], about: str | None = None, after: int = 0, upto: int | None = None
    ) -> Sequence[Recorded[W]]:
        """The facts of these kinds, oldest first; see `base.fact.Past`.

        Raises:
            Tampered: one of them does not have its digest.
        """
        asked = (*kinds, about, after, upto)
        if asked not in self._read:
            last = self._upto if upto is None else min(upto, self._upto)
            self._read[asked] = self._query(kinds_by_name(kinds), about, after, last)
        return self._read[asked]

    def fold(self, fold: Fold[S], /) -> S:
        """The state that the facts lead to, from the kept state and the facts since; nobody may change it.

        Raises:
            Tampered: a fact that had to be read does not have its digest.
        """
        key, ledger = (fold.name, fold.version), self._ledger
        if key not in self._folded:
            self._folded[key] = view.read(
                self._engine, ledger.keys, ledger.store, fold, self._product, self._upto, self._connection
            )
        found: S = self._folded[key]
        return found

    def release(self) -> None:
        """Read without the transaction from here on."""
        self._connection = None

    def _query(self, kinds: dict[str, type[What]], about: str | None, after: int, upto: int) -> list[Recorded[Any]]:
        columns = tables.fact.c
        query = (
            sa.select(tables.fact)
            .where(columns.product == self._product, columns.kind.in_(kinds))
            .where(columns.seq > after, columns.seq <= upto)
        )
        if about is not None:
            query = query.where(columns.about == about)
        if self._connection is not None:
            facts = _read(self._connection, query)
        else:
            with self._engine.connect() as connection:
                facts = _read(connection, query)
        return [recorded(fact, kinds[fact.kind]) for fact in facts]


def _read(connection: sa.Connection, query: sa.Select[Any]) -> list[StoredFact]:
    with db.legible(connection.engine):
        return [StoredFact(*row) for row in connection.execute(query.order_by(tables.fact.c.seq))]


@contextmanager
def _streamed(connection: sa.Connection, query: sa.Select[Any]) -> Iterator[Iterator[StoredFact]]:
    """The facts one after the other; the database lets go of them at the end, also where the reader stops before."""
    options = {"yield_per": _ROWS_AT_ONCE}
    ordered = query.order_by(tables.fact.c.seq)
    with db.legible(connection.engine), connection.execute(ordered, execution_options=options) as rows:
        yield (StoredFact(*row) for row in rows)


def _require_readable(kind: type[What], body: str) -> None:
    # A fact that cannot be read again, or reads as another, must never be written.
    read = orjson.loads(body)
    if canonical(read).decode() != body:
        raise ValueError(f"{kind.__name__} holds a number of more than 64 bits, which would not be read as written")
    what_of(kind, read)


def _use_of(key: str, first: int, facts: int) -> bytes:
    return canonical(["key used", key, first, facts])


def _kind_of(fact: StoredFact, known: dict[str, type[What]]) -> type[What]:
    if fact.kind not in known:
        if not fact.is_whole:
            raise tampered([edited(fact)])
        raise tampered([unreadable(fact, KeyError(f"this version knows no {fact.kind}"))])
    return known[fact.kind]


def _kinds(of: type[What]) -> Iterator[type[What]]:
    for kind in of.__subclasses__():
        yield kind
        yield from _kinds(kind)
