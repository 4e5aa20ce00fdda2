"""Views: folds over facts for people to read, kept between readings; never the truth, never used for a decision."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import sqlalchemy as sa

from shipworthy.base.digest import canonical, digest_of_bytes
from shipworthy.base.fact import What
from shipworthy.edges import database as db
from shipworthy.edges import tables
from shipworthy.edges.chain import Head, Row, StoredFact
from shipworthy.edges.keys import Keys

S = TypeVar("S")
_WORTH_KEEPING = 200
_CACHE_LOCK = 0x5EA_0003


@dataclass(frozen=True, slots=True)
class View(Generic[S]):
    """How a state that people read follows from facts.

    Attributes:
        name, version: raise the version with every change of `start` or `step`, or old states would live on.
        kinds: the kinds of facts it reads.
        start: the state before the first fact.
        step: the state after one more fact; it may change the state it is given and give it back.

    A state is JSON-able; it is read back as JSON, so keys of objects are texts and there are no tuples.
    """

    name: str
    version: int
    kinds: tuple[type[What], ...]
    start: Callable[[], S]
    step: Callable[[S, Row], S]


def read(engine: sa.Engine, keys: Keys, store: str, view: View[S], product: str, head: Head) -> S:
    """The state of a view of a product as of a head: the kept one, brought up to date, or a new one.

    A kept state counts only with the signature of this store's key, and while the fact it reaches to is unchanged.

    Raises:
        Tampered: a fact that had to be read does not have its digest.
    """
    with db.snapshot(engine) as connection:
        kept = _kept(connection, keys, store, view, product, head)
        reached, state = kept or (0, view.start())
        state, steps = _folded(connection, view, product, reached, head.seq, state)
    text = canonical(state).decode()
    if steps >= _WORTH_KEEPING:
        _keep(engine, keys, store, view, product, head, text)
    read_back: S = json.loads(text)
    return read_back


def _folded(connection: sa.Connection, view: View[S], product: str, after: int, upto: int, state: S) -> tuple[S, int]:
    columns = tables.fact.c
    query = (
        sa.select(tables.fact)
        .where(columns.product == product, columns.kind.in_([kind.__name__ for kind in view.kinds]))
        .where(columns.seq > after, columns.seq <= upto)
        .order_by(columns.seq)
    )
    steps = 0
    options = {"yield_per": 10_000}
    with db.legible(connection.engine), connection.execute(query, execution_options=options) as rows:
        for stored in rows:
            state = view.step(state, StoredFact(*stored).row())
            steps += 1
    return state, steps


def _kept(
    connection: sa.Connection, keys: Keys, store: str, view: View[S], product: str, head: Head
) -> tuple[int, S] | None:
    cache = tables.view_cache
    found = connection.execute(
        sa.select(cache).where(
            cache.c.name == view.name,
            cache.c.version == view.version,
            cache.c.product == product,
            cache.c.seq <= head.seq,
        )
    ).first()
    if found is None:
        return None
    there = connection.execute(sa.select(tables.fact.c.digest).where(tables.fact.c.seq == found.seq)).scalar()
    statement = _statement(store, view, product, Head(found.seq, found.digest), found.state)
    if there != found.digest or not keys.verify(statement, found.signature):
        return None
    return found.seq, json.loads(found.state)


def _keep(engine: sa.Engine, keys: Keys, store: str, view: View[S], product: str, head: Head, text: str) -> None:
    cache = tables.view_cache
    key = {"name": view.name, "version": view.version, "product": product}
    signature = keys.sign(_statement(store, view, product, head, text)).hex()
    with db.exclusive(engine, _CACHE_LOCK) as connection:
        connection.execute(cache.delete().where(*(cache.c[column] == value for column, value in key.items())))
        connection.execute(
            cache.insert().values(**key, seq=head.seq, digest=head.digest, state=text, signature=signature)
        )


def _statement(store: str, view: View[S], product: str, head: Head, text: str) -> bytes:
    state = digest_of_bytes(text.encode())
    return canonical(["view", store, view.name, view.version, product, head.seq, head.digest, state])
