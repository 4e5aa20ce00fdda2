"""Coming and going: name and secret against a session in a cookie that no script can read."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from shipworthy.app.identity import People
from shipworthy.base.errors import Mistake, NotAllowed
from shipworthy.doors.web.attempts import Attempts
from shipworthy.doors.web.render import rendered
from shipworthy.doors.web.visit import fields_of, forged, forgery

COOKIE = "shipworthy"
LOGIN_COOKIE = "shipworthy_login"


class Login:
    """The login page and what its form does.

    Args:
        clock: the wall clock, for the pause after failures and the life of the cookie.
    """

    def __init__(self, people: People, clock: Callable[[], datetime]) -> None:
        self._people = people
        self._clock = clock
        self._attempts = Attempts()

    async def show(self, request: Request) -> Response:
        """The empty form."""
        return self._form(request)

    async def enter(self, request: Request) -> Response:
        """A session for a name and secret that belong together."""
        form = await fields_of(request)
        expected = request.cookies.get(LOGIN_COOKIE, "")
        if not expected or forged(request, form.get("csrf", ""), expected):
            raise forgery("/login")
        name, address = form.get("person", "").strip(), request.client.host if request.client else ""
        pause = self._attempts.pause(address, name, self._clock())
        if pause:
            return self._form(request, name, [_too_many(pause)], 429, {"Retry-After": str(int(pause.total_seconds()))})
        try:
            session = await run_in_threadpool(self._people.login, name, form.get("secret", "").strip())
        except NotAllowed as error:
            self._attempts.failed(address, name, self._clock())
            return self._form(request, name, list(error.mistakes), 403)
        self._attempts.succeeded(address, name)
        response = RedirectResponse(local(form.get("next", "")), 303)
        left = int((session.expires - self._clock()).total_seconds())
        _set(request, response, COOKIE, session.token, left)
        response.delete_cookie(LOGIN_COOKIE)
        return response

    async def leave(self, request: Request) -> Response:
        """The end of the session, here and in the store."""
        token = request.cookies.get(COOKIE, "")
        session = await run_in_threadpool(self._people.by_session, token)
        if session is not None:
            if forged(request, (await fields_of(request)).get("csrf", ""), session[1]):
                raise forgery("/logout")
            await run_in_threadpool(self._people.logout, token)
        response = RedirectResponse("/login?done=left", 303)
        response.delete_cookie(COOKIE)
        return response

    def _form(
        self,
        request: Request,
        name: str = "",
        problems: list[Mistake] | None = None,
        status: int = 200,
        headers: dict[str, str] | None = None,
    ) -> Response:
        csrf = request.cookies.get(LOGIN_COOKIE, "") or secrets.token_urlsafe(32)
        content = rendered(
            "login.html",
            visit=None,
            csrf=csrf,
            name=name,
            next=local(request.query_params.get("next", "")),
            left=request.query_params.get("done") == "left",
            problems=problems or [],
        )
        response = HTMLResponse(content, status, headers)
        _set(request, response, LOGIN_COOKIE, csrf, 3600)
        return response


def local(address: str) -> str:
    """An address on this server to go on to; the front page in place of any other.

    >>> local("/products/a?x=1"), local("//evil.example"), local("https://evil.example")
    ('/products/a?x=1', '/', '/')
    """
    inside = address.startswith("/") and not address.startswith(("//", "/\\")) and address.isprintable()
    return address if inside else "/"


def _set(request: Request, response: Response, name: str, value: str, seconds: int) -> None:
    secure = request.url.scheme == "https"
    response.set_cookie(name, value, max_age=seconds, path="/", httponly=True, samesite="strict", secure=secure)


def _too_many(pause: timedelta) -> Mistake:
    minutes = max(1, round(pause.total_seconds() / 60))
    return Mistake(
        "web.too_many_tries",
        "login",
        "There were too many failed logins from here.",
        "A pause keeps secrets from being guessed.",
        f"Wait {minutes} minute{'s' if minutes > 1 else ''} and try again.",
    )
