"""False alarms stay rare enough to be taken seriously.

What it asks: do the false alarms per year that the declared monitors accept add up to less than one?

Why: each monitor keeps its own promise; together they wake people as often as their sum. Who was woken for nothing
twice does not get up the third time.

Example: four monitors with `false_alarms_per_year: 0.5` each.
"""

from shipworthy.plan.check import Finding, PlanCheck
from shipworthy.plan.schema import Plan

_MOST_PER_YEAR = 1.0


def _often(plan: Plan) -> list[Finding]:
    total = sum(monitor.false_alarms_per_year for monitor in plan.watch.monitors.values())
    if total <= _MOST_PER_YEAR:
        return []
    return [
        Finding(
            path="watch.monitors",
            found=f"The declared monitors accept {total:.2g} false alarms a year together.",
            advice="Lower false_alarms_per_year of the monitors whose alarms harm least.",
            verdict="warn",
            measured=total,
            bound=_MOST_PER_YEAR,
        )
    ]


CHECK = PlanCheck(
    name="false_alarms",
    asks="Are false alarms rare enough to be taken seriously?",
    why="Who was woken for nothing twice does not get up the third time.",
    fine="Less than one false alarm a year is expected of the declared monitors.",
    run=_often,
)
