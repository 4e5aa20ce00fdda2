"""Which group each entity belongs to, for a declared fairness column."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from shipworthy.model.frames import frame

if TYPE_CHECKING:
    import pyarrow as pa

    from shipworthy.plan.schema import Fairness, Plan

MOST_NUMBERS = 10
"""A numeric column with more different values is judged in four bands of equally many entities."""

UNKNOWN = "(unknown)"


def group_of(
    plan: Plan,
    declared: Fairness,
    sources: Mapping[str, pa.Table],
    features: pd.DataFrame,
    before: pd.DataFrame | None = None,
) -> dict[str, str] | None:
    """The group of each entity; None where the column does not exist.

    Args:
        declared: the column, and the source that has it; a feature without one.
        sources: accepted rows; the newest row of an entity holds.
        features: the features of now, by entity.
        before: features of an earlier moment, for entities that are not there any more.
    """
    if declared.source is None:
        if declared.column not in features.columns:
            return None
        column = features[declared.column]
        if before is not None and declared.column in before.columns:
            column = pd.concat([column, before[declared.column]])
    else:
        found = _of_source(plan, declared, sources.get(declared.source))
        if found is None:
            return None
        column = found
    known = column[~column.index.duplicated(keep="first")]
    return dict(zip((str(name) for name in known.index), _named(known), strict=True))


def _of_source(plan: Plan, declared: Fairness, table: pa.Table | None) -> pd.Series[Any] | None:
    if table is None or declared.column not in table.column_names or plan.need.entity not in table.column_names:
        return None
    assert declared.source is not None
    time = plan.sources[declared.source].contract.time
    if time:
        table = table.sort_by([(time, "descending")])
    rows = frame(table.select(list(dict.fromkeys([plan.need.entity, declared.column]))))
    return rows.set_index(rows[plan.need.entity].astype(str))[declared.column]


def _named(column: pd.Series[Any]) -> list[str]:
    if not pd.api.types.is_numeric_dtype(column) or column.nunique() <= MOST_NUMBERS:
        return [UNKNOWN if missing else _text(value) for value, missing in zip(column, column.isna(), strict=True)]
    values = column.to_numpy(np.float64)
    edges = np.unique(np.quantile(values[~np.isnan(values)], [0.25, 0.5, 0.75]))
    names = [
        f"up to {edges[0]:g}",
        *(f"above {low:g}, up to {high:g}" for low, high in pairwise(edges)),
        f"above {edges[-1]:g}",
    ]
    bands = np.searchsorted(edges, values, side="left")
    return [UNKNOWN if np.isnan(value) else names[band] for value, band in zip(values, bands, strict=True)]


def _text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
