"""A source that is answered row by row holds exactly one row for each entity.

What it asks: is the entity alone the key of the source that `data.by_row` names, and are the declared features its own
columns?

Why: each of its rows is answered without a look at the others. Two rows of one entity would be two answers; a key in
the contract sends both to quarantine before that.

Example: `by_row: applicants` where the contract of applicants has no `key`.
"""

from shipworthy.plan.check import Finding, PlanCheck
from shipworthy.plan.schema import Plan


def _several(plan: Plan) -> list[Finding]:
    name, entity = plan.data.by_row, plan.need.entity
    if name is None:
        return []
    findings = []
    key = plan.sources[name].contract.key
    if key != [entity]:
        found = f"data.by_row is {name}, but its key is {', '.join(key) or 'not declared'}, not {entity}."
        advice = f"Write `key: [{entity}]` in sources.{name}.contract."
        findings.append(Finding(path=f"sources.{name}.contract.key", found=found, advice=advice))
    features = plan.data.features
    if features is not None and features.source != name:
        found = f"data.by_row is {name}, but the features are columns of {features.source}."
        findings.append(Finding(path="data.by_row", found=found, advice=f"by_row: {features.source}"))
    return findings


CHECK = PlanCheck(
    name="by_row",
    asks="Has each entity one row in the source that is answered row by row?",
    why="Rows that are answered by themselves give one answer each, whoever they are about.",
    fine="Each entity has one row where rows are answered by themselves, or none is.",
    run=_several,
)
