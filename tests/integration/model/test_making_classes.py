"""Candidates that answer with classes, from ingredients to answers over real files: from columns, text and own code."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from e2e.voyage.cellar import CLASSES, INPUTS, PLAN

from shipworthy.base.errors import UserError
from shipworthy.deliver.inputs import Inputs
from shipworthy.edges.files import Files
from shipworthy.model.answering import load
from shipworthy.model.classes import chosen, named
from shipworthy.model.code import Code
from shipworthy.model.making import Ingredients, make
from shipworthy.model.performance import HeldOut
from shipworthy.plan.reading import read_plan
from shipworthy.plan.rules import answer_sections
from shipworthy.plan.schema import Plan

NOW = datetime(2025, 3, 20, tzinfo=UTC)
SAID = {
    "barolo": "tar and roses, long",
    "barbera": "sour cherry, low tannin",
    "grignolino": "pale, bitter, short",
}
OWN = """\
from sklearn.ensemble import RandomForestClassifier


def features(wines, as_of):
    return wines[["bottle", "alcohol"]]


def label(tastings, as_of, until):
    return tastings[["bottle", "grower"]]


def train(features, label):
    assert set(label) <= {"barolo", "barbera", "grignolino"}, "the label is the class as text"
    return RandomForestClassifier(10, min_samples_leaf=3, random_state=0).fit(features, label)
"""


def plan_of(*changes: tuple[str, str]) -> Plan:
    text = PLAN
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return read_plan(text)


WITH_NOTE = plan_of(
    (f"columns: [{', '.join(INPUTS)}]}}", "columns: [alcohol, note]}\n  words: [note]"),
    ("        alcohol: {type: number}\n", "        alcohol: {type: number}\n        note: {type: text}\n"),
)
WITH_CODE = plan_of(
    (
        f"  features: {{source: wines, columns: [{', '.join(INPUTS)}]}}\n"
        "  label: {source: tastings, column: grower}\n",
        "  pipeline: pipeline.py\n",
    ),
    ("first: 2025-02-01", "first: 2025-01-10"),  # tastings end on 2 February; what label() says after that is not whole
)


def bottles(rows: int = 600, wrong: str = "") -> dict[str, pa.Table]:
    """Bottles of January with what people said of them; a few words belong to nobody's wine."""
    random = np.random.default_rng(1)
    growers = random.choice(CLASSES, rows)
    days = np.datetime64("2025-01-02T00:00:00", "us") + np.arange(rows) % 25 * np.timedelta64(1, "D")
    names = [f"b{place:04}" for place in range(rows)]
    wines = pa.table(
        {
            "bottle": names,
            "bottled_on": pa.array(days, pa.timestamp("us")),
            "alcohol": [13.0 + CLASSES.index(one) + random.normal(0, 0.7) for one in growers],
            "note": [f"{SAID[one]}, glass {random.integers(10**9)}" for one in growers],
        }
    )
    told = [wrong if wrong and place == 3 else one for place, one in enumerate(growers)]
    tasted = pa.array(days + np.timedelta64(7, "D"), pa.timestamp("us"))
    return {"wines": wines, "tastings": pa.table({"bottle": names, "tasted_on": tasted, "grower": told})}


def ingredients(plan: Plan, code: str = "", role: Any = "model", **other: Any) -> Ingredients:
    sources, times = bottles(**other), {"wines": "bottled_on", "tastings": "tasted_on"}

    def read(before: datetime) -> Mapping[str, pa.Table]:
        naive = pa.scalar(before.replace(tzinfo=None), pa.timestamp("us"))
        return {name: table.filter(pc.less(table[times[name]], naive)) for name, table in sources.items()}

    return Ingredients(
        plan=plan,
        plan_version=1,
        sections=answer_sections(plan),
        code=Code("pipeline.py", {"pipeline.py": code}) if code else None,
        model_file=None,
        snapshot="5" * 64,
        read=read,
        as_of=NOW,
        role=role,
        author="data-scientist",
    )


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path / "files")


def test_own_code_gets_the_class_as_text_and_its_forest_is_compiled(files: Files) -> None:
    given = ingredients(WITH_CODE, OWN)
    made = make(given, files)
    assert make(given, files) == made  # the same ingredients give the same candidate
    answerer = load(files, made, WITH_CODE)
    assert answerer.form == "compiled"
    assert named(answerer.profile) == CLASSES
    rows = answerer.features(given.read(NOW), NOW)
    likely = answerer.likely(rows)
    assert likely.sum(axis=1) == pytest.approx(1)
    truths = answerer.labels(given.read(NOW), NOW, NOW, list(rows.index))
    assert (chosen(likely) == truths).mean() > 0.6
    held_out = HeldOut.read(answerer.profile)
    assert held_out is not None
    assert held_out.confusion is not None
    assert held_out.confusion.sum() == held_out.whole.rows
    assert answerer.profile["estimates"]["answer"] == "class"
    assert answerer.profile["estimates"]["right"] == pytest.approx(np.trace(held_out.confusion) / held_out.whole.rows)


def test_free_text_is_learnt_from_by_its_words(files: Files) -> None:
    given = ingredients(WITH_NOTE)
    answerer = load(files, make(given, files), WITH_NOTE)
    assert answerer.form == "as is"
    rows = answerer.features(given.read(NOW), NOW)
    truths = answerer.labels(given.read(NOW), NOW, NOW, list(rows.index))
    assert (chosen(answerer.likely(rows)) == truths).mean() > 0.98
    kept = answerer.profile["features"]["note"]
    assert kept["typical"] == ""
    assert {"tar", "cherry", "glass"} <= set(kept["words"]["known"])
    [reasons] = answerer.reasons(rows.iloc[:1], 2)
    assert any(one.startswith("note ") and "(typical empty)" in one for one in reasons)
    inputs = Inputs(WITH_NOTE, {"champion": answerer}, "values")
    asked = {"bottle": "new", "alcohol": 13.5, "note": "pale and bitter, never seen such a thing"}
    assert inputs.read(dict(asked))[1] == {"alcohol": 13.5, "note": asked["note"]}


@pytest.mark.parametrize(("kind", "column"), [("constant", ""), ("column", "alcohol"), ("column", "note")])
def test_a_baseline_says_classes_on_its_own(files: Files, kind: str, column: str) -> None:
    declared = f"{{kind: {kind}, column: {column}}}" if column else f"{{kind: {kind}}}"
    plan = plan_of(
        (f"columns: [{', '.join(INPUTS)}]}}", "columns: [alcohol, note]}\n  words: [note]"),
        ("        alcohol: {type: number}\n", "        alcohol: {type: number}\n        note: {type: text}\n"),
        ("baseline: {kind: constant}", f"baseline: {declared}"),
    )
    given = ingredients(plan, role="baseline")
    answerer = load(files, make(given, files), plan)
    likely = answerer.likely(answerer.features(given.read(NOW), NOW))
    assert likely.shape == (600, 3)
    assert likely.sum(axis=1) == pytest.approx(1)


def test_a_class_that_nobody_declared_stops_the_training_by_name(files: Files) -> None:
    with pytest.raises(UserError) as refused:
        make(ingredients(WITH_CODE, OWN, wrong="barollo"), files)
    [mistake] = refused.value.mistakes
    assert mistake.code == "model.pipeline.label_classes"
    assert "'barollo'" in mistake.found
    assert "Did you mean barolo?" in mistake.fix


def test_the_terms_of_a_candidate_name_its_classes_for_good(files: Files) -> None:
    made = make(ingredients(WITH_CODE, OWN), files)
    kept = json.loads(files.get(made.files["terms"]))
    assert kept["need"]["classes"] == list(CLASSES)
    turned = plan_of((f"classes: [{', '.join(CLASSES)}]", f"classes: [{', '.join(reversed(CLASSES))}]"))
    assert load(files, made, turned).classes == CLASSES  # also after the plan has moved on
