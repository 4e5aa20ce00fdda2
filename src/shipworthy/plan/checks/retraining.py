"""Retraining can pay for itself, and learns from truths that the product's own action did not choose.

What it asks: is the gain that a retrained candidate must show one that a loss can have? Does a trigger retrain where
the truth is only known of those on whom the product acted?

Why: a loss lies between 0 and 1, so a break-even of 1 or more keeps every challenger out. A model that learns from
what its own choices let it see becomes surer of them, whatever is true of the others.

Example: `retraining: {cost: 500}` alone, with one decision that is worth 1: no gain reaches 500.
"""

from collections.abc import Iterator

from shipworthy.plan.check import Finding, PlanCheck
from shipworthy.plan.schema import Plan


def _pointless(plan: Plan) -> list[Finding]:
    return list(_of(plan))


def _of(plan: Plan) -> Iterator[Finding]:
    said, path = plan.respond.retraining, "respond.retraining"
    if said is None:
        return
    gain = said.cost / (said.value * said.decisions)
    if gain >= 1:
        yield Finding(
            path=f"{path}.cost",
            found=f"A retrained candidate must gain more than {gain:g} of mean loss, and a loss is 1 at most.",
            why="No challenger could ever replace the one in use.",
            advice="Say for how many decisions it will be in use, and what a unit of loss is worth (value).",
            measured=gain,
            bound=1.0,
        )
    triggers = [trigger.name for trigger in plan.respond.triggers if "retrain" in trigger.do]
    if said.labels_only_when_acted and triggers and plan.decision.explore is None:
        yield Finding(
            path=f"{path}.labels_only_when_acted",
            found=f"The truth is only known of those on whom the product acted, and {', '.join(triggers)} retrains.",
            why="What it would learn from is its own choice. The trigger refuses, since nobody is acted on at random.",
            advice="Declare a slice: `decision: {explore: {share: 2%, seed: any}}`. Or have the trigger notify.",
        )


CHECK = PlanCheck(
    name="retraining",
    asks="Can retraining pay for itself, and learn from truths that it did not choose itself?",
    why="A model that learns from its own choices becomes surer of them, whatever is true of the others.",
    fine="What retraining must gain can be reached, or nothing is asked of it.",
    run=_pointless,
)
