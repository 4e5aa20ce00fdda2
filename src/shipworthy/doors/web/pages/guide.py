"""The guide for one consumer, and the button with which a reader says that they have read it."""

from __future__ import annotations

from starlette.responses import Response

from shipworthy.app.words import GuideFor, ReadGuide
from shipworthy.doors.web.visit import Page, Visit

DONE = {"read": "It is on record that you have read this guide as it stands now."}


def _show(visit: Visit) -> Response:
    sheet = visit.ask(GuideFor(product=visit.product, consumer=visit.path["consumer"]))
    return visit.product_page("guide.html", sheet=sheet, done=DONE.get(visit.query.get("done", ""), ""))


def _send(visit: Visit) -> Response:
    visit.do(ReadGuide(product=visit.product, consumer=visit.path["consumer"]))
    return visit.back("read")


PAGE = Page("/products/{product}/guides/{consumer}", _show, send=_send)
