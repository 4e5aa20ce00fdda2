"""No delivery overwrites another.

What it asks: does every sink write to a place of its own? Does a file's path hold `{as_of}` or `{run}`, so that each
list has a file of its own? Does each consumer have sinks of its own, and is every sink used?

Why: of two outputs in one place the later one wins, and the ledger says that both were delivered. Who opens an
overwritten list does not see that it is not the one they were told about.

Example: `path: out/list.csv`, where every month writes over the last.
"""

from collections import defaultdict

from shipworthy.plan.check import Finding, PlanCheck
from shipworthy.plan.checks.rehearsal import real_place
from shipworthy.plan.schema import Plan

_OF_ALL_RUNS = ("delta",)  # one place that holds the rows of every run


def _overwritten(plan: Plan) -> list[Finding]:
    return [*_shared(plan), *_constant(plan), *_used(plan)]


def _shared(plan: Plan) -> list[Finding]:
    by_place: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name, sink in plan.sinks.items():
        if sink.path or sink.table:  # a mail or webhook takes nothing from the one before
            by_place[real_place(sink)].append(name)
    return [
        Finding(
            path=f"sinks.{name}",
            found=f"sinks.{name} writes to the same place as sinks.{names[0]}.",
            advice="Give each its own path or table, or keep one sink.",
        )
        for names in by_place.values()
        for name in names[1:]
    ]


def _constant(plan: Plan) -> list[Finding]:
    findings = []
    for name, sink in plan.sinks.items():
        if sink.kind in _OF_ALL_RUNS:
            continue
        for key, path in (("path", sink.path), ("rehearsal", sink.rehearsal if sink.path else "")):
            if path and "{as_of}" not in path and "{run}" not in path:
                findings.append(
                    Finding(
                        path=f"sinks.{name}.{key}",
                        found=f"sinks.{name}.{key} is the same for every list.",
                        why="Each list would write over the one before.",
                        advice="Put {as_of} or {run} into the name, unless only the newest list may exist.",
                        verdict="warn",
                    )
                )
    return findings


def _used(plan: Plan) -> list[Finding]:
    users: dict[str, list[str]] = defaultdict(list)
    for name, consumer in plan.consumers.items():
        for sink in consumer.sinks:
            users[sink].append(name)
    findings = []
    for name in plan.sinks:
        consumers = users[name]
        if not consumers:
            found = f"No consumer gets anything through sinks.{name}."
            advice = "Name it in a consumer's sinks, or remove it."
            findings.append(Finding(path=f"sinks.{name}", found=found, advice=advice, verdict="warn"))
        elif len(consumers) > 1:
            found = f"sinks.{name} serves {' and '.join(consumers)}."
            advice = "Give each consumer a sink of its own."
            findings.append(Finding(path=f"sinks.{name}", found=found, advice=advice, verdict="warn"))
    return findings


CHECK = PlanCheck(
    name="destinations",
    asks="Does every delivery have a place of its own?",
    why="Of two outputs in one place the later one wins, while both count as delivered.",
    fine="Every delivery has a place of its own.",
    run=_overwritten,
)
