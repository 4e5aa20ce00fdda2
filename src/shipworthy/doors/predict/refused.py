"""A question that is answered with a status and a reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import orjson

from shipworthy.base.errors import Mistake, NotFound, Tampered, UserError
from shipworthy.deliver.unread import why_unread

_FOR_NOW = ("serve.stale", "serve.aside", "serve.paused")
"""What the question is not to blame for: the same one may be answered later."""
_NOT_GUESSED = "Nothing is guessed about what was meant."


class Refused(Exception):
    """A refusal.

    Attributes:
        status: of HTTP.
        retry_after: seconds after which asking again makes sense; 0 where it does not.
        allowed: the method that the route takes, where it was another.
    """

    def __init__(self, status: int, mistake: Mistake, retry_after: int = 0, allowed: str = "") -> None:
        """Refuse with a status and a reason."""
        super().__init__(str(mistake))
        self.status, self.mistake, self.retry_after, self.allowed = status, mistake, retry_after, allowed

    @classmethod
    def overloaded(cls, seconds: float) -> Refused:
        """More questions wait than can be answered in time."""
        found = f"An answer would come after about {seconds:.1f} seconds, later than the consumer can use it."
        mistake = Mistake("serve.overloaded", "server", found, "A late answer helps nobody.", "Ask again later.")
        return cls(429, mistake, max(1, round(seconds)))

    @classmethod
    def late(cls) -> Refused:
        """The model did not come back in time, and nothing may stand in."""
        found, why = "The model gave no answer within the declared latency.", "Nothing may stand in for it."
        return cls(504, Mistake("serve.late", "latency", found, why, "Release a baseline with if_stopped: baseline."))

    @classmethod
    def unlogged(cls, error: OSError) -> Refused:
        """The log could not be written."""
        found = f"The answer could not be written to the prediction log: {error.strerror or error}."
        return cls(503, Mistake("serve.log", "prediction log", found, "No answer leaves unrecorded."), 5)

    @classmethod
    def slow(cls, found: str) -> Self:
        """The body did not come whole."""
        return cls(408, Mistake("serve.slow", "body", found, fix="Send it at once."))

    @classmethod
    def no_json(cls, body: bytes, error: orjson.JSONDecodeError) -> Refused:
        """The body cannot be read."""
        field, found = why_unread(body, error)
        fix = "Send JSON in UTF-8, not compressed; see /openapi.json."
        return cls(422, Mistake("serve.not_json", field, found, _NOT_GUESSED, fix))

    @classmethod
    def too_large(cls, most: int) -> Refused:
        """The body is larger than any question."""
        return cls(413, Mistake("serve.too_large", "body", f"The body has more than {most} bytes.", fix="Send less."))

    @classmethod
    def method(cls, path: str, allowed: str) -> Refused:
        """A route that does not take this method."""
        return cls(
            405, Mistake("serve.method", path, f"{path} takes {allowed} only.", fix="See /openapi.json."), 0, allowed
        )


@dataclass(frozen=True, slots=True)
class Ending:
    """How a request ended that was not answered.

    Attributes:
        retry_after: seconds after which asking again makes sense; 0 where it does not.
    """

    status: int
    mistakes: tuple[Mistake, ...]
    retry_after: int = 0
    allowed: str = ""

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """What HTTP says beside it: when to ask again, by which method, and to send no more of what was not read."""
        told = [
            (b"retry-after", b"%d" % self.retry_after if self.retry_after else b""),
            (b"allow", self.allowed.encode()),
            (b"connection", b"close" if self.status in (408, 413) else b""),
        ]
        return [(name, value) for name, value in told if value]

    def __str__(self) -> str:
        """All that is wrong, in one text."""
        return " ".join(f"{one.found} {one.fix}".strip() for one in self.mistakes)


def ending(error: Exception, where: str) -> Ending:
    """What an exception means to the caller; our own faults and those of a model's code show nothing of the inside."""
    if isinstance(error, Refused):
        return Ending(error.status, (error.mistake,), error.retry_after, error.allowed)
    if isinstance(error, UserError):
        code = error.mistakes[0].code
        known = 404 if isinstance(error, NotFound) else 500 if isinstance(error, Tampered) else 422
        return Ending(503 if code in _FOR_NOW else known, tuple(error.mistakes))
    return Ending(500, (Mistake("serve.bug", where, "The server could not answer.", fix="See /health."),))
