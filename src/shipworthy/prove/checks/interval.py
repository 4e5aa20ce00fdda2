"""Does the interval that goes with each answer hold as often as it says?

Why: An interval that is too narrow is a promise of certainty that nobody has; people act on it as if it were kept.

What to do: Learn from moments more like the present one, or from more rows. Where there are too few held-out rows,
wait for more truths, raise proof.holdout, or take proof.interval out of the plan.
"""

from __future__ import annotations

import json

import numpy as np
from scipy import stats

from shipworthy.base.check import CheckResult, Verdict
from shipworthy.model.intervals import LEAST, Intervals, sets_intervals
from shipworthy.plan.schema import Plan
from shipworthy.prove.check import ProofCheck, Subject
from shipworthy.prove.intervals import Floats, wilson
from shipworthy.prove.phrases import counted, percent, spoken

_WHY = "People act on an interval as on a promise; one that is too narrow feigns certainty."
_ADVICE = {
    "fail": "Learn from moments more like the present one, or declare a lower proof.interval that can be kept.",
    "warn": "Prove it again with more truths; until then read the interval as somewhat too narrow.",
}
_CHANCE = 0.05  # below this chance it was no luck


def _applies(plan: Plan, role: str) -> bool:
    return plan.proof.interval is not None


def _run(subject: Subject) -> CheckResult:
    intervals = Intervals.read(json.loads(subject.stored["profile"]))
    if intervals is None:
        return _none(subject)
    truth = subject.known()
    tests = ~sets_intervals(truth.rows.entities, subject.plan.product)
    scores, labels = truth.rows.scores[tests], truth.labels[tests]
    if len(scores) < LEAST:
        found = f"Cannot tell: of the held-out entities {counted(len(scores), 'is', 'are')} left to test it, "
        return CHECK.result("not_run", f"{found}at least {LEAST} are needed.", why=_WHY, advice="Wait for more truths.")
    return (_of_number if intervals.of == "number" else _of_shares)(subject, intervals, scores, labels)


def _none(subject: Subject) -> CheckResult:
    """A baseline stands in also where nobody can say how sure it is; a model was promised with one."""
    found = "It carries no interval: when it was made, too few held-out entities had a known truth."
    return CHECK.result(
        "warn" if subject.role == "baseline" else "fail",
        found,
        why="The plan promises an interval with each answer.",
        advice=f"At least {2 * LEAST} held-out entities with a known truth are needed: raise proof.holdout, or wait.",
    )


def _of_number(subject: Subject, intervals: Intervals, scores: Floats, labels: Floats) -> CheckResult:
    low, high = intervals.ends(scores)
    held = int(((labels >= low) & (labels <= high)).sum())
    covered = wilson(held, len(scores), subject.confidence)
    value, least, most = covered.known
    verdict: Verdict = (
        "fail" if most < intervals.level else "warn" if _unlucky(held, len(scores), intervals) else "pass"
    )
    found = f"The interval of {percent(intervals.level)} holds the truth of {spoken(covered, percent)} of "
    found += f"{counted(len(scores), 'held-out entity', 'held-out entities')} that did not set it; it is "
    found += f"{float(np.median(high - low)):.3g} wide in the middle."
    return CHECK.result(
        verdict,
        found,
        measured=value,
        low=least,
        high=most,
        bound=intervals.level,
        bound_is="at least",
        why=_WHY,
        advice=_ADVICE.get(verdict, ""),
    )


def _unlucky(held: int, rows: int, intervals: Intervals) -> bool:
    return bool(stats.binom.cdf(held, rows, intervals.level) < _CHANCE)


def _of_shares(subject: Subject, intervals: Intervals, scores: Floats, labels: Floats) -> CheckResult:
    """Whether the real share of yes can lie in the interval of each bin of like scores."""
    place, kept, broken = intervals.bins(scores), [], []
    ends = list(dict.fromkeys(zip(intervals.low.tolist(), intervals.high.tolist(), strict=True)))
    for low, high in ends:
        here = (intervals.low[place] == low) & (intervals.high[place] == high)
        rows, yes = int(here.sum()), int(labels[here].sum())
        kept.append({"low": low, "high": high, "rows": rows, "yes": yes, "holds": _holds(low, high, rows, yes)})
        if not kept[-1]["holds"]:
            broken.append(f"{percent(low)} to {percent(high)}, came true {percent(yes / rows)} of {rows:,}")
    share = float(np.mean([one["rows"] * one["holds"] for one in kept]) * len(kept) / len(scores))
    lucky = stats.binom.sf(len(broken) - 1, len(kept), 1 - intervals.level) >= _CHANCE
    verdict: Verdict = (
        "pass" if len(broken) <= (1 - intervals.level) * len(kept) else "warn" if lucky and len(kept) > 1 else "fail"
    )
    what = "right answers" if subject.plan.need.answer == "class" else "yes"
    found = f"The interval of {percent(intervals.level)} for the share of {what} at like scores agrees with what came "
    found += f"true in {len(kept) - len(broken)} of {counted(len(kept), 'group', 'groups')} of the "
    found += f"{len(scores):,} held-out entities that did not set it."
    if broken:
        found += f" Beyond luck outside: {'; '.join(broken)}."
    return CHECK.result(
        verdict,
        found,
        measured=share,
        bound=intervals.level,
        bound_is="at least",
        why=_WHY,
        advice=_ADVICE.get(verdict, ""),
        evidence=subject.table("interval.json", kept),
    )


def _holds(low: float, high: float, rows: int, yes: int) -> bool:
    """Whether so many yes among so many rows can be where the true share lies between the ends."""
    return bool(stats.binom.sf(yes - 1, rows, high) >= _CHANCE / 2 and stats.binom.cdf(yes, rows, low) >= _CHANCE / 2)


CHECK = ProofCheck(
    name="interval",
    title="How sure each answer is",
    asks="Does the interval that goes with each answer hold as often as it says?",
    applies=_applies,
    run=_run,
    needs_truth=True,
)
