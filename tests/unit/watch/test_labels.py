"""The truth about answers, through the candidate's own label function or the declared column."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from shipworthy.base.errors import UserError
from shipworthy.model.code import Code
from shipworthy.model.pipeline import Pipeline
from shipworthy.model.terms import Terms
from shipworthy.plan.schema import Data, Model, Need, Source
from shipworthy.watch.labels import labels_table, truths

AS_OF, UNTIL = datetime(1997, 6, 1, tzinfo=UTC), datetime(1997, 9, 1, tzinfo=UTC)


def pipeline(code: str = "", **data: Any) -> Pipeline:
    columns = {"id": {"type": "text"}, "bought": {"type": "text", "required": False}}
    source = {"kind": "csv", "path": "rows.csv", "contract": {"columns": columns}}
    terms = Terms(
        product="p",
        need=Need.model_validate(
            {"question": "Who will buy?", "decision": "Sales calls them.", "entity": "id", "horizon": "3mo"}
        ),
        sources={"rows": Source.model_validate(source)},
        data=Data.model_validate(data),
        model=Model.model_validate({"baseline": {"kind": "constant"}}),
    )
    return Pipeline(terms, Code("pipeline.py", {"pipeline.py": code}) if code else None)


def declared() -> Pipeline:
    return pipeline(label={"source": "rows", "column": "bought", "yes": "y"})


def rows(*pairs: tuple[str, str | None]) -> dict[str, pa.Table]:
    return {
        "rows": pa.table({"id": [name for name, _ in pairs], "bought": pa.array([v for _, v in pairs], pa.string())})
    }


LABEL = """
def label(rows, as_of, until):
    bought = rows[(rows["day"] >= as_of) & (rows["day"] < until)]
    return bought.drop_duplicates("id")[["id"]].assign(label=1)
"""


def test_the_teams_function_says_who_came_true_and_whoever_is_not_listed_did_not() -> None:
    days = [date(1997, 5, 31), date(1997, 6, 1), date(1997, 8, 31), date(1997, 7, 1)]
    sources = {"rows": pa.table({"id": ["a", "b", "c", "stranger"], "day": days})}
    found = truths(pipeline(LABEL, pipeline="pipeline.py"), sources, AS_OF, UNTIL, ["c", "a", "b"])
    assert found.labels.tolist() == [1.0, 0.0, 1.0]


def test_a_broken_label_function_is_named_with_its_line() -> None:
    broken = pipeline("def label(rows, as_of, until):\n    return rows['missing']\n", pipeline="pipeline.py")
    with pytest.raises(UserError, match=r"pipeline\.py:2"):
        truths(broken, {"rows": pa.table({"id": ["a"]})}, AS_OF, UNTIL, ["a"])


def test_a_declared_column_is_read_as_yes_no_or_unknown() -> None:
    found = truths(declared(), rows(("a", "y"), ("b", "n"), ("c", None)), AS_OF, UNTIL, ["c", "b", "a", "unlisted"])
    assert np.isnan(found.labels[[0, 3]]).all()
    assert found.labels[[1, 2]].tolist() == [0.0, 1.0]


def test_labels_of_strangers_are_left_out_and_repeated_ones_count_once() -> None:
    found = truths(declared(), rows(("a", "y"), ("a", "y"), ("stranger", "y")), AS_OF, UNTIL, ["a"])
    assert found.labels.tolist() == [1.0]
    assert found.contradicting == 0


def test_contradicting_labels_are_unknown_and_counted() -> None:
    given = rows(("a", "y"), ("a", "n"), ("b", "n"), ("stranger", "y"), ("stranger", "n"))
    found = truths(declared(), given, AS_OF, UNTIL, ["a", "b"])
    assert np.isnan(found.labels[0])
    assert found.labels[1] == 0.0
    assert found.contradicting == 1


def test_nothing_stated_is_nothing_known() -> None:
    found = truths(declared(), rows(("a", None)), AS_OF, UNTIL, ["a"])
    assert np.isnan(found.labels).all()
    assert found.contradicting == 0


BOTH = """
def label(rows, as_of, until):
    return rows[["id", "label"]]
"""


def listed(*pairs: tuple[str, float | None]) -> dict[str, pa.Table]:
    names = pa.array([name for name, _ in pairs], pa.string())
    return {"rows": pa.table({"id": names, "label": pa.array([v for _, v in pairs], pa.float64())})}


@pytest.mark.parametrize("said", [listed(), listed(("a", 1.0))], ids=["nothing", "only a yes"])
def test_who_is_not_listed_is_unknown_where_the_function_was_seen_to_list_a_no(said: dict[str, pa.Table]) -> None:
    found = truths(pipeline(BOTH, pipeline="pipeline.py"), said, AS_OF, UNTIL, ["a", "b"], only_yes=False)
    assert np.isnan(found.labels[1])


def test_nobody_listed_is_a_no_only_where_the_function_is_known_to_list_only_yes() -> None:
    function = pipeline(BOTH, pipeline="pipeline.py")
    assert np.isnan(truths(function, listed(), AS_OF, UNTIL, ["a"]).labels).all()
    assert truths(function, listed(), AS_OF, UNTIL, ["a"], only_yes=True).labels.tolist() == [0.0]
    changed = truths(function, listed(("b", 0.0)), AS_OF, UNTIL, ["a"], only_yes=True)
    assert np.isnan(changed.labels).all(), "who lists a no lists not only yes"


def test_a_function_that_contradicts_itself_about_one_leaves_that_one_unknown_and_no_other() -> None:
    said = listed(("a", 1.0), ("a", 0.0), ("b", 0.0), ("c", 1.0), ("c", 1.0))
    found = truths(pipeline(BOTH, pipeline="pipeline.py"), said, AS_OF, UNTIL, ["a", "b", "c"], only_yes=False)
    assert np.isnan(found.labels[0])
    assert found.labels[1:].tolist() == [0.0, 1.0]
    assert found.contradicting == 1


def test_a_contradiction_among_yes_says_that_a_no_can_be_listed() -> None:
    found = truths(pipeline(BOTH, pipeline="pipeline.py"), listed(("a", 1.0), ("a", 0.0)), AS_OF, UNTIL, ["a", "b"])
    assert np.isnan(found.labels).all()


def test_unknown_labels_are_sealed_as_missing_not_as_numbers() -> None:
    table = labels_table(["x", "y"], ["a", "b"], np.array([1.0, np.nan]))
    assert table["label"].to_pylist() == [1.0, None]
