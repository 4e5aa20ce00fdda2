"""How good answers probably are while their truth is unknown: an estimate with an assumption, never a guarantee.

The truth of held-out rows says how often a score comes true (`model.estimates`). As long as that holds, the scores of
new answers alone say how many of them are right (`estimated`). Where the mix of inputs moved, the rows of the
reference that look like the new ones count more (`weights`). What nobody can see without labels is that the same
inputs come true more or less often than they did.

Source: confidence-based performance estimation, Kivimaki et al. (2024), arXiv 2407.08649; re-weighting by the density
ratio of a domain classifier, Bialek et al., arXiv 2401.08348 (PAPE).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shipworthy.model.estimates import area
from shipworthy.watch.evidence import Floats

LARGEST_WEIGHT = 50.0
"""No row of the reference counts for more than so many, lest a few of them decide everything."""

_SMALLEST_CHANCE = 1e-6


@dataclass(frozen=True, slots=True)
class Estimated:
    """What the answers probably are; NaN where a measure has nothing to divide by.

    Attributes:
        rows: answers with a score; yes: those of them that say yes.
        share: of yes to expect.
        spread: of the accuracy, one standard deviation by the luck of the labels alone, the calibration taken as right.
    """

    rows: int
    yes: int
    accuracy: float
    precision: float
    recall: float
    f1: float
    auc: float
    brier: float
    share: float
    spread: float


def estimated(scores: Floats, chances: Floats, says_yes: npt.NDArray[np.bool_]) -> Estimated:
    """The measures to expect of some answers.

    Args:
        scores: one per answer; chances: of yes, from a calibration; says_yes: what was decided.

    Raises:
        ValueError: there is no answer.

    Source: expected cells of the confusion matrix, given the scores; the spread is that of a Poisson binomial.

    >>> found = estimated(np.array([0.9, 0.2]), np.array([0.8, 0.1]), np.array([True, False]))
    >>> round(found.accuracy, 3), round(found.precision, 3), round(found.recall, 3)
    (0.85, 0.8, 0.889)
    """
    if not scores.size:
        raise ValueError("there is no answer to estimate anything of")
    hit, missed = float(chances[says_yes].sum()), float(chances[~says_yes].sum())
    yes, size = int(says_yes.sum()), int(scores.size)
    false_yes, right_no = yes - hit, size - yes - missed
    return Estimated(
        rows=size,
        yes=yes,
        accuracy=(hit + right_no) / size,
        precision=_over(hit, yes),
        recall=_over(hit, hit + missed),
        f1=_over(2 * hit, 2 * hit + false_yes + missed),
        auc=area(scores, chances),
        brier=float((chances * (1 - scores) ** 2 + (1 - chances) * scores**2).mean()),
        share=float(chances.mean()),
        spread=float(np.sqrt((chances * (1 - chances)).sum()) / size),
    )


def _over(part: float, whole: float) -> float:
    return float(part / whole) if whole > 0 else float("nan")


def weights(chance_new: Floats, reference_rows: int, new_rows: int) -> Floats:
    """How much each row of the reference counts among rows mixed as the new ones are: the density ratio, cut at 50.

    Args:
        chance_new: what a domain classifier gives each row of the reference for being one of the new rows.

    Source: the density ratio is n_ref / n_new * d / (1 - d); Bickel et al. (2007).

    >>> weights(np.array([0.5, 0.0, 1.0]), 100, 100).tolist()
    [1.0, 0.0, 50.0]
    """
    odds = chance_new / np.maximum(1 - chance_new, _SMALLEST_CHANCE)
    return np.asarray(np.clip(reference_rows / new_rows * odds, 0.0, LARGEST_WEIGHT), dtype=np.float64)
