"""Values of a database become the same columns, however many of them come at once."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipworthy.data.laying import as_type, common_type, laid_out

VALUE = st.one_of(
    st.none(),
    st.integers(-5, 5),
    st.sampled_from([2**60, 2**70, -(2**63)]),
    st.floats(),
    st.booleans(),
    st.sampled_from("ab"),
)


def column(*batches: list[Any]) -> pa.Array:
    laid = [laid_out(values) for values in batches]
    wanted = common_type({kind for kind, _ in laid})
    return pa.concat_arrays([as_type(kind, one, wanted) for kind, one in laid])


@given(st.lists(st.one_of(st.just(None), VALUE), min_size=1, max_size=9), st.data())
def test_it_does_not_matter_where_a_column_is_cut(values: list[Any], data: Any) -> None:
    cut = data.draw(st.integers(0, len(values)))
    one, two = column(values), column(values[:cut], values[cut:])
    assert (one.type, str(one.to_pylist())) == (two.type, str(two.to_pylist()))


@given(st.lists(VALUE, min_size=1, max_size=9))
def test_no_value_is_lost_or_made_up(values: list[Any]) -> None:
    found = column(values)
    for value, kept in zip(values, found.to_pylist(), strict=True):
        same = kept == value or (kept != kept and value != value) or kept == str(value)
        assert same, (value, kept)


@pytest.mark.parametrize(
    ("batches", "kind", "kept"),
    [
        ([[1, None], [2.5]], pa.float64(), [1.0, None, 2.5]),
        ([[1, 2.5], ["x"]], pa.string(), ["1", "2.5", "x"]),
        ([[2**60], [1]], pa.int64(), [2**60, 1]),
        ([[2**60], [0.5]], pa.string(), [str(2**60), "0.5"]),
        ([[-(2**63)], [0.5]], pa.string(), [str(-(2**63)), "0.5"]),
        ([[None], [None]], pa.null(), [None, None]),
        ([[{"b": 1, "a": None}], [7]], pa.string(), ['{"a": null, "b": 1}', "7"]),
        ([[Decimal("1.50")], [None]], pa.string(), ["1.50", None]),
        ([[date(2024, 1, 1)], [None]], pa.date32(), [date(2024, 1, 1), None]),
        ([[True], [0]], pa.string(), ["True", "0"]),
    ],
)
def test_a_column_has_the_type_that_all_its_values_have(batches: list[Any], kind: pa.DataType, kept: list[Any]) -> None:
    found = column(*batches)
    assert (found.type, found.to_pylist()) == (kind, kept)
