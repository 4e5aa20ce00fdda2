"""A canary in lists: a share of everybody for real, the same ones each time, accounted for, taken back in one step."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pytest
import sqlalchemy as sa
from e2e.voyage.shop import OWNERS, PRODUCT
from e2e.voyage.shops import PLANNED, Shops
from e2e.voyage.test_lists import file_of
from e2e.voyage.test_server import Server
from e2e.voyage.voyage import REVIEWED, Voyage

from shipworthy.app.wiring import close_desk
from shipworthy.app.words import DoWhatIsDue
from shipworthy.base.errors import GateShut
from shipworthy.deliver.asked import Asked, answer_message
from shipworthy.deliver.journal import Journal
from shipworthy.deliver.loading import load_serving
from shipworthy.deliver.ready import Question
from shipworthy.deliver.replies import Reply
from shipworthy.deliver.run import SHADOW
from shipworthy.deliver.service import Stretch
from shipworthy.deliver.words import AnswersSealed, DeliveryMade, RunFinished, ServiceCounted, Trace
from shipworthy.doors.house import running
from shipworthy.doors.predict.app import Predictions
from shipworthy.doors.predict.refused import Refused
from shipworthy.doors.predict.wire import Wire
from shipworthy.model.words import CandidateMade
from shipworthy.plan.words import AdoptPlan
from shipworthy.release.pointer import read_pointer
from shipworthy.release.rules import canary_share
from shipworthy.release.words import Releases, RollBack, TrialFinished, TrialJudged
from shipworthy.sign.rules import candidate_made

CHANGES = (
    ("steps: [rehearsal, shadow, cohort, all]", "steps: [rehearsal, canary, all]\n  canary: 30%"),
    ("holdout: 20%", "holdout: 60%\n  interval: 80%"),
    ("  yes: call\n", "  yes: call\n  humility: {out_of_range: 0%, spared: [recency, tenure]}\n"),
    ("[customer_id, score, decision,", "[customer_id, score, low, high, decision,"),
    ("    sinks: [crm]\n", "    sinks: [crm]\n    needs_values: [recency]\n"),
    ("    latency: 100ms\n", "    latency: 100ms\n    needs_values: [recency, freq]\n"),
)


@dataclass(frozen=True)
class Canary:
    """The shop in August 1997: the baseline answers everybody, the model is signed, and a canary from now on."""

    voyage: Voyage
    baseline: str
    model: str


@pytest.fixture(scope="module")
def made(shops: Shops, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the shop, to be copied."""
    root = tmp_path_factory.mktemp("made")
    voyage = shops.at(PLANNED, root)
    text = (root / "product.yaml").read_text()
    for old, new in CHANGES:
        assert old in text
        text = text.replace(old, new)
    voyage.do("administrator", AdoptPlan(product=PRODUCT, text=text))
    with_canary(voyage)
    close_desk(voyage.desk)
    return root


@pytest.fixture
def canary(made: Path, tmp_path: Path) -> Iterator[Canary]:
    voyage = Voyage.left_in(Path(shutil.copytree(made, tmp_path, dirs_exist_ok=True)))
    baseline, model = (what.candidate for what in voyage.facts(CandidateMade))
    yield Canary(voyage, baseline, model)
    close_desk(voyage.desk)


def with_canary(voyage: Voyage) -> None:
    baseline = voyage.made("baseline")
    voyage.release(baseline, "rehearsal")
    for function in OWNERS[:2]:
        voyage.sign(baseline, function)
    voyage.release(baseline, "all")
    voyage.advance("1997-08-01")
    model = voyage.made("model")
    voyage.release(model, "rehearsal")
    for function in REVIEWED:
        voyage.review(model, function)
    for function in OWNERS:
        voyage.sign(model, function)
    voyage.release(model, "canary")


def answered_by(voyage: Voyage, month: str, consumer: str = "crm") -> dict[str, tuple[str, str]]:
    """Candidate and step of the answer that each entity got for real in the list of a month."""
    found: dict[str, tuple[str, str]] = {}
    for what in voyage.facts(AnswersSealed):
        if f"/{consumer}/{month}" not in what.run or "rehearsal" in what.steps:
            continue
        for row in voyage.desk.store.files.table(what.segment).to_pylist():
            if row["step"] != SHADOW:
                assert row["entity"] not in found, "nobody is answered twice"
                found[row["entity"]] = (row["candidate"], row["step"])
    return found


def test_a_canary_answers_its_share_list_after_list_and_is_taken_back_in_one_step(canary: Canary) -> None:
    voyage, baseline, model = canary.voyage, canary.baseline, canary.model
    with pytest.raises(GateShut, match="canary for crm has ended well 0 times"):
        voyage.release(model, "all")
    voyage.advance("1997-09-01")
    first = answered_by(voyage, "1997-09")
    assert len(first) == 200
    chosen = canary_share(list(first), PRODUCT, 0.3)
    assert [who == (model, "canary") for who in first.values()] == chosen.tolist()
    assert {who for who, canary in zip(first.values(), chosen, strict=True) if not canary} == {(baseline, "all")}
    voyage.advance("1997-10-01")
    assert answered_by(voyage, "1997-10") == first, "the same ones each time"
    assert answered_by(voyage, "1997-10", "sales") == first, "and for every consumer"

    run = [what for what in voyage.facts(RunFinished) if what.consumer == "crm"][-1]
    assert run.by_candidate == {baseline: 200 - int(chosen.sum()), model: int(chosen.sum())}
    assert (run.due, run.answered, run.refused, run.stood_in) == (200, 200, {}, "")
    told = [what for what in voyage.facts(TrialFinished) if what.step == "canary"]
    assert [(what.consumer, what.ok) for what in told].count(("sales", True)) == 2
    assert all(what.compared["rows"] == chosen.sum() and "mean_score_of_champion" in what.compared for what in told)
    now = voyage.ask(Releases(product=PRODUCT))
    pointer = read_pointer(voyage.desk.store, PRODUCT)
    assert (now.canary, now.canary_share) == (pointer.canary, pointer.canary_share) == (model, 0.3)

    voyage.do("product-manager", RollBack(product=PRODUCT, reason="calls went wrong"))
    assert read_pointer(voyage.desk.store, PRODUCT).canary == ""
    voyage.advance("1997-11-01")
    assert set(answered_by(voyage, "1997-11").values()) == {(baseline, "all")}
    with pytest.raises(GateShut, match="comes after rehearsal"):
        voyage.release(model, "canary")


def test_in_real_time_everybody_gets_what_the_list_says_from_whom_the_list_says(canary: Canary) -> None:
    voyage, model = canary.voyage, canary.model
    voyage.advance("1997-09-01")
    listed = [what for what in voyage.facts(AnswersSealed) if "/crm/1997-09" in what.run]
    log = pa.concat_tables([voyage.desk.store.files.table(what.segment) for what in listed]).to_pylist()
    rows = {row["entity"]: row for row in log if row["step"] != SHADOW}
    serving, now = load_serving(voyage.desk.store, PRODUCT), voyage.desk.now(PRODUCT)
    told = serving.answers([Question(entity, "shop") for entity in rows], now)
    fields = ("entity", "candidate", "score", "decision", "reasons", "step", "cohort")
    replies = {one.row["entity"]: one for one in told if isinstance(one, Reply)}
    assert {entity: [one.row[name] for name in fields] for entity, one in replies.items()} == {
        entity: [row[name] for name in fields] for entity, row in rows.items()
    }
    assert {one.row["step"] for one in replies.values()} == {"canary", "all"}
    by_model = [one for one in replies.values() if one.row["candidate"] == model]
    assert all(one.low is not None and one.high is not None and one.low <= one.high for one in by_model)
    assert any("ask a person" in " ".join(one.row["reasons"]) for one in replies.values())
    journal = Journal(voyage.desk.store, PRODUCT)
    journal.write([one.row for one in replies.values()])
    journal.close("prediction-server", now)
    served = [what for what in voyage.facts(TrialFinished) if "in real time" in what.text]
    assert [(what.candidate, what.compared["rows"]) for what in served] == [(model, float(len(by_model)))]


def test_every_protocol_and_a_stream_carry_the_interval_and_the_values_that_are_needed(canary: Canary) -> None:
    voyage, model = canary.voyage, canary.model
    app = Predictions(voyage.desk, PRODUCT)
    customers = sorted(app.serving.ready[model].places)
    mine = next(one for one in customers if app.serving.meant_for(Question(one, "shop")) == model)
    other = next(one for one in customers if app.serving.meant_for(Question(one, "shop")) == canary.baseline)
    tensor = {"name": "customer_id", "datatype": "BYTES", "shape": [2], "data": [mine, other]}
    with running(app, http=Wire) as address:
        server = Server(voyage, address, voyage.desk.people.add("shop-system"))
        plain = server.ask(mine)
        over_oip = server.call("POST", f"/v2/models/{PRODUCT}/infer", {"inputs": [tensor]})[1]["outputs"]
        mlflow = server.call("POST", "/invocations", {"dataframe_records": [{"customer_id": mine}]})[1]["predictions"]
        named = server.call("GET", f"/v2/models/{PRODUCT}")[1]["outputs"]
    ends = [plain["low"], plain["high"]]
    columns = {one["name"]: one["data"] for one in over_oip}
    assert ends[0] < ends[1]
    assert [columns["low"], columns["high"]] == [[end, None] for end in ends]
    assert [mlflow[0]["low"], mlflow[0]["high"]] == ends
    assert {"name": "high", "datatype": "FP64", "shape": [-1]} in named
    stored = app.serving.ready[model].features[["recency", "freq"]].astype(float)
    assert plain["values"] == stored.loc[mine].to_dict()
    assert json.loads(columns["values"][0]) == mlflow[0]["values"] == plain["values"]
    message = answer_message(Asked("k", "q", "", {}), plain | {"entity": mine, "time": ""}, "", "s", "customer_id")
    assert [json.loads(message)["data"][name] for name in ("low", "high")] == ends
    assert json.loads(message)["data"]["values"] == plain["values"]


def test_where_the_canary_breaks_the_champion_answers_in_real_time(canary: Canary) -> None:
    voyage, baseline, model = canary.voyage, canary.baseline, canary.model
    serving, now = load_serving(voyage.desk.store, PRODUCT), voyage.desk.now(PRODUCT)
    ready = serving.ready[model]
    mine = next(entity for entity in ready.places if serving.meant_for(Question(entity, "shop")) == model)
    assert ready.answerer.compiled is not None
    broken = replace(
        ready.answerer, scorer=replace(ready.answerer.compiled, raw=lambda rows: rows[:, 0] * float("nan"))
    )
    told = replace(serving, ready={**serving.ready, model: replace(ready, answerer=broken)}).answer(mine, "shop", now)
    assert (told.row["candidate"], told.row["step"]) == (baseline, "all")
    assert "the champion did" in told.notice
    served, journal = Stretch(), Journal(voyage.desk.store, PRODUCT)
    journal.told = lambda run: served.told(PRODUCT, run)
    other = next(entity for entity in ready.places if serving.meant_for(Question(entity, "shop")) != model)
    good = serving.answer(other, "shop", now)
    for seconds in (0.01, 5.0):
        served.count(serving, Question(mine, "shop"), told, seconds)
        served.count(serving, Question(other, "shop"), good, 0.0)
    served.count(serving, Question("", "shop"), Refused.too_large(1), 0.0)
    journal.write([told.row, good.row])
    journal.close("prediction-server", now)
    [counted] = voyage.facts(ServiceCounted)
    assert (counted.asked, counted.answered, counted.late, counted.stood_in) == (5, 4, 1, 0)
    assert counted.refused == {"serve.too_large": 1}
    assert counted.candidates == {
        model: {"asked": 2, "late": 1, "failed": 2},
        baseline: {"asked": 2, "late": 0, "failed": 0},
    }
    assert counted.run in {what.run for what in voyage.facts(AnswersSealed)}
    assert not served.told(PRODUCT, "the next stretch")
    for _ in range(3_000):
        served.count(serving, Question(mine, "shop"), told, 0.01)
    journal = Journal(voyage.desk.store, PRODUCT)
    journal.told = lambda run: served.told(PRODUCT, run)
    journal.write([told.row])
    journal.close("prediction-server", now)
    voyage.do("night-operator", DoWhatIsDue(product=PRODUCT))
    (judged,) = [what for what in voyage.facts(TrialJudged) if what.verdict == "roll back"]
    assert (judged.candidate, judged.harm) == (model, True)
    assert "Of 3,002 questions in real time 3,002 got no answer of it" in judged.text
    assert read_pointer(voyage.desk.store, PRODUCT).canary == "", "no truth was waited for"


def crm_rows(voyage: Voyage) -> list[dict[str, str]]:
    """What the customer database got last."""
    engine = sa.create_engine(f"sqlite:///{voyage.shop.root / 'out' / 'crm.sqlite'}")
    with engine.connect() as connection:
        found = connection.execute(sa.text("SELECT * FROM call_list WHERE as_of LIKE '1997-11%'")).mappings()
        rows = [{name: str(value) for name, value in row.items()} for row in found]
    engine.dispose()
    return rows


def test_a_canary_that_breaks_takes_nothing_from_anybody_and_no_release_goes_without_a_way_back(canary: Canary) -> None:
    voyage, baseline, model = canary.voyage, canary.baseline, canary.model
    past = voyage.desk.store.ledger.past(PRODUCT)
    broken = file_of(voyage, candidate_made(past, model).files["model"])
    good = broken.read_bytes()
    broken.write_bytes(b"something else")
    voyage.advance("1997-09-01")
    assert set(answered_by(voyage, "1997-09").values()) == {(baseline, "all")}
    run = [what for what in voyage.facts(RunFinished) if what.consumer == "crm"][-1]
    assert (run.answered, run.by_candidate, run.stood_in, run.broken) == (200, {baseline: 200}, "", "")
    september = [what for what in voyage.facts(DeliveryMade) if what.as_of[:7] == "1997-09"]
    assert {(what.candidate, what.notice) for what in september} == {(baseline, "")}
    told = [what for what in voyage.facts(TrialFinished) if what.step == "canary"]
    assert {(what.candidate, what.ok) for what in told} == {(model, False)}
    assert all("could not answer" in what.text for what in told)
    broken.write_bytes(good)
    voyage.advance("1997-10-01")
    assert {who for who, _ in answered_by(voyage, "1997-10").values()} == {baseline, model}

    lost = file_of(voyage, candidate_made(past, baseline).files["model"])
    kept = lost.read_bytes()
    lost.write_bytes(b"something else")
    with pytest.raises(GateShut, match="could not be gone back to") as caught:
        voyage.release(model, "all")
    assert caught.value.mistakes[0].code == "release.no_way_back"
    assert voyage.ask(Releases(product=PRODUCT)).canary == model
    lost.write_bytes(kept)
    voyage.release(model, "all")
    assert voyage.ask(Releases(product=PRODUCT)).canary == ""
    voyage.advance("1997-11-01")
    assert set(answered_by(voyage, "1997-11").values()) == {(model, "all")}
    rows_carry_intervals_and_questions(voyage)


def rows_carry_intervals_and_questions(voyage: Voyage) -> None:
    """What the last list brought besides scores."""
    rows = crm_rows(voyage)
    assert all(0 <= float(row["low"]) < float(row["high"]) <= 1 for row in rows)
    asked = [row for row in rows if row["decision"] == "ask a person"]
    assert asked, "half a year on, somebody has bought more than anybody training saw"
    assert all("ask a person: " in row["reasons"] and "which it learnt from" in row["reasons"] for row in asked)
    assert {row["decision"] for row in rows if "ask a person: " not in row["reasons"]} <= {"call", "leave"}
    stored = next(iter(load_serving(voyage.desk.store, PRODUCT).ready.values())).features["recency"]
    assert {row["customer_id"]: float(row["recency"]) for row in rows} == stored.to_dict()
    traced = voyage.ask(Trace(product=PRODUCT, answer=rows[0]["answer_id"]))
    [line] = [one for one in traced.lines if one.station == "answer"]
    assert "in 80% of cases the share of yes at like scores lies from" in line.text
