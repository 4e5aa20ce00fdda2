"""The consumer can act before the answer expires.

What it asks: is every consumer's `time_to_act` at most the need's `horizon`?

Why: an answer speaks about the time up to its horizon. Who needs longer than that to act, acts on a forecast
that is no longer true, however good the model is.

Example: a model that says who will buy in the next three months (`horizon: 3mo`) went to a sales team that needs
six months to act (`time_to_act: 180d`). Ask for a longer horizon, or find a consumer who can act in time.
"""

from shipworthy.plan.check import Finding, PlanCheck, spoken
from shipworthy.plan.schema import Plan


def _too_slow(plan: Plan) -> list[Finding]:
    horizon = plan.need.horizon
    return [
        Finding(
            path=f"consumers.{name}.time_to_act",
            found=f"consumers.{name}.time_to_act is {spoken(consumer.time_to_act)}, "
            f"but need.horizon is {spoken(horizon)}.",
            why=f"By the time {name} can act, the forecast has expired.",
            advice=f"time_to_act of {horizon} or less, or a longer horizon.",
            measured=consumer.time_to_act.days,
            bound=horizon.days,
        )
        for name, consumer in plan.consumers.items()
        if consumer.time_to_act.days > horizon.days
    ]


CHECK = PlanCheck(
    name="time_to_act",
    asks="Can every consumer act before the answer expires?",
    why="Who needs longer to act than the answer looks ahead, acts on a forecast that has expired.",
    fine="Every consumer can act within the horizon.",
    run=_too_slow,
)
