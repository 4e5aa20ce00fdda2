"""Rows that belong to nobody, on which answers can be shown and replayed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from shipworthy.prove.intervals import SEED, apart

if TYPE_CHECKING:
    from shipworthy.model.answering import Answerer

SAME = 1e-9
"""Scores that lie no farther apart are the same: another order of the same sums may differ so much."""
FILE = "golden-rows.json"

ROWS = 20
_OFTEN = 0.05  # a text that fewer entities have could tell who one of them is


def made_up(features: pd.DataFrame, rows: int = ROWS) -> pd.DataFrame:
    """Rows that belong to nobody: in each column typical values, put together across columns at random.

    Numbers are the 5 % to 95 % points of their column. Texts are those that many entities share, the commonest where
    none is shared by many. A column without any value stays without.
    """
    generator = np.random.default_rng(SEED)
    table: dict[str, Any] = {}
    index = pd.Index([f"golden-{i + 1:02d}" for i in range(rows)], dtype=object)
    for name in features.columns:
        column = features[name]
        known = column.dropna()
        if column.dtype == np.float64:
            values = np.quantile(known, np.linspace(0.05, 0.95, rows)) if len(known) else np.full(rows, np.nan)
        else:
            shares = known.value_counts(normalize=True)
            common = sorted(str(text) for text in shares.index[shares >= _OFTEN]) or sorted(_commonest(shares))
            values = np.array([common[i % len(common)] if common else np.nan for i in range(rows)], dtype=object)
        table[str(name)] = pd.Series(generator.permutation(values), dtype=column.dtype, index=index)
    return pd.DataFrame(table, index=index)


def replayed(kept: dict[str, Any], like: pd.DataFrame) -> pd.DataFrame:
    """Rows read back from evidence, with the column types of a feature table."""
    columns = {
        name: pd.Series([np.nan if one is None else one for one in values], like.index, dtype=like[name].dtype)
        for name, values in kept["features"].items()
    }
    return pd.DataFrame(columns, index=like.index)[list(like.columns)]


def replay(answerer: Answerer, evidence: bytes) -> float:
    """How far a loaded candidate's scores on its kept rows lie from those that were kept with them, at most.

    Args:
        evidence: the file that the proof kept.

    Raises:
        UserError: it cannot answer these rows.
    """
    kept = json.loads(evidence)
    columns = {
        name: pd.Series([np.nan if one is None else one for one in values], dtype=object)
        for name, values in kept["features"].items()
    }
    scores = answerer.scores(answerer.fitting(pd.DataFrame(columns)))
    return apart(scores, np.asarray(kept["scores"], dtype=np.float64))


def _commonest(shares: pd.Series[float]) -> list[str]:
    return [str(text) for text in shares.index[shares == shares.max()][:1]]
