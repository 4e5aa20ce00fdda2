"""One product: its road from plan to respond, what blocks it and the next step."""

from __future__ import annotations

from starlette.responses import Response

from shipworthy.app.words import ProductRoad
from shipworthy.doors.web.visit import Page, Visit

LINKS = {
    "plan": "plan",
    "data": "quarantine",
    "prove": "sign",
    "sign": "sign",
    "deliver": "deliveries",
    "watch": "monitor",
    "respond": "incidents",
}


def _show(visit: Visit) -> Response:
    steps = visit.ask(ProductRoad(product=visit.product)).next_steps
    return visit.product_page(
        "product.html",
        links=LINKS,
        mine=[step for step in steps if step.who == visit.who.person],
        others=[step for step in steps if step.who != visit.who.person],
    )


PAGE = Page("/products/{product}", _show, label="Road", order=1)
