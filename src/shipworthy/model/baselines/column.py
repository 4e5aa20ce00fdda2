"""Ranked by one feature: the more (or less) of it, the more likely a yes.

A value is placed in the distribution that was frozen when the baseline was made, so a single row gets the same score
alone as in a list. Where truths are known the place is turned into the share of yes that was observed there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from shipworthy.model.baseline import BaselineKind, ClassRule, no_labels_yet, shares_of

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

    from shipworthy.model.results import Answer
    from shipworthy.plan.schema import Baseline

    Numbers = npt.NDArray[np.float64]

POINTS = 1000
"""At most so many points of the frozen distribution are kept."""

TILT = 1e-3
"""Weight of the bare place in a calibrated score: keeps the order where the observed shares of two tenths agree."""


def _fit(declared: Baseline, features: pd.DataFrame, label: pd.Series[float] | None, answer: Answer) -> dict[str, Any]:
    if label is None and answer == "number":
        raise no_labels_yet(declared)
    values = features[declared.column].to_numpy(np.float64)
    known = ~np.isnan(values)
    points, places = _distribution(values[known])
    numbers: dict[str, Any] = {
        "column": declared.column,
        "rising": declared.higher_is == "more",
        "points": points.tolist(),
        "places": places.tolist(),
        "missing": float(np.median(values[known])) if known.any() else 0.0,
        "calibrated": label is not None,
    }
    if label is not None:
        at, mean = _tenths(_place(numbers, features), np.asarray(label, dtype=np.float64), answer)
        span = 1.0 if answer == "probability" else float(mean[-1] - mean[0]) or max(abs(float(mean[0])), 1.0)
        base = 0.0 if answer == "probability" else float(mean[0])
        numbers |= {"at": at.tolist(), "mean": mean.tolist(), "base": base, "span": span}
    return numbers


def _scores(numbers: Mapping[str, Any], features: pd.DataFrame) -> Numbers:
    place = _place(numbers, features)
    if not numbers["calibrated"]:
        return place
    bare = numbers["base"] + numbers["span"] * place
    observed = np.interp(place, numbers["at"], numbers["mean"])
    return np.asarray((1 - TILT) * observed + TILT * bare, dtype=np.float64)


def _distribution(values: Numbers) -> tuple[Numbers, Numbers]:
    """Values and the share of rows below each, ties at their middle; strictly between 0 and 1."""
    if not len(values):
        return np.array([0.0]), np.array([0.5])
    points, counts = np.unique(values, return_counts=True)
    places = (np.cumsum(counts) - counts / 2) / len(values)
    if len(points) > POINTS:
        kept = np.unique(np.linspace(0, len(points) - 1, POINTS).round().astype(int))
        points, places = points[kept], places[kept]
    return points, places


def _place(numbers: Mapping[str, Any], features: pd.DataFrame) -> Numbers:
    values = features[numbers["column"]].to_numpy(np.float64)
    values = np.where(np.isnan(values), numbers["missing"], values)
    place = np.interp(values, numbers["points"], numbers["places"])
    return np.asarray(place if numbers["rising"] else 1 - place, dtype=np.float64)


def _tenths(place: Numbers, label: Numbers, answer: Answer) -> tuple[Numbers, Numbers]:
    """The mean truth of each tenth of the rows, never falling from one tenth to the next.

    For a probability, half a yes in one row is added to each tenth, so that no score is 0 or 1.
    """
    from sklearn.isotonic import isotonic_regression

    edges = np.unique(np.quantile(place, np.arange(1, 10) / 10))
    tenth = np.searchsorted(edges, place, side="left")
    groups = [np.flatnonzero(tenth == number) for number in np.unique(tenth)]
    at = np.array([place[group].mean() for group in groups])
    extra = 1.0 if answer == "probability" else 0.0
    mean = np.array([(label[group].sum() + extra / 2) / (len(group) + extra) for group in groups])
    weight = np.array([len(group) for group in groups], dtype=np.float64)
    return at, np.asarray(isotonic_regression(mean, sample_weight=weight), dtype=np.float64)


def _fit_classes(
    declared: Baseline, features: pd.DataFrame, label: pd.Series[Any] | None, classes: Sequence[str]
) -> dict[str, Any]:
    """The share of each class where the column has a value, or lies in a tenth of its numbers."""
    if label is None:
        raise no_labels_yet(declared)
    assert declared.column is not None
    values, truths = features[declared.column].reset_index(drop=True), label.reset_index(drop=True)
    edges: list[float] | None = None
    if values.dtype == np.float64:
        known = values.dropna().to_numpy(np.float64)
        edges = np.unique(np.quantile(known, np.arange(1, 10) / 10)).tolist() if len(known) else []
    names = _names(values, edges)
    by = {name: shares_of(truths[names == name], classes) for name in sorted(set(names)) if name}
    every = shares_of(truths, classes)
    return {"column": declared.column, "edges": edges, "by": by, "every": every, "calibrated": True}


def _likely(numbers: Mapping[str, Any], features: pd.DataFrame) -> Numbers:
    names = _names(features[numbers["column"]], numbers["edges"])
    found = [numbers["by"].get(name, numbers["every"]) for name in names.tolist()]
    return np.asarray(found, dtype=np.float64).reshape(len(features), len(numbers["every"]))


def _names(values: pd.Series[Any], edges: Sequence[float] | None) -> npt.NDArray[np.object_]:
    """The value of each row as a name, of a number the tenth it lies in; empty where it is missing."""
    if edges is None:
        return np.array([value if isinstance(value, str) else "" for value in values.tolist()], dtype=object)
    places = np.searchsorted(np.asarray(edges), values.to_numpy(np.float64), side="left").astype(str).astype(object)
    places[values.isna().to_numpy()] = ""
    return np.asarray(places, dtype=object)


BASELINE = BaselineKind(_fit, _scores, needs_column=True, classes=ClassRule(_fit_classes, _likely))
