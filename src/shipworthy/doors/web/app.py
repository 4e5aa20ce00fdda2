"""The pages as one ASGI application: routing, sessions and forms; each page is a file in `pages`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from shipworthy.app.desk import Desk
from shipworthy.app.entrance import LOOPBACK
from shipworthy.base.errors import GateShut, NotAllowed, NotFound, UserError
from shipworthy.base.kinds import kind, kinds
from shipworthy.doors.web.errors import error_page, missing_address, status_of
from shipworthy.doors.web.evidence import evidence
from shipworthy.doors.web.guard import Guard
from shipworthy.doors.web.login import COOKIE, Login
from shipworthy.doors.web.receipts import PATH, Receipts
from shipworthy.doors.web.render import STATIC, environment
from shipworthy.doors.web.visit import Page, Visit, fields_of, forged, forgery

FOLDER = "doors/web/pages"


def web(desk: Desk, *, hosts: Sequence[str] = LOOPBACK, clock: Callable[[], datetime] | None = None) -> Starlette:
    """The pages.

    Args:
        hosts: names under which they may be addressed, only loopback by default; ``*`` allows all.
        clock: for the pause after failed logins; the desk's own if absent.
    """
    pages = sorted((kind(FOLDER, name, Page) for name in kinds(FOLDER)), key=lambda page: page.order)
    environment().globals["menu"] = [page for page in pages if page.label]
    login, receipts = Login(desk.people, clock or desk.clock), Receipts(desk)
    app = Starlette(
        routes=[
            Mount("/static", _Files(directory=STATIC), name="static"),
            Route("/login", login.show, methods=["GET"]),
            Route("/login", login.enter, methods=["POST"]),
            Route("/logout", login.leave, methods=["POST"]),
            Route(PATH, receipts.show, methods=["GET"]),
            Route(PATH, receipts.send, methods=["POST"]),
            Route("/products/{product}/files/{digest}", _reached(desk, Page("", evidence)), methods=["GET"]),
            *(Route(page.path, _reached(desk, page), methods=["GET", "POST"]) for page in pages),
        ],
        exception_handlers={HTTPException: _of_router, UserError: _of_user_error},
    )
    app.add_middleware(Guard, hosts=hosts, error_page=error_page)
    return app


def _reached(desk: Desk, page: Page) -> Callable[[Request], object]:
    async def endpoint(request: Request) -> Response:
        session = await run_in_threadpool(desk.people.by_session, request.cookies.get(COOKIE, ""))
        if session is None:
            return RedirectResponse(request.url_for("show").include_query_params(next=_way_back(request)), 303)
        who, csrf = session
        address = request.url.path
        visit = Visit(desk, who, csrf, address, request.path_params, dict(request.query_params))
        if request.method != "POST":
            return await run_in_threadpool(page.show, visit)
        if page.send is None:
            raise HTTPException(405)
        form = await fields_of(request)
        if forged(request, form.get("csrf", ""), csrf):
            raise forgery(address)
        sent = Visit(desk, who, csrf, address, request.path_params, dict(request.query_params), form)
        return await run_in_threadpool(_sent, page, sent)

    return endpoint


def _sent(page: Page, visit: Visit) -> Response:
    assert page.send is not None
    try:
        return page.send(visit)
    except (NotAllowed, NotFound):
        raise
    except UserError as error:
        # What somebody typed is not lost: the form comes again, with what is wrong above it.
        return page.show(visit.again(error.mistakes, 409 if isinstance(error, GateShut) else 422))


def _way_back(request: Request) -> str:
    if request.method != "GET":
        return "/"
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


async def _of_router(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return error_page(error.status_code, [missing_address(error.status_code, request.url.path)])


async def _of_user_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, UserError)
    product = request.path_params.get("product", "") if isinstance(error, NotFound) else ""
    return error_page(status_of(error), error.mistakes, product)


class _Files(StaticFiles):
    def file_response(self, *args: object, **kwargs: object) -> Response:
        response: Response = super().file_response(*args, **kwargs)  # type: ignore[arg-type]  # handed on as they came
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response
