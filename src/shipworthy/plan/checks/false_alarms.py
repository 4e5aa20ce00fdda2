"""False alarms stay rare enough to be taken seriously.

What it asks: do the declared monitors keep within the false alarms a year that the plan accepts of the whole product,
and is that no more than one?

Why: each monitor keeps its own promise; together they wake people as often as their sum. Who was woken for nothing
twice does not get up the third time.

Example: four monitors with `false_alarms_per_year: 0.5` each, under a `watch.false_alarms_per_year` of 0.5.
"""

from shipworthy.plan.check import Finding, PlanCheck
from shipworthy.plan.schema import Plan

_MOST_PER_YEAR = 1.0


def _often(plan: Plan) -> list[Finding]:
    budget = plan.watch.false_alarms_per_year
    total = sum(monitor.false_alarms_per_year or 0.0 for monitor in plan.watch.monitors.values())
    found = []
    if total > budget:
        found.append(
            Finding(
                path="watch.monitors",
                found=f"The declared monitors accept {total:.2g} false alarms a year, the whole product {budget:.2g}.",
                advice="Lower those of the monitors whose alarms harm least, or raise watch.false_alarms_per_year.",
                measured=total,
                bound=budget,
            )
        )
    if budget > _MOST_PER_YEAR:
        found.append(
            Finding(
                path="watch.false_alarms_per_year",
                found=f"The product accepts {budget:.2g} false alarms a year.",
                advice="Accept one a year or less: an alarm is found a little later, and is believed.",
                verdict="warn",
                measured=budget,
                bound=_MOST_PER_YEAR,
            )
        )
    return found


CHECK = PlanCheck(
    name="false_alarms",
    asks="Are false alarms rare enough to be taken seriously?",
    why="Who was woken for nothing twice does not get up the third time.",
    fine="The declared monitors keep within the false alarms that the product accepts, one a year or fewer.",
    run=_often,
)
