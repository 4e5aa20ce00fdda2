"""The same rows have one digest, whatever lies in memory beneath what is missing, and however they are cut."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shipworthy.deliver.content import Content, content_digest

SCHEMA = pa.schema(
    {
        "text": pa.string(),
        "long": pa.large_string(),
        "bytes": pa.binary(),
        "number": pa.float64(),
        "small": pa.int8(),
        "flag": pa.bool_(),
        "moment": pa.timestamp("us", "UTC"),
        "list": pa.list_(pa.string()),
        "both": pa.struct({"a": pa.int64(), "b": pa.string()}),
        "money": pa.decimal128(8, 2),
        "nothing": pa.null(),
    }
)
TEXT = st.text(max_size=3)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "text": st.none() | TEXT,
            "long": st.none() | TEXT,
            "bytes": st.none() | st.binary(max_size=3),
            "number": st.none() | st.floats(allow_nan=False),
            "small": st.none() | st.integers(-128, 127),
            "flag": st.none() | st.booleans(),
            "moment": st.none() | st.integers(0, 1 << 50),
            "list": st.none() | st.lists(st.none() | TEXT, max_size=3),
            "both": st.none() | st.fixed_dictionaries({"a": st.none() | st.integers(0, 9), "b": st.none() | TEXT}),
            "money": st.none() | st.decimals(-9, 9, places=2),
            "nothing": st.none(),
        }
    ),
    max_size=12,
)


def plain(rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(rows, SCHEMA)


def littered(rows: list[dict[str, Any]]) -> pa.Table:
    """The same rows, taken out of more of them, with something beneath all that is missing."""
    moment = datetime(2024, 1, 1, tzinfo=UTC)
    some: dict[str, Any] = {"text": "left", "long": "over", "bytes": b"\xff", "number": 7.5, "small": 9, "flag": True}
    some |= {"moment": moment, "list": ["left", "over"], "both": {"a": 4, "b": "y"}, "money": None, "nothing": None}
    filled = [{name: some[name] if row[name] is None else row[name] for name in some} for row in rows]
    table = pa.Table.from_pylist([some] * 3 + filled + [some], SCHEMA)
    columns = []
    for name, column in zip(table.column_names, table.columns, strict=True):
        array = column.combine_chunks()
        missing = np.array([False] * 3 + [row[name] is None for row in rows] + [True])
        if not pa.types.is_null(array.type) and not pa.types.is_decimal(array.type):
            bits = pa.py_buffer(np.packbits(~missing, bitorder="little").tobytes())
            inner = [array.values] if pa.types.is_list(array.type) else []
            if pa.types.is_struct(array.type):
                inner = [array.field(at) for at in range(array.type.num_fields)]
            own = array.buffers()[: {"list": 2, "both": 1}.get(name, 3)]
            array = pa.Array.from_buffers(array.type, len(array), [bits, *own[1:]], children=inner)
        columns.append(array)
    return pa.table(columns, schema=SCHEMA).slice(3, len(rows))


def cut(table: pa.Table, places: Sequence[int]) -> list[pa.Table]:
    ends = sorted({min(place, len(table)) for place in places} | {0, len(table)})
    return [table.slice(start, end - start) for start, end in pairwise(ends)] or [table]


@settings(max_examples=40)
@given(ROWS, st.lists(st.integers(0, 12), max_size=4), st.integers(1, 9))
def test_the_same_rows_have_one_digest(rows: list[dict[str, Any]], places: list[int], stretch: int) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("shipworthy.deliver.content._STRETCH", stretch)
        one, other = plain(rows), littered(rows)
        assert other.to_pylist() == one.to_pylist()
        assert (
            content_digest([one])
            == content_digest([other])
            == content_digest(cut(one, places))
            == content_digest(cut(other, places))
            == content_digest([pa.concat_tables([*cut(other, places[:2])])])
        )


@settings(max_examples=40)
@given(ROWS, ROWS)
def test_other_rows_have_another_digest(rows: list[dict[str, Any]], others: list[dict[str, Any]]) -> None:
    assert (content_digest([plain(rows)]) == content_digest([plain(others)])) == (repr(rows) == repr(others))


@pytest.mark.parametrize(
    "other",
    [
        pa.table({"a": ["ab", "c"]}),
        pa.table({"a": ["a", "bc", None]}),
        pa.table({"a": ["a", None]}),
        pa.table({"a": ["a", ""]}),
        pa.table({"b": ["a", "bc"]}),
        pa.table({"a": pa.array(["a", "bc"], pa.large_string())}),
    ],
)
def test_what_differs_is_told_apart(other: pa.Table) -> None:
    assert content_digest([pa.table({"a": ["a", "bc"]})]) != content_digest([other])


def test_names_kept_once_each_are_hashed_as_what_they_stand_for() -> None:
    one = pa.array(["x", None, "y", "x"]).dictionary_encode()
    other = pa.DictionaryArray.from_arrays(pa.array([2, 1, 0, 2], pa.int32()), pa.array(["y", None, "x"]))
    assert content_digest([pa.table({"a": one})]) == content_digest([pa.table({"a": other})])


def test_rows_are_counted_and_pass_as_they_are() -> None:
    days = pa.array([date(2024, 1, 1 + at) for at in range(9)])
    table = pa.table({"day": days, "number": pc.cast(days, pa.int32())})
    content = Content()
    assert pa.concat_tables(content.passing(cut(table, [2, 5]))).equals(table)
    assert content.rows == 9
