"""The body of a request, whole, in time and no larger than agreed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from shipworthy.doors.predict.refused import Refused

BODY_SECONDS = 10.0  # in which the whole body must have come
TOO_SLOW = f"The body did not come whole within {BODY_SECONDS:.0f} seconds."


class Gone(Refused):
    """Whoever asked went away before the body was whole: nobody is told, so nothing is refused."""


Receive = Callable[[], Awaitable[dict[str, Any]]]


async def whole(receive: Receive, most: int) -> bytes:
    """The body.

    Raises:
        Refused: it has more than so many bytes (413), or did not come whole in time (408).
        Gone: the caller did not wait.
    """
    message = await receive()
    body = bytes(message.get("body", b""))
    if message.get("more_body"):
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await _rest(receive, body, most)
        except TimeoutError:
            raise Refused.slow(TOO_SLOW) from None
    if len(body) > most:
        raise Refused.too_large(most)
    return body


async def _rest(receive: Receive, body: bytes, most: int) -> bytes:
    parts, size, more = [body], len(body), True
    while more and size <= most:
        message = await receive()
        if message["type"] == "http.disconnect":  # half a table must not pass for a whole one
            raise Gone.slow("The caller went away before the body was whole.")
        parts.append(bytes(message.get("body", b"")))
        size += len(parts[-1])
        more = bool(message.get("more_body"))
    return b"".join(parts)
