"""Clients that do not do their part hold nothing: a good one is answered meanwhile, and they are ended."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from e2e.voyage.shop import PRODUCT
from integration.predict.quay import Quay

from shipworthy.doors.connection import Connection
from shipworthy.doors.house import running
from shipworthy.doors.predict.app import Predictions
from shipworthy.doors.predict.wire import Wire


class Hasty(Wire):
    """The prediction server's connection, with less patience."""

    look_seconds = 0.3


class Narrow(Wire):
    """The same with room for few, and patience enough that none of them is ended for being slow."""

    look_seconds = 60.0
    most_open = 40


class Plain(Connection):
    """The one of pages and API, with less patience."""

    look_seconds = 0.3


@pytest.fixture(scope="module")
def hasty(quay: Quay) -> Iterator[Quay]:
    app = Predictions(quay.voyage.desk, PRODUCT)
    with running(app, http=Hasty) as address:
        yield Quay(quay.voyage, app, address, quay.tokens, quay.values)


@pytest.fixture(scope="module")
def narrow(quay: Quay) -> Iterator[Quay]:
    app = Predictions(quay.voyage.desk, PRODUCT)
    with running(app, http=Narrow) as address:
        yield Quay(quay.voyage, app, address, quay.tokens, quay.values)


@contextmanager
def connected(quay: Quay, sent: bytes = b"") -> Iterator[socket.socket]:
    """An open connection on which something was sent."""
    host, port = quay.place.split(":")
    with socket.create_connection((host, int(port)), timeout=60) as found:
        found.sendall(sent)
        yield found


def rest_of(connection: socket.socket) -> bytes:
    """Everything until the server closes."""
    parts = []
    try:
        while part := connection.recv(65_536):
            parts.append(part)
    except ConnectionError:
        pass
    return b"".join(parts)


def answer_of(connection: socket.socket) -> bytes:
    """One response, whole."""
    told = connection.recv(65_536)
    while b"\r\n\r\n" not in told or len(told.partition(b"\r\n\r\n")[2]) < length_of(told):
        part = connection.recv(65_536)
        assert part, f"it was closed after {told!r}"
        told += part
    return told


def length_of(told: bytes) -> int:
    """The length that a response says it has."""
    return int(told.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])


def head(quay: Quay, more: str = "", path: str = "/predict") -> bytes:
    """The begin of a question."""
    authorization = quay.bearer()["Authorization"]
    return f"POST {path} HTTP/1.1\r\nHost: {quay.place}\r\nAuthorization: {authorization}\r\n{more}".encode()


def question(quay: Quay, path: str = "/predict") -> bytes:
    """A whole question."""
    body = b'{"customer_id": "00001"}'
    return head(quay, f"Content-Length: {len(body)}\r\n\r\n", path) + body


def test_two_hundred_that_never_finish_their_headers_keep_nobody_from_an_answer(quay: Quay) -> None:
    with ExitStack() as stack:
        for _ in range(200):
            stack.enter_context(connected(quay, b"POST /predict HTTP/1.1\r\nHost: loc"))
        for number in range(50):
            assert quay.call("POST", "/predict", {"customer_id": f"{number:05d}"}).status_code == 200


@pytest.mark.parametrize("sent", [b"", b"\r\n", b"POST /predict HT", b"POST /predict HTTP/1.1\r\nX: "])
def test_headers_that_never_end_are_ended_also_when_they_dribble(hasty: Quay, sent: bytes) -> None:
    began = time.monotonic()
    with connected(hasty, sent) as slow:
        slow.settimeout(0.1)
        told = b""
        while b"408" not in told:
            assert time.monotonic() < began + 60
            try:
                slow.sendall(b"a" if sent.endswith(b"X: ") else b"")
                told += slow.recv(65_536)
            except TimeoutError:
                continue
        assert json.loads(told.partition(b"\r\n\r\n")[2])["error"]["mistakes"][0]["code"] == "serve.slow"
    assert time.monotonic() > began + 0.5


@pytest.mark.parametrize("path", ["/predict", "/invocations"])
def test_a_body_that_dribbles_is_ended_and_others_are_answered_meanwhile(hasty: Quay, path: str) -> None:
    began = time.monotonic()
    with connected(hasty, head(hasty, "Content-Length: 1000\r\n\r\n", path)) as slow:
        slow.settimeout(0.05)
        told, ended = b"", False
        while not ended:
            assert time.monotonic() < began + 60
            try:
                slow.sendall(b" ")
                told += (part := slow.recv(65_536))
                ended = not part
            except TimeoutError:
                assert hasty.call("POST", "/predict", {"customer_id": "00002"}).status_code == 200
            except ConnectionError:
                ended = True
    assert told == b"" or b"408" in told


def test_what_still_comes_after_an_answer_is_ended(hasty: Quay) -> None:
    began = time.monotonic()
    with connected(
        hasty, b"POST /v2/models/x/infer HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 99999\r\n\r\n"
    ) as slow:
        assert b" 400 " in slow.recv(65_536)
        slow.settimeout(0.1)
        ended = False
        while not ended:
            assert time.monotonic() < began + 60
            try:
                slow.sendall(b" ")
                ended = not slow.recv(65_536)
            except TimeoutError:
                continue
            except ConnectionError:
                ended = True


def test_a_connection_that_is_kept_stays_open_between_questions(hasty: Quay) -> None:
    with connected(hasty) as kept:
        for _ in range(4):
            kept.sendall(question(hasty))
            assert answer_of(kept).startswith(b"HTTP/1.1 200 ")
            time.sleep(0.5)


def test_a_flood_of_connections_leaves_room_for_who_asks(narrow: Quay) -> None:
    with ExitStack() as stack:
        flood = [stack.enter_context(connected(narrow, b"POST")) for _ in range(100)]
        for number in range(10):
            assert narrow.call("POST", "/predict", {"customer_id": f"{number:05d}"}).status_code == 200
        assert rest_of(flood[0]) == b""


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, "serve.http"),
        (b"GET / HTTP/9.9\r\n\r\n", 400, "serve.http"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "serve.http"),
        (b"POST /predict HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400, "serve.http"),
        (b"POST /predict HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "serve.http"),
        (b"POST /predict HTTP/1.1\r\nTransfer-Encoding: chunked\r\nHost: localhost\r\n\r\nzz\r\n", 400, "serve.http"),
        (b"GET /predict HTTP/1.1\r\n\r\n", 400, "serve.host"),
    ],
)
def test_what_is_no_http_is_told_in_the_shape_of_all_errors(hasty: Quay, sent: bytes, status: int, code: str) -> None:
    with connected(hasty, sent) as sender:
        told = answer_of(sender)
    assert told.startswith(b"HTTP/1.1 %d " % status)
    assert json.loads(told.partition(b"\r\n\r\n")[2])["error"]["mistakes"][0]["code"] == code
    assert hasty.call("GET", "/ping").status_code == 200


def test_endless_headers_trailers_and_bodies_take_no_memory(hasty: Quay) -> None:
    begins = {
        b"431": b"POST /predict HTTP/1.1\r\n",
        b"413": head(hasty, "Transfer-Encoding: chunked\r\n\r\n") + b"1\r\n \r\n0\r\n",
    }
    for status, begin in begins.items():
        with connected(hasty, begin) as sender:
            told = b""
            try:
                for number in range(2_000):
                    sender.sendall(b"".join(b"x-%d-%d: %s\r\n" % (number, line, b"y" * 50) for line in range(100)))
            except ConnectionError:
                pass
            else:
                pytest.fail("it took everything")
            told = rest_of(sender)
        assert told == b"" or status in told
    assert hasty.call("GET", "/ping").status_code == 200


def test_a_huge_body_is_refused_before_it_has_come(hasty: Quay) -> None:
    with connected(hasty, head(hasty, "Content-Length: 1000000000\r\n\r\n")) as sender:
        sender.sendall(b" " * 100_000)
        assert b" 413 " in sender.recv(65_536)


@pytest.mark.parametrize("path", ["/predict", "/invocations"])
def test_a_body_that_never_comes_whole_is_in_the_log_before_that_is_said(
    narrow: Quay, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    for module in ("wire", "body"):
        monkeypatch.setattr(f"shipworthy.doors.predict.{module}.BODY_SECONDS", 0.2)
    answered, refused = narrow.counted  # counted is what the log has
    with connected(narrow, head(narrow, "Content-Length: 1000\r\n\r\n", path) + b"{") as slow:
        assert b" 408 " in rest_of(slow)
    assert narrow.counted == (answered, refused + 1)


def test_pages_and_api_are_kept_free_as_well(quay: Quay) -> None:
    async def app(scope: dict[str, object], receive: object, send: object) -> None:
        raise AssertionError("nothing came whole")

    with running(app, http=Plain) as address, connected(Quay(quay.voyage, quay.app, address, {}, {}), b"GET") as slow:
        assert b" 408 " in rest_of(slow)


def test_a_body_cut_off_is_no_question(hasty: Quay) -> None:
    before = hasty.counted
    for path in ("/predict", "/invocations", f"/v2/models/{PRODUCT}/infer"):
        whole = b"customer_id\n00001\n00002\n"
        with connected(hasty, head(hasty, "Content-Type: text/csv\r\nContent-Length: 999\r\n\r\n", path) + whole):
            pass
    time.sleep(0.3)
    assert hasty.counted == before
