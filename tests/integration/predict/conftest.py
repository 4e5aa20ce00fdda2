"""One live shop for all of these tests; each file that counts what is logged starts a server of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from e2e.voyage.shops import Shops
from integration.predict.quay import Quay, quay


@pytest.fixture(scope="session", name="quay")
def served(shops: Shops, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Quay]:
    """A server of a live shop."""
    with quay(shops, tmp_path_factory.mktemp("quay")) as found:
        yield found
