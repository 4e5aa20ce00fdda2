"""A caller's trace leads from its own system to the answer, by every protocol, and is told back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest
import tritonclient.grpc as triton
from e2e.voyage.shop import PRODUCT
from e2e.voyage.shops import Shops
from integration.predict.quay import Quay, live_shop, logged

from shipworthy.app.wiring import close_desk
from shipworthy.deliver.words import Trace
from shipworthy.doors.house import running, with_grpc
from shipworthy.doors.predict.app import Predictions
from shipworthy.doors.predict.oip_messages import SERVICE
from shipworthy.doors.predict.wire import Wire

PARENT = "b7ad6b7169203331"


def parent(number: int) -> str:
    """A traceparent of a trace of its own."""
    return f"00-{number:032x}-{PARENT}-01"


@pytest.fixture(scope="module")
def told(shops: Shops, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Quay, dict[str, Any]]]:
    """A server that was asked with traces and has ended, and what it said."""
    voyage = live_shop(shops, tmp_path_factory.mktemp("traced"))
    app = Predictions(voyage.desk, PRODUCT)
    said: dict[str, Any] = {}
    both = with_grpc(app, "127.0.0.1:0")
    token = voyage.desk.people.add("desk-system")
    with running(both, http=Wire) as address:
        quay = Quay(voyage, app, address, {"either": token}, {})
        ask = {"customer_id": "00001"}
        for name in ("first", "plain"):  # the first is asked before its token is known
            said[name] = quay.call("POST", "/predict", ask, traceparent=parent(1 if name == "first" else 2))
        said["long way"] = quay.call("POST", "/predict?", ask, traceparent=parent(3))
        said["refused"] = quay.call("POST", "/predict", {"customer_id": "nobody"}, traceparent=parent(4))
        said["no json"] = quay.call("POST", "/predict", b"{", traceparent=parent(5))
        rows = {"dataframe_records": [{"customer_id": "00001"}, {"customer_id": "00002"}, {"customer_id": "nobody"}]}
        said["mlflow"] = quay.call("POST", "/invocations", rows, traceparent=parent(6))
        tensor = {"name": "customer_id", "shape": [1], "datatype": "BYTES", "data": ["00001"]}
        path = f"/v2/models/{PRODUCT}/infer"
        said["oip"] = quay.call("POST", path, {"inputs": [tensor]}, traceparent=parent(7))
        said["too large"] = quay.call("POST", "/predict", b" " * 70_000, traceparent=parent(10))
        said["no model"] = quay.call("POST", "/v2/models/other/infer", {"inputs": [tensor]}, traceparent=parent(11))
        said["stranger"] = quay.call("POST", "/predict", ask, Authorization="Bearer sw_wrong")
        said["metrics"] = quay.call("GET", "/metrics")
        said["wrong"] = quay.call("POST", "/predict", ask, traceparent=parent(8).upper())
        said["ready"] = quay.call("GET", "/v2/health/ready")
        with triton.InferenceServerClient(f"127.0.0.1:{both.port}") as client:
            column = triton.InferInput("customer_id", [1], "BYTES")
            column.set_data_from_numpy(np.array(["00001"], dtype=object))
            headers = {"authorization": f"Bearer {token}", "traceparent": parent(9)}
            with suppress(grpc.RpcError), grpc.insecure_channel(f"127.0.0.1:{both.port}") as channel:
                known = (("authorization", headers["authorization"]), ("traceparent", parent(12)))
                channel.unary_unary(f"/{SERVICE}/ModelInfer")(b"\xff", metadata=known, timeout=60)
            said["grpc"] = client.infer(PRODUCT, [column], headers=headers)
    yield quay, said
    close_desk(voyage.desk)


def test_the_trace_is_told_back_with_the_answer_as_its_span(told: tuple[Quay, dict[str, Any]]) -> None:
    _, said = told
    for name, number in {"first": 1, "plain": 2}.items():
        answer = said[name].json()["answer_id"]
        assert said[name].headers["traceresponse"] == f"00-{number:032x}-{answer[16:]}-01"
    for name, number in {"long way": 3, "refused": 4, "no json": 5, "mlflow": 6, "oip": 7}.items():
        assert said[name].headers["traceresponse"].startswith(f"00-{number:032x}-")
    assert "traceresponse" not in said["wrong"].headers
    assert said["wrong"].status_code == 200


def test_the_log_has_each_trace_and_nothing_else_of_the_header(told: tuple[Quay, dict[str, Any]]) -> None:
    voyage, ask = told[0].voyage, told[0].voyage.ask
    for number, name in {1: "first", 2: "plain", 3: "long way"}.items():
        found = ask(Trace(product=PRODUCT, answer=f"{number:032x}"))
        assert (found.answer, found.trace) == (told[1][name].json()["answer_id"], f"{number:032x}")
        assert found == ask(Trace(product=PRODUCT, answer=found.answer))
    many = ask(Trace(product=PRODUCT, answer=f"{6:032x}"))
    assert many.entity == "00001"
    assert len(many.others) == 2
    refused = ask(Trace(product=PRODUCT, answer=f"{4:032x}"))
    assert (refused.entity, refused.decision) == ("nobody", "refused")
    assert "serve.unknown_entity" in refused.lines[0].text
    assert ask(Trace(product=PRODUCT, answer=f"{5:032x}")).decision == "refused"
    assert ask(Trace(product=PRODUCT, answer=f"{7:032x}")).entity == "00001"
    over_grpc = ask(Trace(product=PRODUCT, answer=f"{9:032x}")).answer
    assert over_grpc == told[1]["grpc"].as_numpy("answer_id")[0].decode()
    rows, refusals = logged(voyage)
    assert len(rows) == 8
    assert len(refusals) == 6


def test_what_is_no_question_at_all_is_in_the_log_where_it_is_known_who_asked(
    told: tuple[Quay, dict[str, Any]],
) -> None:
    quay, said = told
    assert [said[name].status_code for name in ("too large", "no model", "stranger")] == [413, 404, 401]
    for number, code in {10: "serve.too_large", 11: "serve.model", 12: "serve.not_message"}.items():
        assert code in quay.voyage.ask(Trace(product=PRODUCT, answer=f"{number:032x}")).lines[0].text
    counted = 'shipworthy_unknown_callers_total{product="next-purchase",code="serve.no_identity"} 1'
    assert counted in said["metrics"].text


def test_ready_is_said_only_while_it_can_answer(shops: Shops, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shipworthy.doors.predict.lane.RECENT_SECONDS", 0.0)
    voyage = live_shop(shops, tmp_path)
    app = Predictions(voyage.desk, PRODUCT)
    both = with_grpc(app, "127.0.0.1:0")
    headers = {"authorization": f"Bearer {voyage.desk.people.add('desk-system')}"}
    with running(both, http=Wire) as address, triton.InferenceServerClient(f"127.0.0.1:{both.port}") as client:
        quay = Quay(voyage, app, address, {"either": headers["authorization"].removeprefix("Bearer ")}, {})
        model = f"/v2/models/{PRODUCT}/ready"
        assert quay.call("GET", model).json() == {"name": PRODUCT, "ready": True}
        folder = tmp_path / ".shipworthy" / "journal" / PRODUCT
        folder.rename(folder.with_name("away"))
        for path in ("/v2/health/ready", model, "/ping"):
            said = quay.call("GET", path)
            assert said.status_code == 503
            assert said.json()["reason"] == "The prediction log cannot be written (No such file or directory)."
        assert quay.call("GET", "/v2/health/live").status_code == 200
        assert not client.is_server_ready()
        assert not client.is_model_ready(PRODUCT, headers=headers)
        folder.with_name("away").rename(folder)
        assert quay.call("GET", "/v2/health/ready").json() == {"ready": True}
        assert client.is_server_ready()
        app.serving = app.serving.emptied()
        assert quay.call("GET", model).json()["reason"] == "Nothing is released."
        assert quay.call("POST", "/predict", {"customer_id": "00001"}).status_code == 404
    close_desk(voyage.desk)
