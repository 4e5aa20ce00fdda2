"""Whoever is acted on at random is told apart.

What it asks: do all consumers get the reasons, which say who was chosen at random?

Why: who calls somebody because of a draw and believes that the score asked for it, acts wrongly, and learns to
distrust the score.

Example: `decision: {top: 200, explore: {share: 2%, seed: spring}}` for a consumer without the column `reasons`.
"""

from collections.abc import Iterator

from shipworthy.plan.check import Finding, PlanCheck
from shipworthy.plan.schema import Plan


def _hidden(plan: Plan) -> list[Finding]:
    return list(_of(plan)) if plan.decision.explore else []


def _of(plan: Plan) -> Iterator[Finding]:
    for name, consumer in plan.consumers.items():
        if consumer.mode == "list" and "reasons" not in consumer.columns:
            yield Finding(
                path=f"consumers.{name}.columns",
                found=f"{name} gets people who were chosen at random, and not the reasons, which say so.",
                why="They would be taken for the best.",
                advice="Add `reasons` to the columns.",
            )


CHECK = PlanCheck(
    name="exploration",
    asks="Is whoever is acted on at random told apart from those whom the score chose?",
    why="A draw that looks like a score teaches people that scores are not worth much.",
    fine="Nobody is acted on at random, or whoever acts is told.",
    run=_hidden,
)
