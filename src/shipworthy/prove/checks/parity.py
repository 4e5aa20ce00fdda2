"""The same entity gets the same score: alone, in a list, in any order, today and when it is computed again.

Why: A number that depends on who else is in the list, or on the hour, cannot be explained, repeated or defended.

What to do: Look for statistics over all rows inside features(), for random numbers without a seed, and for the time
of day.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from shipworthy.base.check import CheckResult
from shipworthy.prove.check import ProofCheck, Subject, always
from shipworthy.prove.intervals import SEED, Floats, apart
from shipworthy.prove.phrases import counted, listed

SAMPLE = 500
SAME = 1e-9
_WHY = "A score that depends on how it was asked for is not the score that was proven."


def _run(subject: Subject) -> CheckResult:
    now = subject.now
    if not len(now.features):
        return CHECK.result("fail", "There is no entity to answer for.", why=_WHY, advice="Look at features().")
    ways = {
        "the whole list a second time": apart(_said(subject, now.features), _before(subject)),
        "the list in another order": apart(_shuffled(subject), _before(subject)),
        "features computed again from the stored code and the pinned data": _recomputed(subject),
    }
    sample = _sample(len(now.features))
    alone = np.array([_said(subject, now.features.iloc[[row]])[0] for row in sample])
    ways["one entity at a time"] = apart(alone, _before(subject)[sample])
    differing = [f"{way} ({_how_far(by)})" for way, by in ways.items() if not by <= SAME]
    evidence = subject.table("parity.json", {way: by if np.isfinite(by) else None for way, by in ways.items()})
    if differing:
        return CHECK.result(
            "fail",
            f"Scores differ with {listed(differing)}.",
            measured=_finite_max(ways),
            bound=SAME,
            bound_is="at most",
            why=_WHY,
            advice="Look for random numbers, for the clock, and for values taken over the whole list (means, ranks) in "
            "features() or in the model; take them from training instead.",
            evidence=evidence,
        )
    return CHECK.result(
        "pass",
        f"{counted(len(now.features), 'entity', 'entities')} got the same scores as a list, in another order and with "
        f"features computed again; {len(sample):,} of them also one at a time.",
        measured=_finite_max(ways),
        bound=SAME,
        bound_is="at most",
        why=_WHY,
        evidence=evidence,
    )


def _said(subject: Subject, features: pd.DataFrame) -> Floats:
    """The scores; of a class the probability of each, so that every one of them is compared."""
    return subject.answerer.scores(features) if subject.now.likely is None else subject.answerer.likely(features)


def _before(subject: Subject) -> Floats:
    return subject.now.scores if subject.now.likely is None else subject.now.likely


def _sample(rows: int) -> Any:
    return np.unique(np.linspace(0, rows - 1, min(rows, SAMPLE)).round().astype(int))


def _shuffled(subject: Subject) -> Floats:
    order = np.random.default_rng(SEED).permutation(len(subject.now.features))
    scores = np.empty_like(_before(subject))
    scores[order] = _said(subject, subject.now.features.iloc[order])
    return scores


def _recomputed(subject: Subject) -> float:
    """The largest difference after computing the features again; infinite where other entities come out."""
    again = subject.answerer.features(subject.sources, subject.now.as_of)
    if [str(name) for name in again.index] != subject.now.entities:
        return float("inf")
    return apart(_said(subject, again), _before(subject))


def _how_far(by: float) -> str:
    return f"up to {by:.2g} apart" if np.isfinite(by) else "for other entities"


def _finite_max(ways: dict[str, float]) -> float | None:
    worst = max(ways.values())
    return worst if np.isfinite(worst) else None


CHECK = ProofCheck(
    name="parity",
    title="Same question, same answer",
    asks="Does the same entity get the same score alone, in a list and when computed again?",
    applies=always,
    run=_run,
)
