"""The compiled form of a model gives what the original gives, whoever else is asked at the same moment."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, OrdinalEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from shipworthy.model.compiled import FAITHFUL, Compiled, compiled, faithful, faithful_form
from shipworthy.model.declared import standard_model
from shipworthy.model.reasons import moves_of, reasons, told
from shipworthy.model.results import as_text

NUMBERS = list("abcdef")
_RANDOM = np.random.default_rng(5)
ROWS = 800
PLAIN = pd.DataFrame(_RANDOM.normal(size=(ROWS, 6)), columns=NUMBERS)
GAPS = PLAIN.mask(_RANDOM.random(PLAIN.shape) < 0.1)
MIXED = GAPS.assign(
    shop=as_text(pd.Series(_RANDOM.choice(["north", "south", "web"], ROWS))),
    kind=as_text(pd.Series(_RANDOM.choice(["p", "q", ""], ROWS)).replace("", None)),
)
YES: pd.Series[Any] = pd.Series((PLAIN.a + PLAIN.b * PLAIN.c + _RANDOM.normal(size=ROWS) > 0).astype(int))
AMOUNT: pd.Series[float] = PLAIN.a + 2 * PLAIN.b + _RANDOM.normal(size=ROWS)


class Opened:
    """An opened estimator as the format opens it."""

    def __init__(self, estimator: Any) -> None:
        self.estimator = estimator
        self.column = 1 if hasattr(estimator, "predict_proba") else 0

    def scores(self, features: pd.DataFrame) -> Any:
        if self.column:
            return self.estimator.predict_proba(features)[:, 1]
        return self.estimator.predict(features)


def _numbered(last: Any) -> Any:
    texts = make_pipeline(
        SimpleImputer(strategy="constant", fill_value="?"),
        OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
    )
    columns = ColumnTransformer([("n", SimpleImputer(), NUMBERS), ("t", texts, ["shop", "kind"])])
    return make_pipeline(columns, last)


MODELS: dict[str, tuple[Any, pd.DataFrame, Any]] = {
    "logistic": (LogisticRegression(), PLAIN, YES),
    "scaled": (make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression()), GAPS, YES),
    "ranged": (make_pipeline(SimpleImputer(strategy="median"), MinMaxScaler(), LogisticRegression()), GAPS, YES),
    "logarithms": (make_pipeline(FunctionTransformer(np.log1p), StandardScaler(), LogisticRegression()), PLAIN**2, YES),
    "linear": (LinearRegression(), PLAIN, AMOUNT),
    "histogram": (HistGradientBoostingClassifier(max_iter=30), GAPS, YES),
    "histogram of numbers": (HistGradientBoostingRegressor(max_iter=30), GAPS, AMOUNT),
    "boosted": (GradientBoostingClassifier(n_estimators=20), PLAIN, YES),
    "boosted numbers": (GradientBoostingRegressor(n_estimators=20), PLAIN, AMOUNT),
    "forest": (RandomForestClassifier(15), GAPS, YES),
    "forest of numbers": (RandomForestRegressor(15), PLAIN, AMOUNT),
    "tree": (DecisionTreeClassifier(max_depth=4), GAPS, YES),
    "stump": (DecisionTreeClassifier(max_depth=1), PLAIN, YES),
    "numbered texts": (_numbered(HistGradientBoostingClassifier(max_iter=20)), MIXED, YES),
    "numbered texts in a forest": (_numbered(ExtraTreesClassifier(10)), MIXED, YES),
}


def _fitted(name: str) -> tuple[Opened, pd.DataFrame]:
    model, rows, label = MODELS[name]
    return Opened(model.fit(rows, label)), rows


def _standard(answer: Any) -> tuple[Opened, pd.DataFrame]:
    return Opened(standard_model(MIXED, (YES if answer == "probability" else AMOUNT).astype(float), answer)), MIXED


@pytest.mark.parametrize("name", [*MODELS, "probability", "number"])
def test_it_gives_what_the_original_gives(name: str) -> None:
    scorer, rows = _standard(name) if name in ("probability", "number") else _fitted(name)
    form = faithful_form(scorer, rows)
    assert form is not None
    assert np.abs(form.scores(rows) - scorer.scores(rows)).max() <= FAITHFUL


@pytest.mark.parametrize("name", ["histogram", "forest", "tree", "boosted", "numbered texts"])
def test_trees_are_the_same_to_the_last_bit(name: str) -> None:
    scorer, rows = _fitted(name)
    form = faithful_form(scorer, rows)
    assert form is not None
    assert (form.scores(rows) == scorer.scores(rows)).all()


_FORMS: dict[str, Compiled] = {}


def _form(name: str) -> Compiled:
    if name not in _FORMS:
        scorer, rows = _standard("probability") if name == "standard" else _fitted(name)
        form = faithful_form(scorer, rows)
        assert form is not None
        _FORMS[name] = form
    return _FORMS[name]


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from(["standard", "scaled", "histogram", "forest", "numbered texts"]),
    st.lists(st.integers(0, ROWS - 1), min_size=1, max_size=70),
)
def test_a_row_scores_the_same_whoever_is_beside_it(name: str, chosen: list[int]) -> None:
    form = _form(name)
    rows = form.matrix(MIXED if name in ("standard", "numbered texts") else GAPS)[chosen]
    together = form.scores_of(rows)
    assert together.tolist() == [form.scores_of(rows[at : at + 1])[0] for at in range(len(rows))]


def test_a_row_of_a_request_is_the_row_of_a_table() -> None:
    form = _form("standard")
    matrix = form.matrix(MIXED)
    for at in range(50):
        values = [None if pd.isna(value) else value for value in MIXED.iloc[at].tolist()]
        np.testing.assert_array_equal(np.array(form.row(values)), matrix[at])
    unknown = [*[0.0] * 6, "never seen", None]
    assert form.row(unknown)[6] == -1
    assert np.isnan(form.row(unknown)[7])


def test_reasons_are_the_same_by_matrix_and_by_table() -> None:
    form, typical = _form("histogram"), dict.fromkeys(NUMBERS, 0.25)
    rows = GAPS.head(40)
    moves = moves_of(form.matrix(rows), np.full(6, 0.25), form.scores_of)
    columns = [rows[name].tolist() for name in NUMBERS]
    assert told(NUMBERS, columns, typical, moves, 3) == reasons(rows, typical, form.scores, 3)


@pytest.mark.parametrize(
    "model",
    [
        CalibratedClassifierCV(LogisticRegression(), cv=2),
        HistGradientBoostingClassifier(categorical_features=[0], max_iter=5),
        HistGradientBoostingRegressor(loss="poisson", max_iter=5),
        make_pipeline(SimpleImputer(add_indicator=True), LogisticRegression()),
    ],
    ids=["calibrated", "categories", "another link", "indicators"],
)
def test_what_has_no_form_answers_as_it_is(model: Any) -> None:
    rows = GAPS.assign(a=GAPS.a.abs().round())
    label = YES if hasattr(model, "predict_proba") else YES + 1.0
    rows = PLAIN.assign(a=PLAIN.a.abs().round()) if isinstance(model, CalibratedClassifierCV) else rows
    assert compiled(Opened(model.fit(rows, label)), NUMBERS, []) is None


def test_a_form_that_differs_anywhere_is_not_used() -> None:
    scorer, rows = _fitted("histogram")
    form = faithful_form(scorer, rows)
    assert form is not None
    other = Opened(HistGradientBoostingClassifier(max_iter=29).fit(GAPS, YES))
    assert not faithful(form, other, rows)
    assert not faithful(form, scorer, rows.head(0))
