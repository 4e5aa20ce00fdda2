"""What the triggers of a plan, in force or edited, would have done over past months; nothing is done or recorded."""

from __future__ import annotations

from starlette.responses import Response

from shipworthy.base.errors import UserError
from shipworthy.doors.web.visit import Page, Visit
from shipworthy.respond.words import WhatIf

LATEST = 200


def _show(visit: Visit) -> Response:
    return _tried(visit, visit.query) if "since" in visit.query else _page(visit, {}, None)


def _send(visit: Visit) -> Response:
    return _tried(visit, visit.form)


def _tried(visit: Visit, asked: object) -> Response:
    given = dict(asked)  # type: ignore[call-overload]  # both are mappings of texts
    question = WhatIf(product=visit.product, since=given.get("since", "").strip(), plan=given.get("plan", "").strip())
    try:
        return _page(visit, given, visit.ask(question))
    except UserError as error:
        return _page(visit.again(error.mistakes, 422), given, None)


def _page(visit: Visit, given: dict[str, str], found: object) -> Response:
    return visit.product_page("what_if.html", given=given, tried=found, latest=LATEST)


PAGE = Page("/products/{product}/what-if", _show, send=_send)
