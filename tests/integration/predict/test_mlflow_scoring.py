"""MLflow's scoring protocol, asked with MLflow's own client."""

from __future__ import annotations

import warnings
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from integration.predict.quay import ASKERS, Quay

ROUTE = "/invocations"


@pytest.fixture
def client(quay: Quay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """MLflow's client takes no token; what it sends with is told by a .netrc file who asks."""
    host, port = quay.place.split(":")
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine {host} login {ASKERS['either']} password {quay.tokens['either']}\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what it says of its own types when it is imported
        module = import_module("mlflow.pyfunc.scoring_server.client")
    return module.ScoringServerClient(host, port)


def test_its_client_finds_the_server_and_asks_with_a_frame(quay: Quay, client: Any) -> None:
    client.wait_server_ready(timeout=60)
    assert client.get_version().startswith("3.")
    customers = ["00001", "00002"]
    plain = [quay.call("POST", "/predict", {"customer_id": one}).json() for one in customers]
    found = client.invoke(pd.DataFrame({"customer_id": customers})).get_predictions()
    assert found["score"].tolist() == [one["score"] for one in plain]
    assert found["reasons"].tolist() == [one["reasons"] for one in plain]
    assert found["answer_id"].is_unique


def test_its_client_asks_by_values(quay: Quay, client: Any) -> None:
    plain = quay.call("POST", "/predict", {"customer_id": "new", **quay.values}).json()
    rows = [{"customer_id": "new", **quay.values}, {"customer_id": "newer", **quay.values}]
    assert client.invoke(pd.DataFrame(rows)).get_predictions()["score"].tolist() == [plain["score"]] * 2
    assert client.invoke(rows).get_predictions()["score"].tolist() == [plain["score"]] * 2
    with pytest.raises(Exception, match=r"error code 422.*no table with named columns"):
        client.invoke(np.array([[1.0, 2.0]]))
    with pytest.raises(Exception, match=r"error code 422.*null says that a value is missing"):
        client.invoke(pd.DataFrame([{**rows[0], "freq": float("nan")}]))


def test_every_form_says_the_same(quay: Quay) -> None:
    row = {"customer_id": "new", **quay.values}
    names, values = list(row), list(row.values())
    table = ",".join(names) + "\n" + ",".join(map(str, values)) + "\n"
    forms: list[Any] = [
        {"dataframe_split": {"columns": names, "data": [values], "index": [0]}},
        {"dataframe_records": [row]},
        {"inputs": [row]},
        {"inputs": {name: [value] for name, value in row.items()}},
        {"instances": [row]},
    ]
    told = [quay.call("POST", ROUTE, form) for form in forms]
    told.append(quay.call("POST", ROUTE, table.encode(), **{"Content-Type": "text/csv; charset=utf-8"}))
    assert [one.status_code for one in told] == [200] * 6
    assert len({one.json()["predictions"][0]["score"] for one in told}) == 1


def test_a_row_that_cannot_be_answered_takes_nothing_from_the_others(quay: Quay) -> None:
    answered, refused = quay.counted
    told = quay.call("POST", ROUTE, b'customer_id\n00001\n""\nnobody\n', **{"Content-Type": "text/csv"})
    rows = told.json()["predictions"]
    assert [one.get("error", {}).get("status") for one in rows] == [None, 422, 404]
    assert [one["score"] is None for one in rows] == [False, True, True]
    assert quay.counted == (answered + 1, refused + 2)
    alone = quay.call("POST", ROUTE, {"inputs": [{"customer_id": "nobody"}]})
    assert (alone.status_code, alone.json()["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")


@pytest.mark.parametrize(
    ("body", "kind", "status", "says"),
    [
        (b"{", "application/json", 422, "no JSON"),
        (b"[]", "application/json", 422, "exactly one of"),
        (b'{"inputs": [], "instances": []}', "application/json", 422, "exactly one of"),
        (b'{"inputs": [{"customer_id": "1"}], "params": {"t": 1}}', "application/json", 422, "exactly one of"),
        (b'{"inputs": []}', "application/json", 422, "has 0 rows"),
        (b'{"inputs": {"customer_id": []}}', "application/json", 422, "has 0 rows"),
        (b'{"inputs": {"customer_id": ["a"], "age": [1, 2]}}', "application/json", 422, "no table"),
        (b'{"inputs": ["00001"]}', "application/json", 422, "no table"),
        (b'{"dataframe_split": {"columns": ["a", "a"], "data": []}}', "application/json", 422, "no table"),
        (b'{"dataframe_split": {"columns": ["customer_id"], "data": [["a", 1]]}}', "application/json", 422, "no table"),
        (b'{"dataframe_records": [{"customer_id": "00001", "age": 1}]}', "application/json", 422, "age is no input"),
        (b"", "text/csv", 422, "has 0 rows"),
        (b"customer_id\n\xff\n", "text/csv", 422, "no CSV in UTF-8"),
        (b"customer_id\na,b\n", "text/csv", 422, "not as many fields"),
        (b'customer_id\n"a', "text/csv", 422, "no CSV"),
        (b"customer_id\n" + b"a\n" * 257, "text/csv", 422, "has 257 rows"),
        (b"PAR1", "application/vnd.apache.parquet", 415, "is not read"),
        (b"customer_id\n1\n", "text/csv; charset=latin-1", 415, "another encoding"),
    ],
)
def test_what_is_not_of_the_protocol_is_refused_once_with_the_reason(
    quay: Quay, body: bytes, kind: str, status: int, says: str
) -> None:
    answered, refused = quay.counted
    told = quay.call("POST", ROUTE, body, **{"Content-Type": kind})
    assert told.status_code == status
    assert says in told.json()["message"]
    assert told.json()["error"]["mistakes"][0]["fix"]
    assert quay.counted == (answered, refused + 1)


def test_numbers_in_a_table_are_those_of_json(quay: Quay) -> None:
    names = ["customer_id", *quay.values]
    for written in ("1_0", "nan", "inf", "0x1", "١"):
        values = [written if name == "freq" else str(value) for name, value in quay.values.items()]
        body = f"{','.join(names)}\na,{','.join(values)}\n".encode()
        told = quay.call("POST", ROUTE, body, by="values", **{"Content-Type": "text/csv"})
        assert told.status_code == 422, written
        assert "freq is a text" in told.json()["message"]


def test_nobody_is_told_to_say_who_they_are(quay: Quay) -> None:
    told = quay.call("POST", ROUTE, {"inputs": [{"customer_id": "00001"}]}, Authorization="Basic !")
    assert (told.status_code, told.json()["error_code"]) == (401, "UNAUTHENTICATED")
    assert quay.call("GET", "/ping", Authorization="").status_code == 200
    assert quay.call("GET", "/version", Authorization="").status_code == 401
    assert quay.call("GET", ROUTE).headers["allow"] == "POST"
