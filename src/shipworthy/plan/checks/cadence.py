"""Lists come often enough, begin when there is something to begin with, and are missed before the next one.

What it asks: is a list renewed before its answers expire (`every` at most `horizon`)? Does it begin on or after the
first day of a simulated clock? Is a missing acknowledgement raised before the next list comes? Is a cadence of less
than a minute not a real-time answer in disguise?

Why: between two lists people go on using the old one. When it is older than the horizon they use expired answers;
when nobody said that the last one arrived, the next one may go astray in the same way.

Example: `horizon: 3mo` with `every: 6mo`: for three months of six the list in use says nothing about the future.
"""

from collections.abc import Iterator

from shipworthy.plan.check import Finding, PlanCheck, spoken
from shipworthy.plan.schema import Consumer, Plan

_SHORTEST_DAYS = 1 / 1440


def _findings(plan: Plan) -> list[Finding]:
    return [finding for name, consumer in plan.consumers.items() for finding in _of(name, consumer, plan)]


def _of(name: str, consumer: Consumer, plan: Plan) -> Iterator[Finding]:
    every, start, within = consumer.every, consumer.start, consumer.acknowledge_within
    path = f"consumers.{name}"
    if every and every.days < _SHORTEST_DAYS:
        yield Finding(
            path=f"{path}.every",
            found=f"{path}.every is {spoken(every)}.",
            why="A list is a run of its own, with a snapshot and a delivery; nobody reads one every few seconds.",
            advice="A cadence of a minute or more, or `mode: realtime` or `stream`.",
        )
    if every and every.days > plan.need.horizon.days:
        yield Finding(
            path=f"{path}.every",
            found=f"{path} gets a list every {spoken(every)}, but need.horizon is {spoken(plan.need.horizon)}.",
            advice=f"A list every {plan.need.horizon} or more often, or a longer horizon.",
            verdict="warn",
            measured=every.days,
            bound=plan.need.horizon.days,
        )
    if start and plan.time.start and start < plan.time.start:
        yield Finding(
            path=f"{path}.start",
            found=f"{path}.start is {start}, but the simulated clock begins on {plan.time.start}.",
            why="Lists before the first day would be owed and could never be made.",
            advice=f"A start on {plan.time.start} or later.",
        )
    if every and within and within.days > every.days:
        yield Finding(
            path=f"{path}.acknowledge_within",
            found=f"{path}.acknowledge_within is {spoken(within)}, but a list comes every {spoken(every)}.",
            why="The next list goes out before anybody knows whether the last one arrived.",
            advice=f"acknowledge_within of {every} or less.",
            verdict="warn",
            measured=within.days,
            bound=every.days,
        )


CHECK = PlanCheck(
    name="cadence",
    asks="Do lists come often enough, and is a lost one noticed before the next?",
    why="Between two lists people go on using the old one; when it has expired they act on nothing.",
    fine="Lists are renewed before they expire.",
    run=_findings,
)
