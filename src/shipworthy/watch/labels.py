"""The truth about answers: what the candidate's own label function says once the horizon has passed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd
import pyarrow as pa

from shipworthy.model.declared import declared_label
from shipworthy.model.pipeline import Pipeline
from shipworthy.model.results import label_values
from shipworthy.watch.monitor import Floats

LABELS = pa.schema([("answer_id", pa.string()), ("entity", pa.string()), ("label", pa.float64())])
CLASS = pa.field("class", pa.string())
"""One more column where a label is a class: its name; ``label`` then is its place among the declared ones."""


@dataclass(frozen=True, slots=True)
class Truth:
    """What is known about some entities.

    Attributes:
        labels: one per entity, in their order; NaN where it is not known. Of a class it is its place in `need.classes`.
        contradicting: entities for which several truths were stated; none of them counts.
    """

    labels: Floats
    contradicting: int = 0


def truths(
    pipeline: Pipeline, sources: Mapping[str, pa.Table], as_of: datetime, until: datetime, entities: Sequence[str]
) -> Truth:
    """The truth about each entity, by the team's label function or the declared column.

    A truth about somebody who was not answered is left out. In a declared column a truth that is stated twice
    counts once, and contradicting ones count as unknown.

    Args:
        pipeline: the candidate's own, so that answers are judged by what they were made to say.
        sources: accepted rows by source, cut off before `until`.

    Raises:
        UserError: the team's code raised, or gave something unusable.
    """
    if is_written(pipeline):
        found = pipeline.label(sources, as_of, until, entities)
        return Truth(np.asarray(found, dtype=np.float64))
    rows, where = declared_label(pipeline.plan, sources)
    need = pipeline.plan.need
    entity = need.entity
    agreed, contradicting = stated_once(rows, entity)
    known = label_values(agreed, entity, need.answer, where, need.classes)
    mine = np.asarray(known.reindex(pd.Index(entities, dtype=object)), dtype=np.float64)
    return Truth(mine, int(contradicting.isin(set(entities)).sum()))


def is_written(pipeline: Pipeline) -> bool:
    """Whether the team's own function says what is true, not a declared column."""
    return pipeline.code is not None and hasattr(pipeline.module, "label")


def stated_once(rows: pd.DataFrame, entity: str) -> tuple[pd.DataFrame, pd.Series[str]]:
    """One row per entity, and the entities that were left out because their labels contradict each other.

    >>> rows = pd.DataFrame({"id": ["a", "a", "b", "b", "c"], "label": [1.0, 1.0, 0.0, 1.0, None]})
    >>> agreed, contradicting = stated_once(rows, "id")
    >>> list(agreed["id"]), list(contradicting)
    (['a'], ['b'])
    """
    known = rows.dropna(subset=[entity, "label"]).drop_duplicates([entity, "label"])
    twice = known[entity].duplicated(keep=False)
    return known[~twice], known.loc[twice, entity].drop_duplicates().astype(str)


def labels_table(
    answer_ids: Sequence[str], entities: Sequence[str], labels: Floats, classes: Sequence[str] = ()
) -> pa.Table:
    """Labels in the shape in which they are sealed; an unknown one is null.

    Args:
        classes: where a label is the place of a class, their names; each stands beside its place.
    """
    columns = [pa.array(answer_ids, pa.string()), pa.array(entities, pa.string())]
    table = pa.table([*columns, pa.array(labels, pa.float64(), from_pandas=True)], schema=LABELS)
    if not classes:
        return table
    named = [classes[int(place)] if np.isfinite(place) else None for place in labels.tolist()]
    return table.append_column(CLASS, pa.array(named, pa.string()))
