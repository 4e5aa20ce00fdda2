"""What every kind of sink must do: bring each row once however often it is called, all or none, and say why not."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from shipworthy.base.errors import UserError
from shipworthy.base.kinds import kind, kinds
from shipworthy.deliver.sink import SinkKind, Target

MOMENT = datetime(1998, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Place:
    """A sink with a place for its rows, and what lies there."""

    write: Callable[[Target, pa.Table], str]
    target: Target
    read: Callable[[], list[dict[str, Any]]]


def rows(*names: str) -> pa.Table:
    columns = {
        "rank": pa.array(range(1, len(names) + 1), pa.int64()),
        "customer": pa.array(names, pa.string()),
        "score": pa.array([0.25] * len(names), pa.float64()),
        "reasons": pa.array([["a", "b"]] * len(names), pa.list_(pa.string())),
        "as_of": pa.array([MOMENT] * len(names), pa.timestamp("us", tz="UTC")),
    }
    return pa.table(columns)


def in_csv(folder: Path) -> Place:
    target = Target(folder, "out/list.csv", "", "", "run 1")

    def read() -> list[dict[str, Any]]:
        with (folder / "out" / "list.csv").open(newline="") as file:
            return list(csv.DictReader(file))

    return Place(kind("deliver/sinks", "csv", SinkKind).write, target, read)


def in_database(folder: Path, url: str) -> Place:
    target = Target(folder, "", url, "call_list", "run 1")

    def read() -> list[dict[str, Any]]:
        address = url.replace("sqlite:///", f"sqlite:///{folder}/").replace("postgresql:", "postgresql+psycopg:")
        engine = sa.create_engine(address, poolclass=sa.NullPool)
        with engine.connect() as connection:
            found = connection.execute(sa.text("SELECT * FROM call_list ORDER BY run, rank")).mappings().all()
        engine.dispose()
        return [dict(row) for row in found]

    return Place(kind("deliver/sinks", "sql", SinkKind).write, target, read)


def in_parquet(folder: Path) -> Place:
    target = Target(folder, "out/list.parquet", "", "", "run 1")

    def read() -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = pq.read_table(folder / "out" / "list.parquet").to_pylist()
        return [row | {"reasons": "; ".join(row["reasons"])} for row in rows]

    return Place(kind("deliver/sinks", "parquet", SinkKind).write, target, read)


@pytest.fixture(params=["csv", "parquet", "sql on SQLite", "sql on PostgreSQL"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "csv":
        return in_csv(tmp_path)
    if request.param == "parquet":
        return in_parquet(tmp_path)
    if request.param == "sql on SQLite":
        return in_database(tmp_path, "sqlite:///crm.sqlite")
    return in_database(tmp_path, request.getfixturevalue("postgres_url"))


def test_every_kind_is_tried_here() -> None:
    assert set(kinds("deliver/sinks")) == {"csv", "parquet", "sql"}


def test_rows_lie_there_once_however_often_they_are_brought(place: Place) -> None:
    for _ in range(3):
        where = place.write(place.target, rows("anna", "ben"))
    found = place.read()
    assert [row["customer"] for row in found] == ["anna", "ben"]
    assert [float(row["score"]) for row in found] == [0.25, 0.25]
    assert found[0]["reasons"] == "a; b"
    assert str(found[0]["as_of"]).startswith("1998-01-01")
    assert "secret" not in where


def test_a_shorter_list_of_the_same_run_replaces_the_longer(place: Place) -> None:
    place.write(place.target, rows("anna", "ben", "cleo"))
    place.write(place.target, rows("dora"))
    assert [row["customer"] for row in place.read()] == ["dora"]
    place.write(place.target, rows())
    assert place.read() == []


def test_odd_texts_arrive_as_they_are(place: Place) -> None:
    names = ["O'Hara; DROP TABLE call_list", 'a "b", c', "line\nbreak", "Žofie 雪"]
    place.write(place.target, rows(*names))
    assert [row["customer"] for row in place.read()] == names


def test_a_table_keeps_the_rows_of_other_runs_and_the_notice(tmp_path: Path) -> None:
    place = in_database(tmp_path, "sqlite:///crm.sqlite")
    place.write(place.target, rows("anna"))
    place.write(replace(place.target, run="run 2", notice="By the baseline."), rows("ben"))
    assert [(row["run"], row["customer"], row["notice"]) for row in place.read()] == [
        ("run 1", "anna", ""),
        ("run 2", "ben", "By the baseline."),
    ]


def test_a_file_that_a_spreadsheet_opens_runs_nothing(tmp_path: Path) -> None:
    place = in_csv(tmp_path)
    place.write(place.target, rows("=HYPERLINK(1)", "+1", "-1", "@x", "\tx", "plain"))
    assert [row["customer"][0] for row in place.read()] == ["'"] * 5 + ["p"]


def test_a_notice_lies_beside_the_file_and_goes_with_the_next_good_list(tmp_path: Path) -> None:
    place = in_csv(tmp_path)
    place.write(replace(place.target, notice="Not by the model."), rows("anna"))
    assert (tmp_path / "out" / "list.notice.txt").read_text() == "Not by the model.\n"
    place.write(place.target, rows("anna"))
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["list.csv"]


@pytest.mark.parametrize("path", ["../outside.csv", "a/../../outside.csv"])
def test_a_path_does_not_lead_out_of_the_product_s_folder(tmp_path: Path, path: str) -> None:
    folder = tmp_path / "product"
    place = in_csv(folder)
    with pytest.raises(UserError, match="leads out of the product's folder"):
        place.write(replace(place.target, path=path), rows("anna"))
    assert list(tmp_path.iterdir()) == []


def test_a_table_of_another_shape_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    place = in_database(tmp_path, "sqlite:///crm.sqlite")
    place.write(place.target, rows("anna"))
    with pytest.raises(OSError, match="table call_list"):
        place.write(place.target, rows("ben").append_column("new", pa.array(["x"])))
    assert [row["customer"] for row in place.read()] == ["anna"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"table": "x; DROP TABLE y"}, "no table name"),
        ({"url": "${CRM_URL_THAT_IS_NOT_SET}"}, "CRM_URL_THAT_IS_NOT_SET, which is not set"),
    ],
)
def test_what_is_wrong_with_a_table_is_said(tmp_path: Path, change: dict[str, str], says: str) -> None:
    place = in_database(tmp_path, "sqlite:///crm.sqlite")
    with pytest.raises(UserError, match=says):
        place.write(replace(place.target, **change), rows("anna"))  # type: ignore[arg-type]  # texts all


def test_a_database_that_does_not_answer_is_told_without_its_secret(tmp_path: Path) -> None:
    place = in_database(tmp_path, "postgresql://me:secret@127.0.0.1:1/crm")
    with pytest.raises(OSError, match="table call_list") as failed:
        place.write(place.target, rows("anna"))
    assert "secret" not in str(failed.value)


@pytest.mark.parametrize("name", ["csv", "parquet"])
def test_rows_that_come_some_at_a_time_lie_there_as_if_they_had_come_at_once(tmp_path: Path, name: str) -> None:
    sink, target = kind("deliver/sinks", name, SinkKind), Target(tmp_path, "out/list", "", "", "run 1")
    whole = rows("anna", "=1+1", "cleo")
    sink.write(target, whole)
    at_once = (tmp_path / "out" / "list").read_bytes()
    assert sink.stream is not None
    sink.stream(target, pa.RecordBatchReader.from_batches(whole.schema, whole.to_batches(2)))
    found = (tmp_path / "out" / "list").read_bytes()
    assert found == at_once if name == "csv" else pq.read_table(tmp_path / "out" / "list").equals(whole)


@pytest.mark.parametrize("name", ["csv", "parquet"])
def test_rows_that_stop_on_the_way_leave_what_lay_there(tmp_path: Path, name: str) -> None:
    sink, target = kind("deliver/sinks", name, SinkKind), Target(tmp_path, "out/list", "", "", "run 1")
    sink.write(target, rows("anna"))
    before = (tmp_path / "out" / "list").read_bytes()

    def torn() -> Iterator[pa.RecordBatch]:
        yield from rows("ben").to_batches()
        raise OSError("the store is away")

    assert sink.stream is not None
    with pytest.raises(OSError, match="away"):
        sink.stream(target, pa.RecordBatchReader.from_batches(rows("ben").schema, torn()))
    assert (tmp_path / "out" / "list").read_bytes() == before
    assert len(list((tmp_path / "out").iterdir())) == 1
