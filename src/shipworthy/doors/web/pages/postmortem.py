"""One incident for printing: time line, reach, cause, fix, the check that stays, and the signature."""

from __future__ import annotations

from starlette.responses import Response

from shipworthy.doors.web.visit import Page, Visit
from shipworthy.respond.words import PostMortem


def _show(visit: Visit) -> Response:
    name = visit.path["incident"]
    return visit.product_page("postmortem.html", told=visit.ask(PostMortem(product=visit.product, incident=name)))


PAGE = Page("/products/{product}/incidents/{incident}", _show)
