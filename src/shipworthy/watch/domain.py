"""A domain classifier: how likely a row is one of the new ones rather than of the reference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from shipworthy.watch.drift import as_numbers
from shipworthy.watch.evidence import Floats
from shipworthy.watch.monitor import Values

_CATEGORIES = 200
_SEED = 20260101


@dataclass(frozen=True)
class Domain:
    """A trained classifier that reads inputs by name.

    Attributes:
        columns: the categories of each column of texts, commonest first; None for numbers.
    """

    columns: Mapping[str, tuple[str, ...] | None]
    model: Any

    @classmethod
    def learnt(cls, reference: Mapping[str, Values], new: Mapping[str, Values], rounds: int = 100) -> Domain:
        """Train boosted trees to tell new rows from the reference.

        Args:
            reference, new: values by column, one per row; the same columns.
            rounds: how many trees.

        Source: Friedman (2001); trees need no scaling and take missing values as they are.
        """
        from sklearn.ensemble import HistGradientBoostingClassifier

        columns = {str(name): _categories(np.asarray(reference[name])) for name in reference}
        old, fresh = _matrix(columns, reference), _matrix(columns, new)
        side = np.concatenate([np.zeros(len(old)), np.ones(len(fresh))])
        texts = [place for place, known in enumerate(columns.values()) if known is not None]
        model = HistGradientBoostingClassifier(
            max_iter=rounds, max_leaf_nodes=15, min_samples_leaf=20, early_stopping=False, random_state=_SEED,
            categorical_features=texts or None,
        )  # fmt: skip
        with _one_thread():
            return cls(columns, model.fit(np.concatenate([old, fresh]), side))

    def of(self, rows: Mapping[str, Values]) -> Floats:
        """The chance of each row to be a new one."""
        with _one_thread():
            return np.asarray(self.model.predict_proba(_matrix(self.columns, rows))[:, 1], dtype=np.float64)


def _one_thread() -> threadpool_limits:
    """So few rows are learnt sooner by one thread than by several that wait for each other on a busy machine."""
    return threadpool_limits(1, user_api="openmp")


def _categories(values: Values) -> tuple[str, ...] | None:
    if values.dtype.kind in "fiub":
        return None
    texts = pd.Series(values, dtype=object).dropna()
    if not len(texts) or not texts.map(lambda one: isinstance(one, str)).any():
        return None
    return tuple(texts.astype(str).value_counts().index[:_CATEGORIES])


def _matrix(columns: Mapping[str, tuple[str, ...] | None], rows: Mapping[str, Values]) -> Floats:
    return np.column_stack([_column(known, np.asarray(rows[name])) for name, known in columns.items()])


def _column(known: tuple[str, ...] | None, values: Values) -> Floats:
    if known is None:
        numbers = as_numbers(values)
        return np.where(np.isfinite(numbers), numbers, np.nan)
    series = pd.Series(values, dtype=object)
    codes = pd.Index(known, dtype=object).get_indexer(pd.Index(series.where(series.isna(), series.astype(str))))
    # What was never seen before is a category of its own; what is missing stays missing.
    return np.where(series.isna(), np.nan, np.where(codes < 0, len(known), codes)).astype(np.float64)
