"""How far do answers move against those of the candidate that it replaces, on the same entities?"""

from __future__ import annotations

from shipworthy.base.check import CheckResult
from shipworthy.plan.schema import Envelope
from shipworthy.prove.check import ProofCheck, Subject, of_a_model
from shipworthy.prove.phrases import counted, number, percent
from shipworthy.prove.rules import change_of_output

_WHY = "People have set up their work around the present answers; a jump needs a reason that somebody has looked at."


def _run(subject: Subject) -> list[CheckResult]:
    """Two results, for the height and the order of the scores; `where` names the candidate compared with."""
    parent = subject.parent
    if parent is None or not len(parent.scores):
        return []
    bounds = subject.plan.respond.envelope or Envelope()
    change, correlation = change_of_output(subject.now.scores, parent.scores)
    before, after = float(parent.scores.mean()), float(subject.now.scores.mean())
    where = f"candidate {parent.candidate}"
    far, other = abs(change) > bounds.mean_score_change_at_most, correlation < bounds.rank_correlation_at_least
    rows = counted(len(parent.scores), "entity", "entities")
    return [
        CHECK.result(
            "warn" if far else "pass",
            f"The mean score moves from {number(before)} to {number(after)} on the same {rows}, "
            f"by {percent(change)} of what it was; {percent(bounds.mean_score_change_at_most)} are within bounds.",
            asked="How far does the mean score move against the candidate it replaces?",
            measured=abs(change),
            bound=bounds.mean_score_change_at_most,
            why=_WHY,
            advice="Explain the change in the review; it cannot go live under a signed envelope." if far else "",
            where=where,
        ),
        CHECK.result(
            "warn" if other else "pass",
            f"The rank correlation with the scores before is {number(correlation)}, "
            f"where {number(bounds.rank_correlation_at_least)} or more is within bounds.",
            asked="Does it order people much as the candidate it replaces does?",
            part="order",
            measured=correlation,
            bound=bounds.rank_correlation_at_least,
            why=_WHY,
            advice="Explain who moves up and down; it cannot go live under a signed envelope." if other else "",
            where=where,
        ),
    ]


CHECK = ProofCheck(
    name="change_of_output",
    title="How far answers move",
    asks="How far do answers move against the candidate it replaces?",
    applies=of_a_model,
    run=_run,
)
