"""How many held-out rows it takes until what they leave to chance is less than what a monitor is to find."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil

_MOST = 1 << 20


def rows_needed(rows: int, limit: float, bound: Callable[[float], float]) -> int:
    """About how many more rows like these a proof needs until its bound lies below a limit; 0 where it does.

    Args:
        bound: of so many times these rows; it falls the more there are.

    >>> rows_needed(100, 0.25, lambda times: 0.2 + 0.125 / times)
    160
    """
    if bound(1.0) < limit or not rows:
        return 0
    enough = 2.0
    while enough < _MOST and bound(enough) >= limit:
        enough *= 2
    few = enough / 2
    for _ in range(12):
        middle = (few + enough) / 2
        few, enough = (middle, enough) if bound(middle) >= limit else (few, middle)
    return _rounded((enough - 1) * rows)


def _rounded(rows: float) -> int:
    """Two digits, upwards, so that it is enough: more of them would say that it is known better."""
    size = int(10 ** max(0, len(str(ceil(rows))) - 2))
    return ceil(rows / size) * size
