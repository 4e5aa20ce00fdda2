"""Asking once more what failed and may pass: pauses that grow, longer where the other side asks for it, and an end.

Source: RFC 9110, section 10.2.3 (Retry-After).
"""

from __future__ import annotations

import time as machine
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import inf

from shipworthy.edges.outbound import Reply


@dataclass(slots=True)
class Patience:
    """How often and how long something is asked again.

    Attributes:
        pauses: seconds before each further try of one request; none of them, and it is asked once.
        longest: seconds that the other side may ask to wait before one try.
        left: seconds that failed tries and pauses may still take, counted down over all requests that share it.
    """

    pauses: tuple[float, ...]
    longest: float
    left: float = inf


class GaveUpError(Exception):
    """Nothing but failures that may pass, as often as patience allowed.

    Attributes:
        said: what the last try met, and why no further one was made; it may hold the name of a host.
        tries: how many there were.
    """

    def __init__(self, said: str, tries: int) -> None:
        super().__init__(said)
        self.said = said
        self.tries = tries


def asked_again(ask: Callable[[], Reply], may_pass: Callable[[int], bool], patience: Patience) -> Reply:
    """The first reply with a status that does not pass by itself, be it good or bad.

    A connection that fails, breaks off or takes too long (OSError) may pass too.

    Args:
        may_pass: whether a status says that the same request may be taken later.

    Raises:
        GaveUpError: there was none.
    """
    tries = 0
    for pause in (*patience.pauses, None):
        tries, began = tries + 1, machine.monotonic()
        try:
            reply = ask()
            if not may_pass(reply.status):
                return reply
            said, wait = f"it answered {reply.status}", retry_after(reply)
        except OSError as error:
            said, wait = str(error), 0.0
        if pause is None:
            break
        if wait > patience.longest:
            said = f"{said} and asks to wait {wait:,.0f} seconds"
            break
        patience.left -= machine.monotonic() - began + max(pause, wait)
        if patience.left < 0:
            said = f"{said}, and the time for trying again is used up"
            break
        machine.sleep(max(pause, wait))
    raise GaveUpError(said, tries)


def retry_after(reply: Reply) -> float:
    """How many seconds the other side asks us to wait; 0 where it does not say.

    >>> retry_after(Reply(429, {"retry-after": "20"}, b"")), retry_after(Reply(429, {"retry-after": "soon"}, b""))
    (20.0, 0.0)
    """
    text = reply.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(0.0, (until - datetime.fromtimestamp(machine.time(), UTC)).total_seconds())
