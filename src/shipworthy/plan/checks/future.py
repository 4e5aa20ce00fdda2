"""No feature can see the future.

What it asks: where a pipeline computes features and labels, does at least one source have a time column? Where
features are columns as they stand, is the label none of them, and the entity's name no feature?

Why: a model that saw the outcome while it learnt is brilliant in every proof and useless in life; it is the most
frequent error in published models. Rows at or after `as_of` are cut off by the time column: without one there is
nothing to cut by.

Example: `features: {source: loans, columns: [income, repaid]}` with `label: {source: loans, column: repaid}`.
"""

from shipworthy.plan.check import Finding, PlanCheck
from shipworthy.plan.schema import Plan


def _leaks(plan: Plan) -> list[Finding]:
    if plan.data.features is None:
        return _untimed(plan)
    findings = []
    features, label = plan.data.features, plan.data.label
    if label and label.column in features.columns and label.source == features.source:
        findings.append(
            Finding(
                path="data.features.columns",
                found=f"data.features.columns has {label.column}, which is the label.",
                advice=f"Take {label.column} out of the features.",
            )
        )
    if plan.need.entity in features.columns:
        findings.append(
            Finding(
                path="data.features.columns",
                found=f"data.features.columns has {plan.need.entity}, which names the entity.",
                why="A model that knows names learns them by heart, and says nothing about new ones.",
                advice=f"Take {plan.need.entity} out of the features.",
            )
        )
    return findings


def _untimed(plan: Plan) -> list[Finding]:
    if any(source.contract.time for source in plan.sources.values()):
        return []
    return [
        Finding(
            path="sources",
            found="No source has a time column in its contract.",
            why="Rows cannot be cut off before a moment, so features would be computed from what came later.",
            advice="Add `time: COLUMN` to the contract of every source whose rows become true at a time.",
        )
    ]


CHECK = PlanCheck(
    name="future",
    asks="Is it impossible that a feature sees the future?",
    why="A model that saw the outcome is brilliant in every proof and useless in life.",
    fine="Features are cut off before the moment they are for, and the label is none of them.",
    run=_leaks,
)
