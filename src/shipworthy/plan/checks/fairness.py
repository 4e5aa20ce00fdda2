"""Decisions are compared between groups of people.

What it asks: where data says something about persons beyond their name, is at least one group compared? Is a column
by which decisions are compared not also an input of the model?

Why: a good average hides bad service for a few. Who is not compared is not seen, and a model that was given the
group can treat it differently on purpose.

Example: personal columns `age` and `sex`, and `fairness: []`.
"""

from shipworthy.plan.check import Finding, PlanCheck
from shipworthy.plan.checks.right_to_use import personal_columns
from shipworthy.plan.schema import Plan


def _unequal(plan: Plan) -> list[Finding]:
    return [*_nobody(plan), *_given(plan)]


def _nobody(plan: Plan) -> list[Finding]:
    personal = {name for source in plan.sources.values() for name in personal_columns(source, plan)}
    about = sorted((personal | set(plan.data.personal)) - {plan.need.entity})
    if not about or plan.proof.fairness:
        return []
    return [
        Finding(
            path="proof",
            found=f"Data says something about persons ({', '.join(about[:8])}), but proof.fairness is empty.",
            advice="Name the groups whose decisions are to be compared, for example `fairness: [{column: …}]`.",
            verdict="warn",
        )
    ]


def _given(plan: Plan) -> list[Finding]:
    features = plan.data.features.columns if plan.data.features else []
    return [
        Finding(
            path=f"proof.fairness[{number}].column",
            found=f"Decisions are compared by {group.column}, which is also a feature.",
            why=f"The model can use {group.column} itself.",
            advice=f"Take {group.column} out of the features and name its source here, unless it may be used.",
            verdict="warn",
        )
        for number, group in enumerate(plan.proof.fairness)
        if group.column in features
    ]


CHECK = PlanCheck(
    name="fairness",
    asks="Is it compared how groups of people fare?",
    why="A good average hides bad service for a few.",
    fine="Groups are compared, or the data says nothing about persons beyond their name.",
    run=_unequal,
)
