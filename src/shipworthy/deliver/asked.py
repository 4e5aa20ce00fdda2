"""A message of a stream as a question, or as a dead letter with the reason; and an answer as a message. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from shipworthy.base.errors import Mistake
from shipworthy.deliver.unread import why_unread
from shipworthy.edges.broker import Arrived

MOST_BYTES = 64 * 1024
EVENT_HEADERS = {"content-type": "application/cloudevents+json"}
MOST_LETTERS = 256  # of an id, a source, an entity
ROUND = "shipworthy-round"
"""The header that says how often a message was sent again from the dead letters."""
CODE, REASON, ORIGIN, KEPT = "shipworthy-code", "shipworthy-reason", "shipworthy-origin", "shipworthy-kept"
_OURS = ("shipworthy-", "nats-", "correlation_id", "x-")
_ID_HEADERS, _SOURCE_HEADERS = ("id", "ce-id", "ce_id", "nats-msg-id"), ("source", "ce-source", "ce_source")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that came as a message; whether it is as agreed, the contract of the consumer's inputs says.

    Attributes:
        key: names the question for good: the same message, delivered again, has the same one.
        id: the message's own id; the broker's name of it where it has none.
        content: digest of what is asked, so that two questions under one id are told apart.
        given: the entity, and the inputs where they came with it, by name.
    """

    key: str
    id: str
    content: str
    given: dict[str, Any]


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that cannot be answered, with the reason.

    Attributes:
        code: as `shipworthy explain` knows it; found: what is wrong, in words.
    """

    key: str
    id: str
    code: str
    found: str


class _No(Exception):
    """Why a message is no question."""

    def __init__(self, mistake: Mistake, id: str = "") -> None:
        super().__init__(mistake.code)
        self.mistake, self.id = mistake, id


def asked(arrived: Arrived) -> Asked | DeadLetter:
    """What a message asks. Whatever its bytes are, it is a question or a dead letter; nothing is raised.

    A CloudEvent in structured mode carries the question under `data`; a plain JSON object is the question itself, with
    its id in the header `id`. Without one, the broker's own name of the message stands for it.
    """
    headers = {name.lower(): value for name, value in arrived.headers.items()}
    id, source = _first(headers, _ID_HEADERS), _first(headers, _SOURCE_HEADERS)
    turn = headers.get(ROUND, "")
    try:
        whole = _object(arrived.body)
        if "specversion" in whole:
            id, source, whole = _event(whole)
    except _No as no:
        # Named by its place: what is no question may carry the id of one that is.
        return DeadLetter(
            _key("", arrived.place, turn), no.id or id or arrived.place, no.mistake.code, no.mistake.found
        )
    key = _key(source, id, turn) if id else _key("", arrived.place, turn)
    return Asked(key, id or arrived.place, _content(whole, arrived.body), whole)


def same_id(question: Asked, place: str) -> DeadLetter:
    """The dead letter for another question under an id that was used before."""
    found = f"Another question came before under the id {question.id[:60]!r}."
    why = "An id is answered once; this question would get no answer, or the other one's."
    mistake = Mistake("stream.same_id", "id", found, why, "Give each question an id of its own.")
    return DeadLetter(_key("", place, "same id"), question.id, mistake.code, mistake.found)


def answer_message(
    question: Asked, row: Mapping[str, Any], notice: str, source: str, entity: str, classes: Sequence[str] = ()
) -> bytes:
    """An answer as a CloudEvent in structured mode.

    Args:
        row: the answer as a row of the prediction log; with low and high where it has an interval, and
            the values of inputs that the consumer needs.
        source: names product and consumer.
        classes: the names of the classes whose probabilities the row has.
    """
    data = {entity: row["entity"], "question": question.id}
    data |= {name: row[name] for name in ("answer_id", "as_of", "candidate", "score", "decision", "step", "cohort")}
    data["reasons"] = list(row["reasons"] or [])
    if classes:
        data |= {"class": row["class"], "probabilities": dict(zip(classes, row["likely"], strict=True))}
    if row.get("values"):
        data["values"] = dict(row["values"])
    if row.get("low") is not None:
        data |= {"low": row["low"], "high": row["high"]}
    if notice:
        data["notice"] = notice
    event = {
        "specversion": "1.0",
        "id": row["answer_id"],
        "source": source,
        "type": "shipworthy.answer",
        "time": row["time"],
        "datacontenttype": "application/json",
        "data": data,
    }
    return orjson.dumps(event)


def dead_headers(letter: DeadLetter, arrived: Arrived) -> dict[str, str]:
    """The headers of a dead letter: those it came with, why it lies there, and where it came from.

    Its body stays as it came, byte for byte.
    """
    kept = _theirs(arrived.headers)
    turn = arrived.headers.get(ROUND, "")
    told = {CODE: letter.code, REASON: json.dumps(letter.found[:500]), ORIGIN: arrived.place}
    return {**kept, **({ROUND: turn} if turn else {}), **told, "id": json.dumps(letter.id[:MOST_LETTERS])[1:-1]}


def again_headers(dead: Arrived) -> dict[str, str]:
    """The headers under which a dead letter is sent once more as a question."""
    kept = _theirs(dead.headers)
    if "id" in kept and kept["id"] == dead.headers.get(ORIGIN):
        del kept["id"]  # it had none of its own
    turn = dead.headers.get(ROUND, "")
    return {**kept, ROUND: str(int(turn) + 1 if turn.isdecimal() and len(turn) < 6 else 1)}


def _theirs(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if value and not name.lower().startswith(_OURS)}


def _object(body: bytes) -> dict[str, Any]:
    if len(body) > MOST_BYTES:
        found = f"The message has {len(body)} bytes; at most {MOST_BYTES} are read."
        raise _No(Mistake("stream.too_large", "body", found, fix="One message asks about one entity."))
    try:
        whole = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        field, found = why_unread(body, error)
        raise _No(Mistake("stream.not_json", field, found, fix="Send one JSON object in UTF-8.")) from None
    if not isinstance(whole, dict):
        found = f"The message is JSON, but no object: {type(whole).__name__}."
        raise _No(Mistake("stream.not_an_object", "body", found, fix="Send one JSON object."))
    return whole


def _event(event: dict[str, Any]) -> tuple[str, str, dict[str, Any]]:
    """Id, source and data of a CloudEvent."""
    id = event.get("id")
    for name in ("id", "source", "type"):
        if not _text(event.get(name)):
            found = f"The event's {name} is missing, empty, too long, or no text."
            fix = "CloudEvents need specversion, id, source and type as text."
            raise _No(Mistake("stream.event", name, found, fix=fix), str(id) if _text(id) else "")
    data = event.get("data")
    if not isinstance(data, dict):
        found = f"The event's data is no JSON object: {type(data).__name__}."
        raise _No(Mistake("stream.event", "data", found, fix="Put the question under `data`, as JSON."), event["id"])
    return event["id"], event["source"], data


def _content(given: dict[str, Any], body: bytes) -> str:
    try:
        whole = orjson.dumps(given, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # nested deeper than is written
        whole = body
    return hashlib.sha256(whole).hexdigest()[:16]


def _text(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= MOST_LETTERS


def _first(headers: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((headers[name] for name in names if _text(headers.get(name))), "")


def _key(source: str, id: str, turn: str) -> str:
    whole = json.dumps([source, id, turn])  # escapes what cannot be encoded
    return hashlib.sha256(whole.encode()).hexdigest()[:20]
