"""Which group each entity belongs to, for a declared fairness column."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from shipworthy.model.frames import frame
from shipworthy.model.segments import edges_of, names_of

if TYPE_CHECKING:
    import pyarrow as pa

    from shipworthy.plan.schema import Fairness, Plan


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
        found = of_source(plan, declared, sources.get(declared.source))
        if found is None:
            return None
        column = found
    known = column[~column.index.duplicated(keep="first")]
    return dict(zip((str(name) for name in known.index), names_of(known, edges_of(known)).tolist(), strict=True))


def of_source(plan: Plan, declared: Fairness, table: pa.Table | None) -> pd.Series[Any] | None:
    """The newest value of the declared column by entity, where entities may repeat; None where there is no column."""
    if table is None or declared.column not in table.column_names or plan.need.entity not in table.column_names:
        return None
    assert declared.source is not None
    time = plan.sources[declared.source].contract.time
    if time:
        table = table.sort_by([(time, "descending")])
    rows = frame(table.select(list(dict.fromkeys([plan.need.entity, declared.column]))))
    return rows.set_index(rows[plan.need.entity].astype(str))[declared.column]
