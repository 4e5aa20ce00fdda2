"""Is it worth having: better than the simple rule, on the same entities?

Why: A model costs more than a rule to run, to explain and to watch. Where it is no better for sure, the rule is the
better product.

What to do: Release the baseline, or find features that tell more than the rule's one column. The comparison is
paired: the same entities, so that luck in who was held out cancels.
"""

from __future__ import annotations

from shipworthy.base.check import CheckResult
from shipworthy.plan.schema import Plan
from shipworthy.prove.check import ProofCheck, Subject
from shipworthy.prove.measures import MEASURES, gain
from shipworthy.prove.phrases import counted, number, spoken


def _applies(plan: Plan, role: str) -> bool:
    return role == "model" and plan.proof.performance.beats_baseline_by is not None


def _run(subject: Subject) -> CheckResult:
    wanted = subject.plan.proof.performance
    truth = subject.known()
    assert wanted.beats_baseline_by is not None
    if truth.baseline is None:
        return CHECK.result(
            "not_run",
            "There is no baseline to compare with.",
            why="A model that is no better than a simple rule is a cost and a risk without a use.",
            advice="Make the baseline first: `shipworthy train --baseline`.",
        )
    better = gain(wanted.metric, *truth.judged, truth.baseline, subject.confidence)
    title = MEASURES[wanted.metric].title
    if better.cannot_tell:
        return CHECK.result(
            "not_run",
            f"The difference in {title} cannot be told: {better.cannot_tell}.",
            why="A difference from too few cases would be luck.",
            advice="Wait for more truths, or raise proof.holdout.",
        )
    value, low, high = better.known
    bound = wanted.beats_baseline_by
    least = f"at least {number(bound)}" if bound else "anything above 0"
    found = (
        f"Its {title} is {'better' if value >= 0 else 'worse'} than that of the baseline ({truth.baseline_is}): "
        f"a gain of {spoken(better)} on the same {counted(better.rows, 'entity', 'entities')}, "
        f"where the plan asks for {least} at the pessimistic end."
    )
    enough = low >= bound and value > 0
    return CHECK.result(
        "pass" if enough else "fail",
        found,
        measured=value,
        low=low,
        high=high,
        bound=bound,
        bound_is="at least",
        why="A model that is no better than a simple rule is a cost and a risk without a use.",
        advice="" if enough else "Use the baseline, or find features that tell more than the rule's one column.",
    )


CHECK = ProofCheck(
    name="against_baseline",
    title="Better than the simple rule",
    asks="Is it better than the simple rule that would answer without it?",
    applies=_applies,
    run=_run,
    needs_truth=True,
)
