"""The HTTP door on a real store: identity, rights, the one error shape, files, long commands."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest
from e2e.served import Harbour, harbour

from shipworthy.doors.api.app import api
from shipworthy.doors.house import running
from shipworthy.model.words import CandidateMade

PRODUCT = {"product": "next-purchase"}


@pytest.fixture(scope="module")
def quay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Harbour, str]]:
    with harbour(tmp_path_factory.mktemp("store")) as found, running(api(found.desk)) as address:
        yield found, address


@pytest.fixture
def client(quay: tuple[Harbour, str]) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=quay[1], trust_env=False, timeout=120) as found:
        yield found


def bearer(quay: tuple[Harbour, str], person: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {quay[0].secrets[person]}"}


def code(answer: httpx.Response) -> str:
    (mistake,) = answer.json()["error"]["mistakes"]
    assert set(mistake) == {"code", "where", "found", "why", "fix"}
    return str(mistake["code"])


def test_health_needs_no_identity_and_tells_nothing(client: httpx.Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer sw_guess", "Basic YWRtaW46YWRtaW4="])
def test_nobody_gets_nothing(client: httpx.Client, authorization: str) -> None:
    for method, path in (("POST", "/v1/ask/ProductRoad"), ("GET", f"/v1/files/{'0' * 64}"), ("GET", "/v1/nowhere")):
        answer = client.request(method, path, headers={"Authorization": authorization}, content=b"{broken")
        assert (answer.status_code, code(answer)) == (401, "api.nobody")
        assert answer.headers["www-authenticate"] == "Bearer"


def test_a_question_is_answered_in_its_type(client: httpx.Client, quay: tuple[Harbour, str]) -> None:
    answer = client.post("/v1/ask/ProductRoad", json=PRODUCT, headers=bearer(quay, "auditor"))
    assert answer.status_code == 200
    told = answer.json()
    assert [station["name"] for station in told["stations"]] == [
        "plan", "data", "model", "prove", "sign", "release", "deliver", "watch", "respond",
    ]  # fmt: skip
    assert told["question"] == "Which customers will buy in the next three months?"


def test_rights_come_from_the_token_and_not_from_the_request(client: httpx.Client, quay: tuple[Harbour, str]) -> None:
    command = {**PRODUCT, "candidate": quay[0].story.retrained, "function": "legal", "decision": "approve"}
    refused = client.post("/v1/do/GiveSignOff", json=command, headers=bearer(quay, "data-scientist"))
    assert (refused.status_code, code(refused)) == (403, "app.not_allowed")
    assert client.post("/v1/ask/ProductRoad", json=PRODUCT, headers=bearer(quay, "stranger")).status_code == 403
    sneaked = client.post("/v1/do/GiveSignOff", json={**command, "who": "legal-owner"}, headers=bearer(quay, "auditor"))
    assert (sneaked.status_code, code(sneaked)) == (422, "api.request")


def test_a_shut_gate_is_told_as_such(client: httpx.Client, quay: tuple[Harbour, str]) -> None:
    ledger = quay[0].desk.store.ledger
    made = ledger.past("next-purchase").of(CandidateMade)[-1]
    unproven = replace(made.what, candidate="f" * 64)
    ledger.append(lambda past: [unproven], product="next-purchase", who="data-scientist", at=made.at)
    command = {**PRODUCT, "candidate": unproven.candidate, "function": "legal", "decision": "approve"}
    shut = client.post("/v1/do/GiveSignOff", json=command, headers=bearer(quay, "legal-owner"))
    assert (shut.status_code, code(shut)) == (409, "sign.not_proven")


def test_a_command_is_carried_out_once_for_its_key(client: httpx.Client, quay: tuple[Harbour, str]) -> None:
    command = {**PRODUCT, "title": "The list of March is empty", "severity": "low"}
    headers = bearer(quay, "night-operator")
    for _ in range(2):
        answer = client.post("/v1/do/OpenIncident", params={"key": "march"}, json=command, headers=headers)
        assert answer.status_code == 200, answer.text
    told = client.post("/v1/ask/Incidents", json=PRODUCT, headers=headers).json()
    assert [incident["title"] for incident in told].count(command["title"]) == 1


def test_a_long_command_is_followed_by_its_run(client: httpx.Client, quay: tuple[Harbour, str]) -> None:
    headers = bearer(quay, "data-scientist")
    begun = client.post("/v1/do/TakeSnapshot", params={"wait": "false", "key": "march"}, json=PRODUCT, headers=headers)
    assert begun.status_code == 202
    where = begun.headers["location"]
    assert where == f"/v1/runs/{begun.json()['run']}"
    state = {"state": "waiting"}
    for _ in range(1200):
        state = client.get(where, headers=headers).json()
        if state["state"] not in ("waiting", "running"):
            break
        time.sleep(0.1)
    # There is no feed in this store, so the run ends with a refusal; the refusal has the shape of every error.
    assert state["state"] in ("done", "refused"), state
    if state["state"] == "refused":
        assert state["error"]["mistakes"][0]["found"]  # type: ignore[index]  # checked JSON
    assert client.get(where, headers=bearer(quay, "auditor")).status_code == 404, "a guessed name shows nothing"


def test_a_run_that_does_not_exist_is_not_found(client: httpx.Client, quay: tuple[Harbour, str]) -> None:
    assert client.get("/v1/runs/nothing", headers=bearer(quay, "auditor")).status_code == 404


def test_a_report_comes_sandboxed_and_only_to_readers(client: httpx.Client, quay: tuple[Harbour, str]) -> None:
    path = f"/v1/files/{quay[0].story.report}"
    for query in ({}, PRODUCT):
        answer = client.get(path, params=query, headers=bearer(quay, "auditor"))
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert answer.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert client.get(path, params=query, headers=bearer(quay, "stranger")).status_code == 403


def test_rows_about_people_and_made_up_digests_are_not_found(client: httpx.Client, quay: tuple[Harbour, str]) -> None:
    rows = quay[0].desk.store.files.put(b"customer 17 bought")
    for digest in (rows, "0" * 64):
        answer = client.get(f"/v1/files/{digest}", headers=bearer(quay, "auditor"))
        assert answer.status_code == 404
    climbing = client.get("/v1/files/..%2F..%2Fledger.sqlite", headers=bearer(quay, "auditor"))
    assert climbing.status_code in (404, 422)


def test_an_auditor_exports_the_ledger_and_fetches_the_file(client: httpx.Client, quay: tuple[Harbour, str]) -> None:
    made = client.post("/v1/do/ExportLedger", json=PRODUCT, headers=bearer(quay, "auditor"))
    assert made.status_code == 200, made.text
    path = f"/v1/files/{made.json()['file']}"
    fetched = client.get(path, headers=bearer(quay, "auditor"))
    assert (fetched.status_code, fetched.headers["content-type"]) == (200, "application/octet-stream")
    assert client.get(path, headers=bearer(quay, "sales-lead")).status_code == 404


@pytest.mark.parametrize(
    ("body", "status", "expected"),
    [
        (b"{broken", 422, "api.request"),
        (b"[]", 422, "api.request"),
        (b'{"product": 7}', 422, "api.request"),
        (b'{"product": "nowhere"}', 403, "app.not_allowed"),
        (b'{"product": "' + b"x" * 1_100_000 + b'"}', 413, "api.too_large"),
    ],
)
def test_what_is_wrong_with_a_request_is_told_in_one_shape(
    client: httpx.Client, quay: tuple[Harbour, str], body: bytes, status: int, expected: str
) -> None:
    headers = {**bearer(quay, "auditor"), "Content-Type": "application/json"}
    answer = client.post("/v1/ask/ProductRoad", content=body, headers=headers)
    assert (answer.status_code, code(answer)) == (status, expected)


def test_a_body_without_a_length_is_counted_too(client: httpx.Client, quay: tuple[Harbour, str]) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(40):
            yield b" " * 65_536

    headers = {**bearer(quay, "auditor"), "Content-Type": "application/json"}
    assert client.post("/v1/ask/ProductRoad", content=endless(), headers=headers).status_code == 413


def test_addresses_and_methods_that_are_not_there(client: httpx.Client, quay: tuple[Harbour, str]) -> None:
    headers = bearer(quay, "auditor")
    assert code(client.get("/v1/nowhere", headers=headers)) == "api.address"
    wrong = client.get("/v1/ask/ProductRoad", headers=headers)
    assert (wrong.status_code, code(wrong), wrong.headers["allow"]) == (405, "api.address", "POST")
    rebound = client.get("/healthz", headers={"Host": "rebound.example"})
    assert (rebound.status_code, code(rebound)) == (400, "api.host")


def test_a_fault_of_ours_gives_a_number_and_no_inside(
    client: httpx.Client, quay: tuple[Harbour, str], caplog: pytest.LogCaptureFixture
) -> None:
    engine = quay[0].desk.store.ledger.engine
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE fact RENAME TO fact_away")
    try:
        broken = client.post("/v1/ask/ProductRoad", json=PRODUCT, headers=bearer(quay, "auditor"))
    finally:
        with engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE fact_away RENAME TO fact")
    assert (broken.status_code, code(broken)) == (500, "api.bug")
    assert "sqlite" not in broken.text.lower()
    number = broken.json()["error"]["mistakes"][0]["found"].split()[-1].rstrip(".")
    assert number in caplog.text, "the log has the number that the caller was told"
