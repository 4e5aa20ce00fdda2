"""Good enough is said beforehand, in a measure that fits the answer.

What it asks: is the metric one for this kind of answer? Is there a floor or a comparison with the baseline? Is the
floor better than chance, and one that can be reached? Is somebody held out to measure on?

Why: a bar that is set after the result is known is always passed. A floor of 0.5 for `auc` is passed by a coin.

Example: `answer: number` with `metric: auc`; or `floor: null` with `beats_baseline_by: null`.
"""

from shipworthy.plan.check import Finding, PlanCheck
from shipworthy.plan.schema import Plan
from shipworthy.plan.schema_model import FITTING

_SHARES = ("auc", "average_precision", "brier", "accuracy", "macro_f1")
_HIGHER_IS_BETTER = ("average_precision", "accuracy", "macro_f1")
_LARGEST_HOLDOUT = 0.5


def _unsaid(plan: Plan) -> list[Finding]:
    return [*_metric(plan), *_bar(plan), *_floor(plan), *_holdout(plan)]


def _metric(plan: Plan) -> list[Finding]:
    metric, fitting = plan.proof.performance.metric, FITTING[plan.need.answer]
    if metric in fitting:
        return []
    return [
        Finding(
            path="proof.performance.metric",
            found=f"proof.performance.metric is {metric}, but need.answer is {plan.need.answer}.",
            why=f"{metric} cannot be computed for a {plan.need.answer}.",
            advice=f"Write {', '.join(fitting[:-1])} or {fitting[-1]}.",
        )
    ]


def _bar(plan: Plan) -> list[Finding]:
    performance = plan.proof.performance
    if performance.floor is None and performance.beats_baseline_by is None:
        return [
            Finding(
                path="proof.performance",
                found="proof.performance has neither a floor nor a distance from the baseline.",
                advice="Set floor, or beats_baseline_by, or both.",
            )
        ]
    if (performance.beats_baseline_by or 0) < 0:
        return [
            Finding(
                path="proof.performance.beats_baseline_by",
                found=f"proof.performance.beats_baseline_by is {performance.beats_baseline_by}.",
                why="A model that may be worse than the simple rule is not worth its cost.",
                advice="Write 0 or more.",
                verdict="warn",
            )
        ]
    return []


def _floor(plan: Plan) -> list[Finding]:
    metric, floor = plan.proof.performance.metric, plan.proof.performance.floor
    if floor is None:
        return []
    path = "proof.performance.floor"
    if metric in _SHARES and not 0 <= floor <= 1:
        found = f"{path} is {floor}, but {metric} lies between 0 and 1."
        return [Finding(path=path, found=found, why="It is passed always or never.", advice="A floor from 0 to 1.")]
    if metric == "auc" and floor <= 0.5:
        found = f"{path} is {floor}; a coin has an auc of 0.5."
        return [Finding(path=path, found=found, advice="A floor above 0.5.", verdict="warn", measured=floor, bound=0.5)]
    if floor <= 0:
        found = f"{path} is {floor} for {metric}."
        advice = f"A {'worst error that is still good enough' if metric not in _HIGHER_IS_BETTER else 'floor above 0'}."
        return [Finding(path=path, found=found, why="It is passed always or never.", advice=advice)]
    return []


def _holdout(plan: Plan) -> list[Finding]:
    share = plan.proof.holdout
    if share <= 0 or share >= 1:
        found = f"proof.holdout is {share:.0%}."
        why = (
            "What training has seen says nothing about what it has not."
            if share <= 0
            else "Nobody is left to learn from."
        )
        return [Finding(path="proof.holdout", found=found, why=why, advice="A share such as 20%.")]
    if share > _LARGEST_HOLDOUT:
        found = f"proof.holdout is {share:.0%}: more entities are kept for measuring than for learning."
        return [Finding(path="proof.holdout", found=found, advice="A share such as 20%.", verdict="warn")]
    return []


CHECK = PlanCheck(
    name="performance",
    asks="Is it said beforehand how good is good enough?",
    why="A bar that is set after the result is known is always passed.",
    fine="Metric, bar and holdout fit the answer.",
    run=_unsaid,
)
