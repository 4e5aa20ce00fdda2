"""A candidate that learns only of those on whom the product acted, over a real log; proven on the same rows."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from integration.model.shop import NOW, PIPELINE, PLAN, orders, reader
from integration.model.test_making import ingredients

from shipworthy.base.errors import UserError
from shipworthy.deliver.log import answers_table
from shipworthy.edges.files import Files
from shipworthy.model.code import Code
from shipworthy.model.exploring import PROPENSITY, explored
from shipworthy.model.making import Ingredients, make
from shipworthy.model.rules import decided
from shipworthy.model.weighing import Stretch
from shipworthy.model.words import CandidateMade
from shipworthy.plan.reading import read_plan
from shipworthy.plan.schema import Plan
from shipworthy.prove.check import Subject
from shipworthy.prove.checks import leakage, weighing
from shipworthy.prove.gathering import Others, gather

ORDERS = orders(1_500)
MOMENTS = [datetime(2024, month, 1, tzinfo=UTC) for month in (3, 4)]
SHARE = 0.3
WEIGHED = PIPELINE.replace("def train(features, label):", "def train(features, label, sample_weight):").replace(
    ".fit(features, label)", ".fit(features, label, logisticregression__sample_weight=sample_weight)"
)


def plan() -> Plan:
    text = PLAN.replace("top: 10", f"share: 20%, explore: {{share: {SHARE:.0%}, seed: spring}}")
    return read_plan(text + "respond: {retraining: {labels_only_when_acted: true}}\n")


def log(files: Files, chances: bool = True) -> list[Stretch]:
    """Lists as of the moments of training, by a rule on how many orders there were."""
    found, the_plan = [], plan()
    for moment in MOMENTS:
        bought = reader(ORDERS)(moment)["orders"].to_pandas().groupby("customer").size()
        names, scores = [str(name) for name in bought.index], bought.to_numpy(dtype=np.float64)
        codes, words = decided(scores, names, the_plan.decision)
        said = explored(codes, words, names, the_plan.decision, the_plan.product, moment)
        table = answers_table(
            run=f"shop/sales/{moment:%Y-%m-%d}",
            time=moment,
            as_of=moment,
            candidate="b" * 64,
            entities=names,
            scores=scores,
            decisions=[words[code] for code in said.codes],
            reasons=None,
            cohorts=[""] * len(names),
            steps=["all"] * len(names),
            consumer="sales",
            inputs_ref="",
        )
        if chances:
            table = table.append_column(PROPENSITY, pa.array(said.chances))
        found.append(Stretch(files.put_table(table), moment, moment))
    return found


def given(files: Files, code: str = WEIGHED, **other: Any) -> Ingredients:
    values = {"plan": plan(), "answered": log(files), "code": Code("pipeline.py", {"pipeline.py": code})}
    return ingredients(**{"read": reader(ORDERS), **values, **other})


def proven(made: CandidateMade, files: Files) -> Subject:
    return gather(plan(), made, NOW, reader(ORDERS), files, Others(), lambda name, content: files.put(content))


@pytest.mark.parametrize(("code", "how"), [(WEIGHED, "weights"), (PIPELINE, "drawn")])
def test_whoever_was_acted_on_stands_for_everybody_in_learning_and_in_the_proof(
    tmp_path: Path, code: str, how: str
) -> None:
    files = Files(tmp_path)
    made = make(given(files, code), files)
    assert made.weighing is not None
    assert (made.weighing.how, made.weighing.least, made.weighing.before) == (how, SHARE, 0)
    assert (
        made.weighing.effective == made.rows
        if how == "drawn"
        else 0.5 * made.rows < made.weighing.effective < made.rows
    )
    subject = proven(made, files)
    [told] = [weighing.CHECK.run(subject)]
    assert not isinstance(told, list)
    assert told.verdict == "pass"
    assert "(Kish)" in told.found if how == "weights" else "drawn by their logged chances" in told.found
    [apart] = [one for one in leakage.CHECK.run(subject) if one.check.endswith(".apart")]  # type: ignore[union-attr]
    assert apart.verdict == "pass"
    truth = subject.known()
    known_of_all = make(ingredients(plan=plan(), read=reader(ORDERS)), files)
    everybody = proven(known_of_all, files).known()
    assert len(truth.labels) == pytest.approx(len(everybody.labels) * SHARE * (2 - SHARE), rel=0.3)  # two moments
    assert truth.labels.mean() == pytest.approx(everybody.labels.mean(), abs=0.09)
    assert "drawn to stand for everybody" in subject.held_out


def test_a_candidate_made_without_weighing_does_not_pass(tmp_path: Path) -> None:
    files = Files(tmp_path)
    told = weighing.CHECK.run(proven(make(given(files, answered=None), files), files))
    assert not isinstance(told, list)
    assert told.verdict == "fail"


def test_before_the_first_answer_rows_count_as_they_stand_and_the_proof_warns(tmp_path: Path) -> None:
    files = Files(tmp_path)
    made = make(given(files, answered=[]), files)
    assert made.weighing is not None
    assert made.weighing.before == made.rows == made.weighing.effective
    told = weighing.CHECK.run(proven(made, files))
    assert not isinstance(told, list)
    assert told.verdict == "warn"
    assert "count as they stand" in told.found


def test_a_log_without_chances_teaches_nothing(tmp_path: Path) -> None:
    files = Files(tmp_path)
    with pytest.raises(UserError) as refused:
        make(given(files, answered=log(files, chances=False)), files)
    assert refused.value.mistakes[0].code == "model.nothing_weighed"
    rule = make(given(files, answered=log(files, chances=False), role="baseline"), files)
    assert "No truth was known yet" in rule.notes["calibration"]
