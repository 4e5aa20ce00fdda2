"""Where the truth is only known of those on whom the product acted: does what is learnt and judged stand for everybody?

Why: A model that learns from those whom the one before chose repeats its choices, surer each time, and a proof on them
alone says nothing of the others. Each row counts by one over the logged chance with which its truth was to become
known.

What to do: Train at moments of lists (`model.training`) once their truths are known; explore a larger share
(`decision.explore`) where few rows are left.
"""

from __future__ import annotations

from shipworthy.base.check import CheckResult
from shipworthy.model.exploring import weighs
from shipworthy.model.words import Weighing
from shipworthy.plan.schema import Plan
from shipworthy.prove.check import ProofCheck, Subject
from shipworthy.prove.phrases import counted

_WHY = "Whom the product acted on is no fair sample; what is learnt or judged there alone is not true of the others."


def _applies(plan: Plan, role: str) -> bool:
    return weighs(plan)


def _run(subject: Subject) -> CheckResult:
    weighing = subject.made.weighing
    if weighing is None:
        return CHECK.result(
            "fail" if subject.role == "model" and subject.made.trained_on else "warn",
            "It was made without weighing: each truth counts as if it were anybody's.",
            why=_WHY,
            advice="Make the candidate again with shipworthy train.",
        )
    rows = counted(subject.made.rows, "row")
    if not weighing.segments:
        found = f"The {rows} that it learnt from are from before the product answered anybody, and count as they stand."
    elif weighing.how == "weights":
        found = (
            f"Each of the {rows} that it learnt from counts by one over its logged chance of being acted on, at most "
            f"{1 / weighing.least:,.4g} times as much as another: together as much as "
            f"{weighing.effective:,.0f} rows that count alike (Kish)."
        )
    else:
        found = f"The {rows} that it learnt from are drawn by their logged chances, so that each stands for as many."
    if weighing.segments and weighing.before:
        found += f" {weighing.before:,} of them are from before the product answered anybody, and count as they stand."
    if weighing.segments and subject.truth is not None:
        judged = counted(len(subject.truth.labels), "held-out entity", "held-out entities")
        found += f" It is judged on {judged}, drawn in the same way, so that its measures are those of everybody."
    return CHECK.result(
        "warn" if weighing.before or not weighing.segments else "pass",
        found,
        measured=weighing.effective,
        why=_WHY,
        advice=_advice(weighing),
    )


def _advice(weighing: Weighing) -> str:
    if weighing.before or not weighing.segments:
        return "Ask who chose those whose truth was known then; nobody here knows with which chance."
    return ""


CHECK = ProofCheck(
    name="weighing",
    title="Counted for everybody",
    asks="Does what it learnt from, and is judged by, stand for everybody?",
    applies=_applies,
    run=_run,
)
