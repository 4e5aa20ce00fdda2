"""A release begins with a rehearsal, goes on in the right order and ends with everybody.

What it asks: is `rehearsal` the first of `release.steps` and `all` the last? Do `shadow`, `canary` and `cohort` come
between in this order, at least one of them? Does shadow last at least one list, and must a canary have answered
anybody? Do cohorts divide anybody?

Why: an untried route fails on the first real day; a change that reaches everybody at once hurts everybody at once.
The largest outages of software had no step between the maker's desk and all machines.

Example: `steps: [all]`, or `steps: [rehearsal, cohort, shadow, all]`.
"""

from shipworthy.plan.check import Finding, PlanCheck
from shipworthy.plan.schema import Plan

_ORDER = ("rehearsal", "shadow", "canary", "cohort", "all")
_LARGE = 0.5


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
    if not {"shadow", "canary", "cohort"} & set(steps):
        findings.append(
            Finding(
                path="release.steps",
                found="release.steps has nothing between rehearsal and all.",
                why="The first mistake that a rehearsal does not show reaches everybody at once.",
                advice="Add shadow, canary or cohort, or several.",
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
    findings += _canary(plan) if "canary" in steps else []
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


def _canary(plan: Plan) -> list[Finding]:
    release, findings = plan.release, []
    modes = {consumer.mode for consumer in plan.consumers.values()}
    if not (release.canary_lists and "list" in modes) and not (release.canary_answers and "realtime" in modes):
        findings.append(
            Finding(
                path="release",
                found="release.steps has canary, but nothing that a canary must have answered before the next step.",
                why="A canary that answers nobody shows nothing.",
                advice="canary_lists of 1 or more for lists, canary_answers of 1 or more for real time.",
                verdict="warn",
            )
        )
    if release.canary > _LARGE:
        findings.append(
            Finding(
                path="release.canary",
                found=f"release.canary is {release.canary:.0%}.",
                why="A canary is to show on few what would otherwise show on many.",
                advice=f"A share of at most {_LARGE:.0%}, such as 5%.",
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
