"""A shop for a test that changes it, copied from one that came so far before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e.voyage.shops import PLANNED, Shops
from e2e.voyage.voyage import Voyage

from shipworthy.app.wiring import close_desk


@pytest.fixture
def voyage(request: pytest.FixtureRequest, shops: Shops, tmp_path: Path) -> Iterator[Voyage]:
    """A shop that has come as far as the test says with `begins`; without it, its plan is in force."""
    voyage = shops.at(getattr(request, "param", PLANNED), tmp_path)
    yield voyage
    close_desk(voyage.desk)
