"""A table with one row for each key has the columns of the key.

What it asks: does every consumer of a sink with `key` get the columns of that key? Is it a table that has one?

Why: rows are told apart by the key. Without its columns no row can be brought, or each replaces the other.

Example: `key: [customer_id]` on a sink whose consumer has `columns: [rank, score]`.
"""

from shipworthy.plan.check import Finding, PlanCheck
from shipworthy.plan.schema import Plan


def _findings(plan: Plan) -> list[Finding]:
    findings = []
    for name, sink in plan.sinks.items():
        if sink.key and not sink.table:
            found = f"sinks.{name} has a key, but no table."
            findings.append(Finding(path=f"sinks.{name}.key", found=found, advice="Take the key away, or use a table."))
        for who, consumer in plan.consumers.items():
            lacking = (
                [column for column in sink.key if column not in consumer.columns] if name in consumer.sinks else []
            )
            if lacking:
                findings.append(
                    Finding(
                        path=f"sinks.{name}.key",
                        found=f"{who} gets no column {', '.join(lacking)}, which sinks.{name}.key names.",
                        advice=f"Add it to consumers.{who}.columns, or name other columns as the key.",
                    )
                )
    return findings


CHECK = PlanCheck(
    name="keys",
    asks="Do the rows have the columns by which a table tells them apart?",
    why="Without the columns of the key no row can be brought.",
    fine="Every key is made of columns that its consumers get.",
    run=_findings,
)
