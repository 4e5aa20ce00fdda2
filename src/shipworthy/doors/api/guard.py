"""What stands before every route: host, size, identity, safe headers, and no traceback for anybody."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Sequence

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from shipworthy.app.entrance import Sending, host_name, limited
from shipworthy.app.rights import Identity
from shipworthy.base.errors import Mistake, Tampered
from shipworthy.doors.api.errors import Nobody, answer, answer_to, bug, of_status

log = logging.getLogger(__name__)

OPEN_PATHS = frozenset({"/healthz", "/v1/openapi.json"})
SAFE_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class Guard:
    """Wraps the routes; what it lets through has an identity in ``scope["state"]["who"]``.

    Args:
        by_token: whose token this is.
        hosts: names under which the server may be addressed; ``*`` allows all. Only loopback by default, so that
            a name which somebody points at this machine reaches nothing.
        most_bytes: how large a request's body may be.
    """

    def __init__(
        self, app: ASGIApp, by_token: Callable[[str], Identity | None], hosts: Sequence[str], most_bytes: int
    ) -> None:
        self._app = app
        self._by_token = by_token
        self._hosts = frozenset(hosts)
        self._most_bytes = most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        sending = Sending(send, SAFE_HEADERS)
        try:
            refusal = await self._refusal(scope)
            await (refusal or self._app)(scope, limited(receive, self._most_bytes, HTTPException(413)), sending)
        except Exception:
            number = secrets.token_hex(6)
            log.exception("bug %s at %s %s", number, scope["method"], scope["path"])
            if not sending.began:
                await answer(500, bug(number, scope["path"]))(scope, receive, sending)

    async def _refusal(self, scope: Scope) -> ASGIApp | None:
        headers = Headers(scope=scope)
        host = host_name(headers.get("host", ""))
        if "*" not in self._hosts and host not in self._hosts:
            return answer(
                400,
                [
                    Mistake(
                        "api.host",
                        "Host",
                        f"This server is not addressed as {host!r}.",
                        "Only names on its list are served, so that no foreign name can be pointed at it.",
                        f"Use one of: {', '.join(sorted(self._hosts))}; or start it with this name allowed.",
                    )
                ],
            )
        if scope["path"] not in OPEN_PATHS:
            try:
                who = await run_in_threadpool(self._by_token, bearer(headers.get("authorization", "")))
            except Tampered as error:
                return answer_to(error)
            if who is None:
                return answer_to(nobody(scope["path"]))
            scope.setdefault("state", {})["who"] = who
        length = headers.get("content-length", "0")
        too_large = length.isdecimal() and int(length) > self._most_bytes
        return answer(413, of_status(413, scope["path"])) if too_large else None


def nobody(where: str) -> Nobody:
    """The error for a request without a token that belongs to somebody."""
    return Nobody(
        Mistake(
            "api.nobody",
            where,
            "The request carries no token that belongs to anybody, or the token has ended.",
            fix="Send `Authorization: Bearer TOKEN`; an administrator makes tokens with `shipworthy people add NAME`.",
        )
    )


def bearer(header: str) -> str:
    """The token in an Authorization header; empty where there is none.

    >>> bearer("Bearer sw_123"), bearer("Basic abc")
    ('sw_123', '')
    """
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
