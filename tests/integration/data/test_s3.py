"""Files on an S3 store, over HTTP, with credentials and address from the environment."""

from __future__ import annotations

import io
from typing import Any

import fsspec
import openpyxl
import pyarrow as pa
import pytest
from integration.data.feed import Feed, intake, refusal
from integration.data.test_parquet import written

from shipworthy.edges.objects import s3_options

COLUMNS: dict[str, Any] = {"customer": {"type": "text"}, "paid": {"type": "number"}}
CSV = b"customer,paid\nak01,1.5\nb02,2\n"


@pytest.fixture
def environ(s3: tuple[str, dict[str, str]]) -> dict[str, str]:
    return {**s3[1], "BUCKET": s3[0].removeprefix("s3://")}


def workbook() -> bytes:
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in (["customer", "paid"], ["ak01", 1.5], ["b02", 2]):
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


BODIES = {
    "csv": CSV,
    "jsonl": b'{"customer": "ak01", "paid": 1.5}\n{"customer": "b02", "paid": 2}\n',
    "parquet": written(pa.table({"customer": ["ak01", "b02"], "paid": [1.5, 2.0]})),
    "excel": workbook(),
}


def put(environ: dict[str, str], name: str, content: bytes) -> None:
    fsspec.filesystem("s3", **s3_options(environ)).pipe_file(f"{environ['BUCKET']}/{name}", content)


@pytest.mark.parametrize("kind", sorted(BODIES))
def test_every_kind_of_file_is_read_from_a_store(feed: Feed, environ: dict[str, str], kind: str) -> None:
    put(environ, "feed/orders", BODIES[kind])
    taken = feed.take(kind, "s3://${BUCKET}/feed/orders", COLUMNS)
    assert [(row["customer"], row["paid"]) for row in feed.accepted(taken)] == [("ak01", 1.5), ("b02", 2.0)]
    assert list(intake(taken).read) == ["s3://${BUCKET}/feed/orders"]


def test_a_pattern_sees_what_came_since_the_last_look(feed: Feed, environ: dict[str, str]) -> None:
    put(environ, "feed/a.csv", CSV)
    assert intake(feed.take("csv", "s3://${BUCKET}/feed/*.csv", COLUMNS)).accepted == 2
    put(environ, "feed/b.csv", b"customer,paid\nck03,1\ndora,2\n")
    assert intake(feed.take("csv", "s3://${BUCKET}/feed/*.csv", COLUMNS)).accepted == 4


def test_a_half_written_or_missing_file_is_refused(feed: Feed, environ: dict[str, str]) -> None:
    put(environ, "a.csv", CSV[:-3])
    assert "ends in the middle of row" in refusal(feed.take("csv", "s3://${BUCKET}/a.csv", COLUMNS)).found
    assert "No file matches" in refusal(feed.take("csv", "s3://${BUCKET}/b.csv", COLUMNS)).found


def test_a_store_that_is_not_there_is_told_without_the_secret(feed: Feed, environ: dict[str, str]) -> None:
    environ |= {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
    taken = feed.take("parquet", "s3://${BUCKET}/a.parquet", COLUMNS)
    assert "cannot be read" in refusal(taken).found
    assert "worthy" not in refusal(taken).found
