"""When an answer must not be given by the model alone: the humility rules of the plan, over many rows at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from shipworthy.model.reasons import value_text

if TYPE_CHECKING:
    import pandas as pd

    from shipworthy.plan.schema import Decision

Floats = npt.NDArray[np.float64]
Texts = Mapping[str, Sequence[str | None]]

SEEN_OFTEN = 5
"""A text counts as seen when at least so many rows of training had it: from fewer nothing can be learnt, and a text
that hardly anybody has could tell who that is, so it is not kept."""

_NAMED = 3  # broken rules that a text names; the rest is counted


@dataclass(frozen=True, slots=True)
class Humility:
    """The humility rules of one candidate, ready to judge rows; made once, then pure and without state.

    Attributes:
        features: the inputs in the order of the columns of `values`.
        numbers: which of them are numbers.
        low, high: the bounds of each, slack included; without end where no bound is asked for.
        learnt: lowest and highest value in training of each, shape (2, features).
        seen: the texts that training saw often enough, by feature; only those that are judged.
        missing_at_most: how many inputs of a row may be missing; None for any number.
        uncertain: how wide an interval may be; None for any width.
        idle: no rule is declared, so that nothing need be judged.
    """

    features: tuple[str, ...]
    numbers: npt.NDArray[np.bool_]
    low: Floats
    high: Floats
    learnt: Floats
    seen: Mapping[str, frozenset[str]]
    missing_at_most: int | None
    uncertain: float | None
    idle: bool

    @classmethod
    def of(cls, profile: Mapping[str, Any], decision: Decision, features: Sequence[str] = ()) -> Humility:
        """The rules that a plan declares, with what the candidate learnt from as its frozen profile tells it.

        Args:
            profile: see `model.profile`; without `learnt` nothing can lie outside it.
            features: the inputs in the candidate's own order; the profile's order where none are given.
        """
        rule, names = decision.humility, tuple(features or profile.get("features", {}))
        entries = [profile.get("features", {}).get(name, {"kind": "number"}) for name in names]
        learnt = np.array([_range(entry) for entry in entries], dtype=np.float64).reshape(-1, 2).T
        low, high, seen = np.full(len(names), -np.inf), np.full(len(names), np.inf), dict[str, frozenset[str]]()
        for place, (name, entry) in enumerate(zip(names, entries, strict=True)):
            if rule is None or name in rule.spared or "learnt" not in entry:
                continue
            if entry["kind"] == "text" and rule.unseen and "words" not in entry:
                seen[name] = frozenset(entry["learnt"]["seen"])
            elif entry["kind"] == "number" and rule.out_of_range is not None:
                slack = rule.out_of_range * max(learnt[1, place] - learnt[0, place], 0.0)
                low[place], high[place] = learnt[0, place] - slack, learnt[1, place] + slack
        return cls(
            features=names,
            numbers=np.array([entry["kind"] == "number" for entry in entries], dtype=bool),
            low=low,
            high=high,
            learnt=learnt,
            seen=seen,
            missing_at_most=rule.missing_at_most if rule else None,
            uncertain=rule.uncertain if rule else None,
            idle=rule is None,
        )

    def asks(self, values: Floats, texts: Texts, widths: Floats | None = None) -> list[str]:
        """For each row why a person must be asked, in plain words; an empty text where nothing speaks against it.

        Args:
            values: one row per answer, one column per feature in the order of `features`; NaN where a number is
                missing, and throughout the columns of texts.
            texts: the texts by feature, one per row; None where missing.
            widths: how wide the interval of each answer is; NaN or None where it has none.

        A row whose answer has no interval is too uncertain where the plan bounds the width: nobody knows how sure it
        is.
        """
        if self.idle:
            return [""] * len(values)
        broken: dict[int, list[str]] = {}
        for row, text in self._broken(np.asarray(values, dtype=np.float64), texts, widths):
            broken.setdefault(row, []).append(text)
        if not broken:
            return [""] * len(values)
        return [_joined(broken.get(row, ())) for row in range(len(values))]

    def asks_of(self, features: pd.DataFrame, widths: Floats | None = None) -> list[str]:
        """The same for a table of features as pipelines give it, with the candidate's columns."""
        if self.idle:
            return [""] * len(features)
        table = features[list(self.features)]
        values, texts = np.full(table.shape, np.nan), {}
        for place, name in enumerate(self.features):
            column = table[name]
            if self.numbers[place]:
                values[:, place] = column.to_numpy(np.float64)
            else:
                texts[name] = [value if isinstance(value, str) else None for value in column.tolist()]
        return self.asks(values, texts, widths)

    def _broken(self, values: Floats, texts: Texts, widths: Floats | None) -> Iterator[tuple[int, str]]:
        outside = (values < self.low) | (values > self.high)
        if outside.any():  # nearly never: what follows costs more than the question
            for row, place in np.argwhere(outside).tolist():
                yield row, self._outside(place, float(values[row, place]))
        for name, known in self.seen.items():
            for row, text in enumerate(texts[name]):
                if text is not None and text not in known:
                    yield row, f"{name} {text} was seen fewer than {SEEN_OFTEN} times in learning"
        if self.missing_at_most is not None:
            for row, count in self._too_many_missing(values, texts):
                yield row, f"{count} inputs are missing, where at most {self.missing_at_most} may be"
        if self.uncertain is not None and (widths is None or not (widths <= self.uncertain).all()):
            yield from _too_wide(np.full(len(values), np.nan) if widths is None else widths, self.uncertain)

    def _outside(self, place: int, value: float) -> str:
        low, high = self.learnt[:, place]
        if low > high:
            return f"{self.features[place]} {value_text(value)} is known, which it never was in learning"
        span = f"{value_text(float(low))} to {value_text(float(high))}"
        return f"{self.features[place]} {value_text(value)} lies outside {span}, which it learnt from"

    def _too_many_missing(self, values: Floats, texts: Texts) -> Iterator[tuple[int, int]]:
        missing = (np.isnan(values) & self.numbers).sum(axis=1)
        for column in texts.values():
            missing = missing + np.fromiter((text is None for text in column), dtype=np.int64, count=len(column))
        most = self.missing_at_most or 0
        if missing.max(initial=0) > most:
            yield from ((row, int(missing[row])) for row in np.flatnonzero(missing > most).tolist())


def told_first(asked: Sequence[str], reasons: Sequence[list[str]]) -> list[list[str]]:
    """The reasons of each row, headed by why a person is asked where one is.

    >>> told_first(["", "2 inputs are missing"], [["a"], ["b"]])
    [['a'], ['ask a person: 2 inputs are missing', 'b']]
    """
    return [[f"ask a person: {why}", *rest] if why else list(rest) for why, rest in zip(asked, reasons, strict=True)]


def _range(entry: Mapping[str, Any]) -> tuple[float, float]:
    """Lowest and highest value in training; the wrong way round where there was none, so that nothing lies between."""
    learnt = entry.get("learnt", {})
    low, high = learnt.get("low"), learnt.get("high")
    return (np.inf, -np.inf) if low is None or high is None else (float(low), float(high))


def _too_wide(widths: Floats, most: float) -> Iterator[tuple[int, str]]:
    for row in np.flatnonzero(~(widths <= most)).tolist():
        width = float(widths[row])
        told = "no interval says how sure it is" if np.isnan(width) else f"its interval is {value_text(width)} wide"
        yield row, f"{told}, where at most {value_text(most)} is sure enough"


def _joined(texts: Sequence[str]) -> str:
    more = len(texts) - _NAMED
    return "; ".join(texts[:_NAMED]) + (f"; and {more} more" if more > 0 else "")
