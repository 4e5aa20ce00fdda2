"""How numbers lie, as profiles keep it: the mean, the deciles, and the share at or below each of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

TENTHS = np.arange(1, 10) / 10


def spread_of(values: npt.NDArray[np.float64]) -> dict[str, Any]:
    """The spread of values that are all known; without a decile where there are none.

    With many equal values the real share at or below a decile differs from 0.1, 0.2, …

    >>> spread_of(np.array([1.0, 1.0, 1.0, 5.0]))["at_or_below"][:7]
    [0.75, 0.75, 0.75, 0.75, 0.75, 0.75, 0.75]
    """
    if not len(values):
        return {"mean": 0.0, "deciles": [], "at_or_below": []}
    deciles = np.quantile(values, TENTHS)
    at_or_below = np.searchsorted(np.sort(values), deciles, side="right") / len(values)
    return {"mean": float(values.mean()), "deciles": deciles.tolist(), "at_or_below": at_or_below.tolist()}
