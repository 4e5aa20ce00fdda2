"""A message of a stream as a question, or as a dead letter with the reason; and an answer as a message. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shipworthy.base.errors import Mistake
from shipworthy.edges.broker import Arrived

Value = str | int | float | bool | None
MOST_BYTES = 64 * 1024
MOST_LETTERS = 256  # of an id, a source, an entity
ROUND = "shipworthy-round"
"""The header that says how often a message was sent again from the dead letters."""
CODE, REASON, ORIGIN, KEPT = "shipworthy-code", "shipworthy-reason", "shipworthy-origin", "shipworthy-kept"
_OURS = ("shipworthy-", "nats-", "content-type", "correlation_id", "x-")
_ID_HEADERS, _SOURCE_HEADERS = ("id", "ce-id", "ce_id", "nats-msg-id"), ("source", "ce-source", "ce_source")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that came as a message.

    Attributes:
        key: names the question for good: the same message, delivered again, has the same one.
        id: the message's own id; the broker's name of it where it has none.
        content: digest of what is asked, so that two questions under one id are told apart.
        values: features that came with it; None where they are those of the pinned snapshot.
    """

    key: str
    id: str
    content: str
    entity: str
    values: Mapping[str, Value] | None


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that cannot be answered, with the reason."""

    key: str
    id: str
    mistake: Mistake


class _No(Exception):
    """Why a message is no question."""

    def __init__(self, mistake: Mistake, id: str = "") -> None:
        super().__init__(mistake.code)
        self.mistake, self.id = mistake, id


def asked(arrived: Arrived, entity: str) -> Asked | DeadLetter:
    """What a message asks. Whatever its bytes are, it is a question or a dead letter; nothing is raised.

    A CloudEvent in structured mode carries the question under `data`; a plain JSON object is the question itself, with
    its id in the header `id`. Without one, the broker's own name of the message stands for it.

    Args:
        entity: the name that the plan gives the entity column.
    """
    headers = {name.lower(): value for name, value in arrived.headers.items()}
    id, source = _first(headers, _ID_HEADERS), _first(headers, _SOURCE_HEADERS)
    turn = headers.get(ROUND, "")
    try:
        whole = _object(arrived.body)
        if "specversion" in whole:
            id, source, whole = _event(whole)
        found, values = _question(whole, entity)
    except _No as no:
        # Named by its place: what is no question may carry the id of one that is.
        return DeadLetter(_key("", arrived.place, turn), no.id or id or arrived.place, no.mistake)
    key = _key(source, id, turn) if id else _key("", arrived.place, turn)
    content = hashlib.sha256(json.dumps([found, values], sort_keys=True).encode()).hexdigest()[:16]
    return Asked(key, id or arrived.place, content, found, values)


def same_id(question: Asked, place: str) -> DeadLetter:
    """The dead letter for another question under an id that was used before."""
    found = f"Another question came before under the id {question.id[:60]!r}."
    why = "An id is answered once; this question would get no answer, or the other one's."
    mistake = Mistake("stream.same_id", "id", found, why, "Give each question an id of its own.")
    return DeadLetter(_key("", place, "same id"), question.id, mistake)


def unanswered(question: Asked, mistake: Mistake) -> DeadLetter:
    """The dead letter for a question that nobody can answer."""
    return DeadLetter(question.key, question.id, mistake)


def answer_message(question: Asked, row: Mapping[str, Any], notice: str, source: str, entity: str) -> bytes:
    """An answer as a CloudEvent in structured mode.

    Args:
        row: the answer as a row of the prediction log.
        source: names product and consumer.
    """
    data = {name: row[name] for name in ("answer_id", "score", "decision", "candidate", "as_of", "step", "cohort")}
    data |= {entity: row["entity"], "reasons": list(row["reasons"] or []), "question": question.id}
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
    return json.dumps(event).encode()


def dead_headers(letter: DeadLetter, arrived: Arrived) -> dict[str, str]:
    """The headers of a dead letter: those it came with, why it lies there, and where it came from.

    Its body stays as it came, byte for byte.
    """
    kept = {name: value for name, value in arrived.headers.items() if not name.lower().startswith(_OURS)}
    turn = arrived.headers.get(ROUND, "")
    told = {CODE: letter.mistake.code, REASON: json.dumps(letter.mistake.found[:500]), ORIGIN: arrived.place}
    return {**kept, **({ROUND: turn} if turn else {}), **told, "id": json.dumps(letter.id[:MOST_LETTERS])[1:-1]}


def again_headers(dead: Arrived) -> dict[str, str]:
    """The headers under which a dead letter is sent once more as a question."""
    kept = {name: value for name, value in dead.headers.items() if not name.lower().startswith(_OURS)}
    if kept.get("id") == dead.headers.get(ORIGIN):
        del kept["id"]  # it had none of its own
    turn = dead.headers.get(ROUND, "")
    return {**kept, ROUND: str(int(turn) + 1 if turn.isdecimal() and len(turn) < 6 else 1)}


def _object(body: bytes) -> dict[str, Any]:
    if len(body) > MOST_BYTES:
        found = f"The message has {len(body)} bytes; at most {MOST_BYTES} are read."
        raise _No(Mistake("stream.too_large", "body", found, fix="One message asks about one entity."))
    try:
        whole = json.loads(body)
    except (ValueError, RecursionError):
        raise _No(Mistake("stream.not_json", "body", "The message is no JSON.", fix="Send one JSON object.")) from None
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


def _question(whole: dict[str, Any], entity: str) -> tuple[str, Mapping[str, Value] | None]:
    if entity not in whole:
        found = f"The message has no field {entity}."
        raise _No(Mistake("stream.no_entity", entity, found, fix=f'Send {{"{entity}": "…"}}.'))
    unknown = sorted(set(whole) - {entity, "values"})
    if unknown:
        found = f"The message has fields that are not known: {', '.join(unknown)[:200]}."
        fix = f"Send {entity}; features that are known to you go under `values`."
        raise _No(Mistake("stream.wrong_type", "body", found, "What is not read might be meant.", fix))
    given, values = whole[entity], whole.get("values")
    if isinstance(given, bool) or not isinstance(given, str | int) or not _text(str(given)):
        found = f"The field {entity} is no text and no whole number, or is empty or too long."
        raise _No(Mistake("stream.wrong_type", entity, found, fix=f'Send {{"{entity}": "…"}}.'))
    if values is not None and not _plain(values):
        found = "The field values is no object of texts, numbers and flags."
        raise _No(Mistake("stream.wrong_type", "values", found, fix='Send {"values": {"NAME": 1.5}}.'))
    return str(given), values


def _plain(values: Any) -> bool:
    return isinstance(values, dict) and all(
        one is None
        or isinstance(one, bool | str)
        or (isinstance(one, int | float) and abs(one) < float("inf"))  # NaN is no number either
        for one in values.values()
    )


def _text(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= MOST_LETTERS


def _first(headers: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((headers[name] for name in names if _text(headers.get(name))), "")


def _key(source: str, id: str, turn: str) -> str:
    whole = json.dumps([source, id, turn])  # escapes what cannot be encoded
    return hashlib.sha256(whole.encode()).hexdigest()[:20]
