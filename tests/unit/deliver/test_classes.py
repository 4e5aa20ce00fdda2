"""What a consumer gets of answers that are classes: each probability under the name of its class, whoever answered."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest
from e2e.voyage.cellar import PLAN
from hypothesis import given
from hypothesis import strategies as st

from shipworthy.deliver.log import COMPACT, answers_table, compact, with_classes
from shipworthy.deliver.rules import columns_of, output, shaped, with_probabilities
from shipworthy.model.classes import chosen, promised
from shipworthy.plan.reading import read_plan

PLANNED = read_plan(PLAN)
CONSUMER, CLASSES = PLANNED.consumers["cellar"], PLANNED.need.classes


def answers(likely: np.ndarray[tuple[int, int], np.dtype[np.float64]], names: list[str]) -> pa.Table:
    moment = datetime(2025, 3, 1, tzinfo=UTC)
    said = [names[place] for place in chosen(likely).tolist()]
    table = answers_table(
        run="r",
        time=moment,
        as_of=moment,
        candidate="c",
        entities=[f"b{place}" for place in range(len(likely))],
        scores=promised(likely),
        decisions=said,
        reasons=None,
        cohorts=["north"] * len(likely),
        steps=["all"] * len(likely),
        consumer="cellar",
        inputs_ref="",
    )
    return with_classes(table, names, likely)


@given(st.integers(0, 10_000), st.integers(0, 30), st.permutations(["barolo", "barbera", "grignolino"]))
def test_each_probability_stands_under_the_name_of_its_class(seed: int, rows: int, own: list[str]) -> None:
    likely = np.random.default_rng(seed).dirichlet([1, 1, 1], rows).reshape(rows, 3)
    table = answers(likely, own)
    assert table.schema.equals(compact("class"))
    assert compact("probability").equals(COMPACT)
    shape = output(with_probabilities(table, own, CLASSES), CONSUMER, "bottle", "barolo")
    assert shape.column_names == columns_of(CONSUMER, CLASSES)
    assert shape.column_names == [
        "bottle",
        "class",
        "score",
        *(f"p_{one}" for one in CLASSES),
        *shape.column_names[-3:],
    ]
    for row in shape.to_pylist():
        place = int(row["bottle"][1:])
        assert [row[f"p_{one}"] for one in own] == likely[place].tolist()
        assert row["class"] == own[int(likely[place].argmax())]
        assert row["score"] == likely[place].max()
    assert shape["score"].to_pylist() == sorted(shape["score"].to_pylist(), reverse=True)


def test_a_class_that_a_candidate_does_not_know_has_no_probability() -> None:
    table = with_probabilities(answers(np.array([[0.7, 0.3]]), ["barolo", "barbera"]), ["barolo", "barbera"], CLASSES)
    assert [table[f"p_{one}"].to_pylist() for one in CLASSES] == [[0.7], [0.3], [0.0]]


def test_only_the_class_that_counts_as_yes_is_chosen() -> None:
    likely = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1]])
    only = CONSUMER.model_copy(update={"only": "chosen"})
    rows = with_probabilities(answers(likely, CLASSES), CLASSES, CLASSES)
    assert shaped(rows, only, "barolo")["bottle"].to_pylist() == ["b0"]


def test_a_part_of_a_file_is_read_like_the_whole() -> None:
    likely = np.random.default_rng(1).dirichlet([1, 1, 1], 20)
    whole = answers(likely, CLASSES)
    parts = pa.concat_tables([whole.slice(0, 7), whole.slice(7)])
    for table in (parts, whole.slice(5, 10)):
        rows = with_probabilities(table, CLASSES, CLASSES)
        expected = likely[[int(name[1:]) for name in table["entity"].to_pylist()]]
        assert pytest.approx(expected) == np.array([rows[f"p_{one}"].to_pylist() for one in CLASSES]).T
