"""What triggers did, who was told and who not, what waits to be taken up, and what is held for a while."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.responses import Response

from shipworthy.base.errors import Mistake, UserError
from shipworthy.base.fact import Command
from shipworthy.doors.web.visit import Page, Visit
from shipworthy.release.words import ComeBack, FallBack, PauseDeliveries, ResumeDeliveries
from shipworthy.respond.words import Responses, TakeUp

DONE = {
    "taken": "It is yours: nobody is reminded of it any more.",
    "pause": "Deliveries are paused, and everybody who waits is told.",
    "resume": "Deliveries go on.",
    "fall-back": "The baseline answers everybody.",
    "come-back": "The released candidates answer again.",
}
LATEST = 60
HELD: dict[str, Callable[[str, str, str], Command[Any]]] = {
    "pause": lambda product, reason, consumer: PauseDeliveries(product=product, reason=reason, consumer=consumer),
    "resume": lambda product, reason, consumer: ResumeDeliveries(product=product, reason=reason, consumer=consumer),
    "fall-back": lambda product, reason, consumer: FallBack(product=product, reason=reason),
    "come-back": lambda product, reason, consumer: ComeBack(product=product, reason=reason),
}


def _show(visit: Visit) -> Response:
    plan = visit.desk.plan(visit.product)
    return visit.product_page(
        "response.html",
        told=visit.ask(Responses(product=visit.product)),
        latest=LATEST,
        consumers=list(plan.consumers) if plan else [],
        done=DONE.get(visit.query.get("done", ""), ""),
    )


def _send(visit: Visit) -> Response:
    form = {key: value.strip() for key, value in visit.form.items()}
    what, reason = form.get("what", ""), form.get("reason", "")
    if what not in HELD:
        visit.do(TakeUp(product=visit.product, cause=form.get("cause", ""), remark=form.get("remark", "")))
        return visit.back("taken")
    command = HELD[what](visit.product, reason, form.get("consumer", ""))
    visit.desk.admit(command, visit.who)  # who may not is told so, whatever the form lacks
    lacking = [
        Mistake("web.missing", name, found, "It concerns everybody who waits for answers.", fix)
        for name, found, fix in (
            ("reason", "No reason is given.", "Write why."),
            ("sure", "It is not confirmed.", "Tick that you are sure."),
        )
        if not form.get(name)
    ]
    if lacking:
        raise UserError(*lacking)
    visit.do(command)
    return visit.back(what)


PAGE = Page("/products/{product}/response", _show, label="Response", order=5.5, send=_send)
