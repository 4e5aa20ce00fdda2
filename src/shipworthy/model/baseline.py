"""The simple rule that answers before any model exists, and when none can."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shipworthy.base.errors import Mistake, UserError
from shipworthy.base.kinds import kind

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    from shipworthy.model.results import Answer
    from shipworthy.plan.schema import Baseline

FOLDER = "model/baselines"


@dataclass(frozen=True, slots=True)
class Fitted:
    """A baseline after fitting: its kind and the numbers it answers by, in JSON's types."""

    kind: str
    numbers: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ClassRule:
    """How a simple rule answers with a class.

    Attributes:
        fit: its numbers, from the declared baseline, features, the true classes (None on day one) and all classes.
        likely: the probability of each class per row, in the order in which they were given.
    """

    fit: Callable[[Baseline, pd.DataFrame, pd.Series[Any] | None, Sequence[str]], dict[str, Any]]
    likely: Callable[[Mapping[str, Any], pd.DataFrame], npt.NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class BaselineKind:
    """One kind of simple rule.

    Attributes:
        fit: the numbers of the rule, from the declared baseline, features, labels and kind of answer. Labels are
            None on day one, when no truth is known yet.
        scores: one number per row, from those numbers and features; works for a single row.
        needs_column: whether the plan must name a column.
        classes: how it answers with a class; None where it cannot.
    """

    fit: Callable[[Baseline, pd.DataFrame, pd.Series[float] | None, Answer], dict[str, Any]]
    scores: Callable[[Mapping[str, Any], pd.DataFrame], npt.NDArray[np.float64]]
    needs_column: bool = False
    classes: ClassRule | None = None


def baseline_named(name: str) -> BaselineKind:
    """The kind of baseline of that name.

    Raises:
        NotFound: there is none.
    """
    return kind(FOLDER, name.replace("-", "_"), BaselineKind)


def fitted(
    declared: Baseline,
    features: pd.DataFrame,
    label: pd.Series[Any] | None,
    answer: Answer,
    classes: Sequence[str] = (),
) -> Fitted:
    """The declared baseline, fitted to what is known.

    Args:
        label: the truths; class names where an answer is a class.
        classes: all of these, in order.

    Raises:
        UserError: its column is not declared, is no feature or no number, or it cannot answer without labels.
    """
    rule, kept = baseline_named(declared.kind), declared.kind.replace("-", "_")
    if rule.needs_column:
        _known_column(declared, features, any_kind=answer == "class")
    if answer != "class":
        return Fitted(kept, rule.fit(declared, features, label, answer))
    if rule.classes is None:
        found = f"The baseline {declared.kind} cannot answer with a class."
        raise UserError(Mistake("model.baseline.no_classes", "model.baseline", found, fix="Use constant."))
    return Fitted(kept, rule.classes.fit(declared, features, label, classes) | {"classes": list(classes)})


def said(one: Fitted, features: pd.DataFrame) -> npt.NDArray[np.float64]:
    """What a fitted rule says: one number per row, or one per class."""
    kind = baseline_named(one.kind)
    if "classes" not in one.numbers:
        return kind.scores(one.numbers, features)
    assert kind.classes is not None
    return kind.classes.likely(one.numbers, features)


def shares_of(label: pd.Series[Any], classes: Sequence[str]) -> list[float]:
    """The share of each class; one row of each is added, so that nothing counts as impossible."""
    rows = [int((label == name).sum()) + 1 for name in classes]
    return [count / sum(rows) for count in rows]


def no_labels_yet(declared: Baseline) -> UserError:
    """The error of a rule that needs known truths where there are none."""
    found = f"The baseline {declared.kind} learns from known truths, and none is mature yet."
    return UserError(
        Mistake("model.baseline.no_labels", "model.baseline", found, fix="Use last-value, or wait for one horizon.")
    )


def _known_column(declared: Baseline, features: pd.DataFrame, any_kind: bool) -> None:
    where = "model.baseline.column"
    known = ", ".join(str(name) for name in features.columns)
    if not declared.column:
        found = f"The baseline {declared.kind} needs a column."
        raise UserError(Mistake("model.baseline.no_column", where, found, fix=f"Name one of: {known}."))
    if declared.column not in features.columns:
        found = f"There is no feature {declared.column}; there are {known}."
        raise UserError(Mistake("model.baseline.unknown_column", where, found, fix="Name one of them."))
    if not any_kind and features[declared.column].dtype != "float64":
        found = f"{declared.column} is text; a baseline ranks by a number."
        raise UserError(Mistake("model.baseline.text_column", where, found, fix="Name a feature that is a number."))
