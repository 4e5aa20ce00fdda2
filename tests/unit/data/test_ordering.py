"""Rows that are sorted on disk lie as those that are sorted in memory, with the same digest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipworthy.data import ordering
from shipworthy.data.ordering import evenly, ordered
from shipworthy.data.parts import DigestOfRows, in_order, whole

EIGHT = 8
SCHEMA = pa.schema([("name", pa.string()), ("paid", pa.float64()), ("flag", pa.bool_()), ("many", pa.list_(pa.int8()))])
ROW = st.tuples(
    st.none() | st.sampled_from(["a", "b", "ä", "", "Z"]),
    st.none() | st.sampled_from([1.0, -3.5, float("inf"), float("nan"), 0.0]),
    st.none() | st.booleans(),
    st.none() | st.lists(st.integers(-2, 2), max_size=2),
)


def table(rows: list[Any]) -> pa.Table:
    return pa.table([pa.array([row[at] for row in rows], field.type) for at, field in enumerate(SCHEMA)], schema=SCHEMA)


def digest(rows: pa.Table) -> str:
    found = DigestOfRows(rows.schema)
    for start in range(0, len(rows), EIGHT):
        found.add(rows.slice(start, EIGHT))
    return found.ended()


@pytest.fixture(scope="module", autouse=True)
def _small() -> Iterator[None]:
    """So few rows at once that every list has many runs, blocks and pieces."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ordering, "_RUN", 16)
        patch.setattr(ordering, "_BLOCKS", 4)
        patch.setattr(ordering, "PIECE", EIGHT)
        yield


@given(st.lists(st.lists(ROW, max_size=30), max_size=8))
def test_sorted_on_disk_or_in_memory_is_the_same(batches: list[list[Any]]) -> None:
    tables = [table(rows) for rows in batches]
    expected = in_order(pa.concat_tables([SCHEMA.empty_table(), *tables]))
    with ordered("rows", iter(tables), SCHEMA) as found:
        [part] = found.parts(lambda file: "")
        assert (part.rows, part.digest) == (len(expected), digest(expected))
        for _ in range(2):  # it is gone through as often as need be
            pieces = list(found.read())
            assert [piece.first for piece in pieces] == [EIGHT * at for at in range(len(pieces))]
            assert str(pa.concat_tables([piece.table for piece in pieces]).to_pylist()) == str(expected.to_pylist())
        assert whole(found).rows == len(expected)


@given(st.lists(ROW, max_size=60), st.randoms(use_true_random=False))
def test_the_order_in_which_rows_come_does_not_matter(rows: list[Any], random: Any) -> None:
    mixed = list(rows)
    random.shuffle(mixed)
    digests = []
    for some in (rows, mixed):
        with ordered("rows", [table(some)], SCHEMA) as found:
            digests.append(found.parts(lambda file: ""))
    assert digests[0] == digests[1]


@given(st.lists(st.integers(0, 20), max_size=12), st.integers(1, 9))
def test_rows_are_cut_evenly_and_none_is_lost(sizes: list[int], size: int) -> None:
    numbers = iter(range(1000))
    tables = [pa.table({"n": pa.array([next(numbers) for _ in range(one)], pa.int64())}) for one in sizes]
    cut = list(evenly(tables, size))
    assert [number for one in cut for number in one["n"].to_pylist()] == list(range(sum(sizes)))
    assert all(len(one) == size for one in cut[:-1])
    assert all(len(one) <= size for one in cut)
