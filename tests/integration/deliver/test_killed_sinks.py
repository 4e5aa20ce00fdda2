"""A process that is killed while it brings a list leaves what lay there, and the next one brings each row once."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import deltalake
import openpyxl
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from integration.deliver import bringer
from integration.outside import Web

TESTS = Path(__file__).parent.parent.parent
Row = tuple[str, str, float]


def brought(folder: Path, url: str, *kinds: str) -> Path:
    """Let the lives go by for some kinds of sink, four of them killed at each."""
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), str(TESTS.parent / "src")])}
    command = [sys.executable, bringer.__file__, str(folder), url, *kinds]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return folder


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What lies on this machine after all of that."""
    folder = tmp_path_factory.mktemp("here")
    kinds = ("jsonl", "csv", "excel", "parquet", "delta", "sql", "sql with key")
    return brought(folder, "sqlite:///crm.sqlite", *kinds)


def expected(scale: float) -> list[tuple[str, float]]:
    rows = bringer.rows_of(scale)
    return list(zip(rows["customer"].to_pylist(), rows["score"].to_pylist(), strict=True))


def read(kind: str, file: Path) -> list[tuple[str, float]]:
    if kind == "jsonl":
        found = [json.loads(line) for line in file.read_text().splitlines()]
        return [(row["customer"], row["score"]) for row in found]
    if kind == "excel":
        _, *rows = openpyxl.load_workbook(io.BytesIO(file.read_bytes()))["List"].iter_rows(values_only=True)
        return [(str(name), float(str(score))) for name, score in rows]
    table = pyarrow.csv.read_csv(file) if kind == "csv" else pq.read_table(file)
    return list(zip(table["customer"].to_pylist(), map(float, table["score"].to_pylist()), strict=True))


@pytest.mark.parametrize("kind", ["jsonl", "csv", "excel", "parquet"])
def test_a_file_is_the_old_list_or_the_new_one(here: Path, kind: str) -> None:
    assert read(kind, here / kind / "out" / "list") == expected(2.0)
    assert [file.name for file in (here / kind / "out").glob("*") if "new" not in file.name] == ["list"]


@pytest.mark.parametrize("kind", ["sql", "sql with key"])
def test_a_table_of_sqlite_has_each_row_once(here: Path, kind: str) -> None:
    assert_once(f"sqlite:///{here / kind / 'crm.sqlite'}", kind)


def test_a_table_of_postgresql_has_each_row_once(tmp_path: Path, postgres_url: str) -> None:
    brought(tmp_path, postgres_url, "sql", "sql with key")
    assert_once(postgres_url, "sql")
    assert_once(postgres_url, "sql with key")


def assert_once(url: str, kind: str) -> None:
    """That the rows of both runs are there, or of the later one where each customer has one row."""
    engine = sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:"), poolclass=sa.NullPool)
    query = f"SELECT run, customer, score FROM {kind.replace(' ', '_')} ORDER BY run, customer"
    with engine.connect() as connection:
        rows = connection.execute(sa.text(query)).all()
    engine.dispose()
    runs: dict[str, list[Any]] = {}
    for run, *row in rows:
        runs.setdefault(run, []).append(tuple(row))
    lists = [expected(2.0)] if "key" in kind else [expected(1.0), expected(2.0)]
    assert list(runs.values()) == lists


def test_a_delta_table_has_each_row_once_and_never_a_part_of_a_list(here: Path) -> None:
    place = str(here / "delta" / "out" / "list")
    table = deltalake.DeltaTable(place)
    for version in range(table.version() + 1):
        then = deltalake.DeltaTable(place, version=version).to_pyarrow_table()
        counts = Counter(then["run"].to_pylist())
        assert set(counts.values()) == {bringer.PIECES * bringer.PIECE}
    rows = table.to_pyarrow_table().sort_by([("run", "ascending"), ("customer", "ascending")])
    found = list(zip(rows["customer"].to_pylist(), rows["score"].to_pylist(), strict=True))
    assert found == expected(1.0) + expected(2.0)


def test_a_receiver_gets_each_part_with_the_same_id_and_none_that_it_has_confirmed(tmp_path: Path, web: Web) -> None:
    brought(tmp_path, f"{web.url}/rows", "webhook")
    sent = [json.loads(asked.body) for asked in web.got]
    parts = Counter((event["data"]["run"][7:14], event["data"]["part"]) for event in sent)
    assert parts == {(month, part): 1 for month in ("2026-01", "2026-02") for part in range(1, bringer.PIECES + 1)}
    rows = [row for event in sent for row in event["data"]["rows"]]
    assert [(row["customer"], row["score"]) for row in rows] == expected(1.0) + expected(2.0)
