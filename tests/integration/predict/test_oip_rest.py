"""The Open Inference Protocol over HTTP, asked with a client that others wrote."""

from __future__ import annotations

import json
import re
import struct
from typing import Any

import numpy as np
import pytest
import tritonclient.http as triton
from e2e.voyage.shop import PRODUCT
from integration.predict.quay import Quay
from tritonclient.utils import InferenceServerException

INFER = f"/v2/models/{PRODUCT}/infer"


def tensor(name: str, values: Any, datatype: str = "BYTES", *, binary: bool = True) -> triton.InferInput:
    """One column of a request."""
    array = np.array(values, dtype=object if datatype == "BYTES" else None)
    found = triton.InferInput(name, list(array.shape), datatype)
    found.set_data_from_numpy(array, binary_data=binary)
    return found


def entry(name: str, values: Any, datatype: str = "BYTES", **more: Any) -> dict[str, Any]:
    """The same as JSON."""
    return {"name": name, "datatype": datatype, "shape": [len(values)], "data": values, **more}


@pytest.fixture
def client(quay: Quay) -> triton.InferenceServerClient:
    return triton.InferenceServerClient(quay.place)


def test_it_says_what_it_is_and_what_the_contract_takes(quay: Quay, client: triton.InferenceServerClient) -> None:
    headers, champion = quay.bearer("values"), quay.app.serving.pointer.champion["north"]
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready(PRODUCT, champion, headers=headers)
    assert not client.is_model_ready("another", headers=headers)
    assert client.get_server_metadata(headers=headers)["name"] == "shipworthy"
    told = client.get_model_metadata(PRODUCT, headers=headers)
    assert told["versions"] == [champion]
    assert [one["name"] for one in told["inputs"]] == ["customer_id", *quay.values]
    assert {one["datatype"] for one in told["inputs"][1:]} == {"FP64"}
    by_key = client.get_model_metadata(PRODUCT, headers=quay.bearer("key"))
    assert [one["name"] for one in by_key["inputs"]] == ["customer_id"]


@pytest.mark.parametrize("binary", [True, False])
def test_each_row_is_answered_as_the_plain_call_answers_it(
    quay: Quay, client: triton.InferenceServerClient, binary: bool
) -> None:
    customers = ["00001", "00002", "00003"]
    plain = [quay.call("POST", "/predict", {"customer_id": one}).json() for one in customers]
    wanted = [triton.InferRequestedOutput(name, binary_data=binary) for name in ("reasons", "decision", "score")]
    told = client.infer(
        PRODUCT,
        [tensor("customer_id", customers, binary=binary)],
        outputs=wanted,
        request_id="r1",
        headers=quay.bearer(),
    )
    assert told.as_numpy("score").tolist() == [one["score"] for one in plain]
    assert [_text(one) for one in told.as_numpy("decision")] == [one["decision"] for one in plain]
    assert [json.loads(one) for one in told.as_numpy("reasons")] == [one["reasons"] for one in plain]
    assert [one["name"] for one in told.get_response()["outputs"]] == ["reasons", "decision", "score"]
    assert told.get_response()["id"] == "r1"
    assert told.get_response()["model_version"] == plain[0]["candidate"]


def test_given_values_are_one_tensor_each_of_any_number_type(quay: Quay, client: triton.InferenceServerClient) -> None:
    plain = quay.call("POST", "/predict", {"customer_id": "new", **quay.values}, by="values").json()
    kinds = {"tenure": ("INT64", np.int64), "freq": ("FP32", np.float32), "recency": ("INT32", np.int32)}
    tensors = [tensor("customer_id", [["new"], ["newer"]])]
    for name, value in quay.values.items():
        datatype, kind = kinds.get(name, ("FP64", np.float64))
        tensors.append(tensor(name, np.array([[value], [value]], dtype=kind), datatype))
    told = client.infer(PRODUCT, tensors, headers=quay.bearer("values"))
    assert told.as_numpy("score").tolist() == [plain["score"]] * 2
    assert len(set(told.as_numpy("answer_id").tolist())) == 2


def test_a_row_that_cannot_be_answered_takes_nothing_from_the_others(
    quay: Quay, client: triton.InferenceServerClient
) -> None:
    answered, refused = quay.counted
    told = client.infer(PRODUCT, [tensor("customer_id", ["00001", "nobody", ""])], headers=quay.bearer())
    assert np.isnan(told.as_numpy("score")).tolist() == [False, True, True]
    errors = [json.loads(one) if one else None for one in told.as_numpy("error")]
    assert [one and one["status"] for one in errors] == [None, 404, 422]
    assert quay.counted == (answered + 1, refused + 2)


def test_who_does_not_want_to_hear_of_errors_gets_all_or_nothing(
    quay: Quay, client: triton.InferenceServerClient
) -> None:
    wanted = [triton.InferRequestedOutput("score")]
    with pytest.raises(InferenceServerException, match=r"Row 1: .* has no such customer_id.*output `error`") as told:
        client.infer(PRODUCT, [tensor("customer_id", ["00001", "nobody"])], outputs=wanted, headers=quay.bearer())
    assert told.value.status() == "404"


def test_who_may_not_ask_is_told_so(quay: Quay, client: triton.InferenceServerClient) -> None:
    with pytest.raises(InferenceServerException, match="The request has no identity") as told:
        client.infer(PRODUCT, [tensor("customer_id", ["00001"])])
    assert told.value.status() == "401"
    with pytest.raises(InferenceServerException, match=r"no such model\. The model is next-purchase"):
        client.infer("another", [tensor("customer_id", ["00001"])], headers=quay.bearer())
    with pytest.raises(InferenceServerException, match=r"that answers now\. Ask without a version"):
        client.infer(PRODUCT, [tensor("customer_id", ["00001"])], model_version="1", headers=quay.bearer())
    with pytest.raises(InferenceServerException, match="compressed"):
        client.infer(
            PRODUCT,
            [tensor("customer_id", ["00001"])],
            request_compression_algorithm="gzip",
            headers=quay.bearer(),
        )


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (b"", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        ([], "no object"),
        ({"inputs": [entry("customer_id", ["00001"])], "more": 1}, "more is no field"),
        ({"inputs": {}}, "inputs is no list"),
        ({"inputs": []}, "customer_id is missing"),
        ({"inputs": [{"name": "customer_id"}]}, "lacks its name, shape or datatype"),
        ({"inputs": [entry("customer_id", ["00001"]), entry("customer_id", ["00001"])]}, "twice"),
        ({"inputs": [entry("customer_id", ["00001"], shape=[2])]}, "has 1 values, its shape says 2"),
        ({"inputs": [entry("customer_id", ["00001"], shape=[1, 2])]}, r"shape \[1, 2\], not"),
        ({"inputs": [entry("customer_id", ["00001"], shape=[-1])]}, r"shape \[-1\], not"),
        ({"inputs": [entry("customer_id", ["00001"], shape=[1e300])]}, "shape"),
        ({"inputs": [entry("customer_id", ["00001"], "FP128")]}, "datatype of customer_id is none of"),
        ({"inputs": [entry("customer_id", [1.5], "INT64")]}, "Value 0 of customer_id is no INT64"),
        ({"inputs": [entry("customer_id", ["a"] * 257)]}, "has 257 rows"),
        ({"inputs": [entry("customer_id", [])]}, "has 0 rows"),
        ({"inputs": [entry("customer_id", ["a"]), entry("age", [1, 2], "INT64")]}, "age has 2 rows"),
        ({"inputs": [entry("customer_id", ["00001"]), entry("age", [1], "INT64")]}, "age is no input"),
        ({"inputs": [entry("customer_id", ["00001"])], "outputs": [{"name": "secret"}]}, "output is unknown"),
        ({"inputs": [entry("customer_id", ["00001"], parameters={"shared_memory_region": "x"})]}, "parameter"),
        ({"inputs": [entry("customer_id", ["00001"])], "parameters": {"sequence_id": 1}}, "parameter"),
        ({"inputs": [entry("customer_id", ["a"], parameters={"binary_data_size": 10**9})]}, "binary_data_size"),
    ],
)
def test_what_is_not_of_the_protocol_is_refused_once_with_the_reason(quay: Quay, asked: Any, says: str) -> None:
    answered, refused = quay.counted
    told = quay.call("POST", INFER, asked)
    assert told.status_code == 422
    assert isinstance(told.json()["error"], str)
    [mistake] = told.json()["mistakes"]
    assert re.search(says, mistake["found"]), mistake
    assert quay.counted == (answered, refused + 1)


@pytest.mark.parametrize(
    ("raw", "size", "says"),
    [
        (struct.pack("<I", 5) + b"0000", 8, "longer than what came"),
        (struct.pack("<I", 2) + b"\xff\xfe", 6, "UTF-8"),
        (b"\1\0", 2, "length in 4 bytes"),
        (struct.pack("<I", 1) + b"1" + b"more", 5, "left over"),
        (struct.pack("<I", 1) * 2 + b"11", 10, "values|UTF-8|longer"),
    ],
)
def test_bytes_that_do_not_fit_are_refused(quay: Quay, raw: bytes, size: int, says: str) -> None:
    one = {"name": "customer_id", "datatype": "BYTES", "shape": [1], "parameters": {"binary_data_size": size}}
    head = json.dumps({"inputs": [one]}).encode()
    length = {"Inference-Header-Content-Length": str(len(head))}
    told = quay.call("POST", INFER, head + raw, **length)
    assert told.status_code == 422
    assert any(part in told.json()["error"] for part in says.split("|")), told.json()
    for wrong in ("-1", "x", "9" * 30):
        assert quay.call("POST", INFER, head, **{"Inference-Header-Content-Length": wrong}).status_code == 422


def test_numbers_that_are_none_are_refused_row_by_row(quay: Quay, client: triton.InferenceServerClient) -> None:
    tensors = [tensor("customer_id", ["a", "b"])]
    tensors += [tensor(name, np.array([value, value]), "FP64") for name, value in quay.values.items() if name != "freq"]
    told = client.infer(
        PRODUCT, [*tensors, tensor("freq", np.array([np.nan, 1.0]), "FP64")], headers=quay.bearer("values")
    )
    assert ["not a finite number" in _text(one) for one in told.as_numpy("error")] == [True, False]


def test_another_method_or_address_is_told(quay: Quay) -> None:
    told = quay.call("GET", INFER)
    assert (told.status_code, told.headers["allow"]) == (405, "POST")
    for path in ("/v2/", "/v2/models", "/v2/models/a/versions", f"/v2/models/{PRODUCT}/nothing", "/v2/health/x"):
        assert quay.call("GET", path).status_code in (200, 404), path


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
