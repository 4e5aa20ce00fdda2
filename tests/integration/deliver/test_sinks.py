"""What every kind of sink must do: bring each row once however often it is called, all or none, and say why not."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import deltalake
import fsspec.core
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from shipworthy.base.errors import UserError
from shipworthy.base.kinds import kind, kinds
from shipworthy.deliver.sink import SinkKind, Target
from shipworthy.edges.objects import delta_options, s3_options
from shipworthy.plan.schema import Sink

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


def read_csv(content: bytes) -> list[dict[str, Any]]:
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def read_lines(content: bytes) -> list[dict[str, Any]]:
    rows = [json.loads(line) for line in content.split(b"\n")[:-1]]
    return [row | {"reasons": "; ".join(row["reasons"])} for row in rows]


def read_workbook(content: bytes) -> list[dict[str, Any]]:
    header, *found = openpyxl.load_workbook(io.BytesIO(content))["List"].iter_rows(values_only=True)
    return [dict(zip(map(str, header), row, strict=True)) for row in found]


def read_parquet(content: bytes) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.read_table(io.BytesIO(content)).to_pylist()
    return [row | {"reasons": "; ".join(row["reasons"])} for row in found]


READERS = {"csv": read_csv, "jsonl": read_lines, "excel": read_workbook, "parquet": read_parquet}


def in_file(kind_: str, path: str, folder: Path, environ: dict[str, str]) -> Place:
    system, inner = fsspec.core.url_to_fs(path if "://" in path else str(folder / path), **s3_options_of(path, environ))
    target = Target(folder, path, "", "", "run 1", environ=environ)
    return Place(kind("deliver/sinks", kind_, SinkKind).write, target, lambda: READERS[kind_](system.cat_file(inner)))


def s3_options_of(path: str, environ: dict[str, str]) -> dict[str, Any]:
    return s3_options(environ) if path.startswith("s3:") else {}


def in_delta(path: str, folder: Path, environ: dict[str, str]) -> Place:
    target = Target(folder, path, "", "", "run 1", environ=environ)

    def read() -> list[dict[str, Any]]:
        place = path if "://" in path else str(folder / path)
        found = deltalake.DeltaTable(place, storage_options=delta_options(environ)).to_pyarrow_table()
        rows = found.sort_by([("run", "ascending"), ("rank", "ascending")]).to_pylist()
        return [row | {"reasons": "; ".join(row["reasons"])} for row in rows]

    return Place(kind("deliver/sinks", "delta", SinkKind).write, target, read)


SUFFIXES = {"csv": "csv", "jsonl": "jsonl", "excel": "xlsx", "parquet": "parquet"}


@pytest.fixture(
    params=[
        *(f"{kind_}{where}" for kind_ in (*SUFFIXES, "delta") for where in ("", " on S3")),
        "sql on SQLite",
        "sql on PostgreSQL",
    ]
)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    kind_, _, where = request.param.partition(" on ")
    if kind_ != "sql":
        bucket, environ = request.getfixturevalue("s3") if where else ("out", {})
        if kind_ == "delta":
            return in_delta(f"{bucket}/table", tmp_path, environ)
        return in_file(kind_, f"{bucket}/list.{SUFFIXES[kind_]}", tmp_path, environ)
    if request.param == "sql on SQLite":
        return in_database(tmp_path, "sqlite:///crm.sqlite")
    return in_database(tmp_path, request.getfixturevalue("postgres_url"))


def test_every_kind_is_tried_here() -> None:
    elsewhere = {"webhook", "email", "chat"}  # what they bring is kept by nobody: see test_telling.py
    assert {*SUFFIXES, "delta", "sql"} == {*kinds("deliver/sinks")} - elsewhere


def test_rows_lie_there_once_however_often_they_are_brought(place: Place) -> None:
    for _ in range(3):
        where = place.write(place.target, rows("ak01", "b02"))
    found = place.read()
    assert [row["customer"] for row in found] == ["ak01", "b02"]
    assert [float(row["score"]) for row in found] == [0.25, 0.25]
    assert found[0]["reasons"] == "a; b"
    assert str(found[0]["as_of"]).startswith("1998-01-01")
    assert "secret" not in where


def test_a_shorter_list_of_the_same_run_replaces_the_longer(place: Place) -> None:
    place.write(place.target, rows("ak01", "b02", "ck03"))
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
    place.write(place.target, rows("ak01"))
    place.write(replace(place.target, run="run 2", notice="By the baseline."), rows("b02"))
    assert [(row["run"], row["customer"], row["notice"]) for row in place.read()] == [
        ("run 1", "ak01", ""),
        ("run 2", "b02", "By the baseline."),
    ]


def test_a_file_that_a_spreadsheet_opens_runs_nothing(tmp_path: Path) -> None:
    place = in_csv(tmp_path)
    place.write(place.target, rows("=HYPERLINK(1)", "+1", "-1", "@x", "\tx", "plain"))
    assert [row["customer"][0] for row in place.read()] == ["'"] * 5 + ["p"]


def test_what_a_killed_process_left_half_written_goes_with_the_next_list(tmp_path: Path) -> None:
    place, others = in_csv(tmp_path), f".list.csv.{os.getppid()}.new"
    (tmp_path / "out").mkdir()
    for left in (".list.csv.999999999.new", others):
        (tmp_path / "out" / left).write_text("rank,cust")
    place.write(place.target, rows("1"))
    assert {file.name for file in (tmp_path / "out").iterdir()} == {"list.csv", others}, "the other one is at work"


def test_a_notice_lies_beside_the_file_and_goes_with_the_next_good_list(tmp_path: Path) -> None:
    place = in_csv(tmp_path)
    place.write(replace(place.target, notice="Not by the model."), rows("ak01"))
    assert (tmp_path / "out" / "list.notice.txt").read_text() == "Not by the model.\n"
    place.write(place.target, rows("ak01"))
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["list.csv"]


@pytest.mark.parametrize("path", ["../outside.csv", "a/../../outside.csv"])
def test_a_path_does_not_lead_out_of_the_product_s_folder(tmp_path: Path, path: str) -> None:
    folder = tmp_path / "product"
    place = in_csv(folder)
    with pytest.raises(UserError, match="leads out of the product's folder"):
        place.write(replace(place.target, path=path), rows("ak01"))
    assert list(tmp_path.iterdir()) == []


def test_a_table_of_another_shape_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    place = in_database(tmp_path, "sqlite:///crm.sqlite")
    place.write(place.target, rows("ak01"))
    with pytest.raises(OSError, match="table call_list"):
        place.write(place.target, rows("b02").append_column("new", pa.array(["x"])))
    assert [row["customer"] for row in place.read()] == ["ak01"]


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
        place.write(replace(place.target, **change), rows("ak01"))  # type: ignore[arg-type]  # texts all


def test_a_database_that_does_not_answer_is_told_without_its_secret(tmp_path: Path) -> None:
    place = in_database(tmp_path, "postgresql://me:secret@127.0.0.1:1/crm")
    with pytest.raises(OSError, match="table call_list") as failed:
        place.write(place.target, rows("ak01"))
    assert "secret" not in str(failed.value)


def stream_of(place: Place) -> Callable[[Target, pa.RecordBatchReader], str]:
    members = (kind("deliver/sinks", name, SinkKind) for name in kinds("deliver/sinks"))
    stream = next(member.stream for member in members if member.write is place.write)
    assert stream is not None
    return stream


def test_rows_that_come_some_at_a_time_lie_there_as_if_they_had_come_at_once(place: Place) -> None:
    whole = rows("ak01", "=1+1", "ck03")
    place.write(place.target, whole)
    at_once = place.read()
    stream_of(place)(place.target, pa.RecordBatchReader.from_batches(whole.schema, whole.to_batches(2)))
    assert place.read() == at_once
    assert len(at_once) == 3


def test_rows_that_stop_on_the_way_leave_what_lay_there(place: Place) -> None:
    place.write(place.target, rows("ak01"))
    before = place.read()

    def torn() -> Iterator[pa.RecordBatch]:
        yield from rows("b02").to_batches()
        raise OSError("the store is away")

    with pytest.raises(OSError, match="away"):
        stream_of(place)(place.target, pa.RecordBatchReader.from_batches(rows("b02").schema, torn()))
    assert place.read() == before


@pytest.mark.parametrize("kind_", kinds("deliver/sinks"))
def test_a_sink_says_whether_it_can_erase(kind_: str) -> None:
    erase = kind("deliver/sinks", kind_, SinkKind).erase
    assert erase is None or callable(erase)


_ERASING = [
    *("csv", "parquet", "jsonl", "excel", "delta", "sql on SQLite", "sql on PostgreSQL"),
    *("csv on S3", "parquet on S3", "jsonl on S3", "delta on S3"),
]


@pytest.mark.parametrize("place", _ERASING, indirect=True)
def test_one_person_is_taken_away_and_nobody_else(place: Place, request: pytest.FixtureRequest) -> None:
    kind_ = request.node.callspec.params["place"].partition(" on ")[0]
    erase = kind("deliver/sinks", kind_, SinkKind).erase
    assert erase is not None
    assert erase(place.target, {"customer": "x".__eq__}) is None, "nothing lies there yet"
    place.write(place.target, rows("ak01", "=e05", "b0b"))
    assert erase(place.target, {"entity": "b0b".__eq__}) is None, "it has no such column"
    before = place.read()
    gone = erase(place.target, {"customer": "=e05".__eq__, "entity": "ak01".__eq__})
    assert gone is not None
    assert (gone.rows_before, gone.rows_after) == (3, 2)
    assert place.read() == [row for row in before if "e05" not in row["customer"]]
    again = erase(place.target, {"customer": "=e05".__eq__})
    assert again is not None
    assert (again.rows_before, again.rows_after) == (2, 2)


@pytest.fixture(params=["sqlite", "postgresql"])
def crm(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A table that holds one current row for each customer."""
    url = "sqlite:///crm.sqlite" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    place = in_database(tmp_path, url)
    declared = Sink(kind="sql", rehearsal="", url=url, table="call_list", key=["customer"])
    return replace(place, target=replace(place.target, declared=declared, run="p/sales/1998-01-01T00:00:00+00:00"))


def test_a_table_with_a_key_holds_one_current_row_for_each(crm: Place) -> None:
    later = replace(crm.target, run="p/sales/1998-02-01T00:00:00+00:00")
    crm.write(crm.target, rows("ak01", "b02"))
    for _ in range(2):
        crm.write(later, rows("b02", "ck03"))
    crm.write(crm.target, rows("ak01", "ck03", "b02"))  # an older list that comes late
    found = {row["customer"]: (row["run"][8:15], row["rank"]) for row in crm.read()}
    assert found == {"ak01": ("1998-01", 1), "b02": ("1998-02", 1), "ck03": ("1998-02", 2)}


def test_a_key_needs_its_columns_and_an_index_in_the_table(crm: Place, tmp_path: Path) -> None:
    lacking = replace(crm.target, declared=crm.target.declared.model_copy(update={"key": ["account"]}))
    with pytest.raises(UserError, match="The rows have no account"):
        crm.write(lacking, rows("ak01"))
    crm.write(replace(crm.target, declared=replace_key(crm.target.declared, [])), rows("ak01"))
    with pytest.raises(OSError, match="no unique index on customer, which `key` needs"):
        crm.write(crm.target, rows("ak01"))
    assert [row["customer"] for row in crm.read()] == ["ak01"]


def replace_key(declared: Sink, key: list[str]) -> Sink:
    return declared.model_copy(update={"key": key})


def test_a_big_list_goes_in_by_parts_in_one_transaction(crm: Place) -> None:
    names = [f"customer {number}" for number in range(25_000)]
    crm.write(crm.target, rows(*names))
    assert len(crm.read()) == 25_000
    broken = rows(*names).set_column(1, "customer", pa.array([*names[:-1], "bad\0sign"]))
    if crm.target.url.startswith("postgresql"):
        with pytest.raises((OSError, UserError)):
            crm.write(replace(crm.target, run="p/sales/1998-02-01T00:00:00+00:00"), broken)
        assert {row["run"][:15] for row in crm.read()} == {"p/sales/1998-01"}


def test_a_table_that_somebody_holds_is_not_waited_for_for_ever(
    tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = in_database(tmp_path, postgres_url)
    place.write(place.target, rows("ak01"))
    monkeypatch.setattr("shipworthy.deliver.sinks.sql.LOCK_SECONDS", 1)
    engine = sa.create_engine(postgres_url.replace("postgresql:", "postgresql+psycopg:"), poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql("LOCK TABLE call_list")
        with pytest.raises(OSError, match="lock timeout"):
            place.write(place.target, rows("b02"))
    engine.dispose()
    assert [row["customer"] for row in place.read()] == ["ak01"]
    place.write(place.target, rows("b02"))
    assert [row["customer"] for row in place.read()] == ["b02"]


def test_a_workbook_keeps_text_as_text_and_says_what_it_is(tmp_path: Path) -> None:
    place = in_file("excel", "out/list.xlsx", tmp_path, {})
    declared = Sink(kind="excel", rehearsal="", path="out/list.xlsx", sheet="Calls")
    told = replace(place.target, declared=declared, notice="By the baseline.", consumer="sales", as_of="1998-01-01")
    place.write(told, rows("=1+1", "007", "+49 30", "-5", "12345678901234567890", "a\x01b", "#N/A"))
    book = openpyxl.load_workbook(tmp_path / "out" / "list.xlsx")
    assert book.sheetnames == ["Notice", "Calls"]
    assert book["Notice"]["B1"].value == "By the baseline."
    cells = [row[1] for row in book["Calls"].iter_rows(min_row=2)]
    assert [cell.value for cell in cells] == ["=1+1", "007", "+49 30", "-5", "12345678901234567890", "a\ufffdb", "#N/A"]
    assert {cell.data_type for cell in cells} == {"s"}
    assert [cell.quotePrefix for cell in cells] == [True, False, True, True, False, False, False]
    assert book["Calls"].freeze_panes == "A2"
    assert book["Calls"].column_dimensions["B"].width > 20
    assert book["Calls"]["E2"].value == datetime(1998, 1, 1)  # noqa: DTZ001  # a sheet knows no zones


@pytest.mark.parametrize("address", ["http://169.254.169.254/list.csv", "simplecache::https://x.example/list.csv"])
def test_a_file_sink_writes_to_no_web_address(tmp_path: Path, address: str) -> None:
    place = in_csv(tmp_path)
    with pytest.raises(UserError, match="no file system"):
        place.write(replace(place.target, path=address), rows("ak01"))


def test_a_file_address_does_not_lead_into_the_store(tmp_path: Path) -> None:
    place = in_csv(tmp_path)
    target = replace(place.target, path=f"file://{tmp_path}/keys/x.csv", closed=(tmp_path / "keys",))
    with pytest.raises(UserError, match="folder of the ledger"):
        place.write(target, rows("ak01"))


def test_wrong_keys_of_a_store_are_said_without_the_secret(tmp_path: Path) -> None:
    environ = {"AWS_ACCESS_KEY_ID": "me", "AWS_SECRET_ACCESS_KEY": "hush", "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
    place = in_csv(tmp_path)
    with pytest.raises(OSError, match=r"s3://lists/x\.csv") as failed:
        place.write(replace(place.target, path="s3://lists/x.csv", environ=environ), rows("ak01"))
    assert "hush" not in str(failed.value)
