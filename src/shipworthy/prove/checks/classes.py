"""Which classes does it find, and how often is it right when it names one?

Why: One accuracy hides a class that is never found. Whoever waits for that class gets nothing, and the whole looks
fine.

What to do: Learn from more rows of the class that is missed, weigh classes alike (`class_weight="balanced"`), or send
doubtful answers to a person with `decision.ask`.
"""

from __future__ import annotations

from shipworthy.base.check import CheckResult, Verdict
from shipworthy.model.classes import chosen, confusion
from shipworthy.prove.check import ProofCheck, Subject, of_a_class
from shipworthy.prove.intervals import Estimate, wilson
from shipworthy.prove.measures import FEWEST_PER_CLASS
from shipworthy.prove.phrases import counted, listed, percent, quoted, spoken

_SHOWN = 8


def _run(subject: Subject) -> list[CheckResult]:
    truth = subject.known()
    names, (places, likely) = truth.rows.classes, truth.judged
    counts = confusion(places, chosen(likely), len(names))
    sure = 1 - (1 - subject.confidence) / max(len(names), 1)  # every class is looked at (Bonferroni)
    found = {
        name: wilson(int(counts[at, at]), int(counts[at].sum()), sure)
        for at, name in enumerate(names)
        if counts[at].sum()
    }
    named = {
        name: wilson(int(counts[at, at]), int(counts[:, at].sum()), sure)
        for at, name in enumerate(names)
        if counts[:, at].sum()
    }
    table = {"classes": list(names), "true_by_answered": counts.tolist(), "recall": found, "precision": named}
    evidence = subject.table("classes.json", table)
    return [_recall(subject, found, counts, names, evidence), _precision(named)]


def _recall(
    subject: Subject, found: dict[str, Estimate], counts: object, names: tuple[str, ...], evidence: dict[str, str]
) -> CheckResult:
    never = [name for name, one in found.items() if one.rows >= FEWEST_PER_CLASS and one.known[0] == 0.0]
    few = [name for name in names if name not in found or found[name].rows < FEWEST_PER_CLASS]
    verdict: Verdict = "pass"
    if subject.role == "model" and (never or few):
        verdict = "warn"
    told = f"Of the entities of each class it finds: {_told(found)}."
    if never:
        told += f" It never names {listed(map(quoted, never))}."
    if few:
        rows = counted(FEWEST_PER_CLASS, "held-out entity", "held-out entities")
        told += f" Fewer than {rows} are known of {listed(map(quoted, few))}, too few to say much."
    worst = min((one.known for one in found.values()), default=(0.0, 0.0, 1.0))
    return CHECK.result(
        verdict,
        told,
        part="recall",
        measured=worst[0],
        low=worst[1],
        high=worst[2],
        why="A class that is never found is a need that is never met, however good the whole looks.",
        advice="Learn from more rows of these classes, or weigh classes alike." if verdict == "warn" else "",
        evidence=evidence,
    )


def _precision(named: dict[str, Estimate]) -> CheckResult:
    worst = min((one.known for one in named.values()), default=(0.0, 0.0, 1.0))
    return CHECK.result(
        "pass",
        f"When it names a class it is right: {_told(named)}.",
        asked="How often is it right when it names a class?",
        part="precision",
        measured=worst[0],
        low=worst[1],
        high=worst[2],
        why="Whoever acts on one class wants to know how often that is for nothing.",
    )


def _told(shares: dict[str, Estimate]) -> str:
    told = [f"{quoted(name)} {spoken(one, percent)}" for name, one in list(shares.items())[:_SHOWN]]
    more = len(shares) - _SHOWN
    return "; ".join(told) + (f"; and {more} more" if more > 0 else "")


CHECK = ProofCheck(
    name="classes",
    title="Each class found",
    asks="Does it find every class?",
    applies=of_a_class,
    run=_run,
    needs_truth=True,
)
