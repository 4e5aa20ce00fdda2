"""How far do answers move against those of the candidate that it replaces, on the same entities?

Where owners have signed an envelope with an earlier candidate of its line, so far against that one too: small changes
add up, and what was signed is how far answers may move in all.

Why: A challenger as good as the champion may still send other people other letters. Those who act should know before.

What to do: Nothing, where the change is meant: tell the consumers in the guide. Where it is not, compare the two
snapshots and the features.
"""

from __future__ import annotations

from collections.abc import Sequence

from shipworthy.base.check import CheckResult
from shipworthy.plan.schema import Envelope
from shipworthy.prove.check import Parent, ProofCheck, Subject, of_a_model
from shipworthy.prove.family import family
from shipworthy.prove.phrases import counted, listed, number, percent
from shipworthy.prove.rules import change_of_output

_WHY = "People have set up their work around the present answers; a jump needs a reason that somebody has looked at."


def _run(subject: Subject) -> list[CheckResult]:
    """Three results for each parent, on height and order of the scores and the kind of model; `where` names it."""
    return [result for parent in subject.parents for result in _of(subject, parent)]


def _of(subject: Subject, parent: Parent) -> list[CheckResult]:
    bounds = subject.plan.respond.envelope or Envelope()
    change, correlation = change_of_output(subject.now.scores, parent.scores)
    named = subject.now.named
    return [
        _height(subject, parent, bounds, change),
        _order(parent, bounds, correlation)
        if named is None or parent.named is None
        else _classes(parent, bounds, named, parent.named),
        _family(subject, parent, bounds),
    ]


def _height(subject: Subject, parent: Parent, bounds: Envelope, change: float) -> CheckResult:
    before, after = float(parent.scores.mean()), float(subject.now.scores.mean())
    far = abs(change) > bounds.mean_score_change_at_most
    rows = counted(len(parent.scores), "entity", "entities")
    return CHECK.result(
        "warn" if far else "pass",
        f"Against {parent.what} the mean score moves from {number(before)} to {number(after)} on the same {rows}, "
        f"by {percent(change)} of what it was; {percent(bounds.mean_score_change_at_most)} are within bounds.",
        asked=f"How far does the mean score move against {parent.what}?",
        measured=abs(change),
        bound=bounds.mean_score_change_at_most,
        bound_is="at most",
        why=_WHY,
        advice="Explain the change in the review; it cannot go live under a signed envelope." if far else "",
        where=f"candidate {parent.candidate}",
    )


def _order(parent: Parent, bounds: Envelope, correlation: float) -> CheckResult:
    told = f"The rank correlation with the scores of {parent.what} is {number(correlation)}"
    within = number(bounds.rank_correlation_at_least)
    return _alike(
        parent,
        bounds,
        correlation,
        f"{told}, where {within}",
        f"Does it order people much as {parent.what} does?",
        "who moves up and down",
    )


def _classes(parent: Parent, bounds: Envelope, now: Sequence[str], before: Sequence[str]) -> CheckResult:
    """Of a class no order is kept, but the class itself; the bound is the same."""
    kept = sum(one == other for one, other in zip(now, before, strict=True)) / len(before)
    told = f"{percent(kept)} of the entities keep the class that they had by {parent.what}"
    within = percent(bounds.rank_correlation_at_least)
    return _alike(
        parent,
        bounds,
        kept,
        f"{told}, where {within}",
        f"Does it give people the same class as {parent.what}?",
        "who gets another class",
    )


def _alike(parent: Parent, bounds: Envelope, measured: float, told: str, asked: str, who: str) -> CheckResult:
    other = measured < bounds.rank_correlation_at_least
    return CHECK.result(
        "warn" if other else "pass",
        f"{told} or more is within bounds.",
        asked=asked,
        part="order",
        measured=measured,
        bound=bounds.rank_correlation_at_least,
        bound_is="at least",
        why=_WHY,
        advice=f"Explain {who}; it cannot go live under a signed envelope." if other else "",
        where=f"candidate {parent.candidate}",
    )


def _family(subject: Subject, parent: Parent, bounds: Envelope) -> CheckResult:
    own = family(subject.made.format, subject.stored.get("model", b""))
    same = bool(own) and own == parent.family
    if same:
        found = f"It is the same kind of model as {parent.what}: {listed(own)}."
    elif own and parent.family:
        found = f"It is another kind of model: {listed(own)}, where there was {listed(parent.family)}."
    else:
        found = f"The format {subject.made.format} does not say which kind of model it is or was."
    matters = bounds.same_family and not same
    return CHECK.result(
        "warn" if matters else "pass",
        found,
        asked=f"Is it the same kind of model as {parent.what}?",
        part="family",
        why="Another kind of model errs in other places, also where its score on the whole is the same.",
        advice="Say in the review why; it cannot go live under a signed envelope that asks for the same kind."
        if matters
        else "",
        where=f"candidate {parent.candidate}",
    )


CHECK = ProofCheck(
    name="change_of_output",
    title="How far answers move",
    asks="How far do answers move against the candidate it replaces?",
    applies=of_a_model,
    run=_run,
)
