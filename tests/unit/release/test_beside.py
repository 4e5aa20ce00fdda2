"""Candidates of two kinds of answers never stand side by side, whichever of them came first."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from unit.watch.facts import Life, plan

from shipworthy.base.errors import GateShut
from shipworthy.model.words import CandidateMade
from shipworthy.plan.rules import answer_sections
from shipworthy.plan.schema import Plan
from shipworthy.plan.words import PlanAdopted
from shipworthy.release.beside import require_alike
from shipworthy.release.words import ReleaseStepped


def of_classes(*names: str) -> Plan:
    before = plan()
    need = before.need.model_copy(update={"answer": "class", "classes": list(names)})
    return before.model_copy(update={"need": need})


def life(now: Plan, **released: Any) -> Life:
    """A candidate under the plan of before, released so, and one more under the plan of now."""
    found = Life().release("a", **released)
    (made,) = (fact.what for fact in found.past.of(CandidateMade))
    adopted = PlanAdopted(product="p", version=2, plan=now.values(), digest="d", sections={})
    return found.add(adopted, replace(made, candidate="b", plan_version=2, sections=answer_sections(now)))


def step(to: str, *cohorts: str) -> ReleaseStepped:
    return ReleaseStepped(
        product="p", candidate="b", step=to, cohorts=list(cohorts), replaces="", gate="", role="model"
    )


CLASSES = of_classes("repair", "replace")


@pytest.mark.parametrize(
    ("taken", "says"),
    [
        (step("rehearsal"), ""),
        (step("shadow"), "baseline of the new plan"),
        (step("canary"), "baseline of the new plan"),
        (step("cohort", "elsewhere"), "baseline of the new plan"),
        (step("all", "everyone"), ""),
    ],
)
def test_another_kind_of_answer_may_only_be_rehearsed_or_replace_everybody(taken: ReleaseStepped, says: str) -> None:
    past = life(CLASSES).past
    if not says:
        require_alike(CLASSES, past, taken)
        return
    with pytest.raises(
        GateShut, match="one class of repair, replace, and what it stands beside with a probability"
    ) as shut:
        require_alike(CLASSES, past, taken)
    assert says in str(shut.value)


@pytest.mark.parametrize("beside", ["shadow", "canary"])
def test_whoever_would_stay_beside_is_taken_back_first(beside: str) -> None:
    past = life(CLASSES, step=beside).past
    with pytest.raises(GateShut, match="Take a back first"):
        require_alike(CLASSES, past, step("all", "everyone"))


def test_one_class_more_is_another_kind_and_another_decision_is_not() -> None:
    first, more = of_classes("repair", "replace"), of_classes("repair", "replace", "none")
    found = Life(first).release("a")
    (made,) = (fact.what for fact in found.past.of(CandidateMade))
    for version, now in ((2, more), (3, first.model_copy(update={"decision": plan(decision={"top": 9}).decision}))):
        adopted = PlanAdopted(product="p", version=version, plan=now.values(), digest="d", sections={})
        found.add(adopted, replace(made, candidate="b", plan_version=version, sections=answer_sections(now)))
        if version == 2:
            with pytest.raises(GateShut, match="repair, replace, none"):
                require_alike(now, found.past, step("shadow"))
        else:
            require_alike(now, found.past, step("shadow"))
