"""Which part of everybody a row belongs to, by the value of one column: named once, the same for good."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

MOST_NUMBERS = 10
"""A numeric column with more different values is judged in four bands of equally many entities."""

UNKNOWN = "(unknown)"
Names = npt.NDArray[np.object_]


def edges_of(column: pd.Series[Any]) -> list[float] | None:
    """The edges of the bands of a numeric column with many values; None where each value is a part by itself.

    >>> edges_of(pd.Series(["north", "south"])) is None
    True
    >>> edges_of(pd.Series([float(n) for n in range(13)]))
    [3.0, 6.0, 9.0]
    """
    if not pd.api.types.is_numeric_dtype(column) or column.nunique() <= MOST_NUMBERS:
        return None
    values = column.to_numpy(np.float64)
    edges: list[float] = np.unique(np.quantile(values[~np.isnan(values)], [0.25, 0.5, 0.75])).tolist()
    return edges


def names_of(column: pd.Series[Any], edges: Sequence[float] | None) -> Names:
    """The part of each row, in words.

    Args:
        edges: as `edges_of` gave them for the column, once; None where each value is a part.

    >>> names_of(pd.Series([1.0, 4.0, None]), [3.0, 6.0, 9.0]).tolist()
    ['up to 3', 'above 3, up to 6', '(unknown)']
    >>> names_of(pd.Series(["north", None]), None).tolist()
    ['north', '(unknown)']
    """
    if isinstance(column.dtype, pd.CategoricalDtype) and edges is None:  # each text once; what is missing has code -1
        once = np.array([*(_text(value) for value in column.cat.categories), UNKNOWN], dtype=object)
        return once[column.cat.codes.to_numpy()]
    missing = column.isna().to_numpy()
    if edges is None:
        told = [UNKNOWN if lacking else _text(value) for value, lacking in zip(column, missing, strict=True)]
        return np.array(told, dtype=object)
    names = [
        f"up to {edges[0]:g}",
        *(f"above {low:g}, up to {high:g}" for low, high in pairwise(edges)),
        f"above {edges[-1]:g}",
    ]
    plain = column.astype(object) if isinstance(column.dtype, pd.CategoricalDtype) else column
    values = pd.to_numeric(plain, errors="coerce").to_numpy(np.float64)
    bands = np.searchsorted(np.asarray(edges), values, side="left")
    return np.where(np.isnan(values), UNKNOWN, np.array(names, dtype=object)[np.minimum(bands, len(edges))])


def _text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
