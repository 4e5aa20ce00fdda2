"""Whatever is sent to whichever route: a documented status, an error that helps, and one line in the log a question."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from e2e.voyage.shop import PRODUCT
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from integration.predict.quay import Quay, logged
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from shipworthy.doors.house import running
from shipworthy.doors.predict.app import Predictions
from shipworthy.doors.predict.wire import Wire

INFER, INVOCATIONS, PREDICT = f"/v2/models/{PRODUCT}/infer", "/invocations", "/predict"
pytestmark = pytest.mark.filterwarnings("ignore:invalid value encountered")  # the model's word on odd inputs
EVERY = settings(max_examples=20, deadline=None, database=None, suppress_health_check=list(HealthCheck))
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
def test_the_server_behaves_as_its_own_document_says(ended: tuple[Quay, list[int]], by: str) -> None:
    quay, _ = ended
    document = quay.call("GET", "/openapi.json", by=by).json()
    for found in schemathesis.openapi.from_dict(document).get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()
        # Whether somebody is known is more than a form can say; rows of one request each have an end of their own.
        excluded: list[Any] = [positive_data_acceptance]
        if operation.path != PREDICT:
            excluded.append(negative_data_rejection)

        @settings(EVERY, max_examples=6)
        @given(case=operation.as_strategy())
        def sent(case: schemathesis.Case[Any]) -> None:
            case.call_and_validate(base_url=quay.address, headers=quay.bearer(by), excluded_checks=excluded)  # noqa: B023

        sent()


@pytest.fixture(scope="module")
def client(ended: tuple[Quay, list[int]]) -> Iterator[httpx.Client]:
    quay, _ = ended
    with httpx.Client(base_url=quay.address, headers=quay.bearer(), trust_env=False, timeout=120) as found:
        yield found


def test_any_bytes_are_answered_or_refused_with_a_reason(ended: tuple[Quay, list[int]], client: httpx.Client) -> None:
    _, seen = ended
    kinds = st.sampled_from(["application/json", "text/csv", "text/csv; charset=latin-1", "application/octet-stream"])
    nested = st.recursive(st.none() | st.booleans() | st.floats() | st.text(), lambda one: st.lists(one) | _object(one))
    bodies = st.binary(max_size=400) | nested.map(lambda one: repr(one).encode()) | nested.map(_json)

    @settings(EVERY, max_examples=150)
    @given(st.sampled_from(["POST", "GET", "PUT", "DELETE"]), st.sampled_from(ROUTES), kinds, bodies)
    def sent(method: str, path: str, kind: str, body: bytes) -> None:
        told = client.request(method, path, content=body, headers={"Content-Type": kind})
        _as_documented(told)
        if method == "POST" and path in (PREDICT, INFER, INVOCATIONS):
            seen[told.status_code != 200] += 1

    sent()


def test_requests_that_are_nearly_right_are_answered_or_refused_with_a_reason(
    ended: tuple[Quay, list[int]], client: httpx.Client
) -> None:
    quay, seen = ended
    numbers = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-10, 200)
    anything = numbers | st.text(max_size=5) | st.none() | st.booleans() | st.just([1.0])
    entity = st.sampled_from(["00001", "new", "", 7])
    fields = st.fixed_dictionaries({"customer_id": entity}, optional=dict.fromkeys([*quay.values, "more"], anything))
    good = st.fixed_dictionaries({"customer_id": entity, **dict.fromkeys(quay.values, numbers)})
    rows = st.lists(good | fields, min_size=1, max_size=5)

    @settings(EVERY)
    @given(rows)
    def sent(asked: list[dict[str, Any]]) -> None:
        for row in asked:
            told = client.post(PREDICT, content=_json(row))
            _as_documented(told)
            seen[told.status_code != 200] += 1
        together = client.post(INVOCATIONS, content=_json({"dataframe_records": asked}))
        _as_documented(together)
        if together.status_code == 200:
            ends = ["error" not in one for one in together.json()["predictions"]]
            assert len(ends) == len(asked)
            seen[0] += sum(ends)
            seen[1] += len(ends) - sum(ends)

    sent()


def _object(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.dictionaries(st.sampled_from(["customer_id", "inputs", "outputs", "freq", "instances"]), values)


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()  # with NaN and Infinity, which are no JSON


def _as_documented(told: httpx.Response) -> None:
    known = {200, 400, 401, 403, 404, 405, 408, 413, 415, 422, 429, 503, 504}
    assert told.status_code in known, told.text
    if told.status_code != 200:
        body = told.json()
        mistakes = body["mistakes"] if "mistakes" in body else body["error"]["mistakes"]
        assert mistakes
        assert all(one["code"] and one["found"] for one in mistakes)
