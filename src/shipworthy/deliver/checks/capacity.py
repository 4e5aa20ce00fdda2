"""Can the consumer act on so many positive decisions?

Why: more alarms than people can follow up is how good models come to be ignored.
"""

from __future__ import annotations

from shipworthy.base.check import CheckResult, Verdict
from shipworthy.deliver.check import DeliveryCheck, Outgoing

ASKS = "Are there no more positive decisions than the consumer can act on?"


def run(outgoing: Outgoing) -> CheckResult:
    """Count positive decisions against consumers.*.capacity; over it is a warning that goes with the list."""
    chosen = outgoing.chosen
    capacity = outgoing.consumer.capacity
    if capacity is None:
        return CheckResult("deliver.capacity", ASKS, "pass", f"{chosen} positive decisions; no limit is declared.")
    verdict: Verdict = "pass" if chosen <= capacity else "warn"
    found = f"{chosen} positive decisions; {outgoing.name} can act on {capacity}."
    advice = "" if verdict == "pass" else "Lower decision.top, or let more people act."
    return CheckResult("deliver.capacity", ASKS, verdict, found, float(chosen), bound=float(capacity), advice=advice)


CHECK = DeliveryCheck("capacity", ASKS, run)
