"""Friendly pages for what goes wrong: what is the matter, who may help, and the way back."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import HTMLResponse

from shipworthy.base.errors import GateShut, Mistake, NotAllowed, NotFound, Tampered, UserError
from shipworthy.doors.web.render import rendered

_STATUS: dict[type[UserError], int] = {NotAllowed: 403, NotFound: 404, GateShut: 409, Tampered: 500, UserError: 422}
_TITLES = {
    400: "This was not taken",
    403: "This is not yours to do",
    404: "There is nothing here",
    405: "This page takes no form",
    409: "The gate is shut",
    413: "That was too much at once",
    422: "Something is not right yet",
    429: "Too many tries",
    500: "Something went wrong here",
}


def status_of(error: UserError) -> int:
    """The HTTP status for an error: that of its nearest known kind.

    >>> status_of(NotFound())
    404
    """
    return next(_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS)


def error_page(status: int, mistakes: Sequence[Mistake], product: str = "") -> HTMLResponse:
    """A page of its own for an error; it needs no session.

    Args:
        product: to whose pages it leads back; to the front page alone if empty.
    """
    title = _TITLES.get(status, "Something is not right")
    return HTMLResponse(rendered("error.html", title=title, mistakes=mistakes, product=product, visit=None), status)


def missing_address(status: int, path: str) -> Mistake:
    """The mistake behind a status that the router gives by itself."""
    if status == 404:
        return Mistake("web.address", path, "No page has this address.", fix="Go to the front page and on from there.")
    return Mistake("web.method", path, "This page does not take what was sent.", fix="Open it again and use its form.")
