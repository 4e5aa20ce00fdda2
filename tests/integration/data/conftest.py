"""A product with one source, on SQLite and files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from integration.data.feed import Feed

from shipworthy.edges.database import migrate, open_engine
from shipworthy.edges.files import Files
from shipworthy.edges.keys import Keys
from shipworthy.edges.ledger import Ledger
from shipworthy.edges.store import Store


@pytest.fixture
def environ() -> dict[str, str]:
    """The environment of the process that reads."""
    return {}


@pytest.fixture
def feed(tmp_path: Path, environ: dict[str, str]) -> Iterator[Feed]:
    home = tmp_path / "shop" / ".shipworthy"
    home.mkdir(parents=True)
    engine = open_engine(f"sqlite:///{home / 'ledger.sqlite'}")
    migrate(engine)
    keys = Keys(home / "keys")
    yield Feed(Store(home.parent, home, Ledger(engine, keys), Files(home / "files"), keys, environ))
    engine.dispose()
