"""Something can stand in when data or model are stopped.

What it asks: can what a consumer is promised in `if_stopped` be given? `last` needs a last list, which a real-time
consumer has not; the baseline needs the column it looks at, and a column that can be compared.

Why: the stand-in is needed on the worst day of the year. That is no day to find out that there is none.

Example: `mode: realtime` with `if_stopped: last`; or `baseline: {kind: column}` without a column.
"""

from shipworthy.plan.check import Finding, PlanCheck, spoken
from shipworthy.plan.schema import Plan

_NEED_COLUMN = ("column", "last_value")
_COMPARED = ("integer", "number", "flag")


def _impossible(plan: Plan) -> list[Finding]:
    return [*_last(plan), *_baseline(plan)]


def _last(plan: Plan) -> list[Finding]:
    findings = []
    horizon = plan.need.horizon
    for name, consumer in plan.consumers.items():
        path = f"consumers.{name}.if_stopped"
        if consumer.if_stopped != "last":
            continue
        if consumer.mode != "list":
            kind = "real-time consumer" if consumer.mode == "realtime" else "consumer of a stream"
            found = f"{path} is last, but a {kind} has no last list."
            advice = "if_stopped of baseline, or nothing."
            findings.append(Finding(path=path, found=found, advice=advice))
        elif consumer.every and 2 * consumer.every.days > horizon.days:
            found = f"{path} is last; the last list may be {spoken(consumer.every)} old when the next one is due, "
            found += f"and is used as long again, but need.horizon is {spoken(horizon)}."
            why = "The stand-in would be expired before it is replaced."
            findings.append(Finding(path=path, found=found, why=why, advice="if_stopped of baseline.", verdict="warn"))
    return findings


def _baseline(plan: Plan) -> list[Finding]:
    baseline, features = plan.model.baseline, plan.data.features
    if baseline.kind.replace("-", "_") in _NEED_COLUMN and not baseline.column:
        found = f"model.baseline.kind is {baseline.kind}, but model.baseline.column is missing."
        return [Finding(path="model.baseline", found=found, advice="Name the feature that the rule looks at.")]
    if features is None or baseline.column is None:
        return []
    column = plan.sources[features.source].contract.columns.get(baseline.column)
    if column is None or column.type in _COMPARED or plan.need.answer == "class":
        return []
    found = f"model.baseline.column is {baseline.column}, a column of type {column.type}."
    return [
        Finding(
            path="model.baseline.column",
            found=found,
            why="The rule says more or less likely by higher or lower values; these have no higher and lower.",
            advice="Name a column of type integer, number or flag.",
        )
    ]


CHECK = PlanCheck(
    name="fallback",
    asks="Can something stand in when data or model are stopped?",
    why="The stand-in is needed on the worst day; that is no day to find out that there is none.",
    fine="What is promised to consumers when data or model are stopped can be given.",
    run=_impossible,
)
