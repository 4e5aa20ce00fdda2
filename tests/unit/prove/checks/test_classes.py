"""The proof of a product whose answers are classes: measures against scikit-learn, and each check's finding."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
from e2e.voyage.cellar import CLASSES, PLAN
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score, log_loss
from unit.prove.subjects import made, results

from shipworthy.base.check import CheckResult
from shipworthy.base.digest import digest_of_bytes
from shipworthy.model import classes
from shipworthy.model.format import Opening, format_named
from shipworthy.plan.reading import read_plan
from shipworthy.plan.schema_model import FITTING
from shipworthy.prove.check import Parent, Rows, Subject, Training, Truth
from shipworthy.prove.intervals import Floats
from shipworthy.prove.measures import gain, measure
from shipworthy.prove.permanent import judged, read

NOW = datetime(2025, 3, 1, tzinfo=UTC)
INPUTS = ("sugar", "acid", "shelf")


@dataclass
class Model:
    """A model of classes on made-up bottles."""

    estimator: Any

    def features(self, sources: Any, as_of: datetime, /) -> pd.DataFrame:
        return bottles(300, 4)[0]

    def likely(self, features: pd.DataFrame, /) -> Floats:
        if not len(features):
            return np.zeros((0, 3))
        return classes.spread(self.estimator.classes_, CLASSES, self.estimator.predict_proba(features)).round(12)

    def scores(self, features: pd.DataFrame, /) -> Floats:
        return classes.promised(self.likely(features))

    def reasons(self, features: pd.DataFrame, count: int, /) -> list[list[str]]:
        return [["sugar 1 raises the score"]] * len(features)


def bottles(rows: int, seed: int = 1, leak: bool = False) -> tuple[pd.DataFrame, Floats]:
    random = np.random.default_rng(seed)
    places = random.integers(0, 3, rows).astype(np.float64)
    table = pd.DataFrame({name: random.normal(size=rows) for name in INPUTS}, index=[f"b{n}" for n in range(rows)])
    table["sugar"] += 3 * (places == 0)
    table["acid"] += 3 * (places == 1)
    if leak:
        table["shelf"] = places * 10 + random.normal(0, 0.1, rows)
    return table, places


def subject(*, leak: bool = False, rows: int = 400, **values: Any) -> Subject:
    learnt, truths = bottles(2_000, 2, leak)
    estimator = LogisticRegression(max_iter=500).fit(learnt, np.array(CLASSES)[truths.astype(int)])
    model, plan = Model(estimator), read_plan(PLAN)
    content = format_named("skops").save(estimator, Opening("train()", "class", INPUTS, classes=CLASSES))
    candidate, stored = made(plan, content, rows=2_000)
    then, places = bottles(rows, 3, leak)
    now = bottles(300, 4, leak)[0]

    def told(features: pd.DataFrame) -> Rows:
        likely = model.likely(features)
        return Rows(NOW, features, classes.promised(likely), (), likely, CLASSES)

    rest = told(then)
    assert rest.likely is not None
    truth = Truth(
        rest,
        classes.right(rest.likely, places),
        rows,
        np.full((rows, 3), 1 / 3),
        "the rule",
        places=places,
    )
    found = Subject(
        plan=plan,
        made=candidate,
        answerer=model,
        sources={},
        now=told(now),
        truth=truth,
        known_from=NOW.isoformat(),
        keep=lambda name, body: digest_of_bytes(body),
        groups={},
        stored=stored,
        training=Training(2_000, rows),
    )
    return replace(found, **values)


def one(name: str, of: Subject, part: str = "") -> CheckResult:
    full = f"prove.{name}.{part}" if part else f"prove.{name}"
    return next(result for result in results(name, of) if result.check == full)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), rows=st.integers(40, 200))
def test_measures_are_those_of_scikit_learn(seed: int, rows: int) -> None:
    random = np.random.default_rng(seed)
    likely, truths = random.dirichlet([1, 1, 1], rows), random.integers(0, 3, rows).astype(np.float64)
    told = {name: measure(name, truths, likely) for name in FITTING["class"]}
    answered = classes.chosen(likely)
    there = np.unique(truths)
    assert told["accuracy"].value == pytest.approx(accuracy_score(truths, answered))
    expected = f1_score(truths, answered, labels=there, average="macro", zero_division=0)
    assert told["macro_f1"].value == pytest.approx(expected)
    assert told["log_loss"].value == pytest.approx(log_loss(truths, likely, labels=[0, 1, 2]))
    assert told["brier"].value == pytest.approx(((likely - np.eye(3)[truths.astype(int)]) ** 2).sum() / 2 / rows)
    for estimate in told.values():
        value, low, high = estimate.known
        assert low <= value + 1e-9
        assert value <= high + 1e-9
    assert gain("accuracy", truths, likely, likely).known == pytest.approx((0, 0, 0))


def test_measures_of_one_kind_of_answer_say_why_they_are_none_of_another() -> None:
    likely, truths = np.full((30, 3), 1 / 3), np.zeros(30)
    assert "no measure of classes" in measure("auc", truths, likely).cannot_tell
    assert "one class" in measure("accuracy", truths, likely).cannot_tell
    assert "no classes" in measure("accuracy", np.tile([0.0, 1.0], 15), np.full(30, 0.5)).cannot_tell


def test_a_good_model_is_proven() -> None:
    good = subject()
    for name in ("performance", "against_baseline", "calibration", "output_contract", "parity", "golden_rows"):
        assert one(name, good).verdict == "pass", one(name, good).found
    recall = one("classes", good, "recall")
    assert recall.verdict == "pass"
    assert all(f"“{name}”" in recall.found for name in CLASSES)
    assert one("leakage", good, "alone").verdict == "warn"  # sugar alone tells barolo from the others, truly so
    assert one("leakage", good, "removal").verdict == "pass"
    assert results("decisions", good) == []


def test_an_input_that_knows_the_class_is_found() -> None:
    found = one("leakage", subject(leak=True), "alone")
    assert found.verdict == "fail"
    assert "shelf" in found.found


def test_a_class_that_is_never_named_is_said() -> None:
    good = subject()
    truth = good.known()
    assert truth.rows.likely is not None
    assert truth.places is not None
    blind = truth.rows.likely.copy()
    blind[:, 1] = 0
    blind /= blind.sum(axis=1, keepdims=True)
    rows = replace(truth.rows, likely=blind, scores=classes.promised(blind))
    worse = replace(good, truth=replace(truth, rows=rows, labels=classes.right(blind, truth.places)))
    found = one("classes", worse, "recall")
    assert found.verdict == "warn"
    assert f"It never names “{CLASSES[1]}”" in found.found
    assert one("performance", worse).verdict == "fail"


def test_who_gets_another_class_than_before_is_counted() -> None:
    good = subject()
    named = good.now.named
    assert named is not None
    before = tuple(CLASSES[(CLASSES.index(name) + (place < 90)) % 3] for place, name in enumerate(named))
    found = one("change_of_output", replace(good, parents=(Parent("c" * 64, good.now.scores, (), before),)), "order")
    assert found.measured == pytest.approx(0.7)
    assert "keep the class" in found.found


def test_a_model_whose_other_probabilities_hang_on_the_list_is_found() -> None:
    good = subject()

    @dataclass
    class Drifting(Model):
        """The likeliest class is steady; what it says of the others is not."""

        def likely(self, features: pd.DataFrame, /) -> Floats:
            found = super().likely(features)
            if len(features) < 300:
                order = np.argsort(found, axis=1)
                swapped = found.copy()
                for row, (low, middle, _) in enumerate(order):
                    swapped[row, [low, middle]] = found[row, [middle, low]]
                return swapped
            return found

    assert isinstance(good.answerer, Model)
    assert one("parity", replace(good, answerer=Drifting(good.answerer.estimator))).verdict == "fail"


def test_a_permanent_floor_is_held_against_classes() -> None:
    good = subject()
    assert judged(read("floor accuracy 0.6", good.plan), good).stands
    assert not judged(read("floor accuracy 0.99", good.plan), good).stands


def test_the_evidence_holds_every_count() -> None:
    kept: dict[str, bytes] = {}

    def keep(name: str, body: bytes) -> str:
        kept[name] = body
        return digest_of_bytes(body)

    results("classes", replace(subject(), keep=keep))
    table = json.loads(kept["classes.json"])
    assert table["classes"] == list(CLASSES)
    assert np.array(table["true_by_answered"]).sum() == 400


def test_groups_are_compared_by_the_class_that_counts_and_by_being_right() -> None:
    plan = read_plan(
        PLAN.replace(
            "proof:\n", "proof:\n  fairness: [{column: shelf_side, source: tastings, group_at_least: 50}]\n"
        ).replace("        grower: {", "        shelf_side: {type: text}\n        grower: {")
    )
    good = subject(rows=900)
    truth = good.known()
    named = good.now.named
    assert named is not None
    groups = {
        name: "left" if said == CLASSES[0] else "right" for name, said in zip(good.now.entities, named, strict=True)
    }
    groups |= {name: "left" if place % 2 else "right" for place, name in enumerate(truth.rows.entities)} | groups
    unfair = replace(good, plan=plan, groups={"shelf_side": groups})
    chosen = one("fairness", unfair, "shelf_side.chosen")
    assert chosen.verdict == "fail"
    assert f"“{CLASSES[0]}”" in chosen.asked
    right = one("fairness", unfair, "shelf_side.right")
    assert right.measured is not None
    assert right.measured < 0.3
