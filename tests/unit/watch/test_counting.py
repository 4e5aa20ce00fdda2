"""Counting by pieces gives what counting at once gives, for every column and every way to cut it into pieces."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipworthy.model.seen import Seen
from shipworthy.watch import counting
from shipworthy.watch.counting import Tally, cuts, tallied
from shipworthy.watch.drift import Cut, as_numbers
from shipworthy.watch.reference import Known

NUMBER = Known("x", 100, 3, cuts=((0.0, 0.1), (1.0, 0.4), (2.5, 0.9)))
TEXT = Known("t", 100, 2, shares={"a": 0.6, "b": 0.3}, rest=0.08)
LISTED = replace(TEXT, unseen=0.02, seen=Seen.of(["other"]))
EMPTY = Known("e", 100, 100)
NUMBERS = [0.0, 1.0, 2.5, 2.6, -1.0, float("nan"), float("inf"), -float("inf")]
TEXTS = ["a", "b", "other", "new", None, float("nan")]


def one_by_one(known: Known, values: Any) -> list[int]:
    """How often each question holds, by looking at each value alone."""
    if known.shares is None:
        numbers = [as_numbers(np.array([value], dtype=object))[0] for value in values]
        present = [number for number in numbers if number == number]
        ones = [sum(number <= value for number in present) for value, _ in known.cuts]
        ones += [sum(number < known.cuts[0][0] for number in present)] if known.cuts else []
        return [*ones, len(numbers) - len(present)]
    texts = [str(value) for value in values if value is not None and value == value]
    ones = [texts.count(name) for name in known.shares]
    other = [text for text in texts if text not in known.shares]
    rare = [text for text in other if known.seen is None or text in known.seen]
    ones += [len(rare)] if known.seen is None else [len(rare), len(other) - len(rare)]
    return [*ones, len(values) - len(texts)]


def ones(found: list[Cut]) -> list[int]:
    """The same of what was counted."""
    return [cut.now.ones for cut in found]


@given(st.lists(st.sampled_from(NUMBERS), max_size=40), st.integers(0, 40))
def test_numbers_are_counted_as_they_are_one_by_one(values: list[float], at: int) -> None:
    whole = np.array(values, dtype=np.float64)
    for known in (NUMBER, EMPTY):
        expected = cuts(known, whole)
        assert ones(expected) == one_by_one(known, whole.tolist())
        assert (Tally.of(known, whole[at:]) + Tally.of(known, pa.array(whole[:at]))).cuts() == expected


@given(st.lists(st.sampled_from(TEXTS), max_size=40), st.integers(0, 40))
def test_texts_are_counted_as_they_are_one_by_one(values: list[Any], at: int) -> None:
    whole = np.empty(len(values), dtype=object)
    whole[:] = values
    arrow = pa.array(values, pa.string(), from_pandas=True)
    for known in (TEXT, LISTED):
        expected = cuts(known, whole)
        assert ones(expected) == one_by_one(known, values)
        assert cuts(known, arrow) == cuts(known, arrow.dictionary_encode()) == expected
        assert (Tally.of(known, whole[at:]) + Tally.of(known, whole[:at])).cuts() == expected


@pytest.mark.parametrize(
    "values",
    [
        np.array([1, "a", 2.5, None, True], dtype=object),
        np.array([True, False, True]),
        np.array([1, 2, 3]),
        np.array([None, "x", 1.0, float("nan")], dtype=object),
    ],
)
def test_odd_values_are_counted_as_they_are_one_by_one(values: Any) -> None:
    for known in (NUMBER, TEXT, LISTED):
        assert ones(cuts(known, values)) == one_by_one(known, values.tolist())


def test_whole_numbers_with_gaps_come_from_arrow_as_numbers() -> None:
    column = pa.array([1, None, 3], pa.int64())
    assert cuts(NUMBER, column) == cuts(NUMBER, np.array([1.0, np.nan, 3.0]))


def test_a_file_is_counted_piece_by_piece(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(1)
    x, t = random.normal(size=5_000), random.choice(["a", "b", "c"], 5_000)
    table = pa.table({"x": x, "t": pa.array(t)})
    pq.write_table(table, tmp_path / "rows.parquet", row_group_size=900)
    monkeypatch.setattr(counting, "PIECE", 64)

    def pieces(size: int) -> Iterator[pa.RecordBatch]:
        yield from pq.ParquetFile(tmp_path / "rows.parquet", read_dictionary=["t"]).iter_batches(size)

    for size in (7, 1_000, 10_000):
        found = tallied([NUMBER, TEXT], pieces(size))
        assert found["x"].cuts() == cuts(NUMBER, x)
        assert found["t"].cuts() == cuts(TEXT, t.astype(object))
    assert tallied([NUMBER], []) == {}
