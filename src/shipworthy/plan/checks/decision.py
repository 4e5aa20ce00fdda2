"""The decision rule can say both yes and no, and in different words.

What it asks: does a threshold on a probability lie between 0 and 1? Is a share neither nothing nor everybody? Are the
words for yes, no and ask different? Is the ask band where scores can be?

Why: a rule that always says the same decides nothing. Two decisions with one word cannot be told apart by those who
act on them, nor by the proof.

Example: `threshold: 70` where the answer is a probability.
"""

from shipworthy.plan.check import Finding, PlanCheck
from shipworthy.plan.schema import Plan


def _undecided(plan: Plan) -> list[Finding]:
    return [*_bounds(plan), *_words(plan)]


def _bounds(plan: Plan) -> list[Finding]:
    decision, findings = plan.decision, []
    if plan.need.answer != "number":
        if decision.threshold is not None and not 0 < decision.threshold < 1:
            found = f"decision.threshold is {decision.threshold:g}, but a probability lies between 0 and 1."
            advice = "A threshold between 0 and 1, such as 0.7."
            findings.append(Finding(path="decision.threshold", found=found, advice=advice))
        if decision.ask is not None and not (decision.ask[0] >= 0 and decision.ask[1] <= 1):
            found = f"decision.ask goes from {decision.ask[0]:g} to {decision.ask[1]:g}; a probability from 0 to 1."
            findings.append(Finding(path="decision.ask", found=found, advice="A band between 0 and 1."))
    if decision.share is not None and not 0 < decision.share < 1:
        found = f"decision.share is {decision.share:.0%}."
        findings.append(
            Finding(path="decision.share", found=found, advice="A share of more than 0% and less than 100%.")
        )
    return findings


def _words(plan: Plan) -> list[Finding]:
    decision = plan.decision
    words = {} if plan.need.answer == "class" else {"yes": decision.yes, "no": decision.no}
    if decision.asks:
        words["ask_name"] = decision.ask_name
    findings, seen = [], dict[str, str]()
    for key, word in words.items():
        tidy = word.strip().lower()
        if tidy in seen:
            found = f"decision.{key} is {word!r}, and so is decision.{seen[tidy]}."
            why = "Nobody could tell the decisions apart."
            findings.append(Finding(path=f"decision.{key}", found=found, why=why, advice="Use different words."))
        seen.setdefault(tidy, key)
    return findings


CHECK = PlanCheck(
    name="decision",
    asks="Can the decision rule say yes and no, in different words?",
    why="A rule that always says the same decides nothing.",
    fine="The decision rule can say yes and no, in different words.",
    run=_undecided,
)
