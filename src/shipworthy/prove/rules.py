"""What the decisions would have done, for whom, and whether promises are kept; pure functions of arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from shipworthy.base.errors import Mistake, UserError
from shipworthy.plan.schema import Decision
from shipworthy.prove.intervals import Estimate, Floats, bootstrap, unknown, wilson

TENTHS = 10


class TooFewGroups(UserError):
    """Two groups are needed before they can be compared."""


@dataclass(frozen=True, slots=True)
class DecisionResults:
    """What acting on the decisions would have achieved.

    Attributes:
        rows: how many entities were decided on.
        chosen: how many got the decision yes.
        hits: how many of the chosen were a real yes.
        base_rate: the share of real yes among all.
        precision: the share of real yes among the chosen.
        found: the share of all real yes that was chosen (recall).
        lift: precision over base rate; how many times better than choosing blindly.
    """

    rows: int
    chosen: int
    hits: int
    base_rate: Estimate
    precision: Estimate
    found: Estimate
    lift: Estimate


def decision_results(labels: Floats, chosen: Sequence[bool], confidence: float = 0.95) -> DecisionResults:
    """Precision, recall and lift of the yes decisions.

    The lift's interval is that of the precision over the base rate as measured on the same rows, since the
    rows chosen are by far the smaller sample.

    Args:
        labels: 0 or 1 per row.
        chosen: whether the decision was yes, per row.
        confidence: of the two-sided intervals.
    """
    picked = np.asarray(chosen, dtype=bool)
    rows, yes = len(labels), int(labels.sum())
    many, hits = int(picked.sum()), int(labels[picked].sum())
    base, precision = wilson(yes, rows, confidence), wilson(hits, many, confidence)
    if precision.cannot_tell or not yes:
        lift = unknown(rows, "nobody was chosen" if precision.cannot_tell else "there is no real yes")
    else:
        value, low, high = (part / (yes / rows) for part in precision.known)
        lift = Estimate(value, low, high, many)
    return DecisionResults(rows, many, hits, base, precision, wilson(hits, yes, confidence), lift)


@dataclass(frozen=True, slots=True)
class GroupRates:
    """A rate per group of people, and how far apart the groups are.

    Attributes:
        groups: the rate with its interval by group; groups that are too small say that they cannot be told.
        disparity: how much worse the worst group fares than the best, with the least and most it plausibly is.
        worst, best: the names of these groups; empty where there are not two to compare.
    """

    groups: dict[str, Estimate]
    disparity: Estimate
    worst: str = ""
    best: str = ""


def disparity(rates: Mapping[str, float]) -> float:
    """How much worse the worst-served group fares than the best, 0 (equal) to 1.

    One minus the lowest over the highest selection rate; the four-fifths rule asks for 0.2 or less.

    Args:
        rates: share selected per group, each in [0, 1], at least two groups.

    Raises:
        TooFewGroups: with fewer than two groups there is nothing to compare.

    Source: US EEOC Uniform Guidelines, 29 CFR 1607.4(D).

    >>> disparity({"a": 0.25, "b": 0.5})
    0.5
    """
    if len(rates) < 2:
        raise TooFewGroups(
            Mistake(
                "prove.too_few_groups",
                "rates",
                f"{len(rates)} group cannot be compared with another.",
                fix="Give the rates of at least two groups.",
            )
        )
    best = max(rates.values())
    return 1 - min(rates.values()) / best if best > 0 else 0.0


def group_rates(
    groups: Sequence[str], happened: Sequence[bool], at_least: int = 100, confidence: float = 0.95
) -> GroupRates:
    """The share of rows for which something happened, per group, and the disparity between groups.

    The interval of the disparity comes from those of the two shares by the method of variance estimates
    recovery on the ratio, at a confidence that allows for picking the extremes of many groups (Bonferroni).

    Args:
        groups: the group of each row.
        happened: whether the thing happened to that row: it was chosen, it was decided rightly.
        at_least: groups with fewer rows are not judged.
        confidence: of the two-sided intervals.

    Source: Donner and Zou, Journal of Biopharmaceutical Statistics 22 (2012) 347-359, for the ratio.
    """
    names, index = np.unique(np.asarray(groups, dtype=str), return_inverse=True)
    many = np.bincount(index, minlength=len(names))
    took = np.bincount(index, weights=np.asarray(happened, dtype=float), minlength=len(names))
    rates = {
        str(name): wilson(int(hits), int(rows), confidence)
        if rows >= at_least
        else unknown(int(rows), f"{rows} rows; at least {at_least} are needed")
        for name, rows, hits in zip(names, many, took, strict=True)
    }
    judged = {name: rate.known for name, rate in rates.items() if not rate.cannot_tell}
    if len(judged) < 2:
        why = f"{len(judged)} of {len(rates)} groups have the {at_least} rows that are needed to compare them"
        return GroupRates(rates, unknown(len(index), why))
    worst = min(judged, key=lambda name: judged[name][0])
    best = max(judged, key=lambda name: judged[name][0])
    value = disparity({name: rate[0] for name, rate in judged.items()})
    pairs = len(judged) * (len(judged) - 1) / 2
    strict = 1 - (1 - confidence) / pairs
    place = {str(name): number for number, name in enumerate(names)}
    ends = [wilson(int(took[place[name]]), int(many[place[name]]), strict).known for name in (worst, best)]
    low_ratio, high_ratio = _ratio_interval(ends[0], ends[1])
    return GroupRates(
        rates, Estimate(value, max(0.0, 1 - high_ratio), min(1.0, 1 - low_ratio), len(index)), worst, best
    )


def _ratio_interval(over: tuple[float, float, float], under: tuple[float, float, float]) -> tuple[float, float]:
    """The interval of a ratio of two shares, each given as value, low and high end."""
    (a, a_low, a_high), (b, b_low, b_high) = over, under
    if b <= 0:
        return 0.0, 1.0  # nobody was chosen anywhere: equal, and nothing is known about it

    def end(a_end: float, b_end: float, side: float) -> float:
        known = (a_end * (2 * a - a_end), b_end * (2 * b - b_end))
        root = np.sqrt(max((a * b) ** 2 - known[0] * known[1], 0.0))
        return float((a * b + side * root) / known[1]) if known[1] > 0 else (0.0 if side < 0 else np.inf)

    return max(0.0, end(a_low, b_high, -1.0)), end(a_high, b_low, 1.0)


@dataclass(frozen=True, slots=True)
class Bin:
    """Rows with similar scores: what was promised and what came true.

    Attributes:
        low, high: the least and greatest score in the bin.
        promised: the mean score.
        real: the share that was a real yes, with its interval.
    """

    low: float
    high: float
    promised: float
    real: Estimate


@dataclass(frozen=True, slots=True)
class Calibration:
    """Whether promises are kept on the whole and at every height.

    Attributes:
        promised: the mean score.
        real: the share of real yes (or the mean of a number), with its interval.
        gap: promised minus real; above 0 promises too much.
        expected_error: the expected calibration error: the mean distance of the bins, weighted by their rows.
        bins: the reliability table, from low scores to high.
    """

    promised: float
    real: Estimate
    gap: Estimate
    expected_error: float
    bins: list[Bin]


def calibration(labels: Floats, scores: Floats, confidence: float = 0.95, bins: int = TENTHS) -> Calibration:
    """Promised against real share of yes, on the whole and in bins of equally many rows.

    The scores are given, the labels are what is uncertain, so the interval of the gap is that of the real share.

    Args:
        labels: 0 or 1 per row, at least one row.
        scores: probabilities per row.
        confidence: of the two-sided intervals.
        bins: how many; equal scores stay together, so there may be fewer.

    Source: Naeini, Cooper and Hauskrecht, AAAI (2015) 2901-2907, for the expected calibration error.
    """
    promised, real = float(scores.mean()), wilson(int(labels.sum()), len(labels), confidence)
    value, low, high = real.known
    table = reliability(labels, scores, confidence, bins)
    error = sum(one.real.rows * abs(one.promised - one.real.known[0]) for one in table) / len(labels)
    gap = Estimate(promised - value, promised - high, promised - low, len(labels))
    return Calibration(promised, real, gap, float(error), table)


def reliability(labels: Floats, scores: Floats, confidence: float = 0.95, bins: int = TENTHS) -> list[Bin]:
    """The reliability table: promised and real share in bins of about equally many rows."""
    edges = np.unique(np.quantile(scores, np.linspace(0, 1, bins + 1)[1:-1]))
    index = np.searchsorted(edges, scores, side="left")
    table = []
    for one in np.unique(index):
        inside = index == one
        share = wilson(int(labels[inside].sum()), int(inside.sum()), confidence)
        few = scores[inside]
        table.append(Bin(float(few.min()), float(few.max()), float(few.mean()), share))
    return table


def mean_gap(labels: Floats, answers: Floats, confidence: float = 0.95) -> Estimate:
    """By how much numbers are too high on average, as a share of the mean truth.

    Args:
        labels: the true numbers.
        answers: the numbers that were answered.
        confidence: of the two-sided interval.

    Returns:
        The estimate; it cannot be told where the mean truth is 0.
    """
    if not len(labels) or abs(float(labels.mean())) < np.finfo(np.float64).eps:
        return unknown(len(labels), "the truth is 0 on average, so no share of it can be told")

    def share(counts: Floats) -> Floats:
        truth, answered = counts @ labels, counts @ answers
        none = np.full_like(truth, np.nan)
        return np.divide(answered - truth, np.abs(truth), out=none, where=truth != 0)

    low, high = bootstrap(share, len(labels), confidence)
    return Estimate(float(share(np.ones((1, len(labels))))[0]), low, high, len(labels))


def change_of_output(scores: Floats, before: Floats) -> tuple[float, float]:
    """How far answers moved against those of the candidate before, on the same rows.

    Returns:
        The change of the mean score as a share of the mean before (0.5: half as high or half as high again), and
        Spearman's rank correlation; 1 where all rows of both keep one and the same order or are all equal.

    >>> change_of_output(np.array([0.1, 0.2, 0.3]), np.array([0.2, 0.4, 0.6]))
    (-0.5, 1.0)
    """
    mean, mean_before = float(scores.mean()), float(before.mean())
    change = (mean - mean_before) / abs(mean_before) if mean_before else (0.0 if mean == 0 else float(np.sign(mean)))
    ranks = [stats.rankdata(one) for one in (scores, before)]
    if any(np.ptp(one) == 0 for one in ranks):
        return change, 1.0 if all(np.ptp(one) == 0 for one in ranks) else 0.0
    return change, round(float(np.corrcoef(ranks)[0, 1]), 12)


def scaled(rule: Decision, some: int, everybody: int) -> Decision:
    """The decision rule for a sample: `top` so many of everybody becomes the same share of the sample, at least 1.

    >>> scaled(Decision(top=200), 1000, 5000).top
    40
    """
    if rule.top is None or everybody <= 0:
        return rule
    return rule.model_copy(update={"top": max(1, round(rule.top * some / everybody))})
