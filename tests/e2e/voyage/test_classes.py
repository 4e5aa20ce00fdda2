"""A product whose answers are classes, from its plan to what is watched: real wines, told by who made them."""

from __future__ import annotations

import csv
import json
import re
import struct
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import httpx
import numpy as np
import pandas as pd
import pytest
import tritonclient.grpc as triton
from e2e.voyage.cellar import BLOCKS, CELLAR, CLASSES, INPUTS, Cellar
from e2e.voyage.test_server import Server
from hypothesis import given, settings
from hypothesis import strategies as st

from shipworthy.app.wiring import close_desk
from shipworthy.app.words import ErasePerson, ProbeConnections
from shipworthy.data.words import Quarantine, SnapshotTaken
from shipworthy.deliver.asked import Asked, answer_message
from shipworthy.deliver.by_row import answer_rows
from shipworthy.deliver.engine import engine_of
from shipworthy.deliver.loading import load_serving
from shipworthy.deliver.privacy import keeping
from shipworthy.deliver.ready import Question
from shipworthy.deliver.replies import Reply
from shipworthy.deliver.run import Part, Result
from shipworthy.deliver.serving import Serving
from shipworthy.deliver.words import AnswersSealed, Trace
from shipworthy.doors.cli.main import verbs
from shipworthy.doors.house import house, running, with_grpc
from shipworthy.doors.predict.app import Predictions
from shipworthy.doors.predict.contract import openapi
from shipworthy.doors.predict.wire import Wire
from shipworthy.model.classes import losses
from shipworthy.model.exploring import EXPLORED
from shipworthy.plan.schema import Plan
from shipworthy.plan.schema_model import Exploration
from shipworthy.prove.words import CandidateProven
from shipworthy.release.words import TrialJudged
from shipworthy.watch.trying import classes_now, losses_of_classes
from shipworthy.watch.words import LabelsSealed, WindowJudged

SHARES = [f"p_{name}" for name in CLASSES]


@pytest.fixture(scope="module")
def cellar(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cellar]:
    """A cellar whose model answers everybody: one list, and the truth about it."""
    cellar = Cellar(tmp_path_factory.mktemp("cellar"))
    cellar.advance("2025-02-20")
    cellar.live_baseline("all")
    cellar.live_model()
    cellar.advance("2025-03-20")
    yield cellar
    close_desk(cellar.desk)


@pytest.fixture(scope="module")
def serving(cellar: Cellar) -> Serving:
    return load_serving(cellar.desk.store, CELLAR)


@pytest.fixture(scope="module")
def doors(cellar: Cellar) -> Iterator[tuple[Server, str]]:
    """The server over HTTP, and where it listens for gRPC."""
    token = cellar.desk.people.add("cellar-program")
    both = with_grpc(Predictions(cellar.desk, CELLAR), "127.0.0.1:0")
    with running(both, http=Wire) as address:
        yield Server(cellar, address, token), f"127.0.0.1:{both.port}"


@pytest.fixture(scope="module")
def server(doors: tuple[Server, str]) -> Server:
    return doors[0]


def logged(cellar: Cellar) -> dict[str, dict[str, Any]]:
    """The newest list as the prediction log has it, by bottle."""
    runs = [what for what in cellar.facts(AnswersSealed) if "/cellar/" in what.run and "all" in what.steps]
    return {row["entity"]: row for row in cellar.desk.store.files.table(runs[-1].segment).to_pylist()}


def delivered(cellar: Cellar) -> list[dict[str, str]]:
    with (cellar.shop.root / "out" / "2025-03-01.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_class_that_nobody_declared_is_quarantined_with_the_column(cellar: Cellar) -> None:
    rows = cellar.ask(Quarantine(product=CELLAR))
    assert [(row.source, row.reason) for row in rows] == [("tastings", rows[0].reason)]
    assert "grower" in rows[0].reason
    assert "barollo" not in rows[0].reason  # values of a row may be personal


def test_the_proof_is_about_classes(cellar: Cellar) -> None:
    results = {result.check: result for result in cellar.facts(CandidateProven)[-1].checks}
    assert results["prove.performance"].verdict == "pass"
    assert "Accuracy" in results["prove.performance"].found
    assert results["prove.against_baseline"].verdict == "pass"
    assert results["prove.classes.recall"].verdict == "pass"
    assert {"prove.calibration", "prove.leakage.alone", "prove.parity"} <= results.keys()
    assert "prove.decisions" not in results  # a class is its own decision
    files = cellar.facts(CandidateProven)[-1].files
    told = json.loads(cellar.desk.store.files.get(files["performance.json"]))
    assert set(told) == {"accuracy", "macro_f1", "brier", "log_loss"}
    matrix = np.array(json.loads(cellar.desk.store.files.get(files["classes.json"]))["true_by_answered"])
    assert matrix.shape == (3, 3)
    assert np.trace(matrix) / matrix.sum() == pytest.approx(told["accuracy"]["value"])


def test_the_list_has_the_class_its_probability_and_that_of_every_other(cellar: Cellar) -> None:
    rows, log = delivered(cellar), logged(cellar)
    assert list(rows[0]) == ["bottle", "class", "score", *SHARES, "decision", "reasons", "answer_id"]
    assert len(rows) == len(log) == 176
    for row in rows:
        shares = [float(row[name]) for name in SHARES]
        kept = log[row["bottle"]]
        assert sum(shares) == pytest.approx(1)
        assert float(row["score"]) == max(shares) == kept["score"]
        assert shares == kept["likely"]
        assert row["class"] == kept["class"] == CLASSES[shares.index(max(shares))]
        assert row["decision"] == (row["class"] if max(shares) > 0.6 else "taste it")
    assert all(float(one["score"]) >= float(other["score"]) for one, other in pairwise(rows))


def test_every_door_gives_the_numbers_of_the_list(cellar: Cellar, server: Server, serving: Serving) -> None:
    log = logged(cellar)
    for bottle, row in list(log.items())[:5]:
        status, told = server.call("POST", "/predict", {"bottle": bottle})
        assert status == 200
        assert [told["class"], told["score"], list(told["probabilities"].values())] == [
            row["class"],
            row["score"],
            row["likely"],
        ]
        assert list(told["probabilities"]) == list(CLASSES)
        assert told["decision"] == row["decision"]
        assert told["reasons"] == row["reasons"]
    bottles = list(log)[:4]
    tensor = {"name": "bottle", "datatype": "BYTES", "shape": [4], "data": bottles}
    status, told = server.call("POST", f"/v2/models/{CELLAR}/infer", {"inputs": [tensor]})
    outputs = {one["name"]: one for one in told["outputs"]}
    assert outputs["class"]["datatype"] == "BYTES"
    assert outputs["class"]["data"] == [log[one]["class"] for one in bottles]
    assert outputs["probabilities"]["datatype"] == "FP64"
    assert outputs["probabilities"]["shape"] == [4, 3]
    assert outputs["probabilities"]["data"] == [share for one in bottles for share in log[one]["likely"]]
    status, told = server.call("POST", "/invocations", {"dataframe_records": [{"bottle": one} for one in bottles]})
    assert [one["class"] for one in told["predictions"]] == [log[one]["class"] for one in bottles]
    assert [list(one["probabilities"].values()) for one in told["predictions"]] == [
        log[one]["likely"] for one in bottles
    ]


def test_given_inputs_get_the_same_numbers_as_stored_ones(cellar: Cellar, server: Server, serving: Serving) -> None:
    log = logged(cellar)
    [ready] = [one for name, one in serving.ready.items() if name == serving.pointer.champion["north"]]
    assert ready.answerer.form == "compiled"
    bottle = next(iter(log))
    values = dict(zip(ready.names, ready.features.loc[[bottle]].iloc[0].tolist(), strict=True))
    told = server.call("POST", "/predict", {"bottle": bottle, **values})[1]
    assert [told["class"], list(told["probabilities"].values())] == [log[bottle]["class"], log[bottle]["likely"]]
    assert ready.disagreement(Question(bottle, "till", values)) == ""


def test_the_documents_say_what_comes(server: Server, serving: Serving) -> None:
    document = openapi(serving.plan, serving.inputs["till"])
    answer = document["paths"]["/predict"]["post"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert answer["properties"]["class"] == {"enum": list(CLASSES)}
    assert list(answer["properties"]["probabilities"]["properties"]) == list(CLASSES)
    told = server.call("GET", f"/v2/models/{CELLAR}")[1]
    outputs = {one["name"]: one for one in told["outputs"]}
    assert outputs["class"] == {"name": "class", "datatype": "BYTES", "shape": [-1]}
    assert outputs["probabilities"] == {"name": "probabilities", "datatype": "FP64", "shape": [-1, 3]}


def test_a_stream_carries_the_class_and_its_probabilities(cellar: Cellar, serving: Serving) -> None:
    bottle = next(iter(logged(cellar)))
    [reply] = serving.answers([Question(bottle, "till")], cellar.desk.clock())
    assert isinstance(reply, Reply)
    message = answer_message(Asked("k", "q", "", {}), reply.row, "", "s", "bottle", reply.classes)
    data = json.loads(message)["data"]
    assert data["class"] == logged(cellar)[bottle]["class"]
    assert list(data["probabilities"].values()) == logged(cellar)[bottle]["likely"]


@settings(max_examples=20, deadline=None)
@given(
    rows=st.lists(st.lists(st.floats(-1e3, 1e3), min_size=len(INPUTS), max_size=len(INPUTS)), min_size=1, max_size=8)
)
def test_whoever_is_asked_at_the_same_moment_changes_no_probability(serving: Serving, rows: list[list[float]]) -> None:
    ready = serving.ready[serving.pointer.champion["north"]]
    asked = [Question("x", "till", dict(zip(ready.names, row, strict=True))) for row in rows]
    together = ready.scored(asked, 2)
    for place, one in enumerate(asked):
        alone = ready.scored([one], 2)
        assert list(alone.likely[0]) == list(together.likely[place])
        assert alone.reasons[0] == together.reasons[place]
        assert sum(alone.likely[0]) == pytest.approx(1)


def test_what_is_watched_is_the_class_and_the_promise_to_be_right(cellar: Cellar) -> None:
    found = {what.monitor: what for what in cellar.facts(WindowJudged) if what.window.startswith("2025-03-01")}
    assert "threshold" not in found  # confusion asks it of every class
    assert "more held-out rows needed" in found["performance"].text, "some 35 bottles prove little"
    for name in ("calibration", "confusion", "ranking", "class-shares", "score-drift"):
        assert found[name].level in ("quiet", "note"), found[name].text
    accuracy = found["confusion"].numbers["accuracy"]
    assert accuracy > 0.9
    assert found["calibration"].numbers["real"] == pytest.approx(accuracy)
    assert found["confusion"].parts["truly barolo, answered as barolo"]["rows"] > 10
    assert set(found["ranking"].parts) == set(CLASSES)
    assert found["estimated-performance"].numbers["accuracy"] > 0.8
    shares = [found["class-shares"].parts[name]["now"] for name in CLASSES]
    assert sum(shares) == pytest.approx(1)


def test_truths_are_sealed_with_the_name_of_their_class(cellar: Cellar) -> None:
    sealed = cellar.facts(LabelsSealed)[-1]
    rows = cellar.desk.store.files.table(sealed.segment).to_pylist()
    assert len(rows) == 176
    unknown = [row["entity"] for row in rows if row["label"] is None]
    assert unknown == ["b000"]  # whose tasting is in quarantine
    assert all(CLASSES[int(row["label"])] == row["class"] for row in rows if row["label"] is not None)


def test_binary_tensors_hold_the_same(cellar: Cellar, server: Server) -> None:
    bottle, row = next(iter(logged(cellar).items()))
    wanted = [{"name": "probabilities"}, {"name": "class"}]
    head = {"inputs": [{"name": "bottle", "datatype": "BYTES", "shape": [1], "data": [bottle]}], "outputs": wanted}
    told = server.call("POST", f"/v2/models/{CELLAR}/infer", head)[1]
    assert [one["data"] for one in told["outputs"]] == [row["likely"], [row["class"]]]
    assert struct.pack("<3d", *told["outputs"][0]["data"]) == np.array(row["likely"]).tobytes()


def test_over_grpc_the_class_is_text_and_its_probabilities_are_doubles(
    cellar: Cellar, doors: tuple[Server, str]
) -> None:
    log, (server, place) = logged(cellar), doors
    bottles = list(log)[:3]
    column = triton.InferInput("bottle", [3], "BYTES")
    column.set_data_from_numpy(np.array(bottles, dtype=object))
    with triton.InferenceServerClient(place) as client:
        headers = {"authorization": f"Bearer {server.token}"}
        told = client.infer(CELLAR, [column], headers=headers)
        described = {one.name: list(one.shape) for one in client.get_model_metadata(CELLAR, headers=headers).outputs}
    assert [one.decode() for one in told.as_numpy("class")] == [log[bottle]["class"] for bottle in bottles]
    assert told.as_numpy("probabilities").tolist() == [log[bottle]["likely"] for bottle in bottles]
    assert described["probabilities"] == [-1, 3]


def by_row(cellar: Cellar, serving: Serving, plan: Plan) -> Result:
    """The answers of the champion of the north where each row is answered by itself."""
    store, champion, moment = cellar.desk.store, serving.pointer.champion["north"], serving.pinned.as_of
    taken = next(fact for fact in cellar.facts(SnapshotTaken) if fact.snapshot == serving.pinned.snapshot)
    return answer_rows(
        store.files,
        serving.ready[champion].answerer,
        plan,
        Part(champion, ("north",), "all"),
        taken,
        run="rows",
        consumer="cellar",
        time=moment,
        as_of=moment,
        carried_by=engine_of({}),
        kept=keeping(plan, store.keys.folder),
    )


def test_rows_that_are_answered_by_themselves_get_the_same(cellar: Cellar, serving: Serving) -> None:
    store = cellar.desk.store
    plan = serving.plan.model_copy(update={"data": serving.plan.data.model_copy(update={"by_row": "wines"})})
    result = by_row(cellar, serving, plan)
    log = logged(cellar)
    for row in store.files.table(result.segment).to_pylist():
        same = {name: row[name] for name in ("class", "likely", "score", "decision", "reasons")}
        assert same == {name: log[row["entity"]][name] for name in same}
    assert result.rows == len(log)


def test_some_bottles_that_nobody_acts_on_are_acted_on_at_random_the_same_in_rows_and_one_by_one(
    cellar: Cellar, serving: Serving
) -> None:
    store, champion, moment = cellar.desk.store, serving.pointer.champion["north"], serving.pinned.as_of
    rule = serving.plan.decision.model_copy(update={"explore": Exploration(share=0.3, seed="spring")})
    data = serving.plan.data.model_copy(update={"by_row": "wines"})
    plan = serving.plan.model_copy(update={"data": data, "decision": rule})
    result = by_row(cellar, serving, plan)
    rows, log = store.files.table(result.segment).to_pylist(), logged(cellar)
    ready = replace(serving.ready[champion], rule=rule)
    drawn = [row for row in rows if row["decision"] != log[row["entity"]]["decision"]]
    assert 0 < len(drawn) < len(rows) / 2
    for row in rows:
        before = log[row["entity"]]["decision"]
        chance = {"barolo": 1.0, "taste it": None}.get(before, 0.3)
        assert (row["propensity"], row["class"]) == (chance, log[row["entity"]]["class"])
        asked = before == "taste it"
        one = Question(row["entity"], "till", values={})
        assert ready.decision(one, row["score"], "unsure" if asked else "", moment, row["class"]) == (
            row["decision"],
            chance,
            row in drawn,
        )
    assert all(row["decision"] == "barolo" and row["reasons"][0] == EXPLORED for row in drawn)
    asking = replace(serving, ready={**serving.ready, champion: ready})
    questions = [Question(row["entity"], "till", ready.features.loc[row["entity"]].to_dict()) for row in rows]
    for row, reply in zip(rows, asking.answers(questions, moment), strict=True):  # each brings its inputs
        assert isinstance(reply, Reply)
        assert reply.row.get("propensity") == row["propensity"]
        assert (reply.row["decision"], reply.row["reasons"]) == (row["decision"], row["reasons"])


def test_two_candidates_are_compared_by_the_loss_of_their_probabilities(cellar: Cellar, serving: Serving) -> None:
    ready = serving.ready[serving.pointer.champion["north"]]
    told = classes_now(ready.answerer, serving.plan, ready.features)
    assert dict(zip(told["entity"], told["decision"], strict=True)) == {
        bottle: row["decision"] for bottle, row in logged(cellar).items()
    }
    truth = pd.Series(0.0, index=told["entity"])
    lost = losses_of_classes(told["likely"], truth, 3)
    assert lost == pytest.approx(losses(np.array(told["likely"].tolist()), np.asarray(truth, dtype=np.float64)))
    nobody = losses_of_classes(pd.Series([None, told["likely"][0]]), truth[:2], 3)
    assert np.isnan(nobody[0])
    assert nobody[1] == pytest.approx(lost[0])


def test_a_trace_tells_the_class(cellar: Cellar) -> None:
    row = next(iter(logged(cellar).values()))
    traced = cellar.ask(Trace(product=CELLAR, answer=row["answer_id"]))
    assert f"class {row['class']}" in next(line.text for line in traced.lines if line.station == "answer")


def test_the_guide_shows_what_is_answered_and_commands_that_there_are(server: Server) -> None:
    shown = json.loads(next(text for language, text in BLOCKS if language == "json"))
    told = server.call("POST", "/predict", {"bottle": shown["bottle"]})[1]
    assert {name: told[name] for name in ("class", "decision")} == {name: shown[name] for name in ("class", "decision")}
    assert told["score"] == pytest.approx(shown["score"], abs=1e-4)
    assert told["probabilities"] == pytest.approx(shown["probabilities"], abs=1e-4)
    commands = next(text for language, text in BLOCKS if language == "sh").splitlines()
    assert {line.split()[1] for line in commands} <= set(verbs())


def test_every_page_shows_a_product_of_classes(cellar: Cellar) -> None:
    secret = cellar.desk.people.add("auditor")
    with (
        running(house(cellar.desk)) as address,
        httpx.Client(base_url=address, trust_env=False, timeout=120, follow_redirects=True) as client,
    ):
        csrf = re.search(r'name="csrf" value="([^"]+)"', client.get("/login").text)
        assert csrf
        client.post("/login", data={"csrf": csrf[1], "person": "auditor", "secret": secret})
        for page in ("", "/plan", "/sign", "/deliveries", "/server", "/monitor", "/response"):
            answer = client.get(f"/products/{CELLAR}{page}")
            assert answer.status_code == 200, page
        monitors = client.get(f"/products/{CELLAR}/monitor").text
        assert "truly barolo, answered as barolo" in monitors
        assert "grignolino missed" in monitors


def test_the_model_in_use_is_compared_with_what_it_replaced(cellar: Cellar) -> None:
    [found] = [what for what in cellar.facts(TrialJudged) if what.window.startswith("2025-03-01")]
    assert found.step == "in use"
    assert found.numbers["rows"] == 175  # all but the one whose truth is unknown
    assert found.numbers["rise_in_all"] < -0.1, found.text  # the loss fell: it knows more than the commonest class


def test_a_probe_finds_every_connection_and_the_columns_of_classes(cellar: Cellar) -> None:
    results = {result.where: result for result in cellar.do("night-operator", ProbeConnections(product=CELLAR))}
    assert results["sinks.shelves"].verdict == "pass", results["sinks.shelves"].found
    assert results["sources.wines"].verdict == "pass"


def test_one_who_is_erased_leaves_the_log_and_the_others_keep_their_classes(cellar: Cellar) -> None:
    before = logged(cellar)
    gone = next(iter(before))
    cellar.do("privacy-owner", ErasePerson(product=CELLAR, entity=gone, reason="request 17"))
    assert logged(cellar) == {name: row for name, row in before.items() if name != gone}
    assert gone not in {row["bottle"] for row in delivered(cellar)}
