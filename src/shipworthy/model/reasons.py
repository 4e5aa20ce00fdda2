"""Why a row got its score, in words: what would change it most if it were as usual."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

NOTHING = "no input stands out"

_LONGEST = 40  # letters of a text; more of it would be a letter in a reason
_AT_ONCE = 200_000  # rows per prediction: few calls for many rows, bounded memory for very many


def reasons(
    features: pd.DataFrame,
    typical: Mapping[str, float | str],
    score: Callable[[pd.DataFrame], npt.NDArray[np.float64]],
    count: int,
) -> list[list[str]]:
    """For each row the inputs that move its score most, against a row in which just that input is typical.

    All variants of all rows are predicted in a few large batches, so a single row costs one prediction. It says what
    the model did with this row, taken one input at a time; it does not say what would happen if the world changed.

    Args:
        typical: the typical value of each feature, frozen when the candidate was made.
        score: the model.
        count: at most so many reasons per row; fewer where fewer inputs move the score.
    """
    if count <= 0 or features.empty:
        return [[] for _ in range(len(features))]
    moves = _moves(features, typical, score)
    columns = [features.iloc[:, place].tolist() for place in range(features.shape[1])]
    return told([str(name) for name in features.columns], columns, typical, moves, count)


def told(
    names: Sequence[str],
    columns: Sequence[Sequence[Any]],
    typical: Mapping[str, float | str],
    moves: npt.NDArray[np.float64],
    count: int,
) -> list[list[str]]:
    """The reasons in words.

    Args:
        names: of the inputs, in order; columns: the values of each input, row after row.
        moves: how much higher each row scores than with each of its inputs typical; rows by inputs.
    """
    order = np.argsort(-np.abs(moves), axis=1, kind="stable")[:, :count]
    usual = [value_text(typical[name]) or "empty" for name in names]
    texts = []
    for row, (chosen, moved) in enumerate(
        zip(order.tolist(), np.take_along_axis(moves, order, 1).tolist(), strict=True)
    ):
        lines = [
            f"{names[i]} {value_text(columns[i][row])} (typical {usual[i]}) {_verb(move)} the score"
            for i, move in zip(chosen, moved, strict=True)
            if move != 0
        ]
        texts.append(lines or [NOTHING])
    return texts


def moves_of(
    rows: npt.NDArray[np.float64],
    typical: npt.NDArray[np.float64],
    scores_of: Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]],
) -> npt.NDArray[np.float64]:
    """How much higher each row of a matrix scores than with each of its inputs made typical; rows by inputs."""
    count, width = rows.shape
    variants = np.tile(rows, (width + 1, 1, 1))
    for place in range(width):
        variants[place + 1, :, place] = typical[place]
    scores = scores_of(variants.reshape(-1, width)).reshape(width + 1, count)
    return np.asarray((scores[0] - scores[1:]).T)


def _verb(move: float) -> str:
    return "raises" if move > 0 else "lowers"


def value_text(value: Any) -> str:
    """A value as a reader wants it: whole numbers whole, others with three digits, nothing as `missing`."""
    if isinstance(value, str):
        return value if len(value) <= _LONGEST else f"{value[:_LONGEST]}…"
    number = float(value)
    if math.isnan(number):
        return "missing"
    if number.is_integer() or abs(number) >= 1000:
        return f"{number:.0f}"
    return f"{number:.3g}"


def _moves(
    features: pd.DataFrame,
    typical: Mapping[str, float | str],
    score: Callable[[pd.DataFrame], npt.NDArray[np.float64]],
) -> npt.NDArray[np.float64]:
    """How much higher each row scores than with each of its inputs made typical; rows by features."""
    width = features.shape[1] + 1
    step = max(1, _AT_ONCE // width)
    parts = []
    for start in range(0, len(features), step):
        rows = features.iloc[start : start + step]
        scores = score(_variants(rows, typical)).reshape(width, len(rows))
        parts.append((scores[0] - scores[1:]).T)
    return np.concatenate(parts)


def _variants(rows: pd.DataFrame, typical: Mapping[str, float | str]) -> pd.DataFrame:
    """The rows as they are, then once per feature with just that feature typical, below one another."""
    count, columns = len(rows), {}
    for place, name in enumerate(rows.columns, start=1):
        values = np.tile(rows[name].to_numpy(), rows.shape[1] + 1)
        values[place * count : (place + 1) * count] = typical[str(name)]
        columns[name] = pd.Series(values, dtype=rows[name].dtype)
    return pd.DataFrame(columns)
