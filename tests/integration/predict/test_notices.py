"""An answer of the baseline in place of the model says so and why: by every protocol, in streams, lists and the log."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tritonclient.grpc as triton
from e2e.voyage.shop import PRODUCT
from e2e.voyage.shops import Shops
from e2e.waiting import wait_for
from integration.predict.quay import ASKERS, Quay, live_shop
from integration.predict.test_oip_grpc import column

from shipworthy.app.wiring import close_desk
from shipworthy.deliver.answered import Answerers
from shipworthy.deliver.asked import Asked
from shipworthy.deliver.journal import Journal
from shipworthy.deliver.loading import load_serving
from shipworthy.deliver.log import NOTICE
from shipworthy.deliver.ready import Question
from shipworthy.deliver.replies import Reply
from shipworthy.deliver.service import Stretch
from shipworthy.deliver.serving import Serving
from shipworthy.deliver.words import AnswersSealed, DeliveryMade, RunFinished, ServiceCounted, Trace
from shipworthy.doors.house import running, with_grpc
from shipworthy.doors.predict.app import Predictions
from shipworthy.doors.predict.wire import Wire
from shipworthy.release.words import ComeBack, FallBack, RollBack

MANAGER = "product-manager"
FELL = "For now the simple baseline rule answers in place of the model: The scores look wrong."
TENSOR = {"inputs": [{"name": "customer_id", "shape": [1], "datatype": "BYTES", "data": ["00001"]}]}


@dataclass(frozen=True)
class Told:
    """What was said of one customer by every door, while somebody had fallen back and before and after."""

    quay: Quay
    plain: list[dict[str, Any]]
    fallen: dict[str, str]
    health: dict[str, Any]
    stream: Reply
    model: str


@pytest.fixture(scope="module")
def told(shops: Shops, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    voyage = live_shop(shops, tmp_path_factory.mktemp("notices"))
    app = Predictions(voyage.desk, PRODUCT)
    both = with_grpc(app, "127.0.0.1:0")
    tokens = {by: voyage.desk.people.add(person) for by, person in ASKERS.items()}
    try:
        with running(both, http=Wire) as address:
            quay = Quay(voyage, app, address, tokens, {})

            def asked() -> dict[str, Any]:
                found: dict[str, Any] = quay.call("POST", "/predict", {"customer_id": "00001"}).json()
                return found

            plain = [asked()]
            voyage.do(MANAGER, FallBack(product=PRODUCT, reason="The scores look wrong."))
            assert wait_for(lambda: app.serving.pointer.instead)
            plain.append(asked())
            tensors = quay.call("POST", f"/v2/models/{PRODUCT}/infer", TENSOR).json()["outputs"]
            rows = {"dataframe_records": [{"customer_id": "00001"}]}
            mlflow = quay.call("POST", "/invocations", rows, **{"content-type": "application/json"}).json()
            with triton.InferenceServerClient(f"127.0.0.1:{both.port}") as client:
                headers = {"authorization": quay.bearer()["Authorization"]}
                over_grpc = client.infer(PRODUCT, [column("customer_id", ["00001"])], headers=headers)
            fallen = {
                "oip": next(one["data"][0] for one in tensors if one["name"] == "notice"),
                "grpc": np.asarray(over_grpc.as_numpy("notice"))[0].decode(),
                "mlflow": mlflow["predictions"][0]["notice"],
            }
            health = quay.call("GET", "/health").json()
            store, now = voyage.desk.store, voyage.desk.now(PRODUCT)
            journal = Journal(store, PRODUCT)
            question = Asked("0" * 20, "one", "", {"customer_id": "00001"})
            [stream] = Answerers("desk").answered(load_serving(store, PRODUCT), journal, [question], now)
            assert isinstance(stream, Reply)
            journal.close("worker", now)
            voyage.advance("1997-09-01")
            voyage.do(MANAGER, ComeBack(product=PRODUCT, reason="They are right."))
            assert wait_for(lambda: not app.serving.pointer.instead)
            plain.append(asked())
            model = plain[0]["candidate"]
            voyage.do(MANAGER, RollBack(product=PRODUCT, reason="It does harm."))
            assert wait_for(lambda: app.serving.pointer.instead)
            plain.append(asked())
            voyage.advance("1997-10-01")
        yield Told(quay, plain, fallen, health, stream, model)
    finally:
        close_desk(voyage.desk)


def took_back(model: str) -> str:
    why = f"The model {model[:12]} was taken back: It does harm."
    return f"For now the simple baseline rule answers in place of the model: {why}"


def test_the_plain_call_says_it_for_as_long_as_it_lasts(told: Told) -> None:
    assert [one.get("notice", "") for one in told.plain] == ["", FELL, "", took_back(told.model)]
    assert [one["candidate"] == told.model for one in told.plain] == [True, False, True, False]


def test_every_other_protocol_and_a_stream_say_the_same(told: Told) -> None:
    assert set(told.fallen.values()) == {FELL}
    assert told.stream.notice == FELL


def test_lists_say_the_same_as_real_time(told: Told) -> None:
    notices = {what.as_of[:7]: what.notice for what in told.quay.voyage.facts(DeliveryMade)}
    assert (FELL in notices["1997-09"], took_back(told.model) in notices["1997-10"]) == (True, True)
    assert "in place of" not in notices["1997-08"]
    assert told.quay.voyage.facts(RunFinished)[-1].fell_back.endswith("was taken back: It does harm.")


def test_the_log_has_it_beside_the_answer_and_a_trace_tells_it(told: Told) -> None:
    voyage = told.quay.voyage
    sealed = [what for what in voyage.facts(AnswersSealed) if what.run.startswith("serve/")]
    rows = [row for what in sealed for row in voyage.desk.store.files.table(what.segment).to_pylist()]
    kept = {row["answer_id"]: row.get(NOTICE.name) or "" for row in rows}
    assert [kept[one["answer_id"]] for one in told.plain] == ["", FELL, "", took_back(told.model)]
    assert kept[told.stream.row["answer_id"]] == FELL
    lines = voyage.ask(Trace(product=PRODUCT, answer=told.plain[1]["answer_id"])).lines
    assert [line.text for line in lines if line.station == "stood in"] == [FELL]


def test_what_was_decided_is_no_trouble_of_the_server_and_no_failure_of_anybody(told: Told) -> None:
    assert set(told.health["instead"].values()) == {"The scores look wrong."}
    assert told.health["problem"] == ""
    counted = [one for one in told.quay.voyage.facts(ServiceCounted) if one.consumer == "desk"]
    assert sum(one.stood_in for one in counted) == 0
    assert sum(counts["failed"] for one in counted for counts in one.candidates.values()) == 0


@pytest.fixture
def serving(shops: Shops, tmp_path: Path) -> Iterator[Serving]:
    voyage = live_shop(shops, tmp_path)
    yield load_serving(voyage.desk.store, PRODUCT)
    close_desk(voyage.desk)


def test_two_who_are_answered_together_are_each_told_their_own(serving: Serving) -> None:
    """The baseline answers one because it was planned, the other because the model was put aside."""
    cohorts = {name: serving.cohort(Question(name, "shop")) for name in serving.ready[serving.stand_in].places}
    planned, other = next(iter(cohorts)), next(name for name in cohorts if cohorts[name] != cohorts["00000"])
    champion = {**serving.pointer.champion, cohorts[planned]: serving.stand_in}
    aside = {serving.pointer.champion[cohorts[other]]: "its two forms differ"}
    both = replace(serving, pointer=replace(serving.pointer, champion=champion), aside=aside)
    told = both.answers([Question(planned, "shop"), Question(other, "shop")], serving.pinned.as_of)
    assert [one.notice != "" for one in told if isinstance(one, Reply)] == [False, True]
    assert [one.stood_in for one in told if isinstance(one, Reply)] == [False, True]
    counted = Stretch()
    for place, question in enumerate((Question(planned, "shop"), Question(other, "shop"))):
        counted.count(both, question, told[place], 0.0)
    assert [one.stood_in for one in counted.told(PRODUCT, "run")] == [1]


def test_no_value_of_a_question_gets_into_the_log_with_the_reason(serving: Serving) -> None:
    consumers = {**serving.plan.consumers}
    consumers["desk"] = consumers["desk"].model_copy(update={"if_invalid": "baseline"})
    lenient = replace(serving, plan=serving.plan.model_copy(update={"consumers": consumers}))
    doubt = lenient.question_in_doubt("desk", {"customer_id": "00001", "recency": "Mrs Smith"})
    with pytest.raises(Exception, match="recency") as wrong:
        lenient.inputs["desk"].read({"customer_id": "00001", "recency": "Mrs Smith"})
    answered = lenient.invalid(doubt, wrong.value, lenient.pinned.as_of)
    assert answered is None or "serve.input recency" in answered.row[NOTICE.name]
    by_key = replace(doubt, values=None)
    told = lenient.invalid(by_key, ValueError("could not convert 'Mrs Smith'"), lenient.pinned.as_of)
    assert told is not None
    assert "Mrs Smith" in told.notice
    assert "Mrs Smith" not in told.row[NOTICE.name]
    assert "ValueError" in told.row[NOTICE.name]
