"""There can be enough moments to learn from whose truth is known.

What it asks: is `model.training.first` before the first list? Is there a past to look back on where several moments
are to be learnt from?

Why: a label is known one horizon after its moment. From `first` on, `snapshots` moments that lie `every` apart have
labels only after that whole stretch plus one horizon; until then only the baseline answers. A source without a time
column shows the present only, so nothing can be computed as of an earlier moment.

Example: `first: 2097-04-01` in place of 1997: a day like any other, and no model would ever be trained.
"""

from shipworthy.plan.check import Finding, PlanCheck
from shipworthy.plan.schema import Plan

_LONGEST_WAIT_DAYS = 2 * 366


def _impossible(plan: Plan) -> list[Finding]:
    return [*_first(plan), *_past(plan)]


def _first(plan: Plan) -> list[Finding]:
    training = plan.model.training
    starts = [consumer.start for consumer in plan.consumers.values() if consumer.start]
    if training.first is None or not starts:
        return []
    first_list = min(starts)
    # In days, not in dates: a plan may ask for more years than a calendar has.
    wait = (training.first - first_list).days + (training.snapshots - 1) * training.every.days + plan.need.horizon.days
    if training.first <= first_list:
        return []
    return [
        Finding(
            path="model.training.first",
            found=f"model.training.first is {training.first}, after the first list on {first_list}. Labels of "
            f"{training.snapshots} moments are known about {wait:,.0f} days after that list.",
            why="Until then no model can be trained as planned, and only the baseline answers.",
            advice="An earlier first, fewer snapshots, or a later start.",
            verdict="fail" if wait > _LONGEST_WAIT_DAYS else "warn",
        )
    ]


def _past(plan: Plan) -> list[Finding]:
    training, features = plan.model.training, plan.data.features
    if features is None or training.snapshots == 1 or plan.sources[features.source].contract.time:
        return []
    return [
        Finding(
            path="model.training.snapshots",
            found=f"model.training.snapshots is {training.snapshots}, "
            f"but sources.{features.source} has no time column.",
            why="Without it the source shows the present only, and every moment would look the same.",
            advice=f"snapshots: 1, or `time: COLUMN` in the contract of {features.source}.",
        )
    ]


CHECK = PlanCheck(
    name="training",
    asks="Can there be enough moments to learn from whose truth is known?",
    why="A label is known one horizon after its moment; until then there is nothing to learn.",
    fine="Nothing in the plan keeps moments with known truth from coming together.",
    run=_impossible,
)
