"""One delivery: what was brought where, what was asked of it on the way out, and what its receiver said."""

from __future__ import annotations

from starlette.responses import Response

from shipworthy.app.words import PlanInForce
from shipworthy.base.errors import not_found
from shipworthy.deliver.words import DeliveryCard, ListCard, Lists
from shipworthy.doors.web.pages.deliveries import DONE, SIGNS, acknowledge
from shipworthy.doors.web.visit import Page, Visit


def _show(visit: Visit) -> Response:
    whole, sent = _found(visit)
    consumers = visit.ask(PlanInForce(product=visit.product)).plan["consumers"]
    return visit.product_page(
        "delivery.html",
        whole=whole,
        sent=sent,
        consumer=consumers.get(sent.consumer),
        signs={**SIGNS, "failed": "fail"},
        others=[card for card in whole.deliveries if card.delivery != sent.delivery],
        done=DONE.get(visit.query.get("done", ""), ""),
    )


def _found(visit: Visit) -> tuple[ListCard, DeliveryCard]:
    wanted = visit.path["delivery"]
    for whole in visit.ask(Lists(product=visit.product)):
        for card in whole.deliveries:
            if len(wanted) >= 6 and card.delivery.startswith(wanted):
                return whole, card
    raise not_found("delivery", wanted, [], "Deliveries are linked from the page that shows all of them.")


def _send(visit: Visit) -> Response:
    acknowledge(visit)
    return visit.back("acknowledged")


PAGE = Page("/products/{product}/deliveries/{delivery}", _show, send=_send)
