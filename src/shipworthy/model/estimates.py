"""How often a score came true on rows that training never saw: what estimates without labels rest on.

A part of the reference profile, of a probability::

    {"answer": "probability", "rows": 940, "rows_of": "held out", "auc": 0.8, "brier": 0.15, "brier_variance": 0.04,
     "scores": [rising], "shares": [never falling]}

of a class the same with ``class`` as the answer, where a share is that of right answers,
and of a number, where ``losses`` are the mean absolute errors of the answers up to each cut and beyond the last::

    {"answer": "number", "rows": 940, "rows_of": "held out", "cuts": [9 scores], "losses": [10 numbers], "mean": 3.1}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from shipworthy.model.spread import TENTHS

if TYPE_CHECKING:
    from shipworthy.model.results import Answer

Floats = npt.NDArray[np.float64]

ROWS = 50
"""With fewer rows whose truth is known nothing is estimated."""

_DIGITS = 6
_KNOTS = 200


def estimates_of(answer: Answer, scores: Floats, labels: Floats, rows_of: str) -> dict[str, Any] | None:
    """What of the reference rows goes into the profile; None where the truth of too few is known.

    Args:
        labels: NaN where unknown; of a class whether it was right, so that its scores are held against that.
    """
    known = np.isfinite(labels)
    if int(known.sum()) < ROWS:
        return None
    said: dict[str, Any] = {"answer": answer, "rows": int(known.sum()), "rows_of": rows_of}
    if answer == "number":
        return said | _losses(scores[known], np.abs(scores - labels)[known])
    found = calibrated(scores[known], labels[known])
    kept = np.unique(np.linspace(0, len(found.scores) - 1, _KNOTS).round().astype(int))
    squared = (scores - labels)[known] ** 2
    auc = area(scores[known], labels[known])
    if answer == "class":
        said["right"] = float(labels[known].mean().round(12))
    return said | {
        "auc": round(auc, _DIGITS) if np.isfinite(auc) else None,
        "brier": float(squared.mean().round(12)),
        "brier_variance": float(squared.var(ddof=1).round(12)),
        "scores": np.round(found.scores[kept], _DIGITS).tolist(),
        "shares": np.round(found.shares[kept], _DIGITS).tolist(),
    }


def read_calibration(kept: Mapping[str, Any]) -> Calibration:
    """The calibration that a profile keeps."""
    scores, shares = (np.asarray(kept[name], dtype=np.float64) for name in ("scores", "shares"))
    return Calibration(scores, shares, int(kept["rows"]))


def mean_loss(kept: Mapping[str, Any], scores: Floats) -> float:
    """The mean absolute error to expect of some numbers, by how wrong numbers of that size were.

    Source: direct loss estimation as in NannyML, with the answer itself as the only input.

    >>> mean_loss({"cuts": [10.0], "losses": [1.0, 3.0]}, np.array([5.0, 20.0]))
    2.0
    """
    return float(np.asarray(kept["losses"])[np.searchsorted(np.asarray(kept["cuts"]), scores, side="left")].mean())


def _losses(scores: Floats, errors: Floats) -> dict[str, Any]:
    cuts = np.unique(np.round(np.quantile(scores, TENTHS), _DIGITS))
    place = np.searchsorted(cuts, scores, side="left")
    size, mean = np.bincount(place, minlength=len(cuts) + 1), float(errors.mean())
    total = np.bincount(place, weights=errors, minlength=len(cuts) + 1)
    losses = np.where(size > 0, total / np.maximum(size, 1), mean)
    return {"cuts": cuts.tolist(), "losses": np.round(losses, _DIGITS).tolist(), "mean": round(mean, _DIGITS)}


@dataclass(frozen=True, slots=True)
class Calibration:
    """How often a score came true on rows that training never saw: rising, straight between its knots.

    Attributes:
        scores: rising; shares: of yes at each, in [0, 1], never falling.
        rows: how many rows it was learnt from.
    """

    scores: Floats
    shares: Floats
    rows: int

    def of(self, scores: Floats) -> Floats:
        """The chance of yes of each score; below the lowest and above the highest knot that knot's."""
        return np.asarray(np.interp(scores, self.scores, self.shares), dtype=np.float64)


def calibrated(scores: Floats, labels: Floats, weights: Floats | None = None) -> Calibration:
    """The isotonic calibration of scores whose truth is known.

    Args:
        scores: one per row, finite.
        labels: 0 or 1 per row.
        weights: how much each row counts, 0 or more; all alike where absent.

    Raises:
        ValueError: there is no row, or none that counts.

    Source: Barlow et al., isotonic regression by pooling adjacent violators; straight between the ends of a pool.

    >>> found = calibrated(np.array([0.1, 0.2, 0.3, 0.4]), np.array([0.0, 1.0, 0.0, 1.0]))
    >>> found.of(np.array([0.25, 0.35])).round(6).tolist()
    [0.5, 0.75]
    """
    from scipy.optimize import isotonic_regression

    counts = np.ones_like(scores) if weights is None else weights
    distinct, place = np.unique(scores[counts > 0], return_inverse=True)
    if not distinct.size:
        raise ValueError("a calibration needs rows whose truth is known")
    weight = np.bincount(place, weights=counts[counts > 0])
    mean = np.bincount(place, weights=(counts * labels)[counts > 0]) / weight
    fitted = isotonic_regression(mean, weights=weight)
    ends = _ends(fitted.blocks)
    return Calibration(distinct[ends], np.clip(fitted.x[ends], 0.0, 1.0), int(scores.size))


def _ends(blocks: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The first and the last row of each pool."""
    return np.unique(np.concatenate([blocks[:-1], blocks[1:] - 1]))


def area(scores: Floats, chances: Floats) -> float:
    """The area under the ROC curve to expect: every threshold is swept from the highest score down.

    >>> round(area(np.array([0.9, 0.1]), np.array([1.0, 0.0])), 3)
    1.0
    """
    order = np.argsort(-scores, kind="stable")
    ranked, chance = scores[order], chances[order]
    last = np.concatenate([ranked[1:] != ranked[:-1], [True]])  # rows with equal scores come at once
    hits = np.concatenate([[0.0], np.cumsum(chance)[last]])
    alarms = np.concatenate([[0.0], np.cumsum(1 - chance)[last]])
    whole = float(hits[-1] * alarms[-1])
    return float(np.trapezoid(hits, alarms)) / whole if whole > 0 else float("nan")
