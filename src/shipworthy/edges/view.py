"""Folds over facts, kept between readings: a cache and never the truth, since all of it follows from the facts."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TypeVar

import orjson
import sqlalchemy as sa

from shipworthy.base.digest import canonical, digest_of_bytes
from shipworthy.base.fact import Fold
from shipworthy.edges import database as db
from shipworthy.edges import tables
from shipworthy.edges.chain import Head, StoredFact, recorded
from shipworthy.edges.keys import Keys

S = TypeVar("S")
_WORTH_KEEPING = 200
_CACHE_LOCK = 0x5EA_0003


def read(
    engine: sa.Engine,
    keys: Keys,
    store: str,
    fold: Fold[S],
    product: str,
    upto: int,
    within: sa.Connection | None = None,
) -> S:
    """The state of a product as of a fact: the kept one, brought up to date, or a new one.

    A kept state counts only with the signature of this store's key, and while the fact it reaches to is unchanged.

    Args:
        within: a transaction that is under way; nothing is kept then.

    Raises:
        Tampered: a fact that had to be read does not have its digest.
    """
    opened: AbstractContextManager[sa.Connection] = db.snapshot(engine) if within is None else nullcontext(within)
    with opened as connection:
        kept = _kept(connection, keys, store, fold, product, upto)
        reached, state = kept or (0, fold.start())
        state, steps = _on(connection, fold, product, reached, upto, state)
        digest = connection.execute(sa.select(tables.fact.c.digest).where(tables.fact.c.seq == upto)).scalar()
    if kept and not steps:
        return state
    if steps >= _WORTH_KEEPING and within is None and digest:
        _keep(engine, keys, store, fold, product, Head(upto, digest), canonical(state).decode())
    # As if it had been kept: keys of objects are texts, and there are no tuples.
    read_back: S = orjson.loads(orjson.dumps(state, option=orjson.OPT_NON_STR_KEYS))
    return read_back


def _on(connection: sa.Connection, fold: Fold[S], product: str, after: int, upto: int, state: S) -> tuple[S, int]:
    """The state after the facts since, one at a time from the database, and how many they were."""
    columns = tables.fact.c
    kinds = {kind.__name__: kind for kind in fold.kinds}
    query = (
        sa.select(tables.fact)
        .where(columns.product == product, columns.kind.in_(kinds))
        .where(columns.seq > after, columns.seq <= upto)
        .order_by(columns.seq)
    )
    steps = 0
    options = {"yield_per": 10_000}
    with db.legible(connection.engine), connection.execute(query, execution_options=options) as rows:
        for row in rows:
            state = fold.step(state, recorded(StoredFact(*row), kinds[row.kind]))
            steps += 1
    return state, steps


def _kept(
    connection: sa.Connection, keys: Keys, store: str, fold: Fold[S], product: str, upto: int
) -> tuple[int, S] | None:
    cache = tables.view_cache
    found = connection.execute(
        sa.select(cache).where(
            cache.c.name == fold.name,
            cache.c.version == fold.version,
            cache.c.product == product,
            cache.c.seq <= upto,
        )
    ).first()
    if found is None:
        return None
    there = connection.execute(sa.select(tables.fact.c.digest).where(tables.fact.c.seq == found.seq)).scalar()
    statement = _statement(store, fold, product, Head(found.seq, found.digest), found.state)
    if there != found.digest or not keys.verify(statement, found.signature):
        return None
    return found.seq, orjson.loads(found.state)


def _keep(engine: sa.Engine, keys: Keys, store: str, fold: Fold[S], product: str, head: Head, text: str) -> None:
    cache = tables.view_cache
    key = {"name": fold.name, "version": fold.version, "product": product}
    signature = keys.sign(_statement(store, fold, product, head, text)).hex()
    with db.exclusive(engine, _CACHE_LOCK) as connection:
        connection.execute(cache.delete().where(*(cache.c[column] == value for column, value in key.items())))
        connection.execute(
            cache.insert().values(**key, seq=head.seq, digest=head.digest, state=text, signature=signature)
        )


def _statement(store: str, fold: Fold[S], product: str, head: Head, text: str) -> bytes:
    state = digest_of_bytes(text.encode())
    return canonical(["view", store, fold.name, fold.version, product, head.seq, head.digest, state])
