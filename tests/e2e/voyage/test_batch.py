"""Rows that are answered by themselves: the answers of a whole list, some rows at a time, also when it is killed."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from e2e.voyage import batch
from e2e.voyage.test_killed import TESTS, facts, stored

from shipworthy.app.wiring import close_desk
from shipworthy.app.words import ErasePerson
from shipworthy.data.words import SnapshotTaken
from shipworthy.deliver.words import AnswersSealed
from shipworthy.model.answering import load
from shipworthy.model.exploring import EXPLORED, salt_of
from shipworthy.model.rules import chosen_by_hash
from shipworthy.model.words import CandidateMade
from shipworthy.plan.reading import read_plan
from shipworthy.watch.windows import features_of

ROWS = 400_000
"""Several pieces."""


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store whose model waits."""
    root = tmp_path_factory.mktemp("ready") / "batch"
    batch.prepare(root, ROWS)
    return root


@pytest.fixture(scope="module")
def calm(ready: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same store with the list made, by a process that nobody killed."""
    return made(copied(ready, tmp_path_factory.mktemp("calm")))


def copied(ready: Path, folder: Path) -> Path:
    return Path(shutil.copytree(ready, folder / "batch"))


def made(root: Path) -> Path:
    """Make the list here, with nobody who kills."""
    batch.live(root)
    return root


def brought(root: Path) -> pa.Table:
    return pq.read_table(root / "rehearsal" / "scores.parquet")


def test_every_row_is_answered_once_in_the_order_of_the_source(calm: Path) -> None:
    rows, given = brought(calm), batch.customers(ROWS)
    assert rows["customer"].equals(given["customer"].slice(0, ROWS - 1))
    assert rows["answer_id"].null_count == 0
    assert len(pa.compute.unique(rows["answer_id"])) == ROWS - 1
    lines = (calm / "rehearsal" / "scores.csv").read_text().splitlines()
    assert len(lines) == ROWS
    assert lines[1].split(",")[0] == "c0000000"


def test_the_log_says_the_same_and_names_the_inputs(calm: Path) -> None:
    desk = batch.desk_on(calm)
    past, files = desk.store.ledger.past(batch.PRODUCT), desk.store.files
    sealed = past.of(AnswersSealed)[-1].what
    log, rows = files.table(sealed.segment), brought(calm)
    assert log.select(["entity", "score", "decision", "answer_id"]).equals(
        rows.rename_columns(["entity", "score", "decision", "answer_id"])
    )
    taken = past.of(SnapshotTaken)[-1].what
    assert sealed.features in {intake.content for intake in taken.intakes}
    inputs = features_of(files, log.slice(ROWS - 50).to_pandas(), entity="customer")
    given = batch.customers(ROWS).slice(ROWS - 50, 49)
    assert inputs["spend"].tolist() == given["spend"].to_pylist()
    close_desk(desk)


def test_the_answers_are_those_of_the_list_that_is_made_as_a_whole(calm: Path) -> None:
    desk = batch.desk_on(calm)
    made = desk.store.ledger.past(batch.PRODUCT).of(CandidateMade)[-1].what
    answerer = load(desk.store.files, made, read_plan(batch.PLAN))
    given = batch.customers(ROWS).slice(0, 1000)
    whole = given.to_pandas().set_index("customer")[["spend", "visits", "channel"]]
    assert answerer.scores(answerer.fitting(whole)).tolist() == brought(calm)["score"].slice(0, 1000).to_pylist()
    close_desk(desk)


def test_who_is_among_the_best_and_who_is_drawn_is_decided_over_all_rows(tmp_path: Path) -> None:
    root, rows = tmp_path / "batch", 150_000
    plan = batch.PLAN.replace("threshold: 0.5", "top: 1000, explore: {share: 1%, seed: spring}")
    plan = plan.replace("score, decision,", "score, decision, reasons,").replace("reasons: 0,", "reasons: 1,")
    batch.prepare(root, rows, plan)
    desk = batch.desk_on(root)
    account = batch.listed(desk)
    sealed = desk.store.ledger.past(batch.PRODUCT).of(AnswersSealed)[-1].what
    log = desk.store.files.table(sealed.segment).to_pandas()
    close_desk(desk)
    assert (account.answered, account.due) == (rows - 1, rows - 1)
    best = log.sort_values(["score", "entity"], ascending=[False, True]).index[:1000]
    assert sorted(log.index[log["propensity"] == 1]) == sorted(best)
    assert set(log["propensity"]) == {1.0, 0.01}
    rule, moment = read_plan(plan).decision, log["as_of"][0].to_pydatetime()
    drawn = chosen_by_hash(salt_of(rule, batch.PRODUCT, moment), log["entity"].tolist(), 0.01) & (log["propensity"] < 1)
    assert ((log["decision"] == "yes") == (drawn | (log["propensity"] == 1))).all()
    first = log["reasons"].map(lambda reasons: reasons[0])
    assert ((first == EXPLORED) == drawn).all()
    assert set(log["reasons"].map(len)[drawn]) == {2}
    assert brought(root)["decision"].to_pylist() == log["decision"].tolist()


def test_who_is_asked_about_how_sure_it_is_and_what_is_personal_hold_some_rows_at_a_time(tmp_path: Path) -> None:
    root, rows = tmp_path / "batch", 140_000
    plan = batch.PLAN
    for old, new in (
        ("threshold: 0.5}", "top: 1000, humility: {out_of_range: 0%}}"),
        ("reasons: 0,", "reasons: 0, holdout: 60%, interval: 80%,"),
        ("score, decision,", "score, low, high, decision,"),
        ("  by_row: customers", "  by_row: customers\n  personal: [spend]"),
        ("    time_to_act: 7d", "    needs_values: [spend, channel]\n    time_to_act: 7d"),
    ):
        assert old in plan
        plan = plan.replace(old, new)
    batch.prepare(root, rows, plan)
    desk = batch.desk_on(root)
    assert batch.listed(desk).answered == rows - 1
    past, files = desk.store.ledger.past(batch.PRODUCT), desk.store.files
    sealed = past.of(AnswersSealed)[-1].what
    found, given = brought(root).to_pandas(), batch.customers(rows).slice(0, rows - 1)
    answerer = load(files, past.of(CandidateMade)[-1].what, read_plan(plan))
    learnt = answerer.profile["features"]["spend"]["learnt"]
    spend = given["spend"].to_numpy()
    outside = (spend < learnt["low"]) | (spend > learnt["high"])
    assert 0 < outside.sum() < rows
    assert ((found["decision"] == "ask a person").to_numpy() == outside).all()
    best = found.sort_values(["score", "customer"], ascending=[False, True]).index[:1000]
    assert sorted(found.index[found["decision"] == "yes"]) == sorted(at for at in best if not outside[at])
    low, high = answerer.ends(found["score"].to_numpy())
    assert (found["low"].tolist(), found["high"].tolist()) == (low.tolist(), high.tolist())

    assert found["spend"].tolist() == spend.tolist()
    assert found["channel"].fillna("").tolist() == given["channel"].to_pandas().fillna("").tolist()

    taken = past.of(SnapshotTaken)[-1].what
    assert sealed.features not in {intake.content for intake in taken.intakes}
    kept = pq.read_table(files.local(sealed.features))
    assert kept["spend"][0].as_py().startswith("sealed:")
    log = files.table(sealed.segment)
    assert log["inputs_ref"].unique().to_pylist() == [sealed.features]
    assert (pa.compute.list_value_length(log["reasons"]).to_numpy() == outside).all()
    inputs = features_of(files, log.slice(rows - 50).to_pandas(), entity="customer")
    assert inputs["spend"].tolist() == spend[rows - 50 :].tolist()

    desk.do(ErasePerson(product=batch.PRODUCT, entity="c0100000", reason="request 17"), batch.someone("owner"))
    assert "c0100000" not in brought(root)["customer"].to_pylist()
    assert "c0100000" not in files.table(sealed.segment)["entity"].to_pylist()
    assert "c0100000" not in files.table(sealed.features)["entity"].to_pylist()
    rows_kept = next(intake.content for intake in taken.intakes if intake.source == "customers")
    assert "c0100000" not in files.table(rows_kept)["customer"].to_pylist()
    assert batch.listed(desk, day="2026-04-01").answered == rows - 2
    assert "c0100000" not in brought(root)["customer"].to_pylist()
    close_desk(desk)


PIPELINE = """
import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression


def features(customers):
    each = customers["spend"] / (1 + customers["visits"])
    return pd.DataFrame({"customer": customers["customer"], "each": each, "visits": customers["visits"]})


def label(outcomes):
    return outcomes.rename(columns={"left": "label"})


def train(features, label):
    return LogisticRegression().fit(features, label)
"""


def test_features_of_code_are_made_some_rows_at_a_time_and_kept_under_the_name_that_the_log_gives(
    tmp_path: Path,
) -> None:
    root, rows = tmp_path / "batch", 150_000
    (root / "feed").mkdir(parents=True)
    (root / "pipeline.py").write_text(PIPELINE)
    start, end = batch.PLAN.index("data:"), batch.PLAN.index("model:")
    plan = f"{batch.PLAN[:start]}data: {{pipeline: pipeline.py, by_row: customers}}\n{batch.PLAN[end:]}"
    plan = plan.replace("key: [customer]\n      columns:", "key: [customer]\n      time: day\n      columns:")
    batch.prepare(root, rows, plan)
    desk = batch.desk_on(root)
    assert batch.listed(desk).answered == rows - 1
    sealed = desk.store.ledger.past(batch.PRODUCT).of(AnswersSealed)[-1].what
    log = desk.store.files.table(sealed.segment)
    assert log["inputs_ref"].unique().to_pylist() == [sealed.features]
    assert log["entity"].to_pylist() == batch.customers(rows)["customer"].to_pylist()[:-1]
    inputs = features_of(desk.store.files, log.slice(rows - 5).to_pandas(), entity="customer")
    assert inputs["visits"].tolist() == batch.customers(rows)["visits"].to_pylist()[rows - 5 : -1]
    close_desk(desk)


def test_killed_at_any_moment_nothing_differs(ready: Path, calm: Path, tmp_path: Path) -> None:
    root = copied(ready, tmp_path)
    killed_again_and_again(root, 4)
    assert_same(root, calm)


def test_killed_while_a_database_is_read_nothing_differs_and_nothing_is_left_beside(tmp_path: Path) -> None:
    calm, between = tmp_path / "calm", tmp_path / "between"
    source = "kind: sql\n    url: sqlite:///feed/crm.sqlite\n    query: customers"
    plan = batch.PLAN.replace("kind: parquet\n    path: feed/customers.parquet", source)
    assert plan != batch.PLAN
    fill(calm / "feed", batch.customers(batch.TAUGHT))
    batch.prepare(calm, batch.TAUGHT, plan)
    fill(calm / "feed", batch.customers(60_000))
    root = copied(calm, tmp_path / "rough")
    between.mkdir()
    made(calm)
    killed_again_and_again(root, 5, between)
    assert_same(root, calm)
    assert not list(between.glob("shipworthy-*")), "rows lie beside while they are sorted, in no file that stays"


def fill(folder: Path, rows: pa.Table) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(folder / "crm.sqlite")) as database, database:
        database.execute("drop table if exists customers")
        database.execute("create table customers (customer, spend, visits, channel)")
        database.executemany("insert into customers values (?, ?, ?, ?)", zip(*rows.to_pydict().values(), strict=True))


def killed_again_and_again(root: Path, seed: int, between: Path | None = None) -> None:
    """Let it be made in lives that are killed, with what lies beside meanwhile in a folder of its own."""
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), str(TESTS.parent / "src")])}
    environ |= {"TMPDIR": str(between)} if between else {}
    command = [sys.executable, batch.__file__, str(root), str(seed)]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert int(done.stdout) > 1, "it was never killed"


def assert_same(root: Path, calm: Path) -> None:
    assert facts(root) == facts(calm)
    assert stored(root) == stored(calm)
    assert brought(root).equals(brought(calm))
    assert (root / "rehearsal" / "scores.csv").read_bytes() == (calm / "rehearsal" / "scores.csv").read_bytes()
    assert {file.name for file in (root / "rehearsal").iterdir()} == {
        file.name for file in (calm / "rehearsal").iterdir()
    }
    assert not list((root / ".shipworthy" / "files").glob(".draft*"))
