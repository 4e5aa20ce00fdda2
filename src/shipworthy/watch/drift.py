"""Whether a column still looks as it did when the candidate was made: tests at the cuts of its distribution.

A numeric column is cut at the values its profile kept; a column of categories has one indicator per common
category, one for rare values and one for values never seen before. Both have a bin for missing values. What is asked
stands here; `watch.counting` counts it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np

from shipworthy.watch.bounds import share_between
from shipworthy.watch.evidence import Counts, Floats, above, below, rows_more, temper, threshold
from shipworthy.watch.monitor import Settings, Values, percent
from shipworthy.watch.reference import Known

# The plan's yearly error holds everything: a tenth is spent once on the bounds of the reference, the rest each year.
REFERENCE_PART = 0.1
MISSING, RARE, UNSEEN, OTHER = "missing", "rare", "never seen before", "rare or never seen before"
NONE = Counts(0, 0)


@dataclass(frozen=True, slots=True)
class Cut:
    """One question about a column: the share of rows for which something holds, then and now.

    Attributes:
        text: what holds, such as ``at most 12``.
        then: counts on the reference rows; where only `at_most`, the share then is known to be no more than that.
        now: counts in the window.
    """

    text: str
    then: Counts
    now: Counts
    at_most: bool = False

    @property
    def moved(self) -> float:
        """By how much the share changed; 0 of an empty window."""
        return self.now.share - self.then.share if self.now.rows else 0.0


def questions(known: Known) -> list[Cut]:
    """Every question about a column with its counts in the reference, none in a window yet; the same for each window.

    A numeric column is asked at its deciles, one of texts at its common texts, the rarer ones and, where it is known
    which those were, the ones never seen before; both in what is missing.
    """
    found = _of_numbers(known) if known.shares is None else _of_texts(known, known.shares)
    return [*found, Cut(MISSING, Counts(known.rows, known.missing), NONE)]


def _of_numbers(known: Known) -> list[Cut]:
    found = [
        Cut(f"at most {written(value)}", Counts(known.present, round(share * known.present)), NONE)
        for value, share in known.cuts
    ]
    if known.cuts:
        # At most a tenth of the rows lay below the lowest decile; without this cut a constant could only rise.
        lowest, tenth = known.cuts[0][0], ceil((known.present - 1) / 10)
        found.append(Cut(f"below {written(lowest)}", Counts(known.present, tenth), NONE, at_most=True))
    return found


def _of_texts(known: Known, shares: Mapping[str, float]) -> list[Cut]:
    found = [Cut(name, _share(known, share), NONE) for name, share in shares.items()]
    if known.seen is None:
        return [*found, Cut(OTHER, _share(known, known.rest), NONE)]
    rare = max(0.0, known.rest - known.unseen)
    return [*found, Cut(RARE, _share(known, rare), NONE), Cut(UNSEEN, _share(known, known.unseen), NONE)]


def _share(known: Known, share: float) -> Counts:
    return Counts(known.rows, round(share * known.rows))


def factors(found: Sequence[Cut], tolerance: float, error: float, phi: float) -> Floats:
    """Log capital factors of a window, two rows per cut: the share rose, the share fell, beyond the tolerance.

    Args:
        tolerance: so many of all rows may move without notice.
        error: the chance that the reference shares of this column lie outside their bounds, for all cuts together.
        phi: overdispersion; the reference counts as rows / phi.

    Source: the null of each tail is the Clopper-Pearson bound of the reference share, widened by the tolerance.
    """
    rows = []
    for cut in found:
        low, high = share_between(cut.then.ones / phi, cut.then.rows / phi, error / (2 * len(found)))
        rows.append(above(cut.now, high + tolerance))
        rows.append(below(cut.now, 0.0 if cut.at_most else low - tolerance))
    return np.array(rows, dtype=np.float64)


def leading(found: Sequence[Cut], evidence: Floats) -> Cut:
    """The cut that carries most of the evidence."""
    return found[int(evidence.max(axis=1).argmax()) // 2]


@dataclass(frozen=True, slots=True)
class Unsure:
    """A column that moved beyond the tolerance in a window while the evidence does not suffice.

    Attributes:
        more: how many more rows like these would tell; None where no number of them would.
    """

    cut: Cut
    more: int | None

    @property
    def text(self) -> str:
        """What is seen, and what is missing to be sure."""
        if self.more is None:
            return f"{said(self.cut)}, too few rows now or in the reference to tell from chance"
        return f"{said(self.cut)}, {self.more:,} more answers like these needed to tell from chance"


def unsure(
    found: Sequence[Cut], evidence: Floats, factor: Floats, phi: float, settings: Settings, alpha: float
) -> Unsure | None:
    """Whether a window moved beyond the tolerance without telling whether by chance.

    Args:
        evidence: carried after this window, one row per test; factor: what the window added, not tempered.
        alpha: the yearly error of the question that all tests of this column ask together.
    """
    cut = max(found, key=lambda one: one.moved if one.at_most else abs(one.moved))
    if (cut.moved if cut.at_most else abs(cut.moved)) <= (settings.tolerance or 0.0):
        return None
    bar = threshold(settings.updates_per_year, alpha)
    return Unsure(cut, rows_more(evidence.reshape(-1), temper(factor, phi).reshape(-1), cut.now.rows, bar))


def said(cut: Cut) -> str:
    """A cut's shares, then and now, as people read them."""
    then = f"{'at most ' if cut.at_most else ''}{percent(cut.then.share)}"
    return f"{cut.text}: {then} then, {percent(cut.now.share)} now"


def written(value: float) -> str:
    """A bound as people read it: four digits that count, whole ones from a thousand on.

    >>> written(0.0572628), written(11.77), written(1234567.8)
    ('0.05726', '11.77', '1,234,568')
    """
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def as_numbers(values: Values) -> Floats:
    """Values as floats; what is missing or no number becomes NaN.

    >>> [float(x) for x in as_numbers(np.array([1, None, "x"], dtype=object))]
    [1.0, nan, nan]
    """
    if values.dtype.kind in "fiub":
        return values.astype(np.float64)
    try:
        return values.astype(np.float64)
    except (TypeError, ValueError):
        return np.array([_number(value) for value in values.tolist()], dtype=np.float64)


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")


def moved_shares(leads: Mapping[str, Cut]) -> dict[str, float]:
    """How far the leading cut of each column moved, for charts."""
    return {f"moved.{name}": cut.moved for name, cut in leads.items()}
