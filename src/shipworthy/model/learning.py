"""What a candidate learns from: features and truths at past moments, each from rows that were known then."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.api.types import is_object_dtype

from shipworthy.base.errors import Mistake, UserError
from shipworthy.base.times import read_moment
from shipworthy.model.pipeline import Pipeline
from shipworthy.model.results import as_text, lists_only_yes

if TYPE_CHECKING:
    import pyarrow as pa

Read = Callable[[datetime], Mapping[str, "pa.Table"]]


@dataclass(frozen=True)
class Examples:
    """Rows to learn from or to be judged by, moment after moment.

    Attributes:
        features: one row per entity and moment, numbered from 0.
        label: the truth of each row, NaN where it is not known.
        entity: the entity of each row.
        moment: as of when each row was taken, ISO 8601.
        chance: with which the truth of each row was to become known, NaN where it is not or nobody knows; None where
            each counts alike (`model.weighing`).
        only_yes: whether the team's label() named only those of whom it is yes, at all moments together; None where
            it named nobody, or there is none.
    """

    features: pd.DataFrame
    label: npt.NDArray[np.float64]
    entity: npt.NDArray[np.object_]
    moment: npt.NDArray[np.object_]
    chance: npt.NDArray[np.float64] | None = None
    only_yes: bool | None = None

    def only(self, rows: npt.NDArray[np.bool_]) -> Examples:
        """The examples at the marked rows."""
        features = self.features[rows].reset_index(drop=True)
        chance = None if self.chance is None else self.chance[rows]
        return Examples(features, self.label[rows], self.entity[rows], self.moment[rows], chance, self.only_yes)

    @property
    def known(self) -> npt.NDArray[np.bool_]:
        """Which rows have a known truth."""
        return ~np.isnan(self.label)


def examples(pipeline: Pipeline, read: Read, moments: Sequence[datetime]) -> Examples:
    """Features as of each moment, with the truth as it was known one horizon later.

    Args:
        read: the accepted rows by source that lie before a moment; what comes at or after it is never shown to
            features(), nor what comes at or after the end of the horizon to label().
        moments: mature moments, oldest first; at least one.

    Raises:
        UserError: the team's code raised or gave something unusable, or other features at one moment than at another.
    """
    horizon = pipeline.plan.need.horizon
    features, said = [], []
    for moment in moments:
        features.append(pipeline.features(read(moment), moment))
        until = horizon.after(moment)
        said.append(pipeline.stated(read(until), moment, until))
    # Settled over all moments: at one of them only yes may have come, or nothing.
    only_yes = lists_only_yes(said) if pipeline.writes_label else None
    truths = [pipeline.about(one, list(rows.index), only_yes) for one, rows in zip(said, features, strict=True)]
    found = _joined(features, [np.asarray(truth, dtype=np.float64) for truth in truths], moments)
    return replace(found, only_yes=only_yes)


def without_truths(pipeline: Pipeline, read: Read, moment: datetime) -> Examples:
    """Features as of a moment whose truth is not known yet: all there is on day one."""
    features = pipeline.features(read(moment), moment)
    return _joined([features], [np.full(len(features), np.nan)], [moment])


def newest_of_each(rows: Examples) -> Examples:
    """Each entity once, at the newest moment at which its truth is known, so that rows stay independent of each other.

    Where the same entities are there at every moment these are the rows of the newest; where an entity is an event,
    such as an order, every moment brings others, and all of them count.
    """
    newest = pd.Series(rows.moment, dtype=object).map(read_moment).groupby(rows.entity).transform("max")
    return rows.only(np.asarray(newest == pd.Series(rows.moment, dtype=object).map(read_moment), dtype=bool))


def _joined(
    features: list[pd.DataFrame], labels: list[npt.NDArray[np.float64]], moments: Sequence[datetime]
) -> Examples:
    names = list(features[0].columns)
    for table, moment in zip(features, moments, strict=True):
        if set(table.columns) != set(names):
            other = ", ".join(sorted(set(table.columns) ^ set(names)))
            found = f"As of {moment.date()} it gave other features than as of {moments[0].date()}: {other}."
            fix = "Give the same columns at every moment; fill those that have no rows yet."
            raise UserError(Mistake("model.pipeline.other_features", "features()", found, fix=fix))
    joined = pd.concat([table[names] for table in features], ignore_index=True)
    for name in names:
        if is_object_dtype(joined[name]):  # text of which one moment had none
            joined[name] = as_text(joined[name])
    return Examples(
        features=joined,
        label=np.concatenate(labels),
        entity=np.concatenate([np.asarray(table.index, dtype=object) for table in features]),
        moment=np.concatenate(
            [
                np.full(len(table), moment.isoformat(), dtype=object)
                for table, moment in zip(features, moments, strict=True)
            ]
        ),
    )
