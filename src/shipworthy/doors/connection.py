"""Connections that cannot be held for nothing: in time with what they send, bounded in size and in number.

A request that comes whole costs nothing more here than a sum: each connection is looked at every few seconds.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus

import orjson
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from shipworthy.base.digest import plain
from shipworthy.base.errors import Mistake

IDLE_SECONDS = 75  # how long a connection is kept open between two requests
LOOKS = 3  # so often in a row a connection may be found waiting for the same thing
_FIX = "Send it at once and close what is not used."


def most_open() -> int:
    """How many connections may be open at once: half of the files that this process may open."""
    try:
        import resource
    except ImportError:  # no such limit on this system
        return 4096
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 4096 if soft == resource.RLIM_INFINITY else max(16, min(4096, soft // 2))


class Connection(HttpToolsProtocol):
    """One connection of a client.

    Attributes:
        look_seconds: between two looks; headers, and what comes after an answer, have two to three of them.
        most_open: how many may be open in this process.
        most_header_bytes: of a request's headers, beyond what came with its first packet.
        most_bytes: of a whole request; each door has a smaller limit of its own, and says so better.
        began: when headers began to come that are not whole yet, by the loop's clock; 0 where none do.
    """

    look_seconds = 5.0
    most_open = most_open()
    most_header_bytes = 32 * 1024
    most_bytes = 4 * 1024 * 1024

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as the base has it
        """Begin, where there is room."""
        super().connection_made(transport)
        self.began, self._came = self.loop.time(), 0
        self._held: tuple[object, int] = (None, 0)
        self._timer = self.loop.call_later(self.look_seconds, self._look)
        if len(self.connections) > self.most_open and not self._made_room():
            found = f"{self.most_open} connections are open, and all are in use."
            self._close_with(
                503, Mistake("serve.crowded", "server", found, fix="Ask again, over connections you keep.")
            )

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._timer.cancel()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self.began, self._came = self.loop.time(), 0

    def on_headers_complete(self) -> None:
        """Its headers are whole."""
        super().on_headers_complete()
        self.began = 0.0

    def data_received(self, data: bytes) -> None:
        """Take what came, as long as it is no more than a request may have."""
        self._came += len(data)
        most = self.most_header_bytes if self.began else self.most_bytes
        if self._came > most + len(data):
            found = f"The request is larger than {most} bytes."
            self._close_with(431 if self.began else 413, Mistake("serve.too_large", "request", found, fix="Send less."))
        else:
            super().data_received(data)

    def send_400_response(self, msg: str) -> None:
        """Say that it is no HTTP, in the shape of all errors."""
        self._close_with(400, Mistake("serve.http", "request", "This is no HTTP request.", fix="Use an HTTP client."))

    def _look(self) -> None:
        """See whether the client still does its part."""
        if self.transport.is_closing():  # it does not even take what it was told
            self.transport.abort()
            return
        waits_for = self._waits_for()
        before, count = self._held
        count = count + 1 if waits_for is not None and waits_for == before else 0
        self._held = (waits_for, count)
        if count + 1 >= LOOKS and waits_for is not None:
            found = f"The request did not come whole within {(LOOKS - 1) * self.look_seconds:.0f} seconds."
            self._close_with(408, Mistake("serve.slow", "request", found, fix=_FIX))
            return
        self._timer = self.loop.call_later(self.look_seconds, self._look)

    def _waits_for(self) -> object:
        """What should come from the client and has not: headers, a body, or the next request; None where nothing."""
        cycle = self.cycle
        if self.began:
            return self.began
        if cycle is None or cycle.more_body:
            return cycle
        return cycle if cycle.response_complete and self.timeout_keep_alive_task is None else None

    def _made_room(self) -> bool:
        """Close the connection that waits for its client the longest, or one that is kept for nothing."""
        others = [one for one in self.connections if one is not self and isinstance(one, Connection)]
        open_still = [one for one in others if not one.transport.is_closing()]
        waiting = [one for one in open_still if one.began]
        idle = [one for one in open_still if one.timeout_keep_alive_task is not None]
        if not waiting and not idle:
            return False
        given_up = min(waiting, key=lambda one: one.began) if waiting else idle[0]
        given_up.transport.abort()
        return True

    def _close_with(self, status: int, mistake: Mistake) -> None:
        """Say why, where nothing else is being said, and close."""
        cycle = self.cycle
        if cycle is None or cycle.response_complete or not getattr(cycle, "response_started", False):
            body = orjson.dumps({"error": {"mistakes": [plain(mistake)]}})
            head = (
                f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\ncontent-type: application/json\r\n"
                f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
            )
            self.transport.write(head.encode() + body)
        self.transport.close()
