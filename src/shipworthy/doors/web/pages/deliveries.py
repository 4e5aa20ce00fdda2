"""What went to whom: on time or late, acknowledged or not; and the form with which a consumer confirms."""

from __future__ import annotations

from starlette.responses import Response

from shipworthy.base.errors import Mistake, UserError
from shipworthy.deliver.words import AcknowledgeDelivery, Deliveries, ReadGuide
from shipworthy.doors.web.visit import Page, Visit

ON_A_PAGE = 20
DONE = {"acknowledged": "The delivery is acknowledged.", "read": "It is on record that you have read this guide."}


def _show(visit: Visit) -> Response:
    found = visit.ask(Deliveries(product=visit.product))[::-1]
    skipped = visit.query.get("skip", "")
    skip = int(skipped) if skipped.isdecimal() and len(skipped) < 9 else 0
    return visit.product_page(
        "deliveries.html",
        deliveries=found[skip : skip + ON_A_PAGE],
        count=len(found),
        newer=max(0, skip - ON_A_PAGE) if skip else None,
        older=skip + ON_A_PAGE if skip + ON_A_PAGE < len(found) else None,
        done=DONE.get(visit.query.get("done", ""), ""),
    )


def _send(visit: Visit) -> Response:
    if visit.form.get("what") == "guide":
        guide = visit.do(ReadGuide(product=visit.product, consumer=visit.form.get("consumer", "")))
        return visit.product_page("guide.html", guide=guide, done=DONE["read"])
    used = visit.form.get("used", "").strip()
    if used and not used.isdecimal():
        raise UserError(
            Mistake("web.number", "used", f"{used!r} is no number of rows.", fix="Write a whole number, or nothing.")
        )
    visit.do(
        AcknowledgeDelivery(
            product=visit.product,
            delivery=visit.form.get("delivery", ""),
            used=int(used) if used else None,
            remark=visit.form.get("remark", "").strip(),
        )
    )
    return visit.back("acknowledged")


PAGE = Page("/products/{product}/deliveries", _show, label="Deliveries", order=4, send=_send)
