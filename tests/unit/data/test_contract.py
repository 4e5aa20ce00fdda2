"""A contract that no table could be judged by is refused before any row is read, every mistake at once."""

from __future__ import annotations

from typing import Any

import pytest
from unit.data.dirty import column, contract, judged

from shipworthy.base.errors import UserError
from shipworthy.data.contract import mistakes

TEXT: dict[str, Any] = {"type": "text"}
DAY = {"type": "date"}


@pytest.mark.parametrize(
    ("columns", "terms", "where", "found"),
    [
        ({"x": TEXT | {"min": 1}}, {}, "columns.x", "min, max and typical hold for integer and number"),
        ({"x": {"type": "number", "min": 5, "max": 2}}, {}, "columns.x", "min 5 is above max 2"),
        ({"x": TEXT | {"pattern": "(?=a)"}}, {}, "columns.x.pattern", "is no regular expression"),
        ({"x": TEXT | {"pattern": "("}}, {}, "columns.x.pattern", "is no regular expression"),
        ({"x": DAY | {"format": "%Q"}}, {}, "columns.x.format", "is no date format"),
        ({"x": {"type": "integer", "one_of": ["1", "a"]}}, {}, "columns.x.one_of", "'a' cannot be read as integer"),
        ({"x": DAY | {"one_of": ["31.12.2024"]}}, {}, "columns.x.one_of", "cannot be read as date"),
        ({"x": TEXT, "X": TEXT}, {}, "columns", "differ only in case"),
        ({"__row": TEXT}, {}, "columns", "begins with two underscores"),
        ({"x": TEXT}, {"key": ["y"]}, "key", "'y' is no declared column: x"),
        ({"x": TEXT}, {"time": "y"}, "time", "'y' is no declared column of type date or moment"),
        ({"x": TEXT}, {"time": "x"}, "time", "'x' is no declared column of type date or moment"),
        ({"x": DAY | {"required": False}}, {"time": "x"}, "time", "nobody can say of a row without it"),
        ({"x": TEXT}, {"freshness": "1d"}, "freshness", "freshness needs a time column"),
        ({"x": TEXT}, {"volume": {"rows": [1, 2], "each": "1mo"}}, "volume.each", "needs a time column"),
        ({"x": {"type": "number", "typical": {"mean": [1, 2]}}}, {}, "columns.x.typical", "needs a time column"),
        ({"x": TEXT}, {"remove": [{"name": "a", "where": "true"}] * 2}, "remove", "Two rules are called 'a'"),
        ({"x": TEXT}, {"remove": [{"name": "repeated-row", "where": "true"}]}, "remove", "every contract has"),
        ({"x": TEXT}, {"remove": [{"name": "not-before-as-of", "where": "true"}]}, "remove", "every contract has"),
    ],
)
def test_a_mistake_says_where_what_and_what_to_do(
    columns: dict[str, Any], terms: dict[str, Any], where: str, found: str
) -> None:
    [mistake] = mistakes("orders", contract(columns, **terms))
    assert mistake.where == f"sources.orders.contract.{where}"
    assert found in mistake.found
    assert mistake.fix


def test_all_mistakes_are_named_at_once() -> None:
    terms = contract({"x": TEXT | {"pattern": "("}, "y": TEXT | {"max": 1}}, key=["z"], freshness="1d")
    with pytest.raises(UserError) as caught:
        judged(column("a"), terms)
    assert len(caught.value.mistakes) == 4


@pytest.mark.parametrize(
    "column", [TEXT | {"pattern": "a'b.*"}, TEXT | {"one_of": ["it's", ""]}, DAY | {"one_of": ["2024-01-01"]}]
)
def test_what_can_be_judged_is_fine(column: dict[str, Any]) -> None:
    accepted_empty = {"x": column}
    wrong = mistakes("orders", contract(accepted_empty))
    assert [mistake.found for mistake in wrong] == (
        ["'' cannot be read as text."] if "" in column.get("one_of", []) else []
    )
