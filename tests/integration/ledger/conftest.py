"""A ledger on each kind of database."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from shipworthy.base.fact import Past
from shipworthy.edges.database import migrate, open_engine
from shipworthy.edges.keys import Keys
from shipworthy.edges.ledger import Ledger
from shipworthy.plan.words import ClockAdvanced

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def engine(database_url: str) -> Iterator[sa.Engine]:
    """An engine on a database with every table."""
    engine = open_engine(database_url)
    migrate(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return Keys(tmp_path / "keys")


@pytest.fixture
def ledger(engine: sa.Engine, keys: Keys) -> Ledger:
    return Ledger(engine, keys)


@pytest.fixture
def advance(ledger: Ledger) -> Callable[..., None]:
    """Appends so many facts to a product, each of which counts those before it."""

    def counted(past: Past) -> Sequence[ClockAdvanced]:
        return [ClockAdvanced(product="shop", to=str(len(past.of(ClockAdvanced))))]

    def append(times: int = 1) -> None:
        for _ in range(times):
            ledger.append(counted, product="shop", who="runner", at=NOON)

    return append
