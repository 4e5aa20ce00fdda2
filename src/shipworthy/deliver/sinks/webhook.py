"""Rows as signed CloudEvents over https: at least once, each with an id by which the receiver can drop a double.

A delivery goes out in requests of some rows. Which of them the receiver took is remembered, so that a later try
sends only the rest.

Sources: CloudEvents 1.0.2 with its HTTP protocol binding (structured and batched content mode); Standard Webhooks 1.0
(signature over id, time and body).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time as machine
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson
import pyarrow as pa

from shipworthy.base.errors import Mistake, UserError
from shipworthy.deliver.sink import SinkKind, Target
from shipworthy.deliver.spool import Spool, spooled
from shipworthy.edges.outbound import Ask, Reply, require_address, send
from shipworthy.edges.patience import GaveUpError, Patience, asked_again

PAUSES = (0.5, 2.0, 8.0)  # seconds before each further try of one request
LONGEST_WAIT = 60.0  # seconds that a receiver may ask us to wait while a run is under way
SECONDS = 30.0
_MOST_OF_AN_ANSWER = 1 << 20
_LATER = (408, 425, 429)
_SECRET_MARK = "whsec_"
RECEIPT = "shipworthy-receipt"  # a header: the body of a part, and so its id, stays the same at each try


@dataclass(frozen=True, slots=True)
class Parcel:
    """One request: the id by which it is known for good, its body, and what it is written in."""

    id: str
    body: bytes
    media_type: str


def write(target: Target, rows: pa.Table) -> str:
    """Send what the receiver has not confirmed yet, part by part.

    Raises:
        UserError: the address is refused, or the receiver refuses a part; those before it are confirmed.
    """
    return stream(target, rows.to_reader())


def stream(target: Target, rows: pa.RecordBatchReader) -> str:
    """The same for rows that come some at a time: each request says how many there are, so all of them come first."""
    known = target.confirmed.parts()
    with spooled(rows) as spool:
        for parcel in parcels(target, spool):
            if parcel.id not in known:
                _sent(target, parcel)
                target.confirmed.add(parcel.id)
    return f"webhook {target.name}"


def probe(target: Target, shape: pa.Table) -> str:
    """Whether it answers; in a rehearsal, whether it takes a signed event without rows."""
    if not target.rehearsal:
        url = target.filled(target.url)
        require_address(url, target.where, target.environ)
        status = send(Ask("HEAD", url, target.where, seconds=SECONDS), target.environ).status
        return f"it answers ({status} to HEAD); nothing was sent"
    event = _event(target, f"probe-{target.delivery}", "shipworthy.probe", {"columns": shape.column_names})
    _sent(target, Parcel(event["id"], orjson.dumps(event), "application/cloudevents+json"), pauses=())
    return "it took a signed event without rows"


def parcels(target: Target, rows: Spool) -> Iterator[Parcel]:
    """The requests of a delivery, in order; the same rows give the same requests with the same ids."""
    size = target.declared.rows_at_once
    batched = target.declared.format == "batch"
    stretches = rows.stretches(size) if rows.rows or batched else iter([rows.schema.empty_table()])
    parts = max(1, -(-rows.rows // size))
    for part, stretch in enumerate(stretches):
        some = stretch.to_pylist()
        if batched:
            events: Any = [_of_row(target, row, part * size + at) for at, row in enumerate(some)]
            media_type = "application/cloudevents-batch+json"
        else:
            events = _of_rows(target, some, part, parts, rows.rows)
            media_type = "application/cloudevents+json"
        body = orjson.dumps(events)
        yield Parcel(f"{target.delivery}-{part}-{hashlib.sha256(body).hexdigest()[:16]}", body, media_type)


def signature(secret: bytes, id_: str, timestamp: int, body: bytes) -> str:
    """The signature of a request. Source: Standard Webhooks 1.0, "Signature scheme".

    >>> key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    >>> signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='
    """
    content = b".".join((id_.encode(), str(timestamp).encode(), body))
    return "v1," + base64.b64encode(hmac.new(secret, content, hashlib.sha256).digest()).decode()


def _of_rows(target: Target, rows: list[dict[str, Any]], part: int, parts: int, in_all: int) -> dict[str, Any]:
    data = {
        "run": target.run,
        "consumer": target.consumer,
        "part": part + 1,
        "parts": parts,
        "rows_in_all": in_all,
        "notice": target.notice,
        "rehearsal": target.rehearsal,
        "rows": rows,
    }
    return _event(target, f"{target.delivery}-{part}", "shipworthy.rows", data)


def _of_row(target: Target, row: dict[str, Any], at: int) -> dict[str, Any]:
    id_ = row.get("answer_id") or f"{target.delivery}-{at}"
    event = _event(target, id_, "shipworthy.answer", row)
    # Extension attributes, which CloudEvents has for what is no part of the data.
    more = {"run": target.run, "notice": target.notice, "rehearsal": target.rehearsal}
    return event | {name: value for name, value in more.items() if value}


def _event(target: Target, id_: str, type_: str, data: dict[str, Any]) -> dict[str, Any]:
    event = {
        "specversion": "1.0",
        "id": id_,
        "source": f"/shipworthy/{target.product}/{target.consumer}",
        "type": type_,
        "datacontenttype": "application/json",
        "data": data,
    }
    return event | ({"time": target.as_of} if target.as_of else {})


def _sent(target: Target, parcel: Parcel, pauses: tuple[float, ...] | None = None) -> None:
    """Send one part, again and again while the receiver may still take it."""
    patience = Patience(PAUSES if pauses is None else pauses, LONGEST_WAIT)
    try:
        status = asked_again(lambda: _asked(target, parcel), _takes_later, patience).status
    except GaveUpError as failed:
        said = target.hidden(failed.said.removeprefix(f"{target.where}: "))
    else:
        if 200 <= status < 300:
            return
        raise _refused(target, f"it answered {status}")
    found = f"The webhook did not take it: {said}."
    why = "What it confirmed stays confirmed; the rest is sent at the next try, with the same ids."
    raise UserError(Mistake("deliver.webhook_down", target.where, found, why, "See that the receiver is up."))


def _asked(target: Target, parcel: Parcel) -> Reply:
    timestamp = int(machine.time())  # the machine's and not the product's: it guards against a replay of the request
    headers = {name: target.filled(value) for name, value in target.declared.headers.items()}
    headers |= {"content-type": parcel.media_type, "webhook-id": parcel.id, "webhook-timestamp": str(timestamp)}
    if target.receipt:
        headers[RECEIPT] = target.receipt
    if target.declared.secret:
        headers["webhook-signature"] = signature(_key(target), parcel.id, timestamp, parcel.body)
    ask = Ask(
        "POST",
        target.filled(target.url),
        target.where,
        headers,
        parcel.body,
        seconds=SECONDS,
        most=_MOST_OF_AN_ANSWER,
    )
    return send(ask, target.environ)


def _key(target: Target) -> bytes:
    secret = target.filled(target.declared.secret)
    if not secret.startswith(_SECRET_MARK):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(_SECRET_MARK), validate=True)
    except binascii.Error:
        found = f"The secret begins with {_SECRET_MARK}, but what follows is no base64."
        raise UserError(Mistake("deliver.no_secret", target.where, found, fix="Copy it once more, whole.")) from None


def _takes_later(status: int) -> bool:
    return status in _LATER or status >= 500


def _refused(target: Target, said: str) -> UserError:
    found = f"The webhook refused: {said}."
    why = "Sent again it would be refused again."
    fix = "See that address, headers and secret are right, and that the receiver takes these columns."
    return UserError(Mistake("deliver.webhook_refused", target.where, found, why, fix))


SINK = SinkKind(
    "webhook",
    write,
    says="Signed CloudEvents over https, for a program.",
    needs=("url", "secret"),
    rehearses="url",
    probe=probe,
    receipts=True,
    stream=stream,
)
