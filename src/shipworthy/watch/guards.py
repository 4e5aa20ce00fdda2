"""The guards of a trial in real time: a candidate that is too slow, or fails too often, goes back. Pure.

The labels that a trial waits for come late; how long an answer took is known at once. Each of two questions, the share
of answers beyond the declared latency and the share of questions that the candidate failed to answer, is one bet that
may be looked at at any time, see `canary.more_often`. Each stretch of the log is counted once, since its step began.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from math import log

from shipworthy.base.fact import Past, latest
from shipworthy.deliver.words import ServiceCounted
from shipworthy.plan.schema import Plan
from shipworthy.release.rules import standing
from shipworthy.release.trials import last_verdicts
from shipworthy.release.words import ReleaseStepped, TrialJudged
from shipworthy.watch.canary import more_often
from shipworthy.watch.errors import FAILED, LATE, to_take_back
from shipworthy.watch.evidence import Counts, wealth

GUARDS = {LATE: "were too late", FAILED: "got no answer of it"}


def guarded_off(plan: Plan, past: Past, now: datetime) -> list[TrialJudged]:
    """The verdicts by which candidates in shadow or canary go back; none twice."""
    return [found for name, step in _under_trial(past) for found in _judged(plan, past, name, step, now)]


def _under_trial(past: Past) -> Iterator[tuple[str, str]]:
    now = standing(past)
    answering = set(now.champion.values())
    if now.canary and now.canary not in answering:
        yield now.canary, "canary"
    if now.challenger_step == "shadow" and now.challenger not in {*answering, now.canary, ""}:
        yield now.challenger, "shadow"


def counted(past: Past, candidate: str, since: int) -> dict[str, Counts]:
    """Of the questions that a candidate was meant to answer since a fact: how many late, and how many failed."""
    asked = 0
    ones = dict.fromkeys(GUARDS, 0)
    for fact in past.of(ServiceCounted, after=since):
        counts = fact.what.candidates.get(candidate, {})
        asked += counts.get("asked", 0)
        for name in ones:
            ones[name] += counts.get(name, 0)
    return {name: Counts(asked, count) for name, count in ones.items()}


def _judged(plan: Plan, past: Past, candidate: str, step: str, now: datetime) -> Iterator[TrialJudged]:
    begun = latest(past.of(ReleaseStepped, about=candidate), lambda what: what.step == step)
    if begun is None or any(fact.what.verdict == "roll back" for fact in last_verdicts(past, candidate).values()):
        return
    given = plan.release.evidence
    tolerated, parts = given.late_or_failed_at_most, to_take_back(plan, step)
    for name, counts in counted(past, candidate, begun.seq).items():
        if name not in parts:  # nobody is answered in real time any more
            continue
        reached = max(0.0, wealth(more_often(counts, tolerated, given.phi)) / log(1 / parts[name]))
        if reached < 1:
            continue
        yield TrialJudged(
            product=plan.product,
            candidate=candidate,
            against=next((one for one in standing(past).champion.values() if one), ""),
            step=step,
            window=now.isoformat(),
            verdict="roll back",
            harm=True,
            text=f"Of {counts.rows:,} questions in real time {counts.ones:,} {GUARDS[name]} ({counts.share:.1%}), "
            f"where {tolerated:.1%} are tolerated: not by chance. It goes back.",
            guarantee=f"One that is not worse, and is late and fails as seldom as tolerated, goes back with a chance "
            f"of at most {given.error * 100:g}%, whatever the reason and however often one looks; guarantee "
            f"conditional on phi <= {given.phi:g}.",
            numbers={"rows": float(counts.rows), name: float(counts.ones), "harm": reached, "phi": given.phi},
            state={"terms": []},  # it says nothing of the losses, whose evidence starts anew
        )
        return
