"""Everybody gets the same answer: the mean of the known truths, or the commonest class."""

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

EVEN_ODDS = 0.5


def _fit(declared: Baseline, features: pd.DataFrame, label: pd.Series[float] | None, answer: Answer) -> dict[str, Any]:
    if label is not None:
        return {"mean": float(label.mean()), "calibrated": True}
    if answer == "number":
        raise no_labels_yet(declared)
    return {"mean": EVEN_ODDS, "calibrated": False}


def _scores(numbers: Mapping[str, Any], features: pd.DataFrame) -> npt.NDArray[np.float64]:
    return np.full(len(features), numbers["mean"], dtype=np.float64)


def _fit_classes(
    declared: Baseline, features: pd.DataFrame, label: pd.Series[Any] | None, classes: Sequence[str]
) -> dict[str, Any]:
    if label is None:
        return {"shares": [1 / len(classes)] * len(classes), "calibrated": False}
    return {"shares": shares_of(label, classes), "calibrated": True}


def _likely(numbers: Mapping[str, Any], features: pd.DataFrame) -> npt.NDArray[np.float64]:
    return np.tile(np.asarray(numbers["shares"], dtype=np.float64), (len(features), 1))


BASELINE = BaselineKind(_fit, _scores, classes=ClassRule(_fit_classes, _likely))
