"""How much what monitors count hangs together within a moment: as measured on the held-out rows, else as declared.

The profile of a candidate keeps counts and means of each moment of its held-out rows. Twenty of them tell how many
times they differ more than independent rows would; with fewer a guarantee holds on condition of the declared bound.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from shipworthy.model.intervals import Intervals
from shipworthy.model.performance import HeldOut, Part
from shipworthy.plan.schema import Worth
from shipworthy.watch.bounds import Dependence, dependence, of_shares, together
from shipworthy.watch.monitor import Settings


def of_losses(then: HeldOut, settings: Settings) -> Dependence:
    """How dependent the losses of everybody are."""
    return dependence(settings.phi, [(rows, loss) for rows, loss, _ in then.batches], _variance(then.whole))


def of_segment(part: Part, settings: Settings) -> Dependence:
    """How dependent the losses of one segment are: what hits only its rows weighs more there than in the whole."""
    return dependence(settings.phi, part.batches, _variance(part))


def _variance(part: Part) -> float:
    """Of a single loss."""
    values = np.linspace(0.0, 1.0, part.levels.size)
    mean = float(part.levels @ values) / part.levels.sum()
    return float(part.levels @ (values - mean) ** 2) / float(part.levels.sum())


def of_gaps(profile: Mapping[str, Any], settings: Settings) -> Dependence:
    """How dependent gaps are: measured on the moments of the reference where there are enough, else declared."""
    then = HeldOut.read(profile)
    if then is None or then.loss != "brier":
        return dependence(settings.phi)
    # The variance of one gap is its mean square, the Brier score, where promises come true on average.
    return dependence(settings.phi, [(size, gap) for size, _, gap in then.batches], then.whole.mean)


def of_decisions(then: HeldOut, settings: Settings) -> list[Dependence]:
    """How much those chosen wrongly, and those missed, hang together, as measured on moments of held-out rows."""
    if then.cells is None:
        return [dependence(settings.phi)] * 2
    right, wrong, _, missed = then.cells.T
    return of_shares(settings.phi, [(wrong, right + wrong), (missed, right + missed)])


def of_classes(then: HeldOut, settings: Settings) -> Dependence:
    """How much the rows of each class that are named wrongly, or missed, hang together on the held-out rows.

    Measured by the moment; its rows are those of all classes, since a larger window has more of each.
    """
    each = then.confusions
    if each is None:
        return dependence(settings.phi)
    right, named, true = each.diagonal(axis1=1, axis2=2), each.sum(axis=1), each.sum(axis=2)
    shares = [(whole[:, at] - right[:, at], whole[:, at]) for at in range(right.shape[1]) for whole in (named, true)]
    found = together(of_shares(settings.phi, [(ones, rows) for ones, rows in shares if rows.any()]), settings.phi)
    return replace(found, rows=float(each.sum() / len(each)))


def of_worth(then: HeldOut | None, worth: Worth, settings: Settings) -> Dependence:
    """How much what decisions are worth hangs together: as measured on the moments of the held-out rows."""
    if then is None or then.cells is None:
        return dependence(settings.phi)
    amounts = np.array([worth.yes_right, worth.yes_wrong, worth.no_right, worth.no_wrong], dtype=np.float64)
    rows, shares = then.cells.sum(axis=1), then.cells.sum(axis=0) / max(1, then.cells.sum())
    variance = float(shares @ (amounts - shares @ amounts) ** 2)
    means = then.cells @ amounts / np.maximum(rows, 1)
    return dependence(settings.phi, list(zip(rows.tolist(), means.tolist(), strict=True)), variance)


def of_outside(intervals: Intervals, profile: Mapping[str, Any], settings: Settings) -> Dependence:
    """How much truths outside of the intervals hang together: as measured on the moments of the held-out rows."""
    if intervals.of == "number":
        return dependence(settings.phi, [(rows, ones / rows) for ones, rows in intervals.outside if rows])
    return of_gaps(profile, settings)


def of_groups(profile: Mapping[str, Any], settings: Settings) -> Dependence:
    """How much the rows of a group hang together: as declared, but no less than everybody's decisions and losses do.

    What is measured of everybody says nothing sure of one group: what hits only some of them weighs less in the whole,
    and what hits all alike cancels between two groups. So it is not scaled to larger windows.
    """
    then = HeldOut.read(profile)
    if then is None:
        return dependence(settings.phi)
    known = [of_losses(then, settings), *of_decisions(then, settings)]
    return dependence(max([settings.phi, *(one.phi for one in known if one.measured)]))
