"""Whatever is sent to whichever route: a documented status, an error that helps, and one line in the log a question."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from e2e.voyage.shop import PRODUCT
from integration.predict.quay import Quay, logged

from shipworthy.doors.house import running
from shipworthy.doors.predict.app import Predictions
from shipworthy.doors.predict.wire import Wire

INFER, INVOCATIONS, PREDICT = f"/v2/models/{PRODUCT}/infer", "/invocations", "/predict"
pytestmark = pytest.mark.filterwarnings("ignore:invalid value encountered")  # the model's word on odd inputs
ROUTES = (PREDICT, INFER, INVOCATIONS, "/", "/health", "/metrics", "/openapi.json", "/ping", "/version", "/v2", "/v2/x")


@pytest.fixture(scope="module")
def ended(quay: Quay) -> Iterator[tuple[Quay, list[int]]]:
    """A server that is stopped at the end, and then has logged as many lines as it counted and as were seen."""
    already = [len(rows) for rows in logged(quay.voyage)]
    app, seen = Predictions(quay.voyage.desk, PRODUCT), [0, 0]
    with running(app, http=Wire) as address:
        yield Quay(quay.voyage, app, address, quay.tokens, quay.values), seen
    found = Quay(quay.voyage, app, address, quay.tokens, quay.values)
    answers, refusals = logged(quay.voyage)
    assert [len(answers) - already[0], len(refusals) - already[1]] == list(found.counted)
    assert seen[1] > 0
    assert sum(found.counted) >= sum(seen)
    assert len({row["answer_id"] for row in answers}) == len(answers)


@pytest.mark.parametrize("by", ["key", "values"])
def test_the_server_behaves_as_its_own_document_says(ended: tuple[Quay, list[int]], by: str, tmp_path: Path) -> None:
    """Schemathesis in a process of its own: whether somebody is known is more than a form can say."""
    quay, _ = ended
    document = tmp_path / "openapi.json"
    document.write_bytes(quay.call("GET", "/openapi.json", by=by).content)
    headers = [part for name, value in quay.bearer(by).items() for part in ("--header", f"{name}: {value}")]
    command = [sys.executable, "-m", "schemathesis.cli", "run", str(document), "--url", quay.address, *headers]
    excluded = "positive_data_acceptance,negative_data_rejection,unsupported_method"
    limits = ["--max-examples", "4", "--phases", "examples,fuzzing", "--exclude-checks", excluded, "--seed", "7"]
    told = subprocess.run([*command, *limits], capture_output=True, text=True, timeout=150, cwd=tmp_path, check=False)
    assert told.returncode == 0, told.stdout[-4000:] + told.stderr[-1000:]


@pytest.fixture(scope="module")
def client(ended: tuple[Quay, list[int]]) -> Iterator[httpx.Client]:
    quay, _ = ended
    with httpx.Client(base_url=quay.address, headers=quay.bearer(), trust_env=False, timeout=30) as found:
        yield found


def test_whatever_is_sent_is_answered_or_refused_with_a_reason(
    ended: tuple[Quay, list[int]], client: httpx.Client
) -> None:
    quay, seen = ended
    chance = random.Random(11)
    kinds = ["application/json", "text/csv", "text/csv; charset=latin-1", "application/octet-stream"]
    for _ in range(400):
        method, path = chance.choice(["POST", "POST", "GET", "PUT", "DELETE"]), chance.choice(ROUTES)
        told = client.request(method, path, content=_body(chance, quay), headers={"Content-Type": chance.choice(kinds)})
        _as_documented(told)
        if method == "POST" and path == PREDICT:
            seen[told.status_code != 200] += 1


def _body(chance: random.Random, quay: Quay) -> bytes:
    """Bytes, nested values, or a question that is nearly right."""
    leaf: list[Any] = [None, True, 1, -0.0, 1e308, float("nan"), float("inf"), "", "x" * 50, "\ud800", [], {}]
    if chance.random() < 0.3:
        return chance.randbytes(chance.randrange(400))
    if chance.random() < 0.3:
        return b"[" * chance.randrange(3000) + b"]" * chance.randrange(3000)
    names = ["customer_id", *quay.values, "inputs", "instances", "more"]
    asked = {"customer_id": chance.choice(["00001", "new", "", 7]), **quay.values}
    for name in chance.sample(names, chance.randrange(4)):
        asked[name] = chance.choice(leaf)
    return _json(
        chance.choice([asked, [asked], {"dataframe_records": [asked] * chance.randrange(4)}, {"inputs": asked}])
    )


def _json(value: Any) -> bytes:
    import json

    return json.dumps(value).encode()  # with NaN and Infinity, which are no JSON


def _as_documented(told: httpx.Response) -> None:
    known = {200, 400, 401, 403, 404, 405, 408, 413, 415, 422, 429, 503, 504}
    assert told.status_code in known, told.text
    if told.status_code != 200:
        body = told.json()
        mistakes = body["mistakes"] if "mistakes" in body else body["error"]["mistakes"]
        assert mistakes
        assert all(one["code"] and one["found"] for one in mistakes)
