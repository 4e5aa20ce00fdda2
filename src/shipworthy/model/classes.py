"""Answers that are one class of a declared list: what is said of each row, and how right it was.

What a model says of a row is one probability per class, in the order of ``need.classes``. The class of the answer is
the likeliest, the first declared among equals, and its score is that probability: a promise that this class is right.
A truth is kept as the place of its class in the list. So whatever holds promises against truths (calibration,
estimates, intervals) reads a class as the promise to be right, and the truth as whether it was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from shipworthy.model.spread import spread_of

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]


def chosen(likely: Floats) -> Places:
    """The place of the likeliest class of each row; the first among equals.

    >>> chosen(np.array([[0.2, 0.8], [0.5, 0.5]])).tolist()
    [1, 0]
    """
    return np.asarray(likely.argmax(axis=1), dtype=np.intp) if len(likely) else np.zeros(0, dtype=np.intp)


def promised(likely: Floats) -> Floats:
    """The probability of the likeliest class of each row: the score of a class."""
    return np.asarray(likely.max(axis=1), dtype=np.float64) if len(likely) else np.zeros(0)


def right(likely: Floats, truths: Floats) -> Floats:
    """1 where the likeliest class is the true one, 0 where it is not, NaN where the truth is unknown.

    >>> right(np.array([[0.2, 0.8], [0.9, 0.1]]), np.array([1.0, np.nan])).tolist()
    [1.0, nan]
    """
    return np.where(np.isnan(truths), np.nan, (chosen(likely) == truths).astype(np.float64))


def losses(likely: Floats, truths: Floats) -> Floats:
    """The loss of each row in [0, 1]: half the squared distance of its probabilities to the truth; NaN where unknown.

    With two classes it is the Brier score of either of them.

    Source: Brier, Monthly Weather Review 78 (1950) 1-3, halved so that the worst answer costs 1.

    >>> losses(np.array([[0.5, 0.5], [0.0, 1.0]]), np.array([0.0, 0.0])).tolist()
    [0.25, 1.0]
    """
    known = ~np.isnan(truths)
    told = np.zeros_like(likely)
    told[np.flatnonzero(known), truths[known].astype(np.intp)] = 1.0
    found = np.minimum(((likely - told) ** 2).sum(axis=1) / 2, 1.0)
    return np.where(known, found, np.nan)


def confusion(truths: Floats, answered: Places, count: int) -> npt.NDArray[np.int64]:
    """How many rows of each true class (rows) were answered as each class (columns), where the truth is known.

    >>> confusion(np.array([0.0, 0.0, 1.0]), np.array([0, 1, 1]), 2).tolist()
    [[1, 1], [0, 1]]
    """
    known = ~np.isnan(truths)
    pairs = truths[known].astype(np.int64) * count + answered[known]
    return np.asarray(np.bincount(pairs, minlength=count * count).reshape(count, count), dtype=np.int64)


def of_first(likely: Floats, times: int) -> Floats:
    """In blocks of rows below one another, the probability of the class that is likeliest in the first block.

    Args:
        times: how many blocks there are; row i of each is the same row, changed somewhere.

    >>> of_first(np.array([[0.4, 0.6], [0.7, 0.3]]), 2).tolist()
    [0.6, 0.3]
    """
    places = np.tile(chosen(likely[: len(likely) // times]), times)
    return np.asarray(np.take_along_axis(likely, places[:, None], axis=1)[:, 0], dtype=np.float64)


def spread(known: Sequence[Any], names: Sequence[str], likely: Floats) -> Floats:
    """The probabilities of a model in the order of the declared classes; 0 for one that it never saw.

    Args:
        known: the model's own classes, in the order of the columns of `likely`.
    """
    if list(map(str, known)) == list(names):
        return likely
    found = np.zeros((len(likely), len(names)))
    for place, name in enumerate(map(str, known)):
        found[:, list(names).index(name)] = likely[:, place]
    return found


def profile_of(names: Sequence[str], likely: Floats, truths: Floats) -> dict[str, Any]:
    """What of the reference rows goes into a candidate's profile, by class.

    Returns:
        ``{"names": [...], "answered": {class: share}, "true": {class: share} or null, "likely": {class: spread}}``,
        where a spread has the number of rows, the mean probability, its deciles and the real share at or below each.
    """
    known = truths[~np.isnan(truths)]
    rows = max(len(likely), 1)
    answered = np.bincount(chosen(likely), minlength=len(names)) / rows
    real = np.bincount(known.astype(np.intp), minlength=len(names)) / len(known) if len(known) else None
    return {
        "names": list(names),
        "rows": len(likely),
        "answered": _by_name(names, answered),
        "true": None if real is None else _by_name(names, real),
        "likely": {name: {"n": len(likely), **spread_of(likely[:, place])} for place, name in enumerate(names)},
    }


def _by_name(names: Sequence[str], values: npt.NDArray[Any]) -> dict[str, float]:
    return {name: float(value) for name, value in zip(names, values, strict=True)}


def named(profile: Mapping[str, Any]) -> tuple[str, ...]:
    """The classes that a candidate's profile names, in order; none where its answers are no classes."""
    return tuple((profile.get("classes") or {}).get("names", ()))
