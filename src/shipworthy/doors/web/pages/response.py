"""What triggers did, who was told and who not, what waits to be taken up, and what others would have done."""

from __future__ import annotations

from starlette.responses import Response

from shipworthy.base.errors import UserError
from shipworthy.doors.web.visit import Page, Visit
from shipworthy.respond.words import Preview, Responses, TakeUp, WhatIf

DONE = {"taken": "It is yours: nobody is reminded of it any more."}
LATEST = 60


def _show(visit: Visit) -> Response:
    tried = None
    if "since" in visit.query:
        try:
            tried = _tried(visit)
        except UserError as error:
            visit = visit.again(error.mistakes, 422)
    return visit.product_page(
        "response.html",
        told=visit.ask(Responses(product=visit.product)),
        tried=tried,
        latest=LATEST,
        done=DONE.get(visit.query.get("done", ""), ""),
    )


def _tried(visit: Visit) -> Preview:
    return visit.ask(WhatIf(product=visit.product, since=visit.query.get("since", "").strip()))


def _send(visit: Visit) -> Response:
    form = visit.form
    visit.do(TakeUp(product=visit.product, cause=form.get("cause", ""), remark=form.get("remark", "").strip()))
    return visit.back("taken")


PAGE = Page("/products/{product}/response", _show, label="Response", order=5.5, send=_send)
