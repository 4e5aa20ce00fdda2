"""The front page: what waits for you, then every product with its state in one sentence."""

from __future__ import annotations

from starlette.responses import Response

from shipworthy.app.words import Products
from shipworthy.doors.web.visit import Page, Visit
from shipworthy.sign.words import WaitingFor


def _show(visit: Visit) -> Response:
    products = visit.ask(Products())
    tasks = [task for state in products for task in visit.ask(WaitingFor(product=state.product))]
    return visit.page("home.html", products=products, tasks=tasks)


PAGE = Page("/", _show)
