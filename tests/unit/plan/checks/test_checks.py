"""Each check explains itself; products without code have questions of their own."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shipworthy.base.kinds import kind, kinds
from shipworthy.plan.check import CHECKS, PlanCheck, fit
from shipworthy.plan.explanation import docstring
from shipworthy.plan.reading import read_plan
from shipworthy.plan.schema import Plan


def objections(plan: Plan) -> list[tuple[str, str, str, str]]:
    return [
        (result.check.removeprefix("plan."), result.verdict, result.where, result.found)
        for result in fit(plan)
        if result.verdict != "pass"
    ]


@pytest.mark.parametrize("name", kinds(CHECKS))
def test_every_check_explains_itself(name: str) -> None:
    check = kind(CHECKS, name, PlanCheck)
    assert check.name == name
    assert check.asks.endswith("?")
    assert check.why
    assert check.fine
    explanation = docstring(CHECKS, name)
    for heading in ("What it asks: ", "Why: ", "Example: "):
        assert heading in explanation


def test_a_plan_with_nothing_to_object_to_gets_one_answer_to_each_question(text: str) -> None:
    results = fit(read_plan(text))
    assert [result.check for result in results] == [f"plan.{name}" for name in kinds(CHECKS)]
    assert {result.verdict for result in results} == {"pass"}
    assert all(result.asked and result.found for result in results)


def test_labels_among_the_features_are_a_leak(planned: Callable[..., Plan], codeless_text: str) -> None:
    leaky = ("features: {source: applications, columns: [income,", "features: {source: outcomes, columns: [repaid,")
    changes = [leaky, ("debt_ratio]", "settled_on]"), ("column: debt_ratio, higher", "column: repaid, higher")]
    found = objections(planned(*changes, of=codeless_text))
    assert ("future", "fail", "data.features.columns") in [item[:3] for item in found]
    assert ("fallback", "fail", "model.baseline.column") in [item[:3] for item in found]


def test_the_name_of_an_entity_is_no_feature(planned: Callable[..., Plan], codeless_text: str) -> None:
    found = objections(planned(("columns: [income,", "columns: [application, income,"), of=codeless_text))
    assert [item[:3] for item in found] == [("future", "fail", "data.features.columns")]


def test_several_moments_need_a_past(planned: Callable[..., Plan], codeless_text: str) -> None:
    several = ("  file: model.onnx", "  training: {snapshots: 2}")
    assert objections(planned(several, of=codeless_text)) == []
    timeless = ("      time: applied_on\n      key: [application]\n      freshness: 3d\n", "")
    found = objections(planned(several, timeless, of=codeless_text))
    assert [item[:3] for item in found] == [("training", "fail", "model.training.snapshots")]


def test_a_group_that_is_compared_is_better_no_input(planned: Callable[..., Plan], codeless_text: str) -> None:
    found = objections(planned(("columns: [income,", "columns: [region, income,"), of=codeless_text))
    assert [item[:3] for item in found] == [("fairness", "warn", "proof.fairness[0].column")]


def test_a_share_is_held_against_capacity_where_the_number_of_entities_is_bounded(
    planned: Callable[..., Plan], codeless_text: str
) -> None:
    desk = "mode: realtime\n    latency: 200ms\n    time_to_act: 1d"
    list_ = "sinks: [out]\n    every: 1mo\n    start: 2026-01-01\n    deadline: 1d\n    time_to_act: 1d"
    sink = ("\ndata:\n", "\nsinks: {out: {kind: csv, path: 'o/{run}', rehearsal: 'r/{run}'}}\n\ndata:\n")
    bounded = ("      key: [application]\n", "      key: [application]\n      volume: {rows: [100, 2000]}\n")
    rule = "threshold: 0.8\n  ask: [0.5, 0.8]"
    for share, verdicts in (("10%", ["fail"]), ("5%", [])):
        plan = planned(
            (desk, f"{list_}\n    capacity: 100"), sink, bounded, (rule, f"share: {share}"), of=codeless_text
        )
        assert [verdict for check, verdict, _, _ in objections(plan) if check == "capacity"] == verdicts
