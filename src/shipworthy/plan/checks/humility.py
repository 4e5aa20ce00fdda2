"""What the model must not answer alone reaches somebody, with the reason.

What it asks: does `decision.humility` declare a rule at all? Does a consumer get rows other than the chosen ones, so
that the rows for a person reach one? Do the reasons go with them? Are features spared from a rule that there is?

Why: a row that nobody gets asks nobody, and a person who is asked without being told why guesses.

Example: `humility: {out_of_range: 10%}` where the only consumer has `only: chosen`.
"""

from collections.abc import Iterator

from shipworthy.plan.check import Finding, PlanCheck
from shipworthy.plan.schema import Plan


def _unheard(plan: Plan) -> list[Finding]:
    return [*_rules(plan), *_reached(plan)] if plan.decision.humility else []


def _rules(plan: Plan) -> Iterator[Finding]:
    rules = plan.decision.humility
    assert rules is not None
    if rules.uncertain is not None and plan.proof.interval is None:
        found = "decision.humility.uncertain bounds the width of an interval, but there is no proof.interval."
        advice = "Add `proof: {interval: 90%}`, or take uncertain out."
        yield Finding(path="decision.humility.uncertain", found=found, advice=advice)
    about_values = rules.out_of_range is not None or rules.unseen
    if rules.spared and not about_values:
        found = "decision.humility.spared names features, but there is neither out_of_range nor unseen to spare them."
        advice = "Add `out_of_range: 10%`, or take spared out."
        yield Finding(path="decision.humility.spared", found=found, advice=advice, verdict="warn")
    if not (about_values or rules.missing_at_most is not None or rules.uncertain is not None):
        found = "decision.humility declares no rule."
        yield Finding(path="decision.humility", found=found, advice="Add for example `out_of_range: 10%`.")


def _reached(plan: Plan) -> Iterator[Finding]:
    everybody = [name for name, consumer in plan.consumers.items() if consumer.mode == "realtime"]
    everybody += [name for name, one in plan.consumers.items() if one.mode == "list" and one.only == "all"]
    if not everybody:
        found = "Every consumer gets the chosen rows only, so nobody gets those that a person is to look at."
        advice = "`only: all` for a consumer who can ask somebody."
        yield Finding(path="decision.humility", found=found, advice=advice)
    for name in everybody:
        if "reasons" not in plan.consumers[name].columns:
            found = f"consumers.{name}.columns has no reasons, so {name} is not told why a person is asked."
            yield Finding(path=f"consumers.{name}.columns", found=found, advice="Add reasons.", verdict="warn")


CHECK = PlanCheck(
    name="humility",
    asks="Does what the model must not answer alone reach a person, with the reason?",
    why="A row that nobody gets asks nobody, and who is asked without a reason guesses.",
    fine="What the model must not answer alone reaches somebody who is told why.",
    run=_unheard,
)
