"""Files of one source become one table, whatever each calls its columns and types."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from shipworthy.data.parts import joined
from shipworthy.data.source import Part, Reading


def together(*tables: pa.Table) -> Reading:
    return joined([(Part(f"{n}", "", t.num_rows, tuple(t.column_names)), t) for n, t in enumerate(tables)])


def test_columns_are_matched_by_name_and_gaps_are_empty() -> None:
    found = together(pa.table({"a": ["1"], "b": ["2"]}), pa.table({"c": ["3"], "a": ["4"]}))
    assert found.table.to_pylist() == [{"a": "1", "b": "2", "c": None}, {"a": "4", "b": None, "c": "3"}]
    assert found.rows == 2


@pytest.mark.parametrize(
    ("first", "second", "both"),
    [
        ([1], [2], [1, 2]),
        ([1], ["00012"], ["1", "00012"]),
        ([1], [1.5], ["1", "1.5"]),
        ([None], [2], [None, 2]),
        ([True], [1], ["true", "1"]),
        ([{"a": 1}], ["x"], ["{'a': 1}", "x"]),
        ([b"a"], ["b"], ["a", "b"]),
    ],
)
def test_types_that_differ_become_text(first: list[Any], second: list[Any], both: list[Any]) -> None:
    assert together(pa.table({"a": first}), pa.table({"a": second})).table["a"].to_pylist() == both


def test_a_dictionary_beside_text_is_text() -> None:
    found = together(pa.table({"a": pa.array(["x"]).dictionary_encode()}), pa.table({"a": ["y"]}))
    assert found.table["a"].to_pylist() == ["x", "y"]
