"""Data about persons is used by right.

What it asks: does every source with personal columns say in `right_to_use` on what ground its data may be used for
this need?

Why: data that was used without the right has to be deleted, and every model that learnt from it too. It is cheap to
ask on day one and ruinous to ask after release.

Example: a source with `personal: true` on a column, and no `right_to_use`.
"""

from shipworthy.plan.check import Finding, PlanCheck
from shipworthy.plan.schema import Plan, Source


def _without_right(plan: Plan) -> list[Finding]:
    findings = []
    for name, source in plan.sources.items():
        personal = personal_columns(source, plan)
        if personal and not source.right_to_use.strip():
            findings.append(
                Finding(
                    path=f"sources.{name}",
                    found=f"sources.{name} has personal columns ({', '.join(personal)}), but no right_to_use.",
                    advice="Write in one sentence on what ground it may be used for this need: contract, consent, law.",
                )
            )
    return findings


def personal_columns(source: Source, plan: Plan) -> list[str]:
    """The columns of a source that say something about a person."""
    return [name for name, column in source.contract.columns.items() if column.personal or name in plan.data.personal]


CHECK = PlanCheck(
    name="right_to_use",
    asks="May data about persons be used for this need?",
    why="Data used without the right must be deleted, together with every model that learnt from it.",
    fine="Every source with personal columns says by what right it is used.",
    run=_without_right,
)
