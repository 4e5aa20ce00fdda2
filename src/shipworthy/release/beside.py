"""Who may answer side by side: only candidates that give one kind of answer. Pure."""

from __future__ import annotations

from shipworthy.base.errors import GateShut, Mistake
from shipworthy.base.fact import Past
from shipworthy.plan.schema import Plan
from shipworthy.release.rules import standing
from shipworthy.release.signed import plan_as_signed
from shipworthy.release.words import FOR_PEOPLE, ReleaseStepped

_WHY = "Two kinds of answers cannot stand in one list, and there is no loss by which to compare them."

_NEW_BASELINE = (
    "Let the baseline of the new plan answer everybody first, with neither trial nor cohort before it in "
    "release.steps; trials then stand beside that."
)


def unlike(mine: Plan, other: Plan) -> str:
    """How the answers under two plans differ in kind; empty where they can stand in one list and be compared."""
    ours, theirs = _kind(mine), _kind(other)
    return "" if ours == theirs else f"It answers with {ours}, and what it stands beside with {theirs}."


def _kind(plan: Plan) -> str:
    need = plan.need
    return f"one class of {', '.join(need.classes)}" if need.answer == "class" else f"a {need.answer}"


def require_alike(plan: Plan, past: Past, step: ReleaseStepped) -> None:
    """Nothing, where a candidate gives the kind of answer that all give beside whom a step would have it answer.

    Raises:
        GateShut: one of them answers otherwise, since the plan was changed between the two.
    """
    if step.step == "rehearsal":
        return
    now, mine = standing(past), plan_as_signed(plan, past, step.candidate)
    beside = {name for cohort, name in now.champion.items() if cohort not in step.cohorts} | {now.canary}
    if step.step in FOR_PEOPLE and now.challenger_step == "shadow":
        beside.add(now.challenger)
    for name in sorted(beside - {"", step.candidate}):
        if found := unlike(mine, plan_as_signed(plan, past, name)):
            fix = _NEW_BASELINE if name in now.champion.values() else f"Take {name[:12]} back first."
            raise GateShut(Mistake("release.other_answer", f"candidate {step.candidate[:12]}", found, _WHY, fix))
