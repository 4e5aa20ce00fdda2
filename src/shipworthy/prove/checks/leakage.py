"""Does it know the truth beforehand: an input that gives it away, or training on the entities held out?

Why: A model that was told the truth looks excellent until the first day on which it is not.

What to do: Take the named input out, or see how it comes to be known before the moment of the answer. Have training
leave out the held-out entities.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from shipworthy.base.check import CheckResult
from shipworthy.model.classes import chosen
from shipworthy.prove.check import ProofCheck, Subject, Truth, of_a_model
from shipworthy.prove.intervals import SEED, delong
from shipworthy.prove.leaks import rank_correlation, told_alone
from shipworthy.prove.measures import FEWEST_PER_CLASS, why_not
from shipworthy.prove.phrases import counted, listed, number, percent

GIVES_AWAY = 0.98
GIVES_AWAY_A_NUMBER = 0.999
SUSPICIOUS, NEARLY_ALL = 0.9, 0.9
_WHY = "An input that is only known afterwards makes a proof shine and the product fail on its first day."
_ALONE: dict[str, Any] = {"asked": "Does any single input give the truth away?", "part": "alone", "why": _WHY}
_REMOVAL: dict[str, Any] = {
    "asked": "Would nearly everything be lost without one single input?",
    "part": "removal",
    "why": _WHY,
}
_TAKE_OUT = "Ask where the column comes from and when it is known; take it out of features()."


def _run(subject: Subject) -> list[CheckResult]:
    truth = subject.known()
    if truth.places is not None and truth.rows.likely is not None:
        return [_class_alone(subject, truth, truth.places), _class_without(subject, truth), _apart(subject)]
    results = [_alone(subject, truth), _apart(subject)]
    if subject.plan.need.answer == "probability" and truth.rows.features.shape[1] > 1:
        results.insert(1, _without(subject, truth))
    return results


def _alone(subject: Subject, truth: Truth) -> CheckResult:
    numbers = subject.plan.need.answer == "number"
    if why := why_not("mae" if numbers else "auc", truth.labels, truth.rows.scores):
        return CHECK.result("not_run", f"Cannot tell: {why}.", **_ALONE)
    tell, bound, what = (
        (rank_correlation, GIVES_AWAY_A_NUMBER, "rank correlation") if numbers else (told_alone, GIVES_AWAY, "AUC")
    )
    features = truth.rows.features
    told = {str(name): round(tell(features[name].to_numpy(), truth.labels), 12) for name in features.columns}
    strongest = max(told, key=lambda name: told[name])
    giving = [f"{name} ({number(value)})" for name, value in told.items() if value >= bound]
    found = f"The strongest single input is {strongest}, with an {what} of {number(told[strongest])} by itself."
    if numbers:
        found = found.replace(" an ", " a ")
    if giving:
        found = f"{listed(giving)} alone tell{'s' if len(giving) == 1 else ''} nearly every truth ({what})."
    return CHECK.result(
        "fail" if giving else "pass",
        found,
        measured=told[strongest],
        bound=bound,
        bound_is="at most",
        advice=_TAKE_OUT if giving else "",
        evidence=subject.table("leakage.json", told),
        **_ALONE,
    )


def _class_alone(subject: Subject, truth: Truth, places: Any) -> CheckResult:
    """Every class is told from all others by each input; one that tells them all knows the truth."""
    judged = [
        (name, (places == place).astype(np.float64))
        for place, name in enumerate(truth.rows.classes)
        if FEWEST_PER_CLASS <= (places == place).sum() <= len(places) - FEWEST_PER_CLASS
    ]
    if not judged:
        return CHECK.result("not_run", f"Cannot tell: no class has {FEWEST_PER_CLASS} rows.", **_ALONE)
    features = truth.rows.features
    told = {
        str(one): {name: round(told_alone(features[one].to_numpy(), labels), 12) for name, labels in judged}
        for one in features.columns
    }
    mean = {one: float(np.mean(list(areas.values()))) for one, areas in told.items()}
    strongest = max(mean, key=lambda one: mean[one])
    giving = [f"{one} ({number(value)})" for one, value in mean.items() if value >= GIVES_AWAY]
    single = [f"{name} by {one}" for one, areas in told.items() for name, area in areas.items() if area >= GIVES_AWAY]
    found = f"The strongest single input is {strongest}, with an AUC of {number(mean[strongest])} by itself, the mean "
    found += "over each class against the others."
    if giving:
        found = f"{listed(giving)} alone tell{'s' if len(giving) == 1 else ''} nearly every class (AUC)."
    elif single:
        found += f" A single input nearly tells one class: {listed(single)}."
    return CHECK.result(
        "fail" if giving else "warn" if single else "pass",
        found,
        measured=mean[strongest],
        bound=GIVES_AWAY,
        bound_is="at most",
        advice=_TAKE_OUT
        if giving
        else "Ask when that input is known; if it is known in time, say so in the review."
        if single
        else "",
        evidence=subject.table("leakage.json", told),
        **_ALONE,
    )


def _class_without(subject: Subject, truth: Truth) -> CheckResult:
    places, likely = truth.judged
    if why := why_not("accuracy", places, likely):
        return CHECK.result("not_run", f"Cannot tell: {why}.", **_REMOVAL)
    guess = float(np.unique(places, return_counts=True)[1].max() / len(places))

    def right(likely: Any) -> float:
        return float((chosen(likely) == places).mean())

    than = f"always saying the commonest class (accuracy {number(right(likely))}, {number(guess)} by guessing)"
    return _mixed_up(truth, lambda mixed: right(subject.answerer.likely(mixed)), right(likely), guess, than)


def _without(subject: Subject, truth: Truth) -> CheckResult:
    if why := why_not("auc", truth.labels, truth.rows.scores):
        return CHECK.result("not_run", f"Cannot tell: {why}.", **_REMOVAL)
    area = _area(truth, truth.rows.scores)
    than = f"guessing (AUC {number(area)})"
    return _mixed_up(truth, lambda mixed: _area(truth, subject.answerer.scores(mixed)), area, 0.5, than)


def _mixed_up(truth: Truth, good: Callable[[Any], float], whole: float, guess: float, than: str) -> CheckResult:
    """How much of what it knows beyond guessing is lost where the values of one input are mixed up.

    Args:
        good: how good the answers on some inputs are; `whole` on those of the proof, `guess` by guessing.
    """
    features, order = truth.rows.features, np.random.default_rng(SEED).permutation(len(truth.rows.features))
    lost: dict[str, float] = {}
    for name in features.columns:
        mixed: Any = features.copy(deep=False)
        mixed[name] = features[name].to_numpy()[order]
        lost[str(name)] = (whole - good(mixed)) / max(whole - guess, 1e-9)
    heaviest = max(lost, key=lambda name: lost[name])
    share = min(max(lost[heaviest], 0.0), 1.0)
    odd = whole >= SUSPICIOUS and share >= NEARLY_ALL
    return CHECK.result(
        "warn" if odd else "pass",
        f"Without {heaviest}, the input that weighs most, it would lose {percent(share)} of what it knows "
        f"beyond {than}.",
        measured=share,
        bound=NEARLY_ALL,
        bound_is="at most",
        advice=f"Ask when {heaviest} is known; if it is known in time, say so in the review." if odd else "",
        **_REMOVAL,
    )


def _area(truth: Truth, scores: Any) -> float:
    return float(delong(truth.labels, [scores])[0][0])


def _apart(subject: Subject) -> CheckResult:
    asked = "Did training leave out the entities on which it is judged?"
    rest: dict[str, Any] = {"asked": asked, "part": "apart", "why": "Who has seen the answers can pass any test."}
    if subject.training is None:
        found = "The model was made elsewhere; nobody here can say what it was trained on."
        advice = "Ask its maker in writing which data it was trained on, and keep the answer with the review."
        return CHECK.result("warn", found, advice=advice, **rest)
    learnt, outside, inside = subject.made.rows, subject.training.outside, subject.training.inside
    if learnt == outside:
        found = (
            f"It learnt from {counted(learnt, 'row')}, which are exactly those of the entities outside the hold-out; "
            f"the {counted(inside, 'row')} of held-out entities were left out."
        )
        return CHECK.result("pass", found, **rest)
    found = (
        f"It learnt from {counted(learnt, 'row')}; outside the hold-out there are {outside:,}, inside it {inside:,}."
    )
    if learnt == outside + inside and inside:
        found += " So it learnt from the very entities it is judged on."
    return CHECK.result("fail", found, advice="Make the candidate again with shipworthy train.", **rest)


CHECK = ProofCheck(
    name="leakage",
    title="Nothing known beforehand",
    asks="Does it know the truth beforehand?",
    applies=of_a_model,
    run=_run,
    needs_truth=True,
)
