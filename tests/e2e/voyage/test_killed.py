"""A process killed after every step, or at any moment, of the road leaves what one that was never killed leaves."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from e2e.voyage.shop import PRODUCT, Shop, open_shop, settings_of

from shipworthy.data.words import RowsReplayed, SnapshotTaken
from shipworthy.deliver.words import DeliveryMade
from shipworthy.edges.database import open_engine
from shipworthy.edges.registry import make_database

TESTS = Path(__file__).parent.parent.parent
BROKEN = "00000,1997-01-02,many,20.00\n"
LISTS = ("out/rehearsal/call-list-*.csv", "out/sales/call-list-*.csv")
# The mirror names its runs itself, so two travels of one road have two names there.
NAMED_BY_THE_MIRROR = {"run", "version"}


def travelled(root: Path, *how: str) -> int:
    """How many lives the road took."""
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), str(TESTS.parent / "src")])}
    command = [sys.executable, str(Path(__file__).parent / "traveller.py"), str(root), *how]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return int(done.stdout)


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A shop that travelled without a kill."""
    shop = with_a_row_to_mend(tmp_path_factory.mktemp("calm"))
    assert travelled(shop.root, "calm") == 1
    return shop


@pytest.fixture(scope="session")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database of the mirror: MLflow takes longer to make one than any life here lasts."""
    file = tmp_path_factory.mktemp("mirror") / "mlflow.db"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # MLflow's own
        make_database(file)
    return file


def test_killed_after_every_step_nothing_differs(calm: Shop, tmp_path: Path) -> None:
    rough = with_a_row_to_mend(tmp_path)
    assert travelled(rough.root, "steps") > 100, "the road has more steps than that; it was not killed after each"
    assert_same(calm, rough)


def test_killed_at_any_moment_nothing_differs(calm: Shop, mirror: Path, tmp_path: Path) -> None:
    rough = with_a_row_to_mend(tmp_path)
    shutil.copy(mirror, rough.found.home)
    assert travelled(rough.root, "moments", "1") > 1
    assert_same(calm, rough)


def test_killed_at_any_moment_on_postgresql_nothing_differs(
    calm: Shop, mirror: Path, tmp_path: Path, postgres_url: str
) -> None:
    rough = with_a_row_to_mend(tmp_path, postgres_url)
    shutil.copy(mirror, rough.found.home)
    assert travelled(rough.root, "moments", "3") > 1
    assert_same(calm, rough)


def with_a_row_to_mend(root: Path, database: str = "") -> Shop:
    """A shop whose first purchase cannot be read."""
    shop = open_shop(root, database)
    feed = root / "feed" / "purchases-all.csv"
    header, *rows = feed.read_text().splitlines(keepends=True)
    feed.write_text("".join([header, BROKEN, *rows]))
    return shop


def test_the_row_that_was_mended_came_in_and_the_list_of_the_past_was_brought(calm: Shop) -> None:
    desk = calm.desk()
    past = desk.store.ledger.past(PRODUCT)
    [replayed] = past.of(RowsReplayed)
    assert replayed.what.passed == 1
    assert not past.of(SnapshotTaken)[0].what.intakes[0].removed.get("replaced-by-mended-row")
    assert any(fact.what.intakes[0].removed.get("replaced-by-mended-row") for fact in past.of(SnapshotTaken))
    [filled] = [fact.what for fact in past.of(DeliveryMade) if fact.what.step == "back-fill"]
    assert filled.rows == sum(row.run == filled.run for row in crm(calm.root)) > 0
    desk.store.ledger.engine.dispose()


def assert_same(calm: Shop, rough: Shop) -> None:
    """That ledger, files and sinks of two shops hold the same, each thing once."""
    assert facts(rough.root) == facts(calm.root)
    assert stored(rough.root) == stored(calm.root)
    for place in LISTS:
        assert contents(rough.root, place) == contents(calm.root, place)
    assert crm(rough.root) == crm(calm.root)
    desk = rough.desk()
    desk.store.ledger.verify()
    desk.store.ledger.engine.dispose()


def facts(root: Path) -> list[str]:
    """Every fact of the product with its content, in order."""
    engine = open_engine(settings_of(root).database)
    query = sa.text("SELECT kind, who, at, body FROM fact WHERE product <> '' ORDER BY seq")
    with engine.connect() as connection:
        rows: Sequence[Any] = connection.execute(query).all()
    engine.dispose()
    return [json.dumps([kind, who, at, steady(kind, json.loads(body))], sort_keys=True) for kind, who, at, body in rows]


def steady(kind: str, body: dict[str, Any]) -> dict[str, Any]:
    """What is the same in every travel of a fact's content."""
    dropped = NAMED_BY_THE_MIRROR if kind == "CandidateMirrored" else set()
    return {name: value for name, value in body.items() if name not in dropped}


def stored(root: Path) -> set[str]:
    """The digests of everything that is kept."""
    files = root / ".shipworthy" / "files"
    return {file.parent.name + file.name for file in files.rglob("*") if file.is_file() and file.name[0] != "."}


def contents(root: Path, place: str) -> dict[str, bytes]:
    """The lists that were brought."""
    found = {file.name: file.read_bytes() for file in root.glob(place)}
    assert found
    return found


def crm(root: Path) -> list[Any]:
    """The rows in the customer database, each of them once."""
    engine = sa.create_engine(f"sqlite:///{root / 'out' / 'crm.sqlite'}")
    with engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT run, answer_id, score FROM call_list ORDER BY answer_id")).all()
    engine.dispose()
    assert len({row.answer_id for row in rows}) == len(rows) > 0
    return list(rows)
