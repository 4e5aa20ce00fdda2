"""Checks that an incident left behind: one line each, written when it was closed, asked in every later proof. Pure.

floor auc 0.7 where region=south
column visits.minutes median between 10 80
golden minutes_30=12 region=south score between 0.1 0.3
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from shipworthy.base.errors import Mistake, UserError
from shipworthy.plan.schema_model import FITTING
from shipworthy.prove.intervals import Estimate
from shipworthy.prove.measures import MEASURES, measure, pessimistic, reaches

if TYPE_CHECKING:
    from shipworthy.plan.schema import Plan
    from shipworthy.prove.check import Subject

FORMS = (
    "floor MEASURE VALUE [where COLUMN=VALUE]",
    "column SOURCE.COLUMN (min|max|mean|median|missing) between LOW HIGH",
    "golden FEATURE=VALUE … score between LOW HIGH",
)


@dataclass(frozen=True, slots=True)
class Permanent:
    """One such check, read from its line.

    Attributes:
        kind: floor, column or golden.
        of: the measure, the source's column, or empty; number: what is counted of a column.
        low, high: the bounds; of a floor only one of them counts.
        where: the group that a floor is of; the values of a golden row.
    """

    kind: str
    text: str
    of: str = ""
    number: str = ""
    low: float = 0.0
    high: float = 0.0
    where: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Found:
    """What a check found; `stands` is None where it could not be judged."""

    stands: bool | None
    text: str
    measured: float | None = None
    bound: float | None = None


def is_permanent(text: str) -> bool:
    """Whether a text is meant as a check that can be run."""
    return text.split(" ", 1)[0] in _READ


def read(text: str, plan: Plan) -> Permanent:
    """The check that a line declares.

    Raises:
        UserError: the line is of no known form, or names what the plan does not have.

    """
    words = text.split()
    try:
        return _READ[words[0]](text, words[1:], plan)
    except (IndexError, KeyError, ValueError):
        raise _refused(text, "It is of no known form.") from None


def require_fitting(check: Permanent, plan: Plan) -> None:
    """Nothing, where the measure of a floor is one of the plan's kind of answer; asked when the check is left behind.

    Raises:
        UserError: it is none, so that no proof could ever tell it.
    """
    fitting = FITTING[plan.need.answer]
    if check.kind == "floor" and check.of not in fitting:
        raise _refused(check.text, f"{check.of} is no measure of a {plan.need.answer}. Known: {', '.join(fitting)}.")


def judged(check: Permanent, subject: Subject) -> Found:
    """What it finds about a candidate."""
    return _JUDGED[check.kind](check, subject)


def _floor(text: str, words: list[str], plan: Plan) -> Permanent:
    if words[0] not in MEASURES:
        raise _refused(text, f"{words[0]!r} is no measure. Known: {', '.join(MEASURES)}.")
    if words[2:] and words[2] != "where":
        raise ValueError
    value = _number(words[1])
    return Permanent("floor", text, words[0], low=value, high=value, where=_pairs(words[3:]))


def _column(text: str, words: list[str], plan: Plan) -> Permanent:
    source, _, column = words[0].partition(".")
    if source not in plan.sources or column not in plan.sources[source].contract.columns:
        known = [f"{name}.{one}" for name, found in plan.sources.items() for one in found.contract.columns]
        raise _refused(text, f"{words[0]} is no column under contract. Known: {', '.join(known)}.")
    if words[1] not in _COUNTED or words[2] != "between" or len(words) != 5:
        raise ValueError
    return Permanent("column", text, words[0], words[1], *_span(words[3], words[4]))


def _golden(text: str, words: list[str], plan: Plan) -> Permanent:
    at = words.index("score")
    if words[at + 1] != "between" or len(words) != at + 4 or not at:
        raise ValueError
    low, high = _span(words[at + 2], words[at + 3])
    return Permanent("golden", text, low=low, high=high, where=_pairs(words[:at]))


def _floor_judged(check: Permanent, subject: Subject) -> Found:
    truth = subject.truth
    if truth is None:
        return Found(None, f"No truth is known before {subject.known_from[:10]}.")
    inside = np.ones(len(truth.labels), dtype=bool)
    for column, value in check.where.items():
        inside &= _named(subject, column, value)
    labels, scores = truth.judged
    estimate = measure(check.of, labels[inside], scores[inside], subject.confidence)
    whom = " and ".join(f"{column} {value}" for column, value in check.where.items()) or "everybody held out"
    if estimate.cannot_tell:
        return Found(None, f"{MEASURES[check.of].title} of {whom} cannot be told: {estimate.cannot_tell}.")
    now, _, _ = estimate.known
    kept = reaches(check.of, Estimate(now, now, now, estimate.rows), check.low)
    end = pessimistic(check.of, estimate)
    text = f"{MEASURES[check.of].title} of {whom} is {now:.3g} on {estimate.rows:,} rows (pessimistic end {end:.3g})"
    return Found(kept, f"{text}; {check.low:g} is asked for.", now, check.low)


def _named(subject: Subject, column: str, value: str) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    truth = subject.known()
    if column in subject.groups:
        of = subject.groups[column]
        return np.array([of.get(name) == value for name in truth.rows.entities], dtype=bool)
    if column not in truth.rows.features.columns:
        raise _refused(f"{column}={value}", f"{column} is no feature and no column of proof.fairness.")
    return np.array([_text(one) == value for one in truth.rows.features[column]], dtype=bool)


def _column_judged(check: Permanent, subject: Subject) -> Found:
    source, _, column = check.of.partition(".")
    table = subject.sources.get(source)
    if table is None or column not in table.column_names or not len(table):
        return Found(None, f"The snapshot has no row with {check.of}.")
    value = _COUNTED[check.number](table[column])
    if value is None or not isfinite(value):
        return Found(None, f"The {check.number} of {check.of} cannot be told.")
    named = (
        f"The share of missing values of {check.of}"
        if check.number == "missing"
        else f"The {check.number} of {check.of}"
    )
    text = f"{named} is {value:.4g}; {check.low:g} to {check.high:g} is asked for."
    return Found(check.low <= value <= check.high, text, value, check.high if value > check.high else check.low)


def _golden_judged(check: Permanent, subject: Subject) -> Found:
    features = subject.now.features
    unknown = sorted(set(check.where) - set(map(str, features.columns)))
    if unknown:
        return Found(None, f"The candidate has no feature {', '.join(unknown)}.")
    row = {name: _value(features[name], check.where.get(str(name))) for name in features.columns}
    frame = pd.DataFrame({name: pd.Series([one], dtype=features[name].dtype) for name, one in row.items()})
    score = float(subject.answerer.scores(frame)[0])
    given = ", ".join(f"{name} {value}" for name, value in check.where.items())
    text = f"With {given} and all else typical the score is {score:.4g}; {check.low:g} to {check.high:g} is asked for."
    return Found(check.low <= score <= check.high, text, score, check.high if score > check.high else check.low)


def _value(column: pd.Series[float], given: str | None) -> object:
    if column.dtype == np.float64:
        return float(given) if given is not None else float(column.median())
    return given if given is not None else column.mode().iloc[0] if column.notna().any() else None


def _span(low: str, high: str) -> tuple[float, float]:
    found = _number(low), _number(high)
    if found[0] > found[1]:
        raise ValueError
    return found


def _number(text: str) -> float:
    value = float(text)
    if not isfinite(value):
        raise ValueError
    return value


def _pairs(words: list[str]) -> dict[str, str]:
    found = dict(word.split("=", 1) for word in words)
    if not all(found) or not all(found.values()):
        raise ValueError
    return found


def _text(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _of_numbers(count: Callable[[pa.ChunkedArray], pa.Scalar]) -> Callable[[pa.ChunkedArray], float | None]:
    def counted(column: pa.ChunkedArray) -> float | None:
        found = count(pc.cast(column, pa.float64())).as_py()
        return None if found is None else float(found)

    return counted


_COUNTED: dict[str, Callable[[pa.ChunkedArray], float | None]] = {
    "min": _of_numbers(pc.min),
    "max": _of_numbers(pc.max),
    "mean": _of_numbers(pc.mean),
    "median": _of_numbers(lambda column: pc.quantile(column)[0]),
    "missing": lambda column: column.null_count / len(column),
}
_READ: dict[str, Callable[[str, list[str], Plan], Permanent]] = {
    "floor": _floor,
    "column": _column,
    "golden": _golden,
}
_JUDGED: dict[str, Callable[[Permanent, Subject], Found]] = {
    "floor": _floor_judged,
    "column": _column_judged,
    "golden": _golden_judged,
}


def _refused(text: str, found: str) -> UserError:
    why = "A check that cannot be read would never be run, and the same bug would come again."
    return UserError(Mistake("prove.permanent", text[:120], found, why, f"Write one of: {'; '.join(FORMS)}."))
