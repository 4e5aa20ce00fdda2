"""What the plan counts on can come true: what decisions are worth, and what a month may cost.

What it asks: does `watch.worth.at_least` lie between the least and the most that a decision is worth? Do the fixed
costs of a month leave anything of `watch.cost.at_most`?

Why: a promise that no decision can keep raises an alarm for ever, and one that every decision keeps watches nothing.

Example: `worth: {yes_right: 3, yes_wrong: -1, at_least: 5}`: no mean of 3 and -1 reaches 5.
"""

from collections.abc import Iterator

from shipworthy.plan.check import Finding, PlanCheck
from shipworthy.plan.schema import Plan


def _impossible(plan: Plan) -> list[Finding]:
    return [*_of_worth(plan), *_of_cost(plan)]


def _of_worth(plan: Plan) -> Iterator[Finding]:
    said = plan.watch.worth
    if said is None:
        return
    amounts = (said.yes_right, said.yes_wrong, said.no_right, said.no_wrong)
    if not min(amounts) < said.at_least < max(amounts):
        yield Finding(
            path="watch.worth.at_least",
            found=f"The plan counts on {said.at_least:g} an answer, and a decision is worth {min(amounts):g} to "
            f"{max(amounts):g}.",
            why="What is always kept, or never, cannot be watched.",
            advice="Say what each outcome is worth, and count on something between the least and the most.",
            measured=said.at_least,
        )


def _of_cost(plan: Plan) -> Iterator[Finding]:
    said = plan.watch.cost
    if said is not None and said.per_month >= said.at_most:
        yield Finding(
            path="watch.cost.at_most",
            found=f"A month may cost {said.at_most:g}, and costs {said.per_month:g} before anybody asks.",
            why="The alarm would be raised each month by the first answer.",
            advice="Plan for more than the fixed costs, or leave them out (per_month).",
            measured=said.at_most,
            bound=said.per_month,
        )


CHECK = PlanCheck(
    name="worth",
    asks="Can what the plan counts on come true?",
    why="A promise that no decision can keep raises an alarm for ever.",
    fine="What decisions are worth and answers cost can be as planned, or nothing is asked of it.",
    run=_impossible,
)
