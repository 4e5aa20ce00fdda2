"""What was is what will be: the value of one feature is the answer, such as last month's demand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from shipworthy.base.errors import Mistake, UserError
from shipworthy.model.baseline import BaselineKind

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

    from shipworthy.model.results import Answer
    from shipworthy.plan.schema import Baseline


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


BASELINE = BaselineKind(_fit, _scores, needs_column=True)
