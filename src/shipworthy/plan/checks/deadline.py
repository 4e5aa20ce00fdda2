"""A list arrives before the next one is due, and early enough to act on it.

What it asks: is a list's `deadline` shorter than its cadence `every`? Do waiting (`deadline` or `latency`) and acting
(`time_to_act`) together fit into the horizon?

Why: a list that may arrive after the next one was due is never late and always useless. The horizon runs from the
moment the list is for, not from the moment it arrives, so waiting eats into the time to act.

Example: `every: 1w` with `deadline: 8d`; or `horizon: 3mo` with `deadline: 7d` and `time_to_act: 90d`.
"""

from collections.abc import Iterator

from shipworthy.plan.check import Finding, PlanCheck, spoken
from shipworthy.plan.schema import Consumer, Plan


def _late(plan: Plan) -> list[Finding]:
    return [finding for name, consumer in plan.consumers.items() for finding in _of(name, consumer, plan)]


def _of(name: str, consumer: Consumer, plan: Plan) -> Iterator[Finding]:
    deadline, every, horizon = consumer.deadline, consumer.every, plan.need.horizon
    if deadline and every and deadline.days >= every.days:
        yield Finding(
            path=f"consumers.{name}.deadline",
            found=f"consumers.{name}.deadline is {spoken(deadline)}, but a list is made every {spoken(every)}.",
            why="A list could arrive when the next one is due already, and still not be called late.",
            advice=f"A deadline of less than {every}, or a longer cadence.",
            measured=deadline.days,
            bound=every.days,
        )
    key = "deadline" if consumer.mode == "list" else "latency"
    waiting = deadline if consumer.mode == "list" else consumer.latency
    acting = consumer.time_to_act
    # Acting alone beyond the horizon is the finding of `time_to_act`; here it is the two together.
    if waiting and acting.days <= horizon.days < waiting.days + acting.days:
        yield Finding(
            path=f"consumers.{name}.{key}",
            found=f"consumers.{name} may get an answer after {spoken(waiting)} ({key}) and needs {spoken(acting)} "
            f"to act, but need.horizon is {spoken(horizon)}.",
            why=f"The horizon runs while the answer is on its way; {name} would be done after it has expired.",
            advice=f"A shorter {key} or time_to_act, or a longer horizon.",
            measured=waiting.days + acting.days,
            bound=horizon.days,
        )


CHECK = PlanCheck(
    name="deadline",
    asks="Does every answer arrive early enough, and a list before the next one is due?",
    why="Output that arrives too late to act on is worth nothing.",
    fine="Every answer arrives in time to be acted on.",
    run=_late,
)
