"""The OpenAPI document is complete, and the door behaves as it says, whatever is sent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from e2e.served import Harbour, harbour
from hypothesis import HealthCheck, given, settings
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import positive_data_acceptance

from shipworthy.app.operations import commands, questions
from shipworthy.doors.api.app import api
from shipworthy.doors.house import running

Quay = tuple[Harbour, str]


@pytest.fixture(scope="module")
def quay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Quay]:
    with harbour(tmp_path_factory.mktemp("store")) as found, running(api(found.desk)) as address:
        yield found, address


@pytest.fixture(scope="module")
def document(quay: Quay) -> dict[str, Any]:
    found: dict[str, Any] = httpx.get(f"{quay[1]}/v1/openapi.json", trust_env=False).json()
    return found


def test_every_operation_has_an_address_with_its_help(document: dict[str, Any]) -> None:
    for verb, operations in (("do", commands()), ("ask", questions())):
        for name, operation in operations.items():
            described = document["paths"][f"/v1/{verb}/{name}"]["post"]
            assert (operation.__doc__ or "").split("\n")[0] in described["description"]
            assert f"`{operation.right}`" in described["description"]


def test_bodies_answers_and_errors_are_typed(document: dict[str, Any]) -> None:
    for path, methods in document["paths"].items():
        for described in methods.values():
            answers = described["responses"]
            assert "500" in answers, path
            shown = answers["200"].get("content", {})
            assert shown, path
            assert all(content["schema"] for content in shown.values()), path
            for status, answer in answers.items():
                if int(status) >= 400:
                    assert answer["content"]["application/json"]["schema"] == {
                        "$ref": "#/components/schemas/ErrorAnswer"
                    }
    assert document["components"]["schemas"]["GiveReviewBody"]["additionalProperties"] is False


def test_whatever_is_sent_the_door_answers_as_it_says(quay: Quay) -> None:
    token = {"Authorization": f"Bearer {quay[0].secrets['auditor']}"}
    for found in schemathesis.openapi.from_url(f"{quay[1]}/v1/openapi.json").get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()

        @settings(max_examples=8, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy())
        def sent(case: schemathesis.Case[Any]) -> None:
            # Whether a candidate exists is more than a form can say: a well-formed body may be refused.
            case.call_and_validate(headers=token, excluded_checks=[positive_data_acceptance])

        sent()
