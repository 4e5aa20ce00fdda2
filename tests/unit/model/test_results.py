"""What the team's code may give back, and what it is told when it gives something else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from shipworthy.base.errors import UserError
from shipworthy.model.results import feature_table, label_values

WHERE = "pipeline.py:7 features()"


def table(**columns: Any) -> pd.DataFrame:
    return pd.DataFrame({"id": ["b", "a"], **columns})


def codes(work: Callable[[], object]) -> list[str]:
    with pytest.raises(UserError) as caught:
        work()
    assert all(mistake.fix for mistake in caught.value.mistakes)
    return [mistake.code.rsplit(".", 1)[-1] for mistake in caught.value.mistakes]


def test_features_are_sorted_by_entity_with_numbers_as_floats_and_text_as_str() -> None:
    given = table(
        n=[2, 1], yes=[True, False], t=["x", None], c=pd.Categorical(["u", "v"]), i=pd.array([1, None], "Int64")
    )
    made = feature_table(given, "id", WHERE)
    assert made.index.tolist() == ["a", "b"]
    assert made["n"].tolist() == [1.0, 2.0]
    assert made["yes"].tolist() == [0.0, 1.0]
    assert [str(kind) for kind in made.dtypes] == ["float64", "float64", "str", "str", "float64"]
    assert made["t"].isna()["a"]
    assert made["i"].isna()["a"]


class SpeaksArrow:
    """A table of a library that is not installed here, as polars and DuckDB give them."""

    def __init__(self, inner: pa.Table) -> None:
        self._inner = inner

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._inner.__arrow_c_stream__(requested_schema)


def test_any_table_is_taken() -> None:
    expected = feature_table(table(n=[2.0, 1.0], t=["x", "y"]), "id", WHERE)
    arrow = pa.table({"id": ["b", "a"], "n": [2.0, 1.0], "t": ["x", "y"]})
    for given in (arrow, SpeaksArrow(arrow), table(n=[2.0, 1.0], t=["x", "y"]).set_index("id")):
        pd.testing.assert_frame_equal(feature_table(given, "id", WHERE), expected)


def test_whole_numbers_and_text_name_the_same_entity() -> None:
    for names in ([2, 1], [2.0, 1.0], ["2", "1"]):
        made = feature_table(pd.DataFrame({"id": names, "n": [5, 6]}), "id", WHERE)
        assert made.index.tolist() == ["1", "2"]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (None, "not_a_table"),
        ([1, 2], "not_a_table"),
        (pd.DataFrame({"n": [1]}), "no_entity"),
        (table(), "empty"),
        (pd.DataFrame({"id": ["a", "a"], "n": [1, 2]}), "repeated_entity"),
        (pd.DataFrame({"id": ["a", None], "n": [1, 2]}), "no_entity_name"),
        (table(n=[1.0, np.inf]), "infinite"),
        (table(n=pd.to_datetime(["2024-01-01", "2024-01-02"])), "not_a_number"),
        (table(n=[date(2024, 1, 1), date(2024, 1, 2)]), "not_a_number"),
        (table(n=["x", 1]), "mixed"),
        (pd.DataFrame([["a", 1, 2]], columns=["id", "n", "n"]), "repeated_column"),
    ],
)
def test_unusable_features_are_refused_with_place_and_fix(given: Any, code: str) -> None:
    assert codes(lambda: feature_table(given, "id", WHERE)) == [code]


def test_every_mistake_is_told_at_once_and_no_entity_is_shown() -> None:
    given = pd.DataFrame({"id": ["ann", "ann"], "n": [1.0, -np.inf], "d": pd.to_datetime(["2024-01-01", "2024-01-02"])})
    assert codes(lambda: feature_table(given, "id", WHERE)) == ["repeated_entity", "infinite", "not_a_number"]
    with pytest.raises(UserError) as caught:
        feature_table(given, "id", WHERE)
    assert WHERE in str(caught.value)
    assert "ann" not in str(caught.value)


def test_missing_features_and_decimals_are_allowed() -> None:
    made = feature_table(table(n=[np.nan, 1.0], d=[Decimal("1.5"), None], gone=[None, None]), "id", WHERE)
    assert made["n"].isna().tolist() == [False, True]
    assert made["d"].tolist()[1] == 1.5
    assert made["gone"].isna().all()


def test_labels_may_be_a_table_or_a_series() -> None:
    as_table = label_values(table(bought=[1, 0]), "id", "probability", WHERE)
    as_series = label_values(pd.Series([1, 0], index=pd.Index(["b", "a"], name="id")), "id", "probability", WHERE)
    assert as_table.to_dict() == as_series.to_dict() == {"a": 0.0, "b": 1.0}


@pytest.mark.parametrize(
    ("given", "answer", "code"),
    [
        (table(label=["yes", "no"]), "probability", "label_text"),
        (table(label=[2, 0]), "probability", "label_values"),
        (table(label=[np.inf, 0.0]), "number", "infinite"),
        (table(a=[1, 0], b=[1, 0]), "probability", "label_column"),
        (pd.DataFrame({"id": ["a", "a"], "label": [1, 0]}), "probability", "repeated_entity"),
    ],
)
def test_unusable_labels_are_refused(given: pd.DataFrame, answer: Any, code: str) -> None:
    assert codes(lambda: label_values(given, "id", answer, WHERE)) == [code]
