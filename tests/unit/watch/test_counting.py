"""Counting by pieces gives what counting at once gives, for every column and every way to cut it into pieces."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import reduce
from operator import add
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
from shipworthy.watch.counting import Inputs, Tallies, Tally, cuts
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

    def pieces(size: int) -> Iterator[pa.Table]:
        for batch in pq.ParquetFile(tmp_path / "rows.parquet", read_dictionary=["t"]).iter_batches(size):
            yield pa.Table.from_batches([batch])

    for size in (7, 1_000, 10_000):
        found = reduce(add, [Tallies.counted([NUMBER, TEXT], one, one.rows) for one in map(Inputs, pieces(size))])
        assert found.of["x"].cuts() == cuts(NUMBER, x)
        assert found.of["t"].cuts() == cuts(TEXT, t.astype(object))
        assert (found.of["x"].lowest, found.of["x"].highest) == (x.min(), x.max())


def test_a_column_counts_as_missing_where_a_part_lacks_it_and_is_absent_where_all_do() -> None:
    both = Tallies.counted([NUMBER, TEXT], {"x": np.array([1.0, 2.0]), "t": np.array(["a", "b"], dtype=object)}, 2)
    lacking = Tallies.counted([NUMBER, TEXT], {"x": np.array([3.0])}, 1)
    assert (both + lacking).of["t"].missing == 1
    assert (both + lacking).absent == frozenset()
    assert (lacking + lacking).absent == {"t"}


def test_inputs_of_a_table_are_arrays_as_they_are_read_whole() -> None:
    table = pa.table(
        {
            "flag": [True, False, True],
            "count": [1, None, 3],
            "text": pa.array(["a", None, "b"]),
            "often": pa.array(["a", "a", None]).dictionary_encode(),
        }
    )
    inputs = Inputs(table)
    assert inputs["flag"].tolist() == [1.0, 0.0, 1.0]
    assert np.array_equal(inputs["count"], [1.0, np.nan, 3.0], equal_nan=True)
    assert inputs["text"].tolist()[::2] == ["a", "b"]
    assert inputs.some(slice(1, None))["often"].tolist()[0] == "a"
    assert "other" not in inputs
    assert inputs.arrow("other") is None
    with pytest.raises(KeyError):
        inputs["other"]


def test_whole_numbers_that_no_decimal_number_holds_are_rounded_alike() -> None:
    large = pa.table({"x": [2**60 + 1, -(2**60), 1]})
    assert Tally.of(NUMBER, large["x"]) == Tally.of(NUMBER, large["x"].to_numpy())
    assert Tallies.counted([NUMBER], Inputs(large), 3).of["x"].ones == (1, 2, 2, 1)
