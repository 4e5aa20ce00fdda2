"""Is it good enough, even at the pessimistic end of what the held-out entities show?

Why: A good number measured on few people, or on those it learnt from, is luck. What the plan calls good enough must
hold at the pessimistic end of the interval.

What to do: Find features that tell more, hold out more entities (`proof.holdout`), wait for more truths, or change
the floor in the plan and say why: it is signed for too.
"""

from __future__ import annotations

from typing import Any

from shipworthy.base.check import CheckResult
from shipworthy.plan.schema_model import FITTING
from shipworthy.prove.check import ProofCheck, Subject, always
from shipworthy.prove.intervals import Estimate
from shipworthy.prove.measures import MEASURES, measure, pessimistic, reaches
from shipworthy.prove.phrases import counted, number, spoken


def _run(subject: Subject) -> CheckResult:
    wanted = subject.plan.proof.performance
    truth = subject.known()
    every = {name: measure(name, *truth.judged, subject.confidence) for name in _fitting(subject)}
    estimate = every[wanted.metric]
    evidence = subject.table("performance.json", every)
    title = MEASURES[wanted.metric].title
    if estimate.cannot_tell:
        return CHECK.result(
            "warn" if subject.role == "baseline" else "not_run",
            f"{title} cannot be told: {estimate.cannot_tell}.",
            why="A number from too few cases would be luck.",
            advice="Wait for more truths, or raise proof.holdout.",
            evidence=evidence,
        )
    found = (
        f"{title} is {spoken(estimate)} at {subject.confidence:.0%} confidence, measured "
        f"{truth.when} on {counted(estimate.rows, 'entity', 'entities')} {subject.held_out}."
    )
    values = _numbers(estimate) | {"evidence": evidence}
    if subject.role == "baseline" or wanted.floor is None:
        why = "No floor is asked of a baseline." if subject.role == "baseline" else "The plan declares no floor."
        return CHECK.result("pass", found, why=f"{MEASURES[wanted.metric].plain} {why}", **values)
    return _against_floor(estimate, wanted.metric, wanted.floor, found, values)


def _against_floor(estimate: Estimate, metric: str, floor: float, found: str, values: dict[str, Any]) -> CheckResult:
    end = number(pessimistic(metric, estimate))
    values = {**values, "bound": floor, "bound_is": "at least" if MEASURES[metric].higher_is_better else "at most"}
    if reaches(metric, estimate, floor):
        found = f"{found} Even the pessimistic end, {end}, meets the {number(floor)} that the plan asks for."
        return CHECK.result("pass", found, why=MEASURES[metric].plain, **values)
    luck = reaches(metric, Estimate(estimate.value, estimate.value, estimate.value, estimate.rows), floor)
    means = "the measured value meets it, but that may be luck" if luck else "the measured value misses it as well"
    return CHECK.result(
        "fail",
        f"{found} The pessimistic end, {end}, misses the {number(floor)} that the plan asks for; {means}.",
        why=f"{MEASURES[metric].plain} Below the floor the answers are not worth acting on.",
        advice="Give it better features or more moments to learn from; a larger hold-out narrows the interval."
        if luck
        else "Give it better features or more moments to learn from; lower the floor only with the business owner.",
        **values,
    )


def _fitting(subject: Subject) -> list[str]:
    return list(dict.fromkeys([subject.plan.proof.performance.metric, *FITTING[subject.plan.need.answer]]))


def _numbers(estimate: Estimate) -> dict[str, Any]:
    return {"measured": estimate.value, "low": estimate.low, "high": estimate.high}


CHECK = ProofCheck(
    name="performance",
    title="Good enough",
    asks="Is it good enough for its need, even if the sample flattered it?",
    applies=always,
    run=_run,
    needs_truth=True,
)
