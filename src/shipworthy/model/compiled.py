"""The fastest faithful form of a model: linear models and trees of scikit-learn, answered without scikit-learn.

A compiled form computes in the same double precision and in the same order as the original: trees by ONNX Runtime
(operator TreeEnsemble of ai.onnx.ml 5, which keeps doubles), linear models and preparation by numpy. Every row is
computed by itself, so who else is asked at the same moment changes nothing. A candidate answers by it, in every mode,
where it gives what the original gives on all rows the candidate was made from; otherwise the original answers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from shipworthy.model.classes import spread
from shipworthy.model.forest import chance, forest, forests, itself, softmax
from shipworthy.model.preparation import Codes, NotCompiled, Prepare, preparation

if TYPE_CHECKING:
    from shipworthy.model.format import Scorer

Matrix = npt.NDArray[np.float64]
Link = Callable[[Matrix], Matrix]
COMPILED, AS_IS = "compiled", "as is"
FAITHFUL = 1e-9
"""How far a score of the compiled form may lie from the original's, on any row."""
_SLICE = 65_536  # rows prepared at once: what lies between the steps stays in the processor's cache
_FEW = 256  # rows for which single steps cost more than they save
_LINEAR = ("LogisticRegression", "LinearRegression", "Ridge", "Lasso", "ElasticNet")


@dataclass(frozen=True)
class Compiled:
    """A compiled model.

    Attributes:
        features: names of its inputs, in order.
        codes: for each text feature the number that stands for each known text.
        prepare, raw, link: from features to what the model looks at, to its raw answer, to the score; of a model of
            classes to a score per class.
        needs: distributions beside those of the format whose versions determine the answers.
    """

    features: tuple[str, ...]
    codes: Mapping[str, Mapping[str, int]]
    prepare: Prepare
    raw: Callable[[Matrix], Matrix]
    link: Link
    needs: tuple[str, ...]

    def scores(self, features: pd.DataFrame) -> Matrix:
        """One score per row of a frame."""
        return self.scores_of(self.matrix(features))

    def scores_of(self, matrix: Matrix) -> Matrix:
        """One score per row of a matrix of the features in order; see `matrix`."""
        if len(matrix) <= _SLICE:
            return self.link(self.raw(self.prepare(matrix)))
        parts = [self.scores_of(matrix[start : start + _SLICE]) for start in range(0, len(matrix), _SLICE)]
        return np.concatenate(parts)

    def matrix(self, features: pd.DataFrame) -> Matrix:
        """The rows of a frame as numbers: a text as its code, -1 where it is unknown, NaN where it is missing."""
        if not self.codes:
            # The columns as they lie in memory, which is the way the simple models read them.
            return np.asarray(features[list(self.features)].to_numpy(np.float64))
        found = np.empty((len(features), len(self.features)))
        for place, name in enumerate(self.features):
            column = features[name]
            if name not in self.codes:
                found[:, place] = column.to_numpy(np.float64)
                continue
            coded = column.map(dict(self.codes[name])).to_numpy(np.float64, copy=True)
            coded[np.isnan(coded) & column.notna().to_numpy()] = -1
            found[:, place] = coded
        return found

    def row(self, values: Sequence[Any]) -> list[float]:
        """One row of values (float, text, or None where missing) as numbers, as in `matrix`."""
        row = list(values)
        for place, name in enumerate(self.features):
            if row[place] is None:
                row[place] = np.nan
            elif name in self.codes:
                row[place] = self.codes[name].get(row[place], -1)
        return row


def compiled(scorer: Scorer, features: Sequence[str], texts: Sequence[str]) -> Compiled | None:
    """The compiled form of an opened model of scikit-learn; None where there is none.

    Args:
        features: names of the model's inputs, in order; texts: those that hold text.
    """
    estimator = getattr(scorer, "estimator", None)
    if estimator is None:
        return None
    names, codes = tuple(features), Codes(features, texts)
    classes = getattr(getattr(scorer, "opening", None), "classes", ())
    try:
        prepare, last = preparation(estimator, codes)
        raw, link, needs = _of_classes(last, classes) if classes else _answer(last, getattr(scorer, "column", 0))
    except NotCompiled:
        return None
    return Compiled(names, codes.by_name(), prepare, raw, link, needs)


def faithful_form(scorer: Scorer, features: pd.DataFrame) -> Compiled | None:
    """The compiled form of a model, where it has one that gives what the original gives on every row of features."""
    texts = [str(name) for name in features.columns if features[name].dtype != np.float64]
    form = compiled(scorer, [str(name) for name in features.columns], texts)
    return form if form is not None and faithful(form, scorer, features) else None


def form_name(form: Compiled | None) -> str:
    """How a candidate's profile names the form that answers."""
    return AS_IS if form is None else COMPILED


def faithful(form: Compiled, scorer: Scorer, features: pd.DataFrame) -> bool:
    """Whether a compiled form gives what the original gives, on every row of some features."""
    if not len(features):
        return False
    try:
        original = np.asarray(scorer.scores(features), dtype=np.float64)
        difference = np.abs(form.scores(features) - original)
    except Exception:  # whatever the original cannot answer is no ground to trust another form
        return False
    return bool((difference <= FAITHFUL).all())


def _answer(model: Any, column: int) -> tuple[Callable[[Matrix], Matrix], Link, tuple[str, ...]]:
    name = type(model).__name__
    if column not in (0, 1) or (hasattr(model, "classes_") and column != 1):
        raise NotCompiled(name)
    if name in _LINEAR:
        return *_linear(model, name), ()
    return *forest(model), ("onnx", "onnxruntime", "protobuf")


def _of_classes(model: Any, classes: Sequence[str]) -> tuple[Callable[[Matrix], Matrix], Link, tuple[str, ...]]:
    """The form of a model of several classes: one raw answer per class, which together become probabilities."""
    name, known = type(model).__name__, list(map(str, getattr(model, "classes_", ())))
    if len(known) == 2:
        one, link, needs = _answer(model, 1)
        return one, lambda found: spread(known, classes, np.stack([1 - link(found), link(found)], axis=1)), needs
    linear = name == "LogisticRegression"
    if name in _LINEAR and (not linear or np.shape(model.coef_)[0] != len(known)):
        raise NotCompiled(f"{name} of {len(known)} classes")
    raws, link = (_linear_classes(model), softmax) if linear else forests(model)
    needs = () if linear else ("onnx", "onnxruntime", "protobuf")

    def raw(rows: Matrix) -> Matrix:
        return np.stack([one(rows) for one in raws], axis=1)

    def linked(found: Matrix) -> Matrix:
        return spread(known, classes, link(found))

    return raw, linked, needs


def _linear_classes(model: Any) -> list[Callable[[Matrix], Matrix]]:
    intercepts = np.asarray(model.intercept_, dtype=np.float64)
    return [_sum(np.asarray(one, dtype=np.float64), float(at)) for one, at in zip(model.coef_, intercepts, strict=True)]


def _linear(model: Any, name: str) -> tuple[Callable[[Matrix], Matrix], Link]:
    if np.ndim(model.coef_) > 1 and np.shape(model.coef_)[0] != 1:
        raise NotCompiled(name)
    weights = np.asarray(model.coef_, dtype=np.float64).reshape(-1)
    raw = _sum(weights, float(np.asarray(model.intercept_).reshape(-1)[0]))
    return raw, chance if name == "LogisticRegression" else itself


def _sum(weights: Matrix, intercept: float) -> Callable[[Matrix], Matrix]:
    """The weighted sum of a row."""

    def raw(rows: Matrix) -> Matrix:
        # Summed one input after the other, whichever way the rows lie and however many there are: a product of
        # matrices, or a sum along memory, would add in another order for other sizes.
        if len(rows) < _FEW:
            return np.asarray(np.add.accumulate(rows * weights, axis=1)[:, -1] + intercept)
        found = rows[:, 0] * weights[0]
        for place in range(1, len(weights)):
            found += rows[:, place] * weights[place]
        return np.asarray(found + intercept)

    return raw
