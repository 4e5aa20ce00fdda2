"""What stands before every page: host, size, safe headers, and no traceback for anybody."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from shipworthy.app.entrance import Sending, host_name, limited
from shipworthy.base.errors import Mistake

log = logging.getLogger(__name__)

MOST_BYTES = 262_144
SAFE_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
}
ErrorPage = Callable[[int, Sequence[Mistake]], ASGIApp]


class TooLarge(Exception):
    """More bytes came than a form may have."""


class Guard:
    """Wraps the pages.

    Args:
        hosts: names under which they may be addressed; ``*`` allows all. Only loopback by default, so that a name
            which somebody points at this machine reaches nothing (DNS rebinding).
        error_page: the page for a status and its mistakes.
    """

    def __init__(self, app: ASGIApp, hosts: Sequence[str], error_page: ErrorPage) -> None:
        self._app = app
        self._hosts = frozenset(hosts)
        self._error_page = error_page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        sending = Sending(send, SAFE_HEADERS)
        try:
            refusal = self._refusal(scope)
            await (refusal or self._app)(scope, _plain(limited(receive, MOST_BYTES, TooLarge())), sending)
        except TooLarge:
            if not sending.began:
                await self._error_page(413, [too_large(scope["path"])])(scope, receive, sending)
        except Exception:
            number = secrets.token_hex(6)
            log.exception("bug %s at %s %s", number, scope["method"], _for_the_log(scope["path"]))
            if not sending.began:
                await self._error_page(500, [bug(number, scope["path"])])(scope, receive, sending)

    def _refusal(self, scope: Scope) -> ASGIApp | None:
        host = host_name(Headers(scope=scope).get("host", ""))
        if "*" in self._hosts or host in self._hosts:
            return None
        return self._error_page(400, [unknown_host(host, sorted(self._hosts))])


def unknown_host(host: str, known: Sequence[str]) -> Mistake:
    """The mistake of a request for a host that is not served here."""
    return Mistake(
        "web.host",
        "Host",
        f"These pages are not addressed as {host!r}.",
        "Only names on the server's list are served, so that no foreign name can be pointed at it.",
        f"Use one of: {', '.join(known)}; or start the server with this name allowed.",
    )


def too_large(where: str) -> Mistake:
    """The mistake of a form that is too large."""
    return Mistake("web.too_large", where, f"The form is larger than {MOST_BYTES:,} bytes.", fix="Send less at once.")


def bug(number: str, where: str) -> Mistake:
    """What a person is told of a fault of ours: its number in the log, and nothing of its inside."""
    return Mistake(
        "web.bug",
        where,
        f"Something is wrong on our side, not with what you did. It is logged as {number}.",
        "If you were signing or confirming something, look at the ledger to see whether it was recorded.",
        f"Try again; if it stays, give {number} to whoever runs this server.",
    )


def _for_the_log(path: str) -> str:
    """A path without what is a right by itself: whoever reads the log must not get it."""
    return path.rpartition("/")[0] + "/…" if path.startswith("/receipts/") else path


def _plain(receive: Callable[[], Awaitable[MutableMapping[str, Any]]]) -> Receive:
    return receive
