"""What a plan must say where the answer is a class, and what is refused with the next step."""

from __future__ import annotations

import json

import jsonschema_rs
import pytest
from e2e.voyage.cellar import PLAN

from shipworthy.base.errors import UserError
from shipworthy.model.exploring import acted_on
from shipworthy.plan.check import CHECKS, fit
from shipworthy.plan.document import read_document
from shipworthy.plan.json_schema import product_schema
from shipworthy.plan.reading import read_plan

EXPLORE = "  explore: {share: 2%, seed: a}\n"
LIST = "classes: [barolo, barbera, grignolino]"


def test_a_plan_of_classes_has_nothing_to_object_to() -> None:
    plan = read_plan(PLAN)
    assert plan.need.classes == ["barolo", "barbera", "grignolino"]
    assert CHECKS
    assert [result.found for result in fit(plan, str) if result.verdict == "fail"] == []


def test_a_slice_may_be_explored_where_the_answer_is_a_class() -> None:
    told = PLAN.replace("  yes: barolo\n", f"  yes: barolo\n  no: grignolino\n{EXPLORE}")
    plan = read_plan(told.replace("respond:\n", "respond:\n  retraining: {labels_only_when_acted: true}\n"))
    assert [result.found for result in fit(plan, str) if result.verdict == "fail"] == []
    assert acted_on(plan, ["barolo", "barbera", "grignolino", "taste it"]).tolist() == [True, True, False, False]
    plain = read_plan(PLAN.replace("  yes: barolo\n", f"  yes: barolo\n{EXPLORE}"))
    assert acted_on(plain, ["barolo", "barbera", "grignolino", "taste it"]).tolist() == [True, False, False, False]


@pytest.mark.parametrize(
    ("old", "new", "code", "says"),
    [
        (f"  {LIST}\n", "", "plan.classes", "at least two"),
        (LIST, "classes: [barolo]", "plan.classes", "at least two"),
        (LIST, "classes: [barolo, Barolo, barbera, grignolino]", "plan.repeated", "Keep one"),
        ("answer: class", "answer: probability", "plan.classes", "answer: class"),
        ("  yes: barolo\n", "  yes: barolo\n  top: 20\n", "plan.classes", "Remove top"),
        ("  yes: barolo\n", "  yes: barolo\n  threshold: 0.5\n", "plan.classes", "Remove threshold"),
        ("  yes: barolo\n", "  yes: barolo\n  no: others\n", "plan.classes", "Remove no"),
        ("  yes: barolo\n", "", "plan.classes", "yes: barolo"),
        ("  yes: barolo\n", f"  yes: barolo\n  no: barollo\n{EXPLORE}", "plan.unknown_class", "Did you mean barolo?"),
        ("  yes: barolo\n", f"  yes: barolo\n  no: barolo\n{EXPLORE}", "plan.classes", "another class"),
        ("  yes: barolo\n", "  yes: barollo\n", "plan.unknown_class", "Did you mean barolo?"),
        ("ask_name: taste it", "ask_name: barbera", "plan.classes", "another word"),
        ("column: grower}", "column: grower, yes: barolo}", "plan.classes", "Remove yes"),
        (
            "grower: {type: text, one_of: [barolo, barbera, grignolino]}",
            "grower: {type: text}",
            "plan.classes",
            "one_of",
        ),
        ("one_of: [barolo, barbera, grignolino]", "one_of: [barolo, barbera, nebbiolo]", "plan.unknown_class", "Known"),
        (
            "grower: {type: text, one_of: [barolo, barbera, grignolino]}",
            "grower: {type: integer}",
            "plan.classes",
            "text",
        ),
        ("columns: [bottle, class, score,", "columns: [bottle, clas, score,", "plan.unknown_column", "class?"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_next_step(old: str, new: str, code: str, says: str) -> None:
    assert old in PLAN
    with pytest.raises(UserError) as refused:
        read_plan(PLAN.replace(old, new))
    assert any(one.code == code and says in f"{one.found} {one.fix}" for one in refused.value.mistakes), [
        str(one) for one in refused.value.mistakes
    ]


def test_classes_are_columns_of_no_other_product() -> None:
    text = PLAN.replace("answer: class", "answer: probability").replace(f"  {LIST}\n", "")
    with pytest.raises(UserError) as refused:
        read_plan(text)
    assert any(one.code == "plan.unknown_column" and "'class'" in one.found for one in refused.value.mistakes)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("metric: accuracy", "metric: auc", "accuracy, macro_f1, brier or log_loss"),
        ("floor: 0.8", "floor: 80", "A floor from 0 to 1"),
        ("ask: [0, 0.6]", "ask: [0, 60]", "A band between 0 and 1"),
    ],
)
def test_what_can_never_hold_fails_the_plan(old: str, new: str, says: str) -> None:
    found = [result.advice for result in fit(read_plan(PLAN.replace(old, new)), str) if result.verdict == "fail"]
    assert any(says in advice for advice in found)


def test_editors_are_told_the_same() -> None:
    schema = jsonschema_rs.validator_for(product_schema())
    given = json.loads(json.dumps(read_document(PLAN).values, default=str))
    assert [error.message for error in schema.iter_errors(given)] == []
    given["decision"]["top"] = 5
    assert not schema.is_valid(given)
    del given["decision"]["top"], given["need"]["classes"]
    assert not schema.is_valid(given)
