"""A release begins with a rehearsal, goes on in the right order and ends with everybody.

What it asks: is `rehearsal` the first of `release.steps` and `all` the last? Does `shadow` come before `cohort`? Is
there anything between the two ends, and does shadow last at least one list? Do cohorts divide anybody?

Why: an untried route fails on the first real day; a change that reaches everybody at once hurts everybody at once.
The largest outages of software had no step between the maker's desk and all machines.

Example: `steps: [all]`, or `steps: [rehearsal, cohort, shadow, all]`.
"""

from shipworthy.plan.check import Finding, PlanCheck
from shipworthy.plan.schema import Plan

_ORDER = ("rehearsal", "shadow", "cohort", "all")


def _out_of_order(plan: Plan) -> list[Finding]:
    return [*_order(plan), *_small_steps(plan)]


def _order(plan: Plan) -> list[Finding]:
    steps = plan.release.steps
    right = [step for step in _ORDER if step in {"rehearsal", "all", *steps}]
    if list(steps) == right:
        return []
    return [
        Finding(
            path="release.steps",
            found=f"release.steps is {', '.join(steps)}.",
            why="The real route is tried before anybody gets anything, and everybody comes last.",
            advice=f"Write [{', '.join(right)}].",
        )
    ]


def _small_steps(plan: Plan) -> list[Finding]:
    steps, cohorts = plan.release.steps, plan.release.cohorts.names
    findings = []
    if "shadow" not in steps and "cohort" not in steps:
        findings.append(
            Finding(
                path="release.steps",
                found="release.steps has nothing between rehearsal and all.",
                why="The first mistake that a rehearsal does not show reaches everybody at once.",
                advice="Add shadow, cohort or both.",
                verdict="warn",
            )
        )
    if "shadow" in steps and plan.release.shadow_lists == 0:
        findings.append(
            Finding(
                path="release.shadow_lists",
                found="release.steps has shadow, but release.shadow_lists is 0.",
                why="A shadow that answers no list shows nothing.",
                advice="shadow_lists of 1 or more, or take shadow out of the steps.",
                verdict="warn",
            )
        )
    if "cohort" in steps and len(cohorts) < 2:
        findings.append(
            Finding(
                path="release.cohorts.names",
                found=f"release.steps has cohort, but there is one cohort only: {', '.join(cohorts)}.",
                why="One cohort is everybody, so the step is none.",
                advice="Name two cohorts or more, or take cohort out of the steps.",
                verdict="warn",
            )
        )
    return findings


CHECK = PlanCheck(
    name="release_steps",
    asks="Does a release go from rehearsal to everybody by steps?",
    why="A change that reaches everybody at once hurts everybody at once.",
    fine="A release begins with a rehearsal and ends with everybody.",
    run=_out_of_order,
)
