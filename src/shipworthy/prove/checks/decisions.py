"""What the decision rule would have achieved on entities whose truth is known.

Why: Nobody acts on a score; people act on a decision. A model with a good AUC can still choose no better than chance
where the list is cut.

What to do: Look at `decision` in the plan first: threshold, top or share. Then at the features.
"""

from __future__ import annotations

from shipworthy.base.check import CheckResult
from shipworthy.prove.check import ProofCheck, Subject, of_a_probability
from shipworthy.prove.measures import why_not
from shipworthy.prove.phrases import counted, percent, spoken
from shipworthy.prove.rules import decision_results, scaled


def _run(subject: Subject) -> CheckResult:
    truth, rule = subject.known(), subject.plan.decision
    if why := why_not("auc", truth.labels, truth.rows.scores):
        return CHECK.result(
            "not_run",
            f"Cannot tell: {why}.",
            why="What a decision achieves shows only where there was something to find and something to leave.",
            advice="Wait for more truths, or raise proof.holdout.",
        )
    small = scaled(rule, len(truth.labels), truth.due)
    decided = truth.rows.decided(small)
    results = decision_results(truth.labels, [word == rule.yes for word in decided], subject.confidence)
    asked = sum(word == rule.ask_name for word in decided) if rule.asks else 0
    evidence = subject.table("decisions.json", results)
    everybody = counted(results.rows, "held-out entity", "held-out entities")
    part = f" (the same share of them as {rule.top} of {truth.due:,})" if rule.top else ""
    if results.chosen in (0, results.rows):
        who = "Nobody among" if not results.chosen else "All of"
        return CHECK.result(
            "warn",
            f"{who} {everybody} would have got “{rule.yes}”.",
            why="A rule that does the same with everybody changes nothing.",
            advice="Change decision.threshold, or declare decision.top or decision.share.",
            evidence=evidence,
        )
    found = (
        f"“{rule.yes}” would have gone to {results.chosen:,} of {everybody}"
        f"{part}. Of these, {results.hits:,} were a real yes: {spoken(results.precision, percent)}, against "
        f"{percent(results.base_rate.known[0])} among all. It would have found {spoken(results.found, percent)} "
        f"of every real yes."
    ) + (f" {counted(asked, 'entity', 'entities')} would have gone to a person." if asked else "")
    value, low, high = results.lift.known
    found += f" That is {value:.1f} times ({low:.1f} to {high:.1f}) better than choosing blindly."
    useful = low > 1
    return CHECK.result(
        "pass" if useful else "fail" if high < 1 else "warn",
        found,
        measured=value,
        low=low,
        high=high,
        bound=1.0,
        bound_is="at least",
        why=f"The decision it is for: {subject.plan.need.decision}",
        advice=""
        if useful
        else "It is not shown that the rule chooses better than chance; look at decision in the plan.",
        evidence=evidence,
    )


CHECK = ProofCheck(
    name="decisions",
    title="What acting on it would have achieved",
    asks="What would the decisions have achieved, had they been taken then?",
    applies=of_a_probability,
    run=_run,
    needs_truth=True,
)
