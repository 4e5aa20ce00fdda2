"""Does the output have the columns the consumer was promised, each filled?

Why: a list in another shape than agreed is a list that nobody can use.
"""

from __future__ import annotations

from shipworthy.base.check import CheckResult
from shipworthy.deliver.check import DeliveryCheck, Outgoing
from shipworthy.deliver.rules import INTERVAL, columns_of

ASKS = "Does the output have exactly the promised columns, without an empty value?"


def run(outgoing: Outgoing) -> CheckResult:
    """Compare names and order; an empty value in any promised column fails."""
    got, wanted = outgoing.rows.column_names, columns_of(outgoing.consumer, outgoing.plan.need.classes)
    # A baseline that stands in may not know how sure it is; that is said by an empty interval, not hidden.
    # Neither is a value that the source itself lacks.
    empty = [name for name in outgoing.empty if name not in (*INTERVAL, *outgoing.consumer.needs_values)]
    if got == wanted and not empty:
        return CheckResult("deliver.columns", ASKS, "pass", f"{len(wanted)} columns as promised: {', '.join(wanted)}.")
    found = f"Columns {', '.join(got)}; promised: {', '.join(wanted)}; with empty values: {', '.join(empty) or 'none'}."
    return CheckResult(
        "deliver.columns", ASKS, "fail", found, advice="Bring model and consumers.columns together, then score again."
    )


CHECK = DeliveryCheck("columns", ASKS, run)
