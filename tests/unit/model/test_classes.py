"""Answers that are classes: labels, models, baselines and their compiled forms."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, confusion_matrix
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from shipworthy.base.errors import UserError
from shipworthy.model import classes
from shipworthy.model.answering import checked_likely, checked_scores
from shipworthy.model.baseline import fitted
from shipworthy.model.compiled import faithful_form
from shipworthy.model.declared import standard_model
from shipworthy.model.format import Opening, format_named, opened
from shipworthy.model.reasons import reasons
from shipworthy.model.results import TEXT, label_values
from shipworthy.model.rules import cut_of, decide, decision_at
from shipworthy.plan.schema import Baseline, Decision

NAMES = ("replace", "none", "repair")  # not in the order in which scikit-learn sorts them
OPENING = Opening("train()", "class", ("a", "b", "kind"), classes=NAMES)
RULE = Decision(yes="repair", ask=(0.0, 0.5), ask_name="look")


def rows(count: int = 240, seed: int = 1) -> tuple[pd.DataFrame, pd.Series[Any]]:
    random = np.random.default_rng(seed)
    table = pd.DataFrame({"a": random.normal(size=count), "b": random.normal(size=count)})
    table["kind"] = pd.Series(random.choice(["pump", "fan"], count), dtype=TEXT)
    place = np.where(table["a"] > 0.4, 0, np.where((table["b"] > 0) & (table["kind"] == "fan"), 1, 2))
    return table, pd.Series(np.array(NAMES, dtype=object)[place], dtype=TEXT, name="label")


def kept(trained: Any, opening: Opening = OPENING) -> Any:
    return opened("skops", format_named("skops").save(trained, opening), opening)


@settings(max_examples=50, deadline=None)
@given(
    arrays(np.float64, st.tuples(st.integers(1, 20), st.just(3)), elements=st.floats(0.01, 1)),
    st.randoms(use_true_random=False),
)
def test_the_loss_and_the_confusion_are_those_of_scikit_learn(likely: Any, chance: Any) -> None:
    likely = likely / likely.sum(axis=1, keepdims=True)
    truths = np.array([float(chance.choice([0, 1, 2])) for _ in likely])
    lost = classes.losses(likely, truths)
    assert ((lost >= 0) & (lost <= 1)).all()
    one_hot = np.eye(3)[truths.astype(int)]
    assert lost.sum() == pytest.approx(float(((likely - one_hot) ** 2).sum() / 2))
    found = classes.confusion(truths, classes.chosen(likely), 3)
    assert (found == confusion_matrix(truths, classes.chosen(likely), labels=[0, 1, 2])).all()
    assert classes.right(likely, truths).sum() == np.trace(found)


def test_with_two_classes_the_loss_is_the_brier_score() -> None:
    yes = np.random.default_rng(3).random(50)
    truths = (np.random.default_rng(4).random(50) < yes).astype(float)
    lost = classes.losses(np.stack([1 - yes, yes], axis=1), truths)
    assert lost.mean() == pytest.approx(brier_score_loss(truths, yes))


def test_labels_become_places_and_an_unknown_one_names_the_nearest() -> None:
    given_ = pd.DataFrame({"id": ["x", "y", "z"], "label": ["repair", None, "none"]})
    found = label_values(given_, "id", "class", "label()", NAMES)
    assert found[["x", "z"]].tolist() == [2.0, 1.0]
    assert np.isnan(found["y"])
    with pytest.raises(UserError) as refused:
        label_values(given_.replace("none", "repairr"), "id", "class", "label()", NAMES)
    [mistake] = refused.value.mistakes
    assert mistake.code == "model.pipeline.label_classes"
    assert "'repairr'" in mistake.found
    assert "Did you mean repair?" in mistake.fix
    assert "replace, none, repair" in mistake.fix


def test_labels_that_are_numbers_are_no_classes() -> None:
    with pytest.raises(UserError, match="labels are numbers"):
        label_values(pd.DataFrame({"id": ["x"], "label": [1]}), "id", "class", "label()", NAMES)


MODELS = [
    RandomForestClassifier(15, random_state=0),
    ExtraTreesClassifier(15, random_state=0),
    DecisionTreeClassifier(max_depth=4),
    HistGradientBoostingClassifier(max_iter=15),
    LogisticRegression(),
]


@pytest.mark.parametrize("model", MODELS, ids=lambda one: type(one).__name__)
def test_probabilities_come_in_the_declared_order_and_the_compiled_form_says_the_same(model: Any) -> None:
    features, label = rows()
    features = features[["a", "b"]]
    opening = Opening("train()", "class", ("a", "b"), classes=NAMES)
    scorer = kept(model.fit(features, label), opening)
    likely = checked_likely(scorer, features, 3, "it")
    named = np.array(NAMES, dtype=object)[classes.chosen(likely)]
    assert (named == model.predict(features)).all()
    assert (checked_scores(scorer, features, "class", "it") == likely.max(axis=1)).all()
    form = faithful_form(scorer, features)
    assert form is not None
    assert np.abs(form.scores(features) - scorer.scores(features)).max() <= 1e-9


def test_the_standard_model_reads_numbers_and_texts_and_has_a_compiled_form() -> None:
    features, label = rows()
    scorer = kept(standard_model(features, label, "class"))
    assert faithful_form(scorer, features) is not None
    likely = checked_likely(scorer, features, 3, "it")
    assert (np.array(NAMES, dtype=object)[classes.chosen(likely)] == label).mean() > 0.8


def test_a_model_without_a_compiled_form_answers_as_it_is() -> None:
    features, label = rows()
    opening = Opening("train()", "class", ("a", "b"), classes=NAMES)
    scorer = kept(GradientBoostingClassifier(n_estimators=5).fit(features[["a", "b"]], label), opening)
    assert faithful_form(scorer, features[["a", "b"]]) is None
    assert checked_likely(scorer, features[["a", "b"]], 3, "it").shape == (240, 3)


def test_two_classes_of_three_are_enough_and_the_third_is_never_likely() -> None:
    features, label = rows()
    known = label != "none"
    opening = Opening("train()", "class", ("a", "b"), classes=NAMES)
    scorer = kept(LogisticRegression().fit(features.loc[known, ["a", "b"]], label[known]), opening)
    likely = checked_likely(scorer, features[["a", "b"]], 3, "it")
    assert (likely[:, 1] == 0).all()
    assert faithful_form(scorer, features[["a", "b"]]) is not None


@pytest.mark.parametrize(("label", "code"), [(["x", "y"], "model.other_classes"), ([0, 1], "model.other_classes")])
def test_a_model_of_other_classes_is_refused(label: list[Any], code: str) -> None:
    model = LogisticRegression().fit([[0.0, 1.0], [1.0, 0.0]], label)
    with pytest.raises(UserError) as refused:
        kept(model, Opening("train()", "class", ("a", "b"), classes=NAMES))
    assert refused.value.mistakes[0].code == code


def test_a_model_without_probabilities_is_refused() -> None:
    features, label = rows(60)
    with pytest.raises(UserError, match="no probabilities"):
        kept(SVC().fit(features[["a", "b"]], label), Opening("train()", "class", ("a", "b"), classes=NAMES))


class Says:
    """A model that says what it is told."""

    def __init__(self, said: Any) -> None:
        self.said = said

    def scores(self, features: pd.DataFrame) -> npt.NDArray[np.float64]:
        return np.asarray(self.said, dtype=np.float64)


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ([[0.5, 0.6, 0.2]], "together not 1"),
        ([[-0.2, 0.6, 0.6]], "below 0"),
        ([[np.nan, 0.5, 0.5]], "no number"),
        ([[0.5, 0.5]], "shape"),
        ([0.5], "shape"),
    ],
)
def test_what_is_no_set_of_probabilities_is_no_answer(said: Any, says: str) -> None:
    with pytest.raises(UserError, match=says):
        checked_likely(Says(said), pd.DataFrame({"a": [1.0]}), 3, "it")


def test_reasons_are_of_the_class_that_was_answered() -> None:
    features, label = rows()
    features = features[["a", "b"]]
    model = LogisticRegression().fit(features, label)
    likely = classes.spread(model.classes_, NAMES, model.predict_proba(features))
    told = reasons(
        features,
        {"a": 0.0, "b": 0.0},
        lambda variants: classes.of_first(classes.spread(model.classes_, NAMES, model.predict_proba(variants)), 3),
        1,
    )
    sure = int(likely[:, 0].argmax())  # surely a replacement, because a is high
    assert told[sure][0].startswith("a ")
    assert told[sure][0].endswith("raises the score")


@pytest.mark.parametrize("kind", ["constant", "last-value", "column"])
def test_a_simple_rule_says_the_commonest_the_last_or_what_goes_with_a_column(kind: str) -> None:
    features, label = rows()
    features["before"] = label.where(np.arange(240) % 4 > 0)
    column = {"constant": None, "last-value": "before", "column": "a"}[kind]
    one = fitted(Baseline(kind=kind, column=column), features, label, "class", NAMES)
    content = format_named("baseline").save(one, OPENING)
    scorer = opened("baseline", content, OPENING)
    likely = checked_likely(scorer, features, 3, "it")
    right = float((np.array(NAMES, dtype=object)[classes.chosen(likely)] == label).mean())
    commonest = float(label.value_counts(normalize=True).iloc[0])
    assert right == pytest.approx(commonest) if kind == "constant" else right > commonest
    assert (likely > 0).all()  # nothing counts as impossible
    assert scorer.scores(features.iloc[[7]])[0] == pytest.approx(likely[7])  # alone as in a list


def test_before_any_truth_a_rule_says_even_odds_or_the_class_that_was() -> None:
    features = pd.DataFrame({"before": pd.Series(["none", None], dtype=TEXT)})
    even = fitted(Baseline(kind="constant"), features, None, "class", NAMES)
    assert even.numbers["shares"] == pytest.approx([1 / 3] * 3)
    last = fitted(Baseline(kind="last-value", column="before"), features, None, "class", NAMES)
    likely = opened("baseline", format_named("baseline").save(last, OPENING), OPENING).scores(features)
    assert likely[0].argmax() == 1
    assert likely[1] == pytest.approx([1 / 3] * 3)
    with pytest.raises(UserError, match="learns from known truths"):
        fitted(Baseline(kind="column", column="before"), features, None, "class", NAMES)


def test_the_last_value_must_be_a_class() -> None:
    features = pd.DataFrame({"before": pd.Series(["broken"], dtype=TEXT)})
    with pytest.raises(UserError) as refused:
        fitted(Baseline(kind="last-value", column="before"), features, None, "class", NAMES)
    assert refused.value.mistakes[0].code == "model.baseline.not_a_class"


def test_the_class_is_the_decision_unless_a_person_is_asked() -> None:
    scores, named = np.array([0.9, 0.5, 0.7]), ["repair", "none", "replace"]
    assert decide(scores, ["x", "y", "z"], RULE, ["", "", "2 inputs are missing"], named) == ["repair", "look", "look"]
    assert decision_at(0.9, RULE, 0.0, named="repair") == "repair"
    assert decision_at(0.4, RULE, 0.0, named="repair") == "look"
    assert decision_at(0.9, RULE, 0.0, "too wide", "repair") == "look"
    assert cut_of(scores, RULE) == 0.0


def test_onnx_models_name_their_classes_or_sort_them() -> None:
    skl2onnx = pytest.importorskip("skl2onnx")
    features, label = rows()
    plain = features[["a", "b"]].to_numpy(np.float32)
    model = LogisticRegression().fit(plain, label)
    named = skl2onnx.to_onnx(model, plain[:1], options={"zipmap": True})
    unnamed = skl2onnx.to_onnx(model, plain[:1], options={"zipmap": False})
    opening = Opening("model.onnx", "class", ("a", "b"), classes=NAMES)
    expected = classes.spread(model.classes_, NAMES, model.predict_proba(plain))
    found = opened("onnx", format_named("onnx").save(named, opening), opening).scores(features[["a", "b"]])
    assert np.abs(found - expected).max() < 1e-5
    with pytest.raises(UserError) as refused:
        opened("onnx", format_named("onnx").save(unnamed, opening), opening)
    assert refused.value.mistakes[0].code == "model.other_classes"
    assert "sort need.classes" in refused.value.mistakes[0].fix
    sorted_ = Opening("model.onnx", "class", ("a", "b"), classes=sorted(NAMES))
    found = opened("onnx", format_named("onnx").save(unnamed, sorted_), sorted_).scores(features[["a", "b"]])
    assert np.abs(found - model.predict_proba(plain)).max() < 1e-5
