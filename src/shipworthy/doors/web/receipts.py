"""Receipts without a login: the page behind the signed link in a message. Only its buttons record anything.

A form here carries no token against forgery: nothing that a browser sends by itself, such as a cookie, gives any right
on this page. Whoever can send the form has the link, and whoever has the link may send the form.
"""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from shipworthy.app.desk import Desk
from shipworthy.app.receiving import PATH as PATH
from shipworthy.app.receiving import Brought, brought
from shipworthy.app.words import AcknowledgeByLink
from shipworthy.base.errors import Mistake, NotAllowed, NotFound, UserError
from shipworthy.doors.web.errors import status_of
from shipworthy.doors.web.render import rendered
from shipworthy.doors.web.visit import fields_of

DONE = {
    "recorded": "Thank you. It is on record.",
    "known": "This was on record already. Nothing was added.",
}
_TITLES = {403: "This link opens nothing", 404: "Not yet"}


class Receipts:
    """The page of a link, and what its form does."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def show(self, request: Request) -> Response:
        """What the link is about; nothing changes, for mail scanners open every link."""
        return await run_in_threadpool(self._show, request)

    async def send(self, request: Request) -> Response:
        """Record what the visitor says."""
        return await run_in_threadpool(self._send, request, await fields_of(request))

    def _show(self, request: Request, problems: tuple[Mistake, ...] = (), typed: str = "") -> Response:
        try:
            found = brought(self._desk, **request.path_params)
        except (NotAllowed, NotFound) as error:
            return _refusal(error)
        done = "" if problems else DONE.get(request.query_params.get("done", ""), "")
        return _page(found, done, problems, typed)

    def _send(self, request: Request, form: dict[str, str]) -> Response:
        typed = form.get("used", "").strip()
        try:
            found = brought(self._desk, **request.path_params)
            used = _number(typed) if form.get("what") == "used" else None
            done = self._desk.do(AcknowledgeByLink(**request.path_params, used=used), found.who)
        except (NotAllowed, NotFound) as error:
            return _refusal(error)
        except UserError as error:
            return self._show(request, error.mistakes, typed)
        return RedirectResponse(f"{request.url.path}?done={done}", 303)


def _number(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 12:
        found = f"{text[:20]!r} is no number of rows." if text else "It is not said how many rows."
        raise UserError(Mistake("web.number", "used", found, fix="Write a whole number; 0 where none was of use."))
    return int(text)


def _page(found: Brought, done: str, problems: tuple[Mistake, ...], typed: str) -> Response:
    content = rendered("receipt.html", visit=None, found=found, done=done, problems=problems, typed=typed)
    return HTMLResponse(content, 422 if problems else 200)


def _refusal(error: UserError) -> Response:
    status = status_of(error)
    title = _TITLES.get(status, "Something is not right")
    return HTMLResponse(rendered("receipt_refused.html", visit=None, title=title, mistakes=error.mistakes), status)
