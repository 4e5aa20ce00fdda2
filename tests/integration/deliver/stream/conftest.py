"""A shop whose baseline answers a stream, made once and copied for each test that changes it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e.voyage.shops import Shops
from integration.deliver.stream.bus import Kafka, Nats, streaming_shop

from shipworthy.app.wiring import close_desk


@pytest.fixture(scope="session")
def made(shops: Shops, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a shop with a stream; nobody works on it."""

    def make(root: Path) -> None:
        server = Nats(tmp_path_factory.mktemp("nats"))
        try:
            close_desk(streaming_shop(root, server.url).desk)
        finally:
            server.kill()

    return shops.made("stream", make)


@pytest.fixture
def root(made: Path, tmp_path: Path) -> Path:
    """A shop of the test's own."""
    return Path(shutil.copytree(made, tmp_path / "shop"))


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[Nats]:
    """A NATS server of the test's own, with its messages on disk."""
    server = Nats(tmp_path / "nats")
    yield server
    server.kill()


@pytest.fixture
def cluster() -> Kafka:
    """Kafka's mock cluster."""
    return Kafka()
