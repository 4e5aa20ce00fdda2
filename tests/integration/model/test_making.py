"""A candidate from its ingredients to its answers, over real files."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import skops.io
from integration.model.shop import DAY_ONE, NOW, PIPELINE, PLAN, orders, plan_of_shop, reader
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from shipworthy.base.digest import canonical
from shipworthy.base.errors import Tampered, UserError
from shipworthy.edges.files import Files
from shipworthy.model.answering import load
from shipworthy.model.candidate import name_of
from shipworthy.model.code import Code
from shipworthy.model.environment import read_environment
from shipworthy.model.making import Ingredients, make
from shipworthy.model.rules import held_out
from shipworthy.model.words import CandidateMade
from shipworthy.plan.reading import read_plan
from shipworthy.plan.rules import answer_sections
from shipworthy.prove.golden import made_up, replay

ORDERS = orders()


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path / "files")


def ingredients(**other: Any) -> Ingredients:
    plan = other.pop("plan", None) or plan_of_shop()
    given: dict[str, Any] = {
        "plan": plan,
        "plan_version": 1,
        "sections": answer_sections(plan),
        "code": Code("pipeline.py", {"pipeline.py": PIPELINE}),
        "model_file": None,
        "snapshot": "5" * 64,
        "read": reader(ORDERS),
        "as_of": NOW,
        "role": "model",
        "author": "data-scientist",
    }
    return Ingredients(**{**given, **other})


def with_code(old: str, new: str) -> Ingredients:
    assert old in PIPELINE
    return ingredients(code=Code("pipeline.py", {"pipeline.py": PIPELINE.replace(old, new)}))


def test_a_trained_candidate_answers_well_for_customers_it_never_saw(files: Files) -> None:
    made = make(ingredients(), files)
    assert made.trained_on == ["2024-03-01T00:00:00+00:00", "2024-04-01T00:00:00+00:00"]
    assert (made.format, made.features) == ("skops", ["recency", "orders", "paid"])
    answerer = load(files, made, plan_of_shop())
    moment, until = datetime(2024, 4, 1, tzinfo=UTC), datetime(2024, 5, 1, tzinfo=UTC)
    features = answerer.features(reader(ORDERS)(moment), moment)
    labels = answerer.labels(reader(ORDERS)(until), moment, until, list(features.index))
    unseen = held_out(list(features.index), "shop", 0.2)
    assert roc_auc_score(labels[unseen], answerer.scores(features)[unseen]) > 0.7
    assert made.rows < 2 * len(features)
    assert answerer.profile["rows_of"] == "held out"
    assert answerer.profile["features"]["recency"]["kind"] == "number"
    assert answerer.only_yes is True


def test_who_is_not_listed_is_settled_over_all_moments_together(files: Files) -> None:
    """At the second moment nothing was listed: unknown, since a no was listed at the first one."""
    given = with_code(
        'return pd.DataFrame({"customer": bought, "label": 1})',
        'asked = orders["customer"].unique() if as_of.month == 3 else []\n'
        '    return pd.DataFrame({"customer": asked, "label": [int(name in set(bought)) for name in asked]})',
    )
    answerer = load(files, make(given, files), plan_of_shop())
    assert answerer.only_yes is False
    until = datetime(2024, 5, 1, tzinfo=UTC)
    found = answerer.labels(reader(ORDERS)(until), datetime(2024, 4, 1, tzinfo=UTC), until, ["c001", "c002"])
    assert found.isna().all()


def test_the_same_ingredients_give_the_same_candidate_in_another_process(files: Files, tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; sys.path.insert(0, sys.argv[1])\n"
        "from integration.model.test_making import ingredients, make, Files\n"
        "print(make(ingredients(), Files(Path(sys.argv[2]))).candidate)\n"
    )
    tests = str(Path(__file__).parents[2])
    other = subprocess.run(
        [sys.executable, "-c", script, tests, str(tmp_path / "other")], capture_output=True, text=True, check=True
    )
    assert make(ingredients(), files).candidate == other.stdout.strip()


def test_whatever_determines_the_answers_changes_the_name(files: Files) -> None:
    first = make(ingredients(), files).candidate
    assert make(ingredients(author="somebody else", plan_version=7), files).candidate == first
    others = [
        ingredients(snapshot="6" * 64),
        ingredients(plan=plan_of_shop("top: 10", "top: 11")),
        with_code("def features", "# a remark\ndef features"),
        ingredients(role="baseline"),
    ]
    names = {make(other, files).candidate for other in others}
    assert len(names | {first}) == 5


def test_scores_are_rounded_and_the_same_for_a_row_alone(files: Files) -> None:
    answerer = load(files, make(ingredients(), files), plan_of_shop())
    features = answerer.features(reader(ORDERS)(NOW), NOW)
    scores = answerer.scores(features)
    assert scores.dtype == np.float64
    assert (scores == np.round(scores, 12)).all()
    assert [answerer.scores(features.iloc[[row]])[0] for row in range(20)] == scores[:20].tolist()
    assert answerer.scores(features.iloc[:0]).shape == (0,)


def test_reasons_are_plain_texts(files: Files) -> None:
    answerer = load(files, make(ingredients(), files), plan_of_shop())
    features = answerer.features(reader(ORDERS)(NOW), NOW)
    texts = answerer.reasons(features, 2)
    assert len(texts) == len(features)
    assert all(1 <= len(lines) <= 2 for lines in texts)
    assert any("recency" in line and "(typical" in line and line.endswith("the score") for line in texts[0] + texts[1])


def test_incoming_features_must_be_those_it_learnt_from(files: Files) -> None:
    answerer = load(files, make(ingredients(), files), plan_of_shop())
    given = pd.DataFrame({"paid": [10], "orders": [2], "recency": [5], "more": ["x"]}, index=["c1"])
    made = answerer.fitting(given)
    assert list(made.columns) == ["recency", "orders", "paid"]
    assert answerer.scores(made).shape == (1,)
    with pytest.raises(UserError, match="lack paid"):
        answerer.fitting(given.drop(columns="paid"))
    with pytest.raises(UserError, match="recency is no number"):
        answerer.fitting(given.assign(recency=["soon"]))
    with pytest.raises(UserError, match="Missing values: recency in 1 rows"):
        answerer.scores(answerer.fitting(given.assign(recency=np.nan)))


def test_on_day_one_the_baseline_ranks_and_claims_no_calibration(files: Files) -> None:
    made = make(ingredients(role="baseline", as_of=DAY_ONE), files)
    assert (made.role, made.format, made.trained_on) == ("baseline", "baseline", [])
    assert "only rank" in made.notes["calibration"]
    answerer = load(files, made, plan_of_shop())
    features = answerer.features(reader(ORDERS)(DAY_ONE), DAY_ONE)
    scores = answerer.scores(features)
    order = np.argsort(features["recency"].to_numpy(), kind="stable")
    assert (np.diff(scores[order]) <= 0).all()
    assert answerer.profile["labels"] is None


def test_with_mature_truths_the_baseline_is_calibrated(files: Files) -> None:
    made = make(ingredients(role="baseline"), files)
    answerer = load(files, made, plan_of_shop())
    assert made.notes == {}
    profile = answerer.profile
    assert abs(profile["scores"]["mean"] - profile["labels"]["mean"]) < 0.1


def test_a_model_before_any_truth_is_refused_with_the_way_out(files: Files) -> None:
    with pytest.raises(UserError, match="no truth is known yet") as caught:
        make(ingredients(as_of=DAY_ONE), files)
    assert "baseline" in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ('orders["day"] >= as_of', 'orders["day"] >= until', "none is left: [0-9]+ have no known truth"),
        ('"label": 1}', '"label": 0}', "known truths as of .* are 0"),
        ("return make_pipeline(StandardScaler(), LogisticRegression()).fit(features, label)", "return None", "nothing"),
        ("LogisticRegression()).fit", "LogisticRegression()).fits", "pipeline.py:24 train"),
        ('"orders": by.size()', '"orders": by.size() / 0', "orders is infinite"),
        ('"paid": by', '"customer_name": by["customer"].first(), "paid": by', "could not convert string"),
    ],
)
def test_what_is_wrong_with_the_teams_code_is_told_to_them(files: Files, old: str, new: str, found: str) -> None:
    with pytest.raises(UserError, match=found) as caught:
        make(with_code(old, new), files)
    assert "pipeline.py:" in caught.value.mistakes[0].where
    assert caught.value.mistakes[0].fix


def test_training_never_sees_a_held_out_customer_nor_the_future(files: Files, tmp_path: Path) -> None:
    seen = tmp_path / "seen.json"
    spy = f"__import__('pathlib').Path({str(seen)!r}).write_text(__import__('json').dumps(sorted(set(entity))))"
    code = PIPELINE.replace("def train(features, label):", f"def train(features, label, entity):\n    {spy}")
    for head, end in (("def features(orders, as_of):", "as_of"), ("def label(orders, as_of, until):", "until")):
        code = code.replace(head, f'{head}\n    assert (orders["day"] < {end}).all()')
    make(ingredients(code=Code("pipeline.py", {"pipeline.py": code})), files)
    names = json.loads(seen.read_text())
    assert names
    assert not held_out(names, "shop", 0.2).any()


def test_a_changed_file_is_found_before_it_is_opened(files: Files, tmp_path: Path) -> None:
    made = make(ingredients(), files)
    for name in made.files:
        place = next((tmp_path / "files").rglob(f"*{made.files[name][4:]}*"))
        kept = place.read_bytes()
        place.chmod(0o644)
        place.write_bytes(kept[:-1] + bytes([kept[-1] ^ 1]))
        with pytest.raises(Tampered):
            load(files, made, plan_of_shop())
        place.write_bytes(kept)
    load(files, made, plan_of_shop())


@pytest.mark.parametrize("name", ["model", "code", "environment", "profile", "terms"])
def test_a_fact_that_names_other_files_is_refused(files: Files, name: str) -> None:
    made = make(ingredients(), files)
    other = files.put(b"something else")
    with pytest.raises(Tampered):
        load(files, replace(made, files={**made.files, name: other}), plan_of_shop())
    assert isinstance(made, CandidateMade)


def test_features_in_another_order_are_another_candidate(files: Files) -> None:
    made = make(ingredients(), files)
    with pytest.raises(Tampered):
        load(files, replace(made, features=made.features[::-1]), plan_of_shop())


def test_another_environment_is_refused_with_what_differs(files: Files) -> None:
    made = make(ingredients(), files)
    locked = read_environment(files.get(made.environment))
    assert {"pandas", "scikit-learn", "skops", "numpy"} <= set(locked)
    other = {**locked, "numpy": {"version": "1.0", "content": ""}}
    digest = files.put(json.dumps(other).encode())
    renamed = replace(made, environment=digest, files={**made.files, "environment": digest})
    with pytest.raises(UserError, match=r"numpy is .* here and was 1.0"):
        load(files, replace(renamed, candidate=name_of(renamed)), plan_of_shop())


def test_a_candidate_keeps_its_own_terms_when_the_plan_moves_on(files: Files) -> None:
    made = make(ingredients(), files)
    later = plan_of_shop("entity: customer", "entity: client")
    answerer = load(files, made, later)
    assert answerer.features(reader(ORDERS)(NOW), NOW).index.name == "customer"


def model_of_others() -> bytes:
    rng = np.random.default_rng(0)
    rows = pd.DataFrame(rng.random((50, 3)) * 50, columns=["recency", "orders", "paid"])
    return bytes(skops.io.dumps(LogisticRegression().fit(rows, (rows["recency"] < 25).astype(int))))


def test_a_model_of_others_is_taken_after_inspection(files: Files) -> None:
    plan = plan_of_shop("training:", "file: model.skops\n  training:")
    made = make(ingredients(plan=plan, model_file=model_of_others()), files)
    assert made.rows == 0
    assert "made elsewhere" in made.notes["origin"]
    answerer = load(files, made, plan)
    assert answerer.scores(answerer.features(reader(ORDERS)(NOW), NOW)).shape[0] > 100


STATIC = """data:
  features: {source: orders, columns: [age, city]}
  label: {source: orders, column: left, yes: left}
"""


def test_without_any_code_columns_and_our_standard_model_do(files: Files) -> None:
    rng = np.random.default_rng(2)
    age, city = rng.normal(40, 10, 400), np.array(["here", "there", None])[rng.integers(0, 3, 400)]
    left = np.where(age + 10 * (city == "here") + rng.normal(size=400) > 45, "left", "stayed")
    people = pa.table({"customer": [f"p{i}" for i in range(400)], "age": age, "city": city, "left": left})
    columns = "\n        ".join(
        ["customer: {type: text}", "age: {type: number}", "city: {type: text}", "left: {type: text}"]
    )
    text = PLAN.replace("data: {pipeline: pipeline.py}\n", STATIC).replace("      time: day\n", "")
    text = text.replace("customer: {type: text}\n        day: {type: date}\n        paid: {type: number}", columns)
    text = text.replace("column: recency, higher_is: less", "column: age")
    plan = read_plan(text)
    made = make(ingredients(plan=plan, code=None, read=lambda before: {"orders": people}), files)
    assert (made.code, made.format, len(made.trained_on)) == ("", "skops", 1)
    answerer = load(files, made, plan)
    features = answerer.features({"orders": people}, NOW)
    truth = pd.Series(left, index=[f"p{i}" for i in range(400)])[features.index] == "left"
    assert roc_auc_score(truth, answerer.scores(features)) > 0.95
    assert answerer.profile["features"]["city"]["kind"] == "text"
    assert any("city here" in line for lines in answerer.reasons(features, 2) for line in lines)


def test_humility_rules_are_judged_by_what_training_saw(files: Files) -> None:
    humble = plan_of_shop("{top: 10}", "{top: 10, humility: {out_of_range: 0%}}")
    made = make(ingredients(plan=humble), files)
    answerer = load(files, made, humble)
    features = answerer.features(reader(ORDERS)(NOW), NOW)
    learnt = answerer.profile["features"]["paid"]["learnt"]
    odd = features.assign(paid=features["paid"].where(np.arange(len(features)) > 0, learnt["high"] + 1))
    [first, *rest] = answerer.humility(humble.decision).asks_of(odd)
    assert first.startswith("paid ")
    assert "which it learnt from" in first
    assert sum(map(bool, rest)) < len(rest) / 2
    assert "learnt" not in load(files, make(ingredients(), files), plan_of_shop()).profile["features"]["paid"]


def test_intervals_are_frozen_with_the_candidate_and_rest_on_entities_that_taught_nothing(files: Files) -> None:
    many = orders(customers=900)
    sure = plan_of_shop("decision: {top: 10}", "decision: {top: 10}\nproof: {interval: 80%, holdout: 40%}")
    made = make(ingredients(plan=sure, read=reader(many)), files)
    assert make(ingredients(plan=sure, read=reader(many)), files).candidate == made.candidate
    answerer = load(files, made, sure)
    kept = answerer.profile["interval"]
    assert (kept["of"], kept["level"]) == ("probability", 0.8)
    moment = datetime(2024, 4, 1, tzinfo=UTC)
    held = held_out(list(answerer.features(reader(many)(moment), moment).index), "shop", 0.4)
    assert 50 <= kept["rows"] < 0.7 * held.sum()  # a half of them; the other half is for the proof
    features = answerer.features(reader(many)(NOW), NOW)
    low, high = answerer.ends(answerer.scores(features))
    assert (low < high).all()
    assert "interval" not in load(files, make(ingredients(), files), plan_of_shop()).profile
    young = make(ingredients(plan=sure, role="baseline", as_of=DAY_ONE), files)
    assert load(files, young, sure).profile["interval"] is None


def test_the_rows_of_a_proof_are_answered_again_as_they_were(files: Files) -> None:
    answerer = load(files, make(ingredients(), files), plan_of_shop())
    rows = made_up(answerer.features(reader(ORDERS)(NOW), NOW))
    kept = {"features": {name: rows[name].tolist() for name in rows.columns}, "scores": answerer.scores(rows).tolist()}
    assert replay(answerer, canonical(kept)) == 0.0
    other = canonical({**kept, "scores": [score + 0.1 for score in kept["scores"]]})
    assert replay(answerer, other) == pytest.approx(0.1)
