"""A question that is answered with a status and a reason."""

from __future__ import annotations

from shipworthy.base.errors import Mistake


class Refused(Exception):
    """A refusal.

    Attributes:
        status: of HTTP.
        retry_after: seconds after which asking again makes sense; 0 where it does not.
    """

    def __init__(self, status: int, mistake: Mistake, retry_after: int = 0) -> None:
        """Refuse with a status and a reason."""
        super().__init__(str(mistake))
        self.status, self.mistake, self.retry_after = status, mistake, retry_after

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
