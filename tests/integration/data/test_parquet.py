"""Parquet files with whatever types their writers chose."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from integration.data.feed import NUMBER, ORDERS, TEXT, Feed, intake, refusal

INTEGER = {"type": "integer"}
MIDNIGHT = datetime(2024, 5, 1, tzinfo=UTC)


def written(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


def values(feed: Feed, array: pa.Array, column: dict[str, Any]) -> tuple[list[Any], dict[str, int]]:
    """What of a column is accepted, and what became of the rest."""
    feed.lay("a.parquet", written(pa.table({"x": array})))
    taken = feed.take("parquet", "a.parquet", {"x": column})
    return [row["x"] for row in feed.accepted(taken)], intake(taken).quarantined


def test_the_type_of_the_file_does_not_change_what_is_accepted(feed: Feed) -> None:
    whole = [1, 2, None]
    snapshots = set()
    for kind in (pa.int8(), pa.int64(), pa.uint32(), pa.float32(), pa.float64(), pa.decimal128(30, 2), pa.string()):
        array = pa.array([str(n) if n else None for n in whole]) if kind == pa.string() else pa.array(whole).cast(kind)
        feed.lay("a.parquet", written(pa.table({"x": array})))
        snapshots.add(feed.take("parquet", "a.parquet", {"x": INTEGER}).snapshot)
    assert len(snapshots) == 1
    assert snapshots != {""}


@pytest.mark.parametrize(
    ("array", "column", "accepted", "quarantined"),
    [
        (pa.array([1.0, float("nan"), float("inf")]), NUMBER, [1.0], {"x cannot be read as a number": 2}),
        (pa.array([5, 2**64 - 1], pa.uint64()), INTEGER, [5], {"x cannot be read as a whole number": 1}),
        (pa.array([5.0, 5.5, 1e300]), INTEGER, [5], {"x cannot be read as a whole number": 2}),
        (
            pa.array([Decimal("5.0"), Decimal("9007199254740993.4")], pa.decimal128(30, 1)),
            INTEGER,
            [5],
            {"x cannot be read as a whole number": 1},
        ),
        (pa.array([Decimal("1.5")], pa.decimal256(50, 1)), NUMBER, [1.5], {}),
        (pa.array(["a", "b"]).dictionary_encode(), TEXT, ["a", "b"], {}),
        (pa.array([1, 2]), TEXT, ["1", "2"], {}),
        (pa.array([b"a", b""]), TEXT, ["a"], {"x is missing": 1}),
        (pa.array([[1.0]]), NUMBER, [], {"x cannot be read as a number": 1}),
        (pa.array([True, None]), {"type": "flag"}, [True], {"x is missing": 1}),
        (pa.array([1, 0, 2]), {"type": "flag"}, [True, False], {"x cannot be read as true or false": 1}),
        (pa.nulls(2), NUMBER, [], {"x is missing": 2}),
        (pa.array([date(2024, 5, 1)], pa.date64()), {"type": "date"}, [date(2024, 5, 1)], {}),
        (
            pa.array([MIDNIGHT, MIDNIGHT + timedelta(hours=7)], pa.timestamp("ns")),
            {"type": "date"},
            [date(2024, 5, 1)],
            {"x cannot be read as a date": 1},
        ),
        (
            pa.array([datetime(2024, 5, 1, 10, tzinfo=UTC)], pa.timestamp("ns", "Europe/Berlin")),
            {"type": "moment"},
            [datetime(2024, 5, 1, 10, tzinfo=UTC)],
            {},
        ),
    ],
)
def test_a_value_is_read_exactly_or_not_at_all(
    feed: Feed, array: pa.Array, column: dict[str, Any], accepted: list[Any], quarantined: dict[str, int]
) -> None:
    assert values(feed, array, column) == (accepted, quarantined)


def test_files_with_other_types_and_another_order_fit_together(feed: Feed) -> None:
    feed.lay("in/1.parquet", written(pa.table({"customer_id": [1], "paid": [1]})))
    feed.lay("in/2.parquet", written(pa.table({"paid": [1.5], "customer_id": ["00012"]})))
    taken = feed.take("parquet", "in/*.parquet")
    assert [tuple(row.values()) for row in feed.accepted(taken)] == [("1", 1.0), ("00012", 1.5)]


WHOLE = written(pa.table({"customer_id": ["a"] * 1000, "paid": [1.0] * 1000}))


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (WHOLE[:-20], "begins like Parquet, but its end is not there"),
        (WHOLE[: len(WHOLE) // 2], "begins like Parquet, but its end is not there"),
        (b"customer_id,paid\na,1\n", "is not Parquet"),
        (WHOLE[:8] + b"\xff" * 40 + WHOLE[48:], "cannot be read as Parquet"),
        (b"PAR1" + b"\0" * 50 + b"PAR1", "cannot be read as Parquet"),
        (b"PAR1", "cannot be read as Parquet"),
        (b"", "is empty"),
        (
            written(
                pa.Table.from_arrays(
                    [pa.array(["a"]), pa.array([1.0]), pa.array([2.0])], ["customer_id", *["paid"] * 2]
                )
            ),
            "has paid more than once",
        ),
    ],
    ids=["no end", "half", "csv", "damaged", "no footer", "short", "empty", "twice"],
)
def test_a_file_that_cannot_be_trusted_is_refused_whole(feed: Feed, content: bytes, found: str) -> None:
    feed.lay("a.parquet", content)
    assert found in refusal(feed.take("parquet", "a.parquet", ORDERS)).found
