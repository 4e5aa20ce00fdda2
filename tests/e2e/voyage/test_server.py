"""The prediction server on loopback: the list's numbers, no answers mixed up, nothing acknowledged that is lost."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from e2e.voyage.shop import PRODUCT
from e2e.voyage.shops import Shops
from e2e.voyage.voyage import Voyage
from e2e.waiting import wait_for

from shipworthy.app.wiring import close_desk
from shipworthy.deliver.journal import seal_left_over
from shipworthy.deliver.loading import load_serving
from shipworthy.deliver.ready import Question
from shipworthy.deliver.words import AnswersSealed
from shipworthy.doors.house import running
from shipworthy.doors.predict.app import Predictions
from shipworthy.doors.predict.wire import Wire

SOURCES = Path(__file__).parents[3] / "src"
CALLERS = 32


class Server:
    """A running server and how its consumer calls it."""

    def __init__(self, voyage: Voyage, address: str, token: str) -> None:
        self.voyage, self.token = voyage, token
        self.host, _, port = address.removeprefix("http://").partition(":")
        self.port = int(port)

    def call(self, method: str, path: str, body: object = None, **headers: str) -> tuple[int, Any]:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=120)
        content = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else None
        given = {"Authorization": f"Bearer {self.token}", **headers}
        try:
            connection.request(method, path, content, {name: value for name, value in given.items() if value})
            reply = connection.getresponse()
            return reply.status, json.loads(reply.read())
        finally:
            connection.close()

    def ask(self, customer: str) -> dict[str, Any]:
        status, told = self.call("POST", "/predict", {"customer_id": customer})
        assert status == 200, told
        return dict(told)


@pytest.fixture(scope="module")
def voyage(shops: Shops, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Voyage]:
    """A shop whose model answers everybody, with one list made by it."""
    voyage = shops.at("august", tmp_path_factory.mktemp("shop"))
    yield voyage
    close_desk(voyage.desk)


@pytest.fixture(scope="module")
def server(voyage: Voyage) -> Iterator[Server]:
    token = voyage.desk.people.add("shop-system")
    with running(Predictions(voyage.desk, PRODUCT), http=Wire) as address:
        yield Server(voyage, address, token)


def listed(voyage: Voyage) -> dict[str, dict[str, Any]]:
    """The newest list for the customer database, by customer."""
    runs = [what for what in voyage.facts(AnswersSealed) if "/crm/" in what.run and "all" in what.steps]
    return {row["entity"]: row for row in voyage.desk.store.files.table(runs[-1].segment).to_pylist()}


def test_everybody_gets_the_number_of_the_list_whoever_asks_at_the_same_time(server: Server) -> None:
    expected = listed(server.voyage)
    assert len(expected) == 200
    with ThreadPoolExecutor(CALLERS) as callers:
        told = dict(zip(expected, callers.map(server.ask, expected), strict=True))
    for customer, row in expected.items():
        same = {name: told[customer][name] for name in ("score", "decision", "reasons", "candidate", "cohort")}
        assert same == {name: row[name] for name in same}
        assert told[customer]["customer_id"] == customer
        assert "notice" not in told[customer]
    assert len({one["answer_id"] for one in told.values()}) == 200


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"{", "no JSON"),
        (b"[" * 50_000, "no JSON"),
        (b"\xff\xfe", "UTF-8"),
        (b'{"customer_id": NaN}', "customer_id is NaN"),
        (b"[]", "Expected an object, got a list"),
        (b'{"customer_id": null}', "customer_id is missing"),
        (b'{"customer_id": ["00001"]}', "customer_id is a list, not a text"),
        (b'{"customer_id": "00001", "score": 1}', "score is no input"),
    ],
)
def test_what_is_not_the_declared_input_is_refused_with_the_field(server: Server, body: bytes, says: str) -> None:
    status, told = server.call("POST", "/predict", body)
    [mistake] = told["error"]["mistakes"]
    assert status == 422
    assert says in mistake["found"]
    assert mistake["fix"]


def test_other_refusals_have_their_own_status(server: Server) -> None:
    voyage = server.voyage
    assert server.call("POST", "/predict", {"customer_id": "nobody"})[0] == 404
    assert server.call("GET", "/nowhere")[0] == 404
    assert server.call("POST", "/predict", b"x" * 70_000)[0] == 413
    assert server.call("POST", "/predict", {"customer_id": "00001"}, Authorization="")[0] == 401
    assert server.call("POST", "/predict", {"customer_id": "00001"}, Authorization="Bearer sw_wrong")[0] == 401
    assert server.call("POST", "/predict", {"customer_id": "00001"}, Host="evil.example")[0] == 400
    auditor = voyage.desk.people.add("auditor")
    status, told = server.call("POST", "/predict", {"customer_id": "00001"}, Authorization=f"Bearer {auditor}")
    assert (status, "speaks for no consumer" in told["error"]["mistakes"][0]["found"]) == (403, True)
    assert server.call("GET", "/openapi.json")[1]["paths"]["/predict"]


def test_an_edited_pointer_changes_nothing_and_is_said(server: Server) -> None:
    pointer = server.voyage.shop.root / ".shipworthy" / "releases" / f"{PRODUCT}.json"
    good = pointer.read_text()
    before = server.ask("00001")
    edited = json.loads(good)
    edited["content"]["champion"] = dict.fromkeys(edited["content"]["champion"], edited["content"]["baseline"])
    pointer.write_text(json.dumps(edited))
    try:
        assert wait_for(lambda: "signature" in server.call("GET", "/health")[1]["problem"])
        assert server.ask("00001")["candidate"] == before["candidate"]
    finally:
        pointer.write_text(good)
    assert wait_for(lambda: server.call("GET", "/health")[1]["problem"] == "")


def test_a_model_that_breaks_on_one_customer_takes_nothing_from_the_others(server: Server) -> None:
    serving = load_serving(server.voyage.desk.store, PRODUCT)
    champion = serving.pointer.champion["north"]
    ready = serving.ready[champion]
    ready.matrix[ready.places["00007"], ready.names.index("recency")] = float("nan")
    now = server.voyage.desk.now(PRODUCT)
    told = serving.answers([Question(name, "shop") for name in ("00006", "00007", "00008")], now)
    rows = [one for one in told if not isinstance(one, Exception)]
    assert [one.row["entity"] for one in rows] == ["00006", "00007", "00008"]
    assert [bool(one.notice) for one in rows] == [False, True, False]
    assert rows[1].row["candidate"] == serving.pointer.baseline


def test_a_killed_server_has_every_acknowledged_answer_in_the_log_once(voyage: Voyage, tmp_path: Path) -> None:
    token = voyage.desk.people.add("shop-system")
    environ = {
        **os.environ,
        "PYTHONPATH": str(SOURCES),
        "SHIPWORTHY_ROOT": str(voyage.shop.root),
        "HOME": str(tmp_path),
    }
    command = [sys.executable, "-m", "shipworthy", "serve", "-p", PRODUCT, "--port", "0", "--json"]
    process = subprocess.Popen(command, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        server = Server(voyage, json.loads(process.stdout.readline())["predictions"].removesuffix("/predict"), token)
        assert wait_for(lambda: server.call("GET", "/health")[0] == 200)
        customers = list(listed(voyage))
        with ThreadPoolExecutor(8) as callers:
            acknowledged = [one["answer_id"] for one in callers.map(server.ask, customers)]
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    seal_left_over(voyage.desk.store, PRODUCT, "prediction-server", voyage.desk.now(PRODUCT))
    assert seal_left_over(voyage.desk.store, PRODUCT, "prediction-server", voyage.desk.now(PRODUCT)) == []
    served = [what for what in voyage.facts(AnswersSealed) if what.run.startswith("serve/")]
    log = pa.concat_tables([voyage.desk.store.files.table(what.segment) for what in served])
    found = pc.value_counts(log.filter(pc.is_in(log["answer_id"], pa.array(acknowledged)))["answer_id"]).to_pylist()
    assert {one["values"]: one["counts"] for one in found} == dict.fromkeys(acknowledged, 1)
