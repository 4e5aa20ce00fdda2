"""Whether one candidate does harm, or may take the place of another: evidence that may be looked at at any time. Pure.

Both questions are bets on D, the loss of the new candidate minus that of the other one. In shadow both answer the
same row; where they share the people, D is the loss of one row of the canary minus the mean loss of its own block of
rows of the other one. Harm is evidence that the mean of D lies above what is tolerated; promotion is evidence that it
lies below the margin beyond which the new one would be too much worse. Going back wins ties, and at the row limit.

What is promised: a candidate that is not worse is taken back with probability at most alpha (all reasons together, see
`watch.errors`), one that is worse by the margin is let on with probability at most alpha, however often one looks. It
holds while, given the past, the mean of D lies where it is said to; rows that share shocks are weighed down by phi
(`evidence.temper`), which is measured on the moments before as soon as there are enough of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import log
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln

from shipworthy.watch.bounds import BATCHES_FOR_PHI, Dependence, overdispersion
from shipworthy.watch.evidence import BETS, Counts, Floats, above, beyond, temper, wealth

Decided = Literal["promote", "hold", "roll back"]
KAPPA = 100.0
"""How firmly the Dirichlet mixture expects the planned split: as if so many rows had come as planned."""
_DECIMALS = 6
_FEW = 5  # moments from which on dependence may be seen to be larger than declared
_NEWEST = 60  # moments that dependence is measured on


@dataclass(frozen=True, slots=True)
class Terms:
    """What a trial is decided by.

    Attributes:
        harm: the rise of the mean loss that is tolerated.
        margin: the rise of the mean loss beyond which the new one would be too much worse; below 0, the fall that it
            must show more than.
        alpha: the chance of a wrong verdict of each kind; back: that of going back by these losses alone, where other
            reasons to go back have a part of it too (`watch.errors`), None where they have none.
        row_limit: pairs of rows after which an undecided candidate goes back.
        phi: how many times dependence between rows inflates the variance of the mean of D.
    """

    harm: float = 0.0
    margin: float = 0.02
    alpha: float = 0.05
    row_limit: int = 20_000
    phi: float = 1.0
    back: float | None = None

    @property
    def to_go_back(self) -> float:
        """The chance of going back wrongly by losses."""
        return self.alpha if self.back is None else self.back

    def __post_init__(self) -> None:
        if not (0 <= self.harm < 1 and -1 < self.margin < 1 and 0 < self.alpha < 1 and self.row_limit >= 1):
            raise ValueError(f"these terms decide nothing: {self}")


@dataclass(frozen=True, slots=True)
class Trial:
    """The evidence of a trial so far: log capital per bet, see `evidence.wealth`.

    Attributes:
        rows: pairs of rows seen; total: the sum of their D.
        moments: of the newest 60 moments the rows, the mean of D and the mean of its square.
    """

    harm: tuple[float, ...] = field(default=(0.0,) * len(BETS))
    promotion: tuple[float, ...] = field(default=(0.0,) * len(BETS))
    rows: int = 0
    total: float = 0.0
    moments: tuple[tuple[int, float, float], ...] = ()

    def dependence(self, declared: float) -> Dependence:
        """How dependent the rows of a moment are, known before the next one: measured on the moments seen from 20 on.

        With fewer the declared bound holds, or what was measured on 5 and more where that is larger.

        >>> Trial(moments=((100, 0.1, 0.05), (100, -0.1, 0.05)) * 10).dependence(10.0).phi.__round__(1)
        21.1
        """
        sizes, means = [rows for rows, _, _ in self.moments], [mean for _, mean, _ in self.moments]
        each = sum(sizes) / len(sizes) if sizes else 0.0
        if not sum(sizes):
            return Dependence(declared, False)
        variance = float(np.average([square for _, _, square in self.moments], weights=sizes))
        variance -= float(np.average(means, weights=sizes)) ** 2
        found = overdispersion(sizes, means, variance, _FEW)
        if found is None:
            return Dependence(declared, False)
        if len(sizes) >= BATCHES_FOR_PHI:
            return Dependence(found, True, each)
        return Dependence(found, True, each) if found > declared else Dependence(declared, False)

    @property
    def mean(self) -> float:
        """By how much the loss rose in the mean; 0 where nothing was seen."""
        return self.total / self.rows if self.rows else 0.0


def differences_of_split(canary: Floats, control: Floats) -> Floats:
    """One D for each block: the mean loss of its canary rows minus that of its control rows.

    The smaller side gives one row to each block, and the larger one is divided among them, each row in one block.

    Args:
        canary, control: losses in [0, 1], in an order that does not hang on them.

    >>> differences_of_split(np.array([1.0, 0.0]), np.array([0.0, 1.0, 0.0, 0.0])).tolist()
    [0.5, 0.0]
    """
    blocks = min(canary.size, control.size)
    if not blocks:
        return np.zeros(0)
    return _means(canary, blocks) - _means(control, blocks)


def _means(losses: Floats, blocks: int) -> Floats:
    ends = np.linspace(0, losses.size, blocks + 1).round().astype(np.int64)
    sums: Floats = np.add.reduceat(losses, ends[:-1]) / np.diff(ends)
    return sums


def seen(before: Trial, differences: Floats, terms: Terms) -> Trial:
    """The evidence after more rows.

    Args:
        differences: D of each pair of rows of a moment, in [-1, 1], each counted once.
        terms: with the phi that these rows are weighed by.
    """
    harm = temper(beyond(differences, terms.harm), terms.phi)
    promotion = temper(beyond(-differences, -terms.margin), terms.phi)
    return Trial(
        harm=_added(before.harm, harm),
        promotion=_added(before.promotion, promotion),
        rows=before.rows + differences.size,
        total=before.total + float(differences.sum()),
        moments=(*before.moments, *_moment(differences))[-_NEWEST:],
    )


def _moment(differences: Floats) -> list[tuple[int, float, float]]:
    if not differences.size:
        return []
    return [(differences.size, round(float(differences.mean()), 9), round(float((differences**2).mean()), 9))]


def _added(before: tuple[float, ...], more: Floats) -> tuple[float, ...]:
    # Rounded down, so that what is carried in a fact is never stronger than what was seen.
    return tuple((np.floor((np.asarray(before) + more) * 10**_DECIMALS) / 10**_DECIMALS).tolist())


def reached(log_factors: tuple[float, ...], alpha: float) -> float:
    """How far capital is on its way to a verdict: 0 nothing, 1 and more a verdict.

    >>> round(reached((np.log(20),), 0.05), 6)
    1.0
    """
    return max(0.0, wealth(np.asarray(log_factors)) / log(1 / alpha))


def verdict(trial: Trial, terms: Terms, mismatch: bool = False) -> Decided:
    """What is to be done; going back wins ties.

    Args:
        mismatch: the people were not divided as planned, so that their losses cannot be compared.
    """
    if mismatch or reached(trial.harm, terms.to_go_back) >= 1:
        return "roll back"
    if reached(trial.promotion, terms.alpha) >= 1:
        return "promote"
    return "roll back" if trial.rows >= terms.row_limit else "hold"


def mismatch(counts: npt.ArrayLike, shares: npt.ArrayLike) -> float:
    """Log evidence that rows were not divided by the planned shares; beyond log(1 / alpha) it was not by chance.

    The likelihood of a Dirichlet(kappa pi) mixture over that of the planned shares pi. For rows that come one by one
    and are counted once it may be looked at at any time.

    Args:
        counts: rows of each side so far.
        shares: what was planned, each above 0, together 1.

    Source: Lindon and Malek (2022), Anytime-valid inference for multinomial count data.

    >>> mismatch([50, 950], [0.05, 0.95]) < 0 < mismatch([100, 900], [0.05, 0.95])
    True
    """
    rows, planned = np.asarray(counts, dtype=np.float64), np.asarray(shares, dtype=np.float64)
    prior = KAPPA * planned
    ratio = gammaln(prior + rows) - gammaln(prior) - rows * np.log(planned)
    return float(ratio.sum() + gammaln(KAPPA) - gammaln(KAPPA + rows.sum()))


def more_often(counts: Counts, tolerated: float, phi: float = 1.0) -> Floats:
    """Log capital per bet against "an answer is too slow, wrong in form or refused in at most this share of cases".

    Add those of each batch and ask `evidence.wealth`.

    >>> bool(wealth(more_often(Counts(200, 20), 0.01)) > np.log(20))
    True
    """
    return temper(above(counts, tolerated), phi)


@dataclass(frozen=True, slots=True)
class Worth:
    """What replacing the candidate in use costs and brings.

    Attributes:
        cost: of training, proving and releasing once.
        value: of one unit of loss less in one decision, in the same currency.
        decisions: how many decisions the new one will take before it is replaced in turn.
    """

    cost: float = 0.0
    value: float = 1.0
    decisions: int = 1

    @property
    def break_even(self) -> float:
        """g*: by how much the mean loss must fall for the replacement to pay for itself.

        >>> Worth(cost=5000, value=50, decisions=10_000).break_even
        0.01
        """
        return self.cost / (self.value * self.decisions)
