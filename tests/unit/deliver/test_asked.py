"""Whatever the bytes of a message are, it is a question or a dead letter with a reason, and is named for good."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipworthy.deliver.asked import (
    CODE,
    MOST_BYTES,
    REASON,
    ROUND,
    Asked,
    DeadLetter,
    again_headers,
    answer_message,
    asked,
    dead_headers,
    same_id,
)
from shipworthy.edges.broker import Arrived

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
HEADERS = st.dictionaries(st.sampled_from(["id", "ce-id", "source", "Nats-Msg-Id", ROUND, "trace"]), st.text())
EVENT = {"specversion": "1.0", "id": "e1", "source": "/till", "type": "asked", "data": {"customer": "1"}}
ROW: dict[str, Any] = {
    "answer_id": "a" * 32,
    "time": "2026-01-01T00:00:00+00:00",
    "as_of": "2026-01-01T00:00:00+00:00",
    "candidate": "c" * 64,
    "entity": "1",
    "score": 0.5,
    "decision": "call",
    "reasons": ["recency is 3"],
    "step": "all",
    "cohort": "north",
}


def message(body: object, place: str = "q/1", **headers: str) -> Arrived:
    return Arrived(body if isinstance(body, bytes) else json.dumps(body).encode(), headers, place)


def question(body: object, place: str = "q/1", **headers: str) -> Asked:
    found = asked(message(body, place, **headers))
    assert isinstance(found, Asked), found
    return found


@given(body=st.binary() | JSON.map(lambda value: json.dumps(value).encode()), headers=HEADERS)
def test_any_bytes_are_a_question_or_a_reason(body: bytes, headers: dict[str, str]) -> None:
    arrived = Arrived(body, headers, "q/7")
    found = asked(arrived)
    assert len(found.key) == 20
    assert found.id
    if isinstance(found, DeadLetter):
        assert found.code.startswith("stream.")
        told = dead_headers(found, arrived)
        assert told[CODE] == found.code
        assert all(value.isascii() and "\n" not in value for name, value in told.items() if name in (REASON, "id"))
    again = Arrived(body, again_headers(Arrived(body, headers, "d/1")), "q/8")
    assert asked(again).key != found.key, "sent again it is a message of its own"


@given(event=st.fixed_dictionaries({"specversion": JSON, "id": JSON, "source": JSON, "type": JSON, "data": JSON}))
def test_any_event_is_a_question_or_a_reason(event: dict[str, Any]) -> None:
    found = asked(message(event))
    assert isinstance(found, Asked) == (
        isinstance(event["data"], dict)
        and all(isinstance(event[name], str) and 0 < len(event[name]) <= 256 for name in ("id", "source", "type"))
    )


def test_a_message_is_named_by_its_id_and_source_and_else_by_its_place() -> None:
    assert question({"customer": "1"}, "q/1", id="x").key == question({"customer": "1"}, "q/2", id="x").key
    assert question(EVENT, "q/1").key == question(EVENT, "q/9").key
    assert question(EVENT).key != question(EVENT | {"source": "/kiosk"}).key
    assert question(EVENT).key == question({"customer": "1"}, id="e1", source="/till").key
    assert question({"customer": "1"}, "q/1").key != question({"customer": "1"}, "q/2").key
    assert question({"customer": "1"}, "q/1").key == question({"customer": "1"}, "q/1").key
    assert question({"customer": "1"}).id == "q/1"


def test_what_is_no_question_takes_no_name_from_one_that_is() -> None:
    broken, good = asked(message(b"{", "q/1", id="x")), question({"customer": "1"}, "q/2", id="x")
    assert broken.key != good.key
    assert (broken.id, good.id) == ("x", "x")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "stream.not_json"),
        (b"NaN", "stream.not_json"),
        (b"[" * 10_000, "stream.not_json"),
        (b"3", "stream.not_an_object"),
        (b" " * (MOST_BYTES + 1), "stream.too_large"),
        (EVENT | {"id": ""}, "stream.event"),
        (EVENT | {"data": None}, "stream.event"),
        ({"specversion": "1.0"}, "stream.event"),
    ],
)
def test_each_reason_has_its_code(body: object, code: str) -> None:
    found = asked(message(body))
    assert isinstance(found, DeadLetter)
    assert found.code == code


def test_two_questions_under_one_id_are_told_apart() -> None:
    one, other = question({"a": 1, "b": 2}, id="x"), question({"a": 1, "b": 3}, id="x")
    assert one.content == question({"b": 2, "a": 1}, id="x").content
    assert one.content != other.content
    assert same_id(other, "q/2").key not in (one.key, same_id(other, "q/3").key)


def test_a_dead_letter_keeps_its_headers_and_goes_back_without_ours() -> None:
    arrived = message(b"{", "q/5", trace="t", source="/till", id="x")
    letter = asked(arrived)
    assert isinstance(letter, DeadLetter)
    dead = Arrived(arrived.body, dead_headers(letter, arrived), "d/1")
    back = again_headers(dead)
    assert back == {"trace": "t", "source": "/till", "id": "x", ROUND: "1"}
    assert again_headers(Arrived(b"{", dead_headers(letter, Arrived(b"{", back, "q/6")), "d/2"))[ROUND] == "2"
    nameless = message(b"{", "q/5")
    unnamed = asked(nameless)
    assert isinstance(unnamed, DeadLetter)
    assert "id" not in again_headers(Arrived(b"{", dead_headers(unnamed, nameless), "d/3"))


def test_an_answer_is_a_cloud_event() -> None:
    told = json.loads(answer_message(question(EVENT), ROW, "The baseline answered.", "shipworthy/p/till", "customer"))
    assert (told["specversion"], told["id"], told["source"]) == ("1.0", ROW["answer_id"], "shipworthy/p/till")
    data = told["data"]
    assert (data["customer"], data["question"], data["notice"]) == ("1", "e1", "The baseline answered.")
    assert (data["score"], data["decision"], data["reasons"]) == (0.5, "call", ["recency is 3"])
    assert "notice" not in json.loads(answer_message(question(EVENT), ROW, "", "s", "customer"))["data"]
