"""How good the answers are: measures with intervals, alone and against a baseline; pure functions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from shipworthy.model import classes
from shipworthy.plan.schema_model import FITTING
from shipworthy.prove.intervals import (
    SEED,
    Estimate,
    Floats,
    area_interval,
    bootstrap,
    delong,
    difference_interval,
    unknown,
)

FEWEST_PER_CLASS = 10
FEWEST_ROWS = 20
Resampled = Callable[[Floats], Floats]


@dataclass(frozen=True, slots=True)
class Measure:
    """One way to say how good answers are.

    Attributes:
        title: its name for people.
        plain: what it says, in one sentence.
        higher_is_better: false for an error.
        needs: what labels and scores must be; what needs probabilities can also be told of those of classes, a row
            of them per row, with the place of the true class as its label.
        over: from labels and scores to a function from resample counts (b, rows) to b values.
    """

    title: str
    plain: str
    higher_is_better: bool
    needs: Literal["ranks", "probabilities", "numbers", "classes"]
    over: Callable[[Floats, Floats], Resampled]


def _auc(labels: Floats, scores: Floats) -> Resampled:
    order, ends = _by_score(scores)
    yes = labels[order]

    def value(counts: Floats) -> Floats:
        found, wrong = _cumulated(counts[:, order], yes, ends)
        rise = np.diff(found, axis=1, prepend=0.0)
        area = ((wrong[:, -1:] - wrong) * rise + rise * np.diff(wrong, axis=1, prepend=0.0) / 2).sum(axis=1)
        return _divided(area, found[:, -1] * wrong[:, -1])

    return value


def _average_precision(labels: Floats, scores: Floats) -> Resampled:
    order, ends = _by_score(scores)
    yes = labels[order]

    def value(counts: Floats) -> Floats:
        found, wrong = _cumulated(counts[:, order], yes, ends)
        precision = found / np.maximum(found + wrong, 1.0)
        return _divided((np.diff(found, axis=1, prepend=0.0) * precision).sum(axis=1), found[:, -1])

    return value


def _mean_of(loss: Callable[[Floats, Floats], Floats], root: bool = False) -> Callable[[Floats, Floats], Resampled]:
    def over(labels: Floats, scores: Floats) -> Resampled:
        losses = loss(labels, scores)

        def value(counts: Floats) -> Floats:
            mean: Floats = counts @ losses / counts.sum(axis=1)
            return np.sqrt(mean) if root else mean

        return value

    return over


def _squared(labels: Floats, scores: Floats) -> Floats:
    if scores.ndim == 2:
        return classes.losses(scores, labels)
    return (labels - scores) ** 2


def _absolute(labels: Floats, scores: Floats) -> Floats:
    return np.abs(labels - scores)


def _surprise(labels: Floats, scores: Floats) -> Floats:
    """Negative log likelihood; a promise of exactly 0 or 1 counts as the nearest number that is not."""
    least = np.finfo(np.float64).eps
    sure = np.clip(scores, least, 1 - least)
    if scores.ndim == 2:
        likely = np.take_along_axis(sure, labels.astype(np.intp)[:, None], axis=1)
        return np.asarray(-np.log(likely[:, 0]), dtype=np.float64)
    return -np.where(labels == 1, np.log(sure), np.log1p(-sure))


def _right(labels: Floats, likely: Floats) -> Floats:
    return np.asarray(classes.chosen(likely) == labels, dtype=np.float64)


def _macro_f1(labels: Floats, likely: Floats) -> Resampled:
    """The mean over the classes that are there of the harmonic mean of precision and recall."""
    answered, there = classes.chosen(likely), np.unique(labels)
    real, told = ((one[:, None] == there).astype(np.float64) for one in (labels, answered))

    def value(counts: Floats) -> Floats:
        found: Floats = (_divided(2 * (counts @ (real * told)), counts @ real + counts @ told)).mean(axis=1)
        return found

    return value


MEASURES: dict[str, Measure] = {
    "auc": Measure(
        "AUC",
        "How often a real yes is ranked above a real no: 0.5 is guessing, 1 is perfect.",
        True,
        "ranks",
        _auc,
    ),
    "average_precision": Measure(
        "Average precision",
        "The share of real yes among the rows at the top, averaged as one goes down the list.",
        True,
        "ranks",
        _average_precision,
    ),
    "brier": Measure(
        "Brier score",
        "The mean squared distance between promise and truth: 0 is perfect.",
        False,
        "probabilities",
        _mean_of(_squared),
    ),
    "log_loss": Measure(
        "Log loss",
        "How surprised one is by the truth when one believes the promises: 0 is perfect.",
        False,
        "probabilities",
        _mean_of(_surprise),
    ),
    "mae": Measure(
        "Mean absolute error",
        "How far an answer lies from the truth on average.",
        False,
        "numbers",
        _mean_of(_absolute),
    ),
    "rmse": Measure(
        "Root mean squared error",
        "How far an answer lies from the truth, big misses counting more.",
        False,
        "numbers",
        _mean_of(_squared, root=True),
    ),
    "accuracy": Measure(
        "Accuracy",
        "The share of answers that name the true class.",
        True,
        "classes",
        _mean_of(_right),
    ),
    "macro_f1": Measure(
        "Macro F1",
        "How well each class is found and told from the others, every class counting alike: 1 is perfect.",
        True,
        "classes",
        _macro_f1,
    ),
}


def are_probabilities(scores: Floats) -> bool:
    """Whether every score lies in [0, 1]; a ranking such as days since the last purchase does not."""
    return bool(np.all((scores >= 0) & (scores <= 1)))


def why_not(metric: str, labels: Floats, *scores: Floats) -> str:
    """Why a measure cannot be told from these rows; empty where it can.

    Args:
        metric: a key of MEASURES.
        labels: the truth per row.
        scores: one array per candidate.
    """
    needs, rows = MEASURES[metric].needs, len(labels)
    if not all(np.isfinite(one).all() for one in (labels, *scores)):
        return "a label or score is missing or not finite"
    if rows < FEWEST_ROWS:
        return f"{rows} rows are too few; at least {FEWEST_ROWS} are needed"
    if needs == "numbers":
        return ""
    if scores[0].ndim == 2:
        return _why_not_classes(metric, labels)
    if needs == "classes":
        return "the answers are no classes"
    if not np.isin(labels, (0.0, 1.0)).all():
        return "the labels are not 0 or 1"
    if needs == "probabilities" and not all(are_probabilities(one) for one in scores):
        return "the scores are not probabilities between 0 and 1"
    yes = int(labels.sum())
    if min(yes, rows - yes) < FEWEST_PER_CLASS:
        return f"{yes} yes and {rows - yes} no are too few; at least {FEWEST_PER_CLASS} of each are needed"
    return ""


def _why_not_classes(metric: str, labels: Floats) -> str:
    if metric not in FITTING["class"]:
        return "it is no measure of classes"
    if len(np.unique(labels)) < 2:
        return "the truth of all rows is one class"
    return ""


def measure(metric: str, labels: Floats, scores: Floats, confidence: float = 0.95, seed: int = SEED) -> Estimate:
    """A measure on held-out rows with its interval: DeLong's for the AUC, resampled entities for all others.

    Args:
        metric: a key of MEASURES.
        labels: the truth, one row per entity.
        scores: the answers, as long as `labels`; higher means more likely yes.
        confidence: of the two-sided interval.
        seed: of the resampling.

    Returns:
        The estimate; one that says why it cannot be told where rows or a class are too few.

    >>> measure("auc", np.array([0.0] * 20), np.arange(20.0)).cannot_tell
    '0 yes and 20 no are too few; at least 10 of each are needed'
    """
    why = why_not(metric, labels, scores)
    if why:
        return unknown(len(labels), why)
    if metric == "auc":
        areas, covariance = delong(labels, [scores])
        fewer = int(min(labels.sum(), len(labels) - labels.sum()))
        low, high = area_interval(float(areas[0]), float(covariance[0, 0]), fewer, confidence)
        return Estimate(float(areas[0]), low, high, len(labels))
    value = MEASURES[metric].over(labels, scores)
    low, high = bootstrap(value, len(labels), confidence, seed=seed)
    return Estimate(float(value(np.ones((1, len(labels))))[0]), low, high, len(labels))


def gain(
    metric: str, labels: Floats, scores: Floats, baseline: Floats, confidence: float = 0.95, seed: int = SEED
) -> Estimate:
    """By how much the scores are better than the baseline's on the same rows; above 0 is better, also for errors.

    DeLong's paired variance for the AUC, the same resampled entities for both otherwise.

    Args:
        metric: a key of MEASURES.
        labels: the truth, one row per entity.
        scores: the candidate's answers.
        baseline: the baseline's answers on the same rows.
        confidence: of the two-sided interval.
        seed: of the resampling.
    """
    why = why_not(metric, labels, scores, baseline)
    if why:
        return unknown(len(labels), why)
    if metric == "auc":
        areas, covariance = delong(labels, [scores, baseline])
        contrast = np.array([1.0, -1.0])
        difference = float(areas @ contrast)
        low, high = difference_interval(difference, float(contrast @ covariance @ contrast), confidence)
        return Estimate(difference, low, high, len(labels))
    one, other = MEASURES[metric].over(labels, scores), MEASURES[metric].over(labels, baseline)
    sign = 1.0 if MEASURES[metric].higher_is_better else -1.0

    def better_by(counts: Floats) -> Floats:
        return sign * (one(counts) - other(counts))

    low, high = bootstrap(better_by, len(labels), confidence, seed=seed)
    return Estimate(float(better_by(np.ones((1, len(labels))))[0]), low, high, len(labels))


def pessimistic(metric: str, estimate: Estimate) -> float:
    """The end of the interval that is worse news."""
    _, low, high = estimate.known
    return low if MEASURES[metric].higher_is_better else high


def reaches(metric: str, estimate: Estimate, floor: float) -> bool:
    """Whether even the pessimistic end is good enough; for an error the floor is the most it may be.

    >>> reaches("auc", Estimate(0.7, 0.66, 0.74, 900), 0.65), reaches("mae", Estimate(2.0, 1.8, 2.2, 900), 2.1)
    (True, False)
    """
    end = pessimistic(metric, estimate)
    return end >= floor if MEASURES[metric].higher_is_better else end <= floor


def _by_score(scores: Floats) -> tuple[np.ndarray, np.ndarray]:
    """The order from the highest score down, and the last position of each run of equal scores."""
    order = np.argsort(-scores, kind="stable")
    return order, np.flatnonzero(np.diff(scores[order], append=np.nan) != 0)


def _cumulated(counts: Floats, yes: Floats, ends: np.ndarray) -> tuple[Floats, Floats]:
    """How many real yes and real no lie at or above each distinct score, per resample."""
    found = np.cumsum(counts * yes, axis=1)[:, ends]
    return found, np.cumsum(counts, axis=1)[:, ends] - found


def _divided(over: Floats, under: Floats) -> Floats:
    return np.divide(over, under, out=np.full_like(over, np.nan), where=under > 0)
