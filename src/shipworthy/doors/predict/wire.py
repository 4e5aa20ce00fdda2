"""The HTTP protocol of the prediction server: uvicorn's, with a short way for POST /predict.

uvicorn starts a task for every request and speaks to the application in messages, which costs more than an answer
does. Here the one busy route is answered by a callback; everything else, and every request that comes before the one
ahead of it is answered, goes uvicorn's way. Parsing, keep-alive, pipelining and shutdown stay uvicorn's.
"""

from __future__ import annotations

from asyncio import TimerHandle
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from shipworthy.doors.connection import Connection
from shipworthy.doors.predict.app import MOST_BYTES
from shipworthy.doors.predict.body import BODY_SECONDS, TOO_SLOW
from shipworthy.doors.predict.refused import Refused
from shipworthy.doors.predict.shapes import Response

_HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
    b"x-content-type-options: nosniff\r\ncontent-length: %d\r\n\r\n"
)


class Quick:
    """A request on the short way; in the place of uvicorn's cycle, with what uvicorn asks of one."""

    __slots__ = (
        *("body", "disconnected", "keep_alive", "message_event", "more_body", "response_complete", "turned_away"),
        "wire",
    )

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.body = b""
        self.message_event = self
        self.more_body = self.keep_alive = True
        self.response_complete = self.disconnected = self.turned_away = False

    def set(self) -> None:
        """Nobody waits for more of the body."""

    def turn_away(self, why: Refused) -> None:
        """Take no more of the body, say why once that is in the log, and close."""
        self.keep_alive, self.turned_away, self.body = False, True, b""
        self.wire.app.turn_away(self.wire.headers, why, self.tell)

    def tell(self, answer: Response) -> None:
        """Write the response."""
        if self.response_complete or self.disconnected:
            return
        self.response_complete = True
        status, body, kind, more = answer
        wire, transport = self.wire, self.wire.transport
        if status == 200 and self.keep_alive and not more:
            transport.write(_HEAD % len(body) + body)
        else:
            again = b"".join([b"%b: %b\r\n" % one for one in more if one[0] != b"connection"])
            close = b"" if self.keep_alive else b"connection: close\r\n"
            head = b"content-type: %b\r\nx-content-type-options: nosniff\r\ncontent-length: %d\r\n" % (kind, len(body))
            transport.write(b"".join((STATUS_LINE[status], head, again, close, b"\r\n", body)))
        if not self.keep_alive:
            transport.close()
        wire.on_response_complete()


class Wire(Connection):
    """One connection."""

    _patience: TimerHandle | None = None

    def data_received(self, data: bytes) -> None:
        """Take what came, and see that a body that was begun comes to its end."""
        super().data_received(data)
        cycle: Any = self.cycle
        if type(cycle) is Quick and cycle.more_body and not cycle.response_complete and self._patience is None:
            self._patience = self.loop.call_later(BODY_SECONDS, self._end, cycle)

    def on_headers_complete(self) -> None:
        """Take the short way where it leads to the same."""
        parser, before = self.parser, self.cycle
        if (
            self.url == b"/predict"
            and parser.get_method() == b"POST"
            and (before is None or before.response_complete)
            and not self.expect_100_continue
            and parser.get_http_version() == "1.1"
            and parser.should_keep_alive()
            and not parser.should_upgrade()
        ):
            self.began = 0.0
            self.cycle = Quick(self)  # type: ignore[assignment]
            return
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Gather the body, up to the largest allowed."""
        cycle: Any = self.cycle
        if type(cycle) is not Quick:
            super().on_body(body)
            return
        if cycle.turned_away:
            return
        cycle.body += body
        if len(cycle.body) > MOST_BYTES and not cycle.response_complete:
            cycle.turn_away(Refused.too_large(MOST_BYTES))

    def on_message_complete(self) -> None:
        """Ask, once all of it is there."""
        cycle: Any = self.cycle
        if type(cycle) is not Quick:
            super().on_message_complete()
            return
        cycle.more_body = False
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
        if not cycle.response_complete and not cycle.turned_away:
            self.app.hear(self.headers, cycle.body, cycle.tell)

    def _end(self, cycle: Quick) -> None:
        self._patience = None
        if cycle.more_body and not cycle.response_complete and not cycle.turned_away:
            cycle.turn_away(Refused.slow(TOO_SLOW))
