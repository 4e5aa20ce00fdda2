"""One product: its road from plan to respond, what blocks it and the next step."""

from __future__ import annotations

from starlette.responses import Response

from shipworthy.app.words import ProductRoad
from shipworthy.doors.web.visit import Page, Visit
from shipworthy.model.words import Candidates

LINKS = {
    "plan": "plan",
    "data": "quarantine",
    "prove": "sign",
    "sign": "sign",
    "deliver": "deliveries",
    "watch": "monitor",
    "respond": "incidents",
}
# What stands on the button to the page where a step is done.
GOES_TO = {
    "sign": "Read the evidence",
    "monitor": "See the monitors",
    "incidents": "See the incidents",
    "quarantine": "See the rows",
}


def _show(visit: Visit) -> Response:
    steps = visit.ask(ProductRoad(product=visit.product)).next_steps
    return visit.product_page(
        "product.html",
        links=LINKS,
        goes_to=GOES_TO,
        roles={card.candidate: card.role for card in visit.ask(Candidates(product=visit.product))},
        mine=[step for step in steps if step.who == visit.who.person],
        others=[step for step in steps if step.who != visit.who.person],
    )


PAGE = Page("/products/{product}", _show, label="Road", order=1)
