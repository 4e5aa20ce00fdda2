"""Whether two groups of people fare alike: bets on pairs of one row of each, judged as they come.

For each pair of groups, one row of the smaller is set against the mean of its share of the rows of the larger, so that
all rows count and the difference lies in [-1, 1]. With as many rows in both this is the pairing of Chugg,
Cortes-Gomez, Wilder and Ramdas, Auditing fairness by betting (NeurIPS 2023).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, permutations
from typing import Any

import numpy as np
import pandas as pd

from shipworthy.model.segments import edges_of, names_of
from shipworthy.watch.bounds import Dependence
from shipworthy.watch.evidence import Floats, beyond, rows_until_alarm, threshold
from shipworthy.watch.monitor import Settings, Values, percent
from shipworthy.watch.side_by_side import Answer, Asked, answered, still_needed

MOST_GROUPS = 10
"""So many groups of a column are compared with each other; later ones are named as not judged."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One thing that is compared between groups.

    Attributes:
        name: what it is, in words, such as ``found``.
        rows: which rows of the window it is about, such as those whose truth is a yes.
        values: one per row of the window, in [-1, 1].
        ratio: the least share that the worse group may have of the better one's; None where differences are compared.
        tolerance: by how much means may differ, where differences are compared.
        span: how far two values may lie apart: 1 for values in [0, 1], 2 for those in [-1, 1].
    """

    name: str
    rows: Values
    values: Floats
    ratio: float | None = None
    tolerance: float = 0.0
    span: float = 1.0


def differences(one: Floats, other: Floats) -> Floats:
    """Each row of the shorter against the mean of its share of the longer: as many as the shorter has, in one's favour.

    The longer is dealt out like cards, so that its order hardly matters.

    >>> differences(np.array([1.0, 0.0]), np.array([1.0, 1.0, 0.0, 0.0])).tolist()
    [0.5, -0.5]
    >>> differences(np.array([1.0, 1.0, 0.0]), np.array([1.0])).round(3).tolist()
    [-0.333]
    """
    size = min(len(one), len(other))
    if not size:
        return np.zeros(0)
    return _dealt(one, size) - _dealt(other, size)


def _dealt(values: Floats, hands: int) -> Floats:
    hand = np.arange(len(values)) % hands
    sums: Floats = np.bincount(hand, values, hands) / np.bincount(hand, minlength=hands)
    return sums


def compact(values: Values) -> pd.Series[Any]:
    """The values of a column in a few bytes each: numbers as they are, of anything else each text once."""
    series = pd.Series(values).infer_objects()
    return series if pd.api.types.is_numeric_dtype(series) else series.astype("category")


def together(parts: Sequence[Mapping[str, pd.Series[Any]]], sizes: Sequence[int]) -> dict[str, pd.Series[Any]]:
    """Columns of parts one below the other; missing in a part that lacks one.

    Args:
        parts: columns as `compact` gives them; sizes: rows of each part.
    """
    found = {}
    for column in dict.fromkeys(name for part in parts for name in part):
        pieces = [
            part[column] if column in part else pd.Series(np.full(size, np.nan))
            for part, size in zip(parts, sizes, strict=True)
        ]
        # A text that stands many times stays one object.
        whole = pieces[0] if len(pieces) == 1 else pd.concat([one.astype(object) for one in pieces], ignore_index=True)
        found[column] = whole if len(pieces) == 1 else compact(whole.to_numpy())
    return found


class Named:
    """The groups of the rows of a window by column, named alike in every window.

    Edges of bands and the list of groups are carried in the state: what is compared with what is settled before the
    outcomes are seen.
    """

    def __init__(self, state: Mapping[str, Any], groups: Mapping[str, Values | pd.Series[Any]]) -> None:
        kept: Mapping[str, Any] = state.get("groups", {})
        self.of: dict[str, Values] = {}
        self.known: dict[str, list[str]] = {}
        self.edges: dict[str, list[float] | None] = {}
        self.left_out: dict[str, list[str]] = {}
        for column, values in groups.items():
            given = pd.Series(values).infer_objects()
            before = kept.get(column, {})
            self.edges[column] = before["edges"] if "edges" in before else edges_of(given)
            names = names_of(given, self.edges[column]).astype(str)
            new = sorted(set(names.tolist()) - set(before.get("names", [])))
            both = [*before.get("names", []), *new]
            self.known[column], self.left_out[column] = both[:MOST_GROUPS], both[MOST_GROUPS:]
            self.of[column] = names
        self._others = {column: entry for column, entry in kept.items() if column not in self.known}

    @property
    def kept(self) -> dict[str, Any]:
        """What goes on to the next window."""
        mine = {column: {"edges": self.edges[column], "names": names} for column, names in self.known.items()}
        return {**self._others, **mine}


@dataclass(frozen=True, slots=True)
class Compared:
    """Every pair of groups of every column, compared by every measure.

    Attributes:
        answers: one per column, measure and pair.
        rates: by question the mean of the worse-served group and of the other.
        small: what cannot be told, in words.
    """

    answers: list[Answer]
    rates: Mapping[str, tuple[str, str, float, float, str]]
    small: list[str]
    state: dict[str, Any]

    @property
    def harmed(self) -> list[Answer]:
        """Pairs that differ beyond the tolerance and beyond chance, the surest first."""
        return sorted((one for one in self.answers if one.harms), key=lambda one: -one.reached)

    @property
    def outside(self) -> list[Answer]:
        """Pairs that differ beyond the tolerance, maybe by chance."""
        return sorted((one for one in self.answers if one.may_harm), key=lambda one: -one.reached)

    def told(self, one: Answer) -> str:
        """A pair in words."""
        worse, other, here, there, what = self.rates[one.asked.name]
        return f"{what}: {percent(here)} in {worse}, {percent(there)} in {other}"


def compared(
    state: Mapping[str, Any],
    named: Named,
    measures: Mapping[str, Sequence[Measured]],
    moment: str,
    settings: Settings,
    depends: Dependence,
) -> Compared:
    """What is known about every pair of groups after a window.

    Args:
        measures: by column what is compared.
    """
    asked: list[Asked] = []
    rates: dict[str, tuple[str, str, float, float, str]] = {}
    rows_of: dict[str, tuple[int, int]] = {}
    for column, many in measures.items():
        for measured in many:
            for pair in _pairs(named.known[column], measured):
                one, other = (measured.values[measured.rows & (named.of[column] == name)] for name in pair)
                if not (one.size and other.size):
                    continue
                question = _question(column, pair, measured, one, other, settings)
                asked.append(question)
                rates[question.name] = (
                    f"{column} = {pair[0]}",
                    f"{column} = {pair[1]}",
                    float(one.mean()),
                    float(other.mean()),
                    measured.name,
                )
                rows_of[question.name] = (one.size, other.size)
    answers, kept = answered(state, asked, moment, settings, depends, depends.phi)
    return Compared(answers, rates, _small(answers, rates, rows_of, settings), kept | {"groups": named.kept})


def _pairs(names: Sequence[str], measured: Measured) -> list[tuple[str, str]]:
    """Ordered pairs where a share of the other is asked for, plain pairs where a difference either way is."""
    return list(permutations(names, 2) if measured.ratio is not None else combinations(names, 2))


def _question(
    column: str, pair: tuple[str, str], measured: Measured, one: Floats, other: Floats, settings: Settings
) -> Asked:
    """Whether two groups differ beyond the tolerance.

    With a ratio c: whether one's mean is below c times the other's, as the mean of c y_other - y_one, which lies in
    [-1, 1], is then above 0. Otherwise whether the means differ by more than the tolerance, on either side.
    """
    rows = min(one.size, other.size)
    gap = float(one.mean() - other.mean())
    if measured.ratio is not None:
        found = differences(measured.ratio * other, one)
        factors = beyond(found, 0.0).reshape(1, -1)
        least = measured.ratio * float(other.mean())
        name = f"{column}: {measured.name}: {pair[0]} to {pair[1]}"
        return Asked(name, rows, float(one.mean()), float(other.mean()), least, factors, float(one.mean()) < least)
    found = differences(one, other)
    tolerance = measured.tolerance
    bound = tolerance / measured.span
    factors = np.array([beyond(side * found / measured.span, bound) for side in (1, -1)])
    name = f"{column}: {measured.name}: {pair[0]} and {pair[1]}"
    return Asked(name, rows, gap, 0.0, tolerance, factors, abs(gap) > tolerance)


def _small(
    answers: Sequence[Answer],
    rates: Mapping[str, tuple[str, str, float, float, str]],
    rows_of: Mapping[str, tuple[int, int]],
    settings: Settings,
) -> list[str]:
    """Groups too small for a gap well beyond the tolerance to show within a year, and how many more rows it takes."""
    needed = _rows_needed(settings)
    found: dict[str, int] = {}
    for one in answers:
        first, second, *_ = rates[one.asked.name]
        rows = rows_of[one.asked.name]
        for name, size in zip((first, second), rows, strict=True):
            if not one.harms and size * settings.updates_per_year < needed and size == min(rows):
                found[name] = min(size, found.get(name, size))
    return [
        f"{name} ({needed - size * settings.updates_per_year:,} more a year needed)" for name, size in found.items()
    ]


def _rows_needed(settings: Settings) -> int:
    """About how many pairs show a gap that is .1 beyond the tolerance, by the delay formula."""
    tolerance = min(settings.tolerance or 0.05, 0.4)
    bar = threshold(settings.updates_per_year, settings.alpha)
    # A difference D in [-1, 1] is bet on as (D + 1) / 2 in [0, 1].
    found = rows_until_alarm((1 + tolerance + 0.1) / 2, (1 + tolerance) / 2, bar, settings.phi)
    return found or 0


def summary(found: Compared, many: int = 2) -> str:
    """What is to be said about the pairs that differ, and about those of which too little is known."""
    told = [f"Worse than tolerated, and not by chance: {found.told(one)}." for one in found.harmed[:many]]
    told += [f"Beyond what is tolerated: {found.told(one)}; {still_needed(one)}." for one in found.outside[:many]]
    if found.small:
        told.append(f"Cannot tell for small groups: {'; '.join(found.small[:4])}.")
    return " ".join(told)
