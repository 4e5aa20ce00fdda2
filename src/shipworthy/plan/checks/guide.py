"""People know what to do with the output.

What it asks: does every consumer who gets lists have a guide?

Why: a score without instructions is read as certainty by one and ignored by the next. The guide says in plain words
what the output means, what to do with it, and what not to; who has read which version is on record.

Example: `consumers.sales` has `mode: list` and no `guide`.
"""

from shipworthy.plan.check import Finding, PlanCheck
from shipworthy.plan.schema import Plan


def _unguided(plan: Plan) -> list[Finding]:
    return [
        Finding(
            path=f"consumers.{name}",
            found=f"consumers.{name} gets lists, but has no guide.",
            advice=f"Add `guide: guides/{name}.md`, and write in it what the output means and what to do with it.",
            verdict="warn",
        )
        for name, consumer in plan.consumers.items()
        if consumer.mode == "list" and not consumer.guide
    ]


CHECK = PlanCheck(
    name="guide",
    asks="Do the people who get lists have instructions?",
    why="A score without instructions is read as certainty by one and ignored by the next.",
    fine="Everybody who gets lists has a guide.",
    run=_unguided,
)
