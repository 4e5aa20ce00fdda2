"""What was is what will be: the value of one feature is the answer, such as last month's demand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from shipworthy.base.errors import Mistake, UserError
from shipworthy.model.baseline import BaselineKind, ClassRule, shares_of

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

    from shipworthy.model.results import Answer
    from shipworthy.plan.schema import Baseline

_BELIEVED = 0.9
"""How far the class that was is believed while no truth is known."""


def _fit(declared: Baseline, features: pd.DataFrame, label: pd.Series[float] | None, answer: Answer) -> dict[str, Any]:
    assert declared.column is not None
    values = features[declared.column].dropna()
    if answer == "probability" and len(values) and not values.between(0, 1).all():
        found = f"{declared.column} lies between {values.min():g} and {values.max():g}, so it is no probability."
        fix = "Use the baseline column, which turns a ranking into one, or a feature between 0 and 1."
        raise UserError(Mistake("model.baseline.not_a_probability", "model.baseline.column", found, fix=fix))
    return {
        "column": declared.column,
        "missing": float(values.median()) if len(values) else 0.0,
        "probability": answer == "probability",
        "calibrated": False,
    }


def _scores(numbers: Mapping[str, Any], features: pd.DataFrame) -> npt.NDArray[np.float64]:
    values = features[numbers["column"]].to_numpy(np.float64)
    values = np.where(np.isnan(values), numbers["missing"], values)
    return np.asarray(np.clip(values, 0.0, 1.0) if numbers["probability"] else values, dtype=np.float64)


def _fit_classes(
    declared: Baseline, features: pd.DataFrame, label: pd.Series[Any] | None, classes: Sequence[str]
) -> dict[str, Any]:
    assert declared.column is not None
    values = features[declared.column].reset_index(drop=True)
    strange = sorted({str(value) for value in values.dropna()} - set(classes))
    if strange:
        found = f"{declared.column} holds {', '.join(map(repr, strange[:3]))}, which are no classes."
        fix = f"Use the baseline column, which learns a class for each value, or give one of {', '.join(classes)}."
        raise UserError(Mistake("model.baseline.not_a_class", "model.baseline.column", found, fix=fix))
    if label is None:
        others = [1 / len(classes)] * len(classes)
        return {"column": declared.column, "right": _BELIEVED, "others": others, "calibrated": False}
    named = values.notna().to_numpy()
    hits = int((values[named].to_numpy() == label.reset_index(drop=True)[named].to_numpy()).sum())
    right = (hits + 1) / (int(named.sum()) + len(classes))
    return {"column": declared.column, "right": right, "others": shares_of(label, classes), "calibrated": True}


def _likely(numbers: Mapping[str, Any], features: pd.DataFrame) -> npt.NDArray[np.float64]:
    """The class that was, as often right as it was; the others by their shares, and those alone where it is missing."""
    classes, others = list(numbers["classes"]), np.asarray(numbers["others"], dtype=np.float64)
    found = np.tile(others, (len(features), 1))
    for row, value in enumerate(features[numbers["column"]].tolist()):
        if isinstance(value, str) and value in classes:
            place = classes.index(value)
            rest = np.delete(others, place).sum()
            found[row] *= (1 - numbers["right"]) / rest
            found[row, place] = numbers["right"]
    return found


BASELINE = BaselineKind(_fit, _scores, needs_column=True, classes=ClassRule(_fit_classes, _likely))
