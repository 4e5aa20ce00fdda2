"""The truth about answers: what the candidate's own label function says once the horizon has passed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa

from shipworthy.model.pipeline import Pipeline
from shipworthy.watch.monitor import Floats

Texts: TypeAlias = "Sequence[str] | pd.Series[str]"
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
    pipeline: Pipeline,
    sources: Mapping[str, pa.Table],
    as_of: datetime,
    until: datetime,
    entities: Texts,
    only_yes: bool | None = None,
) -> Truth:
    """The truth about each entity, by the team's label function or the declared column.

    A truth about somebody who was not answered is left out. One that is stated twice counts once, and contradicting
    ones count as unknown.

    Args:
        pipeline: the candidate's own, so that answers are judged by what they were made to say.
        sources: accepted rows by source, cut off before `until`.
        only_yes: whether its label() was seen to name only those of whom it is yes; None where nobody saw.

    Raises:
        UserError: the team's code raised, or gave something unusable.
    """
    said = pipeline.stated(sources, as_of, until, once=False)
    labels = np.asarray(pipeline.about(said, entities, only_yes), dtype=np.float64)
    return Truth(labels, len(said.contradicting & set(entities)) if said.contradicting else 0)


def labels_table(
    answer_ids: Texts,
    entities: Texts,
    labels: Floats,
    classes: Sequence[str] = (),
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
