"""Delta tables as they are and as they were."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import deltalake
import pyarrow as pa
import pytest
from integration.data.feed import Feed, intake, refusal

COLUMNS: dict[str, Any] = {"customer": {"type": "text"}, "paid": {"type": "number"}}
NOW = datetime.now(UTC)


def lay(feed: Feed, *customers: str, paid: Any = 1.0, **more: Any) -> None:
    table = pa.table({"customer": list(customers), "paid": [paid] * len(customers)})
    deltalake.write_deltalake(feed.store.root / "orders", table, mode="append", **more)


def customers(feed: Feed, **more: Any) -> list[str]:
    return [row["customer"] for row in feed.accepted(feed.take("delta", "orders", COLUMNS, **more))]


def test_the_newest_version_is_read_or_the_one_that_is_named(feed: Feed) -> None:
    lay(feed, "b02", "ak01")
    lay(feed, "ck03")
    assert customers(feed) == ["ak01", "b02", "ck03"]
    assert customers(feed, version=0) == ["ak01", "b02"]
    assert "cannot be read" in refusal(feed.take("delta", "orders", COLUMNS, version=7)).found


def test_a_snapshot_of_a_moment_is_the_same_again_later(feed: Feed) -> None:
    lay(feed, "ak01")
    between = datetime.now(UTC) + timedelta(milliseconds=20)
    while datetime.now(UTC) < between + timedelta(milliseconds=20):
        pass
    lay(feed, "b02")
    first = feed.take("delta", "orders", COLUMNS, between, version="as_of")
    lay(feed, "ck03")
    again = feed.take("delta", "orders", COLUMNS, between, version="as_of")
    assert first.snapshot == again.snapshot != ""
    assert [row["customer"] for row in feed.accepted(again)] == ["ak01"]
    early = feed.take("delta", "orders", COLUMNS, NOW - timedelta(days=1), version="as_of")
    assert "no version of the table yet" in refusal(early).found


def test_compaction_changes_nothing(feed: Feed) -> None:
    for name in ("b02", "ak01", "ck03"):
        lay(feed, name)
    before = intake(feed.take("delta", "orders", COLUMNS))
    deltalake.DeltaTable(feed.store.root / "orders").optimize.compact()
    after = intake(feed.take("delta", "orders", COLUMNS))
    assert (before.content, before.accepted) == (after.content, 3)


def test_a_changed_column_is_seen_and_a_missing_table_said(feed: Feed) -> None:
    assert "no Delta table at 'orders'" in refusal(feed.take("delta", "orders", COLUMNS)).found
    lay(feed, "ak01", paid="unknown")
    taken = feed.take("delta", "orders", COLUMNS, quarantine_at_most=1.0)
    assert intake(taken).quarantined == {"paid cannot be read as a number": 1}


@pytest.mark.parametrize("path", ["../orders", ".shipworthy/keys"])
def test_a_table_outside_of_the_product_is_not_read(feed: Feed, path: str) -> None:
    assert "folder" in refusal(feed.take("delta", path, COLUMNS)).found
