"""What every HTTP door holds to, whatever it serves: who may be addressed, how much may come, how evidence is shown."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

LOOPBACK = ("127.0.0.1", "localhost", "::1")
# A report is a page of its own: it may show its own styles and pictures, and run, load and send nothing.
_SANDBOX = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'"
_SHOWN = frozenset({"text/html", "text/csv", "text/plain", "application/json", "image/png", "image/svg+xml"})

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


def host_name(header: str) -> str:
    """The name in a Host header, without its port.

    >>> host_name("localhost:8000"), host_name("[::1]:8000")
    ('localhost', '::1')
    """
    if header.startswith("["):
        return header[1:].partition("]")[0]
    return header.partition(":")[0].lower()


def limited(receive: Receive, most_bytes: int, refusal: Exception) -> Receive:
    """An ASGI `receive` that raises the refusal once a body has more bytes than allowed, announced or not."""
    came = 0

    async def counted() -> MutableMapping[str, Any]:
        nonlocal came
        message = await receive()
        came += len(message.get("body", b""))
        if came > most_bytes:
            raise refusal
        return message

    return counted


class Sending:
    """An ASGI `send` that knows whether an answer began, and gives it the headers of a door that it does not have."""

    def __init__(self, send: Send, headers: Mapping[str, str]) -> None:
        self.began = False
        self._send, self._headers = send, headers

    async def __call__(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.began = True
            given = list(message["headers"])
            there = {name.lower() for name, _ in given}
            ours = [(name.lower().encode(), value.encode()) for name, value in self._headers.items()]
            message["headers"] = given + [(name, value) for name, value in ours if name not in there]
        await self._send(message)


def evidence_headers(name: str, media_type: str) -> dict[str, str]:
    """How a file of evidence is sent so that it can do no harm: sandboxed, and only known types are shown at all.

    >>> evidence_headers("model.skops", "application/octet-stream")["Content-Disposition"]
    'attachment; filename="model.skops"'
    """
    shown = media_type in _SHOWN
    return {
        "Content-Type": f"{media_type}; charset=utf-8" if shown else "application/octet-stream",
        "Content-Disposition": f'{"inline" if shown else "attachment"}; filename="{name}"',
        "Content-Security-Policy": _SANDBOX,
        "Cache-Control": "private, max-age=31536000, immutable",
    }
