"""Is every entity in the output at most once?

Why: a customer who is called twice, or whose two rows disagree, is harmed by the list.
"""

from __future__ import annotations

from shipworthy.base.check import CheckResult
from shipworthy.deliver.check import DeliveryCheck, Outgoing

ASKS = "Is every entity in the output at most once?"


def run(outgoing: Outgoing) -> CheckResult:
    """Count rows against distinct entities."""
    rows, distinct = outgoing.count, outgoing.entities
    if rows == distinct:
        return CheckResult("deliver.one_each", ASKS, "pass", f"{rows:,} rows for {distinct:,} entities.", float(rows))
    found = f"{rows:,} rows for {distinct:,} entities: {rows - distinct:,} too many."
    advice = "Look at features(): it must give one row per entity."
    return CheckResult("deliver.one_each", ASKS, "fail", found, float(rows), bound=float(distinct), advice=advice)


CHECK = DeliveryCheck("one_each", ASKS, run)
