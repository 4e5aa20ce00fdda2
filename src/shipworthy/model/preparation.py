"""The steps before a model (gaps filled, numbers scaled, texts told apart) as arithmetic on one matrix of numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]
Prepare = Callable[[Matrix], Matrix]
_UNKNOWN = -1.0


class NotCompiled(Exception):
    """A step or model that has no compiled form; the original answers."""


class Codes:
    """The numbers that stand for texts, feature by feature, shared by all steps that look at the feature."""

    def __init__(self, names: Sequence[str], texts: Sequence[str]) -> None:
        """Names of all features in order, and of those that hold text."""
        self.names = list(names)
        self._known: dict[str, dict[str, int]] = {name: {} for name in texts}

    def is_text(self, place: int) -> bool:
        """Whether the feature at a place holds text."""
        return self.names[place] in self._known

    def code(self, place: int, text: str) -> float:
        """The number of a text of a feature."""
        known = self._known[self.names[place]]
        return float(known.setdefault(text, len(known)))

    def by_name(self) -> dict[str, dict[str, int]]:
        """All texts with their numbers."""
        return {name: dict(known) for name, known in self._known.items()}


def preparation(estimator: Any, codes: Codes) -> tuple[Prepare, Any]:
    """What is done to the features before the last step of an estimator, and that last step.

    Raises:
        NotCompiled: a step is of a kind that has no form here.
    """
    steps = [step for _, step in estimator.steps] if type(estimator).__name__ == "Pipeline" else [estimator]
    places: list[int | None] = list(range(len(codes.names)))
    prepare, places = _chain(steps[:-1], places, codes)
    if any(place is not None and codes.is_text(place) for place in places):
        raise NotCompiled("a model that reads text")
    return prepare, steps[-1]


def _chain(steps: Sequence[Any], places: list[int | None], codes: Codes) -> tuple[Prepare, list[int | None]]:
    """Steps one after the other; `places` says which feature a column is as it stands, None for a made one."""
    done: list[Prepare] = []
    for step in steps:
        one, places = _step(step, places, codes)
        done.append(one)
    if len(done) == 1:
        return done[0], places

    def all_of_them(rows: Matrix) -> Matrix:
        for one in done:
            rows = one(rows)
        return rows

    return all_of_them, places


def _step(step: Any, places: list[int | None], codes: Codes) -> tuple[Prepare, list[int | None]]:
    if isinstance(step, str):
        if step != "passthrough":
            raise NotCompiled(step)
        return _same, places
    make = _STEPS.get(type(step).__name__)
    if make is None:
        raise NotCompiled(type(step).__name__)
    return make(step, places, codes)


def _same(rows: Matrix) -> Matrix:
    return rows


def _pipeline(step: Any, places: list[int | None], codes: Codes) -> tuple[Prepare, list[int | None]]:
    return _chain([inner for _, inner in step.steps], places, codes)


def _columns(step: Any, places: list[int | None], codes: Codes) -> tuple[Prepare, list[int | None]]:
    parts: list[tuple[list[int], Prepare]] = []
    made: list[int | None] = []
    for _, inner, chosen in step.transformers_:
        columns = _chosen(chosen, step, places, codes)
        if not columns or (isinstance(inner, str) and inner == "drop"):
            continue
        one, given = _step(inner, [places[column] for column in columns], codes)
        parts.append((columns, one))
        made += given

    def beside_each_other(rows: Matrix) -> Matrix:
        return np.concatenate([one(rows[:, columns]) for columns, one in parts], axis=1)

    return beside_each_other, made


def _chosen(chosen: Any, step: Any, places: list[int | None], codes: Codes) -> list[int]:
    if isinstance(chosen, slice) or callable(chosen):
        raise NotCompiled("columns chosen by a rule")
    if isinstance(chosen, str | int):
        raise NotCompiled("a step that reads one column by itself, as of words")
    names = list(getattr(step, "feature_names_in_", codes.names))
    columns = []
    for one in chosen:
        if isinstance(one, bool | np.bool_):
            raise NotCompiled("columns chosen by a mask")
        columns.append(names.index(one) if isinstance(one, str) else int(one))
    if any(column >= len(places) for column in columns):
        raise NotCompiled("columns that are not there")
    return columns


def _imputer(step: Any, places: list[int | None], codes: Codes) -> tuple[Prepare, list[int | None]]:
    if step.add_indicator or not _is_gap(step.missing_values):
        raise NotCompiled("SimpleImputer with other gaps")
    fills = []
    for place, value in zip(places, step.statistics_, strict=True):
        if place is not None and codes.is_text(place):
            fills.append(codes.code(place, str(value)))
        else:
            fills.append(float(value))
    if any(np.isnan(fills)):  # such a column is dropped, or kept as it is, by rules of its own
        raise NotCompiled("SimpleImputer of an empty column")
    filled = np.array(fills)
    return (lambda rows: np.where(np.isnan(rows), filled, rows)), places


def _is_gap(value: Any) -> bool:
    return value is None or (isinstance(value, float) and np.isnan(value)) or type(value).__name__ == "NAType"


def _scaler(step: Any, places: list[int | None], codes: Codes) -> tuple[Prepare, list[int | None]]:
    _numbers_only(places, codes)
    mean = step.mean_ if step.with_mean else np.zeros(len(places))
    scale = step.scale_ if step.with_std else np.ones(len(places))
    return (lambda rows: (rows - mean) / scale), [None] * len(places)


def _min_max(step: Any, places: list[int | None], codes: Codes) -> tuple[Prepare, list[int | None]]:
    _numbers_only(places, codes)
    if step.clip:
        raise NotCompiled("MinMaxScaler that clips")
    return (lambda rows: rows * step.scale_ + step.min_), [None] * len(places)


def _function(step: Any, places: list[int | None], codes: Codes) -> tuple[Prepare, list[int | None]]:
    _numbers_only(places, codes)
    if step.func is None:
        return _same, places
    if not isinstance(step.func, np.ufunc) or step.func.nin != 1 or step.func.nout != 1 or step.kw_args:
        raise NotCompiled("a function that may look at more than one number")
    return step.func, [None] * len(places)


def _one_hot(step: Any, places: list[int | None], codes: Codes) -> tuple[Prepare, list[int | None]]:
    plain = step.drop is None and step.min_frequency is None and step.max_categories is None
    if not plain or step.handle_unknown != "ignore":
        raise NotCompiled("OneHotEncoder with rare or dropped categories")
    wanted = [_wanted(values, place, codes) for values, place in zip(step.categories_, places, strict=True)]

    def told_apart(rows: Matrix) -> Matrix:
        found = [rows[:, at : at + 1] == values for at, values in enumerate(wanted)]
        return np.concatenate(found, axis=1).astype(np.float64)

    return told_apart, [None] * sum(map(len, wanted))


def _ordinal(step: Any, places: list[int | None], codes: Codes) -> tuple[Prepare, list[int | None]]:
    if step.handle_unknown != "use_encoded_value" or step.min_frequency or step.max_categories:
        raise NotCompiled("OrdinalEncoder that refuses unknown categories")
    unknown, missing = float(step.unknown_value), float(step.encoded_missing_value)
    wanted = [_wanted(values, place, codes) for values, place in zip(step.categories_, places, strict=True)]

    def numbered(rows: Matrix) -> Matrix:
        found = np.empty(rows.shape)
        for at, values in enumerate(wanted):
            column = rows[:, at]
            same = column[:, None] == values
            found[:, at] = np.where(same.any(axis=1), same.argmax(axis=1).astype(np.float64), unknown)
            found[np.isnan(column), at] = missing
        return found

    return numbered, [None] * len(places)


def _wanted(values: Any, place: int | None, codes: Codes) -> Matrix:
    """The numbers of the categories of an encoder, in its order."""
    if any(not isinstance(value, str) and _is_gap(value) for value in values):
        raise NotCompiled("an encoder that knows a gap as a category")
    if place is not None and codes.is_text(place):
        return np.array([codes.code(place, str(value)) for value in values])
    return np.array([float(value) for value in values])


def _numbers_only(places: list[int | None], codes: Codes) -> None:
    if any(place is not None and codes.is_text(place) for place in places):
        raise NotCompiled("arithmetic on text")


_STEPS: dict[str, Callable[[Any, list[int | None], Codes], tuple[Prepare, list[int | None]]]] = {
    "Pipeline": _pipeline,
    "ColumnTransformer": _columns,
    "SimpleImputer": _imputer,
    "StandardScaler": _scaler,
    "MinMaxScaler": _min_max,
    "FunctionTransformer": _function,
    "OneHotEncoder": _one_hot,
    "OrdinalEncoder": _ordinal,
}
