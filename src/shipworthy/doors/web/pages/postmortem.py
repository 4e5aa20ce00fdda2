"""One incident for printing: time line, reach, cause, fix, the check that stays, and the signature."""

from __future__ import annotations

from starlette.responses import Response

from shipworthy.app.words import WhoAmI
from shipworthy.doors.web.visit import Page, Visit
from shipworthy.respond.words import AffectedPeople, PostMortem

MOST = 200
"""So many people are listed on the page; the command lists all."""


def _show(visit: Visit) -> Response:
    name = visit.path["incident"]
    told = visit.ask(PostMortem(product=visit.product, incident=name))
    may = "respond" in visit.ask(WhoAmI(product=visit.product)).rights
    people = visit.ask(AffectedPeople(product=visit.product, incident=name)) if may and told.incident.affected else []
    return visit.product_page("postmortem.html", told=told, people=people[:MOST], more=max(0, len(people) - MOST))


PAGE = Page("/products/{product}/incidents/{incident}", _show)
