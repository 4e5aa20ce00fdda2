"""Can the answers be brought to each consumer in the form, number and words that were promised?

Why: Output in the wrong format, or more of it than can be acted on, is how good models end up unused.

What to do: Correct the pipeline where the answers are wrong, or the consumer's contract where the promise is.
"""

from __future__ import annotations

import numpy as np

from shipworthy.base.check import CheckResult, Verdict
from shipworthy.prove.check import ProofCheck, Subject, always
from shipworthy.prove.phrases import counted, listed

COLUMNS = ("rank", "entity", "score", "low", "high", "decision", "reasons", "answer_id", "as_of", "cohort")
CLASS_COLUMNS = ("class", "probabilities")


def _run(subject: Subject) -> CheckResult:
    problems = [*_answers(subject), *_decisions(subject), *_columns(subject)]
    now = subject.now
    same = subject.role == "model" and len(now.scores) > 1 and float(np.ptp(now.scores)) == 0.0 and now.likely is None
    verdict: Verdict = "fail" if problems else "warn" if same else "pass"
    found = (
        f"All {counted(len(now.features), 'entity', 'entities')} due as of {now.as_of:%Y-%m-%d} have a finite score "
        f"and a declared decision, in the columns of {listed(subject.plan.consumers)}."
    )
    if same:
        found += " Every entity has the same score, so who is chosen hangs on the name alone."
    advice = {
        "fail": "Change the pipeline, or agree on other columns or another capacity with the consumer in product.yaml.",
        "warn": "Look at the model: it tells nobody from anybody.",
    }
    return CHECK.result(
        verdict,
        " ".join(problems) if problems else found,
        measured=float(len(now.features)),
        why="Output in another form than agreed reaches nobody, however good it is.",
        advice=advice.get(verdict, ""),
    )


def _answers(subject: Subject) -> list[str]:
    now, problems = subject.now, []
    if not len(now.features):
        problems.append("Nobody is due an answer.")
    if len(now.scores) != len(now.features):
        problems.append(f"{len(now.scores):,} scores came back for {counted(len(now.features), 'entity', 'entities')}.")
    broken = int((~np.isfinite(now.scores)).sum())
    if broken:
        problems.append(f"{counted(broken, 'score is', 'scores are')} missing or not finite.")
    if subject.plan.need.answer != "number" and ((now.scores < 0) | (now.scores > 1)).any():
        problems.append("Some scores lie outside 0 to 1, where a probability was promised.")
    if len(set(now.entities)) < len(now.entities) or not all(now.entities):
        problems.append("An entity comes twice or has no name.")
    return problems


def _decisions(subject: Subject) -> list[str]:
    rule, problems = subject.plan.decision, []
    decided = subject.now.decided(rule)
    words = subject.now.classes or (rule.yes, rule.no)
    strange = sorted(set(decided) - {*words, *([rule.ask_name] if rule.asks else [])})
    if strange:
        problems.append(f"Decisions that are not declared: {listed(strange)}.")
    chosen = sum(word == rule.yes for word in decided)
    if rule.top is not None and chosen > rule.top:
        problems.append(f"{chosen:,} entities are “{rule.yes}”, where at most {rule.top:,} may be.")
    for name, consumer in subject.plan.consumers.items():
        if consumer.capacity is not None and chosen > consumer.capacity:
            problems.append(f"{chosen:,} entities are “{rule.yes}”, but {name} can act on {consumer.capacity:,} only.")
    return problems


def _columns(subject: Subject) -> list[str]:
    known = {*COLUMNS, subject.plan.need.entity, *(CLASS_COLUMNS if subject.now.classes else ())}
    inputs = set(subject.made.features)
    problems = []
    for name, consumer in subject.plan.consumers.items():
        missing = [column for column in consumer.columns if column not in known]
        if missing:
            problems.append(f"{name} was promised {listed(missing)}, which no answer has.")
        lacking = [column for column in consumer.needs_values if column not in inputs]
        if lacking:
            problems.append(f"{name} needs the values of {listed(lacking)}, which are no inputs.")
    return problems


CHECK = ProofCheck(
    name="output_contract",
    title="In the promised form",
    asks="Can the answers be brought to each consumer in the promised form, number and words?",
    applies=always,
    run=_run,
)
