"""Data is fresh enough for the cadence, and the contract knows when it is not.

What it asks: does a source with a time column say how old its newest row may be? Is that at most twice the cadence of
the lists, and at most the horizon?

Why: a feed that stopped looks like a feed without news. A bound looser than two lists lets two lists rest on the same
data without a word.

Example: `every: 1w` with `freshness: 35d`.
"""

from collections.abc import Iterator

from shipworthy.base.times import Length
from shipworthy.plan.check import Finding, PlanCheck, spoken
from shipworthy.plan.schema import Contract, Plan


def _stale(plan: Plan) -> list[Finding]:
    cadences = [consumer.every for consumer in plan.consumers.values() if consumer.every]
    shortest = min(cadences, key=lambda every: every.days) if cadences else None
    return [finding for name, source in plan.sources.items() for finding in _of(name, source.contract, plan, shortest)]


def _of(name: str, contract: Contract, plan: Plan, every: Length | None) -> Iterator[Finding]:
    path, fresh = f"sources.{name}.contract.freshness", contract.freshness
    if fresh is None:
        if contract.time:
            found = f"sources.{name}.contract has a time column, but no freshness."
            why = "A feed that stopped would look like a feed without news."
            advice = "Add for example `freshness: 35d`: the feed's rhythm and a little more."
            yield Finding(path=f"sources.{name}.contract", found=found, why=why, advice=advice, verdict="warn")
        return
    if every and fresh.days > 2 * every.days:
        found = f"{path} is {spoken(fresh)}, but a list is made every {spoken(every)}."
        why = "Two lists in a row could rest on the same data."
        yield _warning(path, found, why, f"A freshness of at most twice {every}.", fresh, every)
    elif fresh.days > plan.need.horizon.days:
        horizon = plan.need.horizon
        found = f"{path} is {spoken(fresh)}, but need.horizon is {spoken(horizon)}."
        why = "The data may be older than the answer looks ahead."
        yield _warning(path, found, why, f"A freshness of {horizon} or less.", fresh, horizon)


def _warning(path: str, found: str, why: str, advice: str, measured: Length, bound: Length) -> Finding:
    return Finding(
        path=path, found=found, why=why, advice=advice, verdict="warn", measured=measured.days, bound=bound.days
    )


CHECK = PlanCheck(
    name="freshness",
    asks="Is it noticed when data is older than the output needs?",
    why="A list on old data looks like any other list.",
    fine="Every dated source has a freshness that fits its feed and the lists.",
    run=_stale,
)
