"""The Open Inference Protocol over gRPC, asked with a client that others wrote."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import grpc
import numpy as np
import pytest
import tritonclient.grpc as triton
import tritonclient.grpc.aio as triton_aio
from e2e.voyage.shop import PRODUCT
from integration.predict.quay import Quay
from tritonclient.grpc import service_pb2
from tritonclient.utils import InferenceServerException

from shipworthy.deliver.journal import Journal
from shipworthy.doors.house import running, with_grpc
from shipworthy.doors.predict.app import Predictions
from shipworthy.doors.predict.lane import Waiting
from shipworthy.doors.predict.oip_messages import MESSAGES, SERVICE, messages
from shipworthy.doors.predict.wire import Wire


@dataclass
class Door:
    """A server with a gRPC port."""

    quay: Quay
    app: Predictions
    place: str

    def headers(self, by: str = "either") -> dict[str, str]:
        """Who asks; gRPC has its names in small letters."""
        return {"authorization": self.quay.bearer(by)["Authorization"]}

    def call(self, method: str, body: bytes, **more: Any) -> bytes:
        """A call of bytes."""
        with grpc.insecure_channel(self.place) as channel:
            told: bytes = channel.unary_unary(f"/{SERVICE}/{method}")(
                body, metadata=tuple(self.headers().items()), timeout=120, **more
            )
            return told


@pytest.fixture(scope="module")
def door(quay: Quay) -> Iterator[Door]:
    app = Predictions(quay.voyage.desk, PRODUCT)
    both = with_grpc(app, "127.0.0.1:0")
    with running(both, http=Wire):
        yield Door(quay, app, f"127.0.0.1:{both.port}")


@pytest.fixture
def client(door: Door) -> Iterator[triton.InferenceServerClient]:
    with triton.InferenceServerClient(door.place) as found:
        yield found


def column(name: str, values: Any, datatype: str = "BYTES") -> triton.InferInput:
    """One column of a request."""
    array = np.array(values, dtype=object if datatype == "BYTES" else None)
    found = triton.InferInput(name, list(array.shape), datatype)
    found.set_data_from_numpy(array)
    return found


def test_our_messages_have_the_numbers_that_others_have() -> None:
    for name, kind in messages().items():
        theirs = service_pb2
        for part in name.split("."):
            theirs = getattr(theirs, part)
        known = {field.number: (field.name, field.type) for field in theirs.DESCRIPTOR.fields}
        ours = {field.number: (field.name, field.type) for field in kind.DESCRIPTOR.fields}
        assert ours == {number: known[number] for number in ours}
    assert len(MESSAGES) == len(messages())


def test_it_says_what_it_is_and_what_the_contract_takes(door: Door, client: triton.InferenceServerClient) -> None:
    headers = door.headers("values")
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready(PRODUCT, headers=headers)
    assert client.get_server_metadata(headers=headers).name == "shipworthy"
    told = client.get_model_metadata(PRODUCT, headers=headers)
    assert [one.name for one in told.inputs] == ["customer_id", *door.quay.values]
    assert list(told.versions) == [door.app.serving.pointer.champion["north"]]


def test_each_row_is_answered_as_over_http_and_logged(door: Door, client: triton.InferenceServerClient) -> None:
    before = door.app.tally.answered
    customers = ["00001", "00002", "nobody"]
    told = client.infer(PRODUCT, [column("customer_id", customers)], request_id="r1", headers=door.headers())
    plain = [door.quay.call("POST", "/predict", {"customer_id": one}).json() for one in customers]
    assert told.as_numpy("score")[:2].tolist() == [one["score"] for one in plain[:2]]
    assert json.loads(told.as_numpy("reasons")[0]) == plain[0]["reasons"]
    assert json.loads(told.as_numpy("error")[2])["mistakes"] == plain[2]["error"]["mistakes"]
    assert told.get_response().id == "r1"
    assert door.app.tally.answered == before + 2


def test_given_values_and_wanted_outputs(door: Door, client: triton.InferenceServerClient) -> None:
    columns = [column("customer_id", [["new"]])]
    columns += [column(name, np.array([[value]]), "FP64") for name, value in door.quay.values.items()]
    wanted = [triton.InferRequestedOutput("score")]
    told = client.infer(PRODUCT, columns, outputs=wanted, headers=door.headers("values"))
    plain = door.quay.call("POST", "/predict", {"customer_id": "new", **door.quay.values}, by="values").json()
    assert told.as_numpy("score").tolist() == [plain["score"]]
    assert [one.name for one in told.get_response().outputs] == ["score"]


def test_typed_contents_are_answered_by_typed_contents(door: Door) -> None:
    made = messages()
    contents = made["InferTensorContents"](bytes_contents=[b"00001"])
    one = made["ModelInferRequest.InferInputTensor"](name="customer_id", datatype="BYTES", shape=[1], contents=contents)
    body = made["ModelInferRequest"](model_name=PRODUCT, inputs=[one]).SerializeToString()
    told = made["ModelInferResponse"].FromString(door.call("ModelInfer", body))
    outputs = {one.name: one.contents for one in told.outputs}
    plain = door.quay.call("POST", "/predict", {"customer_id": "00001"}).json()
    assert list(outputs["score"].fp64_contents) == [plain["score"]]
    assert list(outputs["decision"].bytes_contents) == [plain["decision"].encode()]
    assert not told.raw_output_contents


def test_many_at_once_from_one_client(door: Door) -> None:
    customers = [f"{number:05d}" for number in range(60)]

    async def ask() -> list[float]:
        async with triton_aio.InferenceServerClient(door.place) as client:
            calls = [client.infer(PRODUCT, [column("customer_id", [one])], headers=door.headers()) for one in customers]
            return [float(told.as_numpy("score")[0]) for told in await asyncio.gather(*calls)]

    scores = asyncio.run(ask())
    assert len(scores) == 60
    assert scores[1] == door.quay.call("POST", "/predict", {"customer_id": "00001"}).json()["score"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"headers": None}, "UNAUTHENTICATED"),
        ({"headers": {"authorization": "Bearer sw_wrong"}}, "UNAUTHENTICATED"),
        ({"model_name": "another"}, "NOT_FOUND"),
        ({"model_version": "1"}, "NOT_FOUND"),
        ({"inputs": [column("customer_id", ["nobody"])]}, "NOT_FOUND"),
        ({"inputs": [column("customer_id", ["a"] * 257)]}, "INVALID_ARGUMENT"),
        ({"inputs": [column("customer_id", [["a", "b"]])]}, "INVALID_ARGUMENT"),
        ({"parameters": {"more": 1}}, "INVALID_ARGUMENT"),
        ({"inputs": [column("customer_id", ["a" * 2_000_000])]}, "RESOURCE_EXHAUSTED"),
    ],
)
def test_every_refusal_has_its_status(
    door: Door, client: triton.InferenceServerClient, change: dict[str, Any], code: str
) -> None:
    asked = {"model_name": PRODUCT, "inputs": [column("customer_id", ["00001"])], "headers": door.headers(), **change}
    with pytest.raises(InferenceServerException) as told:
        client.infer(**asked)
    assert told.value.status() == f"StatusCode.{code}"


def test_whose_login_has_no_right_is_denied(door: Door, client: triton.InferenceServerClient) -> None:
    token = door.quay.voyage.desk.people.add("auditor")
    with pytest.raises(InferenceServerException) as told:
        client.get_model_metadata(PRODUCT, headers={"authorization": f"Bearer {token}"})
    assert told.value.status() == "StatusCode.PERMISSION_DENIED"


def test_bytes_that_are_no_message_are_an_invalid_argument(door: Door) -> None:
    for method in ("ModelInfer", "ModelReady", "ModelMetadata"):
        with pytest.raises(grpc.RpcError) as told:
            door.call(method, b"\xff\xff\xff")
        assert told.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        [behind] = [one.value for one in told.value.trailing_metadata() if one.key == "shipworthy-error-bin"]
        assert json.loads(behind)["mistakes"][0]["code"] == "serve.not_message"
    with pytest.raises(grpc.RpcError) as told:
        door.call("ModelStream", b"")
    assert told.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_who_is_turned_away_hears_when_to_come_back(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    made = messages()
    contents = made["InferTensorContents"](bytes_contents=[b"00001"] * 256)
    rows = {"name": "customer_id", "datatype": "BYTES", "shape": [256], "contents": contents}
    wanted = made["ModelInferRequest.InferRequestedOutputTensor"](name="score")
    one = made["ModelInferRequest.InferInputTensor"](**rows)
    body = made["ModelInferRequest"](model_name=PRODUCT, inputs=[one], outputs=[wanted]).SerializeToString()

    async def ask_many() -> list[Any]:
        async with grpc.aio.insecure_channel(door.place) as channel:
            call = channel.unary_unary(f"/{SERVICE}/ModelInfer")
            calls = [call(body, metadata=tuple(door.headers().items()), timeout=120) for _ in range(20)]
            return await asyncio.gather(*calls, return_exceptions=True)

    lane = door.app.lane
    settled = lane._settle
    until = time.monotonic() + 60
    seen = False

    async def slowly(journal: Journal, batch: list[Waiting]) -> None:
        nonlocal seen
        while not seen and time.monotonic() < until:
            await asyncio.sleep(0.01)  # the first turn lasts until somebody behind it was turned away
            seen = any(one.refusal for one in lane._waiting)
        await settled(journal, batch)

    lane._turn = 600.0  # as after turns that took minutes
    monkeypatch.setattr(lane, "_settle", slowly)
    told = asyncio.run(ask_many())
    monkeypatch.undo()
    lane._turn = 0.0
    turned_away = [one for one in told if isinstance(one, grpc.aio.AioRpcError)]
    assert any(isinstance(one, bytes) for one in told)
    assert {one.code() for one in turned_away} == {grpc.StatusCode.RESOURCE_EXHAUSTED}
    behind = dict(turned_away[0].trailing_metadata())
    assert int(behind["retry-after"]) >= 60
    assert behind["grpc-retry-pushback-ms"] == f"{behind['retry-after']}000"


def test_a_second_server_does_not_share_the_port_without_a_word(door: Door) -> None:
    again = with_grpc(door.app, door.place)
    said: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "lifespan.startup"}

    async def send(message: dict[str, Any]) -> None:
        said.append(message)

    asyncio.run(again({"type": "lifespan"}, receive, send))
    assert [one["type"] for one in said] == ["lifespan.startup.failed"]
