"""Does every answer come with reasons that a person can read, the same each time?

Why: Who acts on an answer, and who is affected by it, may ask why. A reason that differs each time is none.

What to do: Give the features names that people read, or a format for which reasons can be computed.
"""

from __future__ import annotations

import numpy as np

from shipworthy.base.check import CheckResult, Verdict
from shipworthy.plan.schema import Plan
from shipworthy.prove.check import ProofCheck, Subject
from shipworthy.prove.golden import made_up
from shipworthy.prove.intervals import SEED
from shipworthy.prove.phrases import counted, percent

SAMPLE = 500
_WHY = "Who acts on an answer, or is affected by it, may ask why; an answer without reasons is an order."


def _applies(plan: Plan, role: str) -> bool:
    return plan.proof.reasons > 0


def _run(subject: Subject) -> CheckResult:
    wanted = subject.plan.proof.reasons
    features = subject.now.features
    rows = np.unique(np.linspace(0, len(features) - 1, min(len(features), SAMPLE)).round().astype(int))
    sample = features.iloc[rows]
    given = subject.answerer.reasons(sample, wanted)
    problems = _problems(subject, given, wanted)
    fewer = sum(len(one) < wanted for one in given)
    example = subject.answerer.reasons(made_up(features), wanted)[:1] if len(features) else []
    shown = "; ".join(example[0]) if example else "none"
    found = f"Of {counted(len(given), 'entity', 'entities')} looked at, every one has at least one reason"
    if subject.role == "model":
        found += f", and {percent(1 - fewer / max(len(given), 1))} have all {wanted}"
    found += f". For a made-up one: {shown}."
    verdict: Verdict = "fail" if problems else "warn" if fewer and subject.role == "model" else "pass"
    advice = {
        "fail": "Look at the reference profile and at the names of the features; make the candidate again.",
        "warn": "Tell the consumer in the guide that fewer reasons mean that fewer inputs move the score.",
    }
    return CHECK.result(
        verdict,
        " ".join(problems) if problems else found,
        measured=1 - fewer / max(len(given), 1),
        why=_WHY,
        advice=advice.get(verdict, ""),
    )


def _problems(subject: Subject, given: list[list[str]], wanted: int) -> list[str]:
    rows = len(given)
    problems = []
    expected = min(len(subject.now.features), SAMPLE)
    if rows != expected:
        problems.append(f"{rows} rows of reasons came back for {expected} entities.")
    empty = sum(not one or any(not text.strip() for text in one) for one in given)
    if empty:
        problems.append(f"{counted(empty, 'entity has', 'entities have')} no reason or an empty one.")
    over = sum(len(one) > wanted for one in given)
    if over:
        problems.append(f"{counted(over, 'entity has', 'entities have')} more than the declared {wanted}.")
    twice = sum(len(set(one)) < len(one) for one in given)
    if twice:
        problems.append(f"{counted(twice, 'entity has', 'entities have')} the same reason twice.")
    if not problems and not _same_again(subject, given):
        problems.append("Asked again in another order, other reasons came back.")
    return problems


def _same_again(subject: Subject, given: list[list[str]]) -> bool:
    features = subject.now.features
    rows = np.unique(np.linspace(0, len(features) - 1, min(len(features), SAMPLE)).round().astype(int))
    order = np.random.default_rng(SEED).permutation(len(rows))
    again = subject.answerer.reasons(features.iloc[rows[order]], subject.plan.proof.reasons)
    return [given[place] for place in order] == again


CHECK = ProofCheck(
    name="reasons",
    title="Reasons with every answer",
    asks="Does every answer come with reasons that a person can read?",
    applies=_applies,
    run=_run,
)
