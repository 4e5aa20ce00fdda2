"""Who may do and know what over HTTP: every operation, asked by every role and by nobody."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import MISSING, fields
from importlib.resources import files
from typing import Any, Literal, get_args, get_origin, get_type_hints

import httpx
import pytest
from e2e.served import Harbour, harbour

from shipworthy.app.operations import commands, questions
from shipworthy.app.rights import RIGHTS
from shipworthy.base.fact import Command, Question
from shipworthy.doors.api.app import api
from shipworthy.doors.house import running
from shipworthy.plan.words import AdoptPlan

Quay = tuple[Harbour, str]
PLAYED_BY = {
    "administrator": "admin",
    "product_manager": "product-manager",
    "builder": "data-scientist",
    "operator": "night-operator",
    "owner": "legal-owner",
    "consumer": "sales-lead",
    "auditor": "auditor",
    "nobody": "stranger",
}
OPERATIONS: dict[str, type[Command[Any]] | type[Question[Any]]] = {
    **{f"/v1/do/{name}": command for name, command in commands().items()},
    **{f"/v1/ask/{name}": question for name, question in questions().items()},
}
# These would really work through a year of what is due; that they may is shown by what the voyage does.
TOO_MUCH = {"/v1/do/DoWhatIsDue", "/v1/do/Advance"}


@pytest.fixture(scope="module")
def quay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Quay]:
    """The store with a second product of quite other people."""
    with harbour(tmp_path_factory.mktemp("store")) as found:
        text = (
            files("shipworthy")
            .joinpath("starters/next-purchase/product.yaml")
            .read_text()
            .replace("next-purchase", "other")
        )
        for person in set(found.secrets) - {"admin", "stranger"}:
            text = re.sub(rf"(: \[?){person}(\]?)$", rf"\1other-{person}\2", text, flags=re.MULTILINE)
        admin = found.desk.people.by_token(found.secrets["admin"])
        assert admin
        found.desk.do(AdoptPlan(product="other", text=text, file="product.yaml"), admin)
        found.secrets["other-auditor"] = found.desk.people.add("other-auditor")
        found.secrets["other-data-scientist"] = found.desk.people.add("other-data-scientist")
        with running(api(found.desk)) as address:
            yield found, address


@pytest.fixture
def client(quay: Quay) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=quay[1], trust_env=False, timeout=120) as found:
        yield found


def bearer(quay: Quay, person: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {quay[0].secrets[person]}"}


def form(operation: type[Any], product: str = "next-purchase") -> dict[str, Any]:
    """The smallest well-formed body: of what has no default, something of the right type that does not exist."""
    hints = get_type_hints(operation)
    found: dict[str, Any] = {}
    for field in fields(operation):
        if field.default is MISSING and field.default_factory is MISSING:
            kind = hints[field.name]
            found[field.name] = get_args(kind)[0] if get_origin(kind) is Literal else {} if kind is not str else "none"
    return {**found, "product": product}


def refused_for_its_right(answer: httpx.Response, path: str) -> bool:
    name = path.rpartition("/")[2]
    mistake = answer.json()["error"]["mistakes"][0] if answer.status_code == 403 else {"code": "", "where": ""}
    return (mistake["code"], mistake["where"]) == ("app.not_allowed", name)


@pytest.mark.parametrize("path", sorted(OPERATIONS))
def test_every_operation_is_open_to_exactly_the_roles_that_have_its_right(
    client: httpx.Client, quay: Quay, path: str
) -> None:
    operation = OPERATIONS[path]
    body = form(operation)
    may = {role for role, rights in RIGHTS.items() if operation.right == "known" or operation.right in rights}
    may |= {"nobody"} if operation.right == "known" else set()
    asked = set(PLAYED_BY) - (may if path in TOO_MUCH else set())
    durable = {"wait": "false", "key": "once"} if getattr(operation, "durable", False) else {}
    refused = set()
    for role in asked:
        answer = client.post(path, json=body, params=durable, headers=bearer(quay, PLAYED_BY[role]))
        assert answer.status_code < 500, answer.text
        if refused_for_its_right(answer, path):
            refused.add(role)
    assert refused == set(PLAYED_BY) - may
    assert client.post(path, json=body, params=durable).status_code == 401


@pytest.mark.parametrize("path", sorted(path for path, operation in OPERATIONS.items() if operation.right != "known"))
def test_a_role_in_one_product_is_worth_nothing_in_another(client: httpx.Client, quay: Quay, path: str) -> None:
    body = form(OPERATIONS[path], "other")
    for role in set(PLAYED_BY) - {"administrator"}:
        answer = client.post(path, json=body, headers=bearer(quay, PLAYED_BY[role]))
        assert refused_for_its_right(answer, path), (role, answer.text)


def test_nobody_lists_a_product_in_which_they_have_no_part(client: httpx.Client, quay: Quay) -> None:
    seen = {
        person: [
            one["product"] for one in client.post("/v1/ask/Products", json={}, headers=bearer(quay, person)).json()
        ]
        for person in ("auditor", "other-auditor", "admin", "stranger")
    }
    assert seen == {
        "auditor": ["next-purchase"],
        "other-auditor": ["other"],
        "admin": ["next-purchase", "other"],
        "stranger": [],
    }


def test_files_of_another_product_are_not_read(client: httpx.Client, quay: Quay) -> None:
    path = f"/v1/files/{quay[0].story.report}"
    other = bearer(quay, "other-auditor")
    assert client.get(path, params={"product": "other"}, headers=other).status_code == 404
    assert client.get(path, params={"product": "next-purchase"}, headers=other).status_code == 403
    assert client.get(path, headers=other).status_code in (403, 404)


def test_no_file_that_a_fact_names_beyond_its_evidence_is_handed_out(client: httpx.Client, quay: Quay) -> None:
    """Segments, snapshots, code and models are in the same store as reports, and stay there."""
    told: dict[bool, set[str]] = {True: set(), False: set()}
    for row in quay[0].desk.store.ledger.facts(product="next-purchase"):
        told[row.kind == "CandidateProven"] |= set(re.findall(r"\b[0-9a-f]{64}\b", json.dumps(row.body)))
    named = told[False] - told[True]
    assert named
    for person in ("auditor", "sales-lead", "admin"):
        statuses = {client.get(f"/v1/files/{digest}", headers=bearer(quay, person)).status_code for digest in named}
        assert statuses == {404}


def test_a_run_is_shown_to_who_started_it_and_to_nobody_else(client: httpx.Client, quay: Quay) -> None:
    body = {"product": "next-purchase"}
    for params in ({"wait": "false"}, {"wait": "false", "key": "mine"}):
        begun = client.post("/v1/do/TakeSnapshot", json=body, params=params, headers=bearer(quay, "data-scientist"))
        where = begun.headers["location"]
        assert client.get(where, headers=bearer(quay, "data-scientist")).status_code == 200
        for person in ("other-data-scientist", "auditor", "admin", "stranger"):
            assert client.get(where, headers=bearer(quay, person)).status_code == 404
        assert client.get(where).status_code == 401


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"])
def test_an_operation_takes_no_other_method(client: httpx.Client, quay: Quay, method: str) -> None:
    answer = client.request(method, "/v1/do/GiveSignOff", headers=bearer(quay, "legal-owner"))
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert "access-control-allow-origin" not in answer.headers


def test_addresses_are_exact(client: httpx.Client, quay: Quay) -> None:
    headers = bearer(quay, "auditor")
    for path in ("/v1/ask/ProductRoad/", "/v1//ask/ProductRoad", "/v1/ask/productroad", "/v1/ask/../do/AddPerson/x"):
        assert client.post(path, json={"product": "next-purchase"}, headers=headers).status_code == 404, path


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_a_body_that_is_not_announced_as_json_is_refused(client: httpx.Client, quay: Quay, kind: str) -> None:
    """A form on another site can send these without asking; none of them is read."""
    headers = {**bearer(quay, "auditor"), "Content-Type": kind}
    answer = client.post("/v1/ask/ProductRoad", content=b'{"product": "next-purchase"}', headers=headers)
    assert answer.status_code == 422
    assert answer.json()["error"]["mistakes"][0]["code"] == "api.request"


@pytest.mark.parametrize(
    "body",
    [
        b'{"product": "next-purchase", "product": "other", "x": 1}',
        b'{"product": "next-purchase", "right": "known"}',
        b'{"product": null}',
        b'{"product": ["next-purchase"]}',
        b"\xff\xfe",
        b"[" * 20_000,
        b'{"product": "' + b"\\u0000" * 5 + b'"}',
        b"",
    ],
    ids=["twice", "unknown", "null", "list", "no text", "deep", "zeroes", "empty"],
)
def test_hostile_bodies_are_refused_in_the_one_shape(client: httpx.Client, quay: Quay, body: bytes) -> None:
    headers = {**bearer(quay, "auditor"), "Content-Type": "application/json"}
    answer = client.post("/v1/ask/ProductRoad", content=body, headers=headers)
    assert answer.status_code in (400, 403, 422), answer.text
    assert set(answer.json()["error"]["mistakes"][0]) == {"code", "where", "found", "why", "fix"}
