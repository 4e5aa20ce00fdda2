"""The plan in force, readable from top to bottom, and what every version changed."""

from __future__ import annotations

from starlette.responses import Response

from shipworthy.app.words import PlanInForce
from shipworthy.doors.web.visit import Page, Visit
from shipworthy.plan.words import PlanHistory

SECTIONS = {
    "need": "What people need to know",
    "people": "Who does what",
    "consumers": "Who acts on it",
    "sources": "What comes in",
    "sinks": "Where it goes",
    "brokers": "By which brokers",
    "data": "How data becomes features",
    "model": "What answers",
    "decision": "How a score becomes an action",
    "proof": "What must be shown",
    "release": "How it reaches people",
    "watch": "What is watched",
    "respond": "What is done about it",
    "time": "Whose clock",
}
# Parts in which people name things themselves: their names stand as they are.
NAMES = ("consumers", "sources", "sinks", "brokers", "columns", "headers", "personal_kept", "monitors", "data_at_most",
         "routes")  # fmt: skip


def _show(visit: Visit) -> Response:
    sheet = visit.ask(PlanInForce(product=visit.product))
    history = visit.ask(PlanHistory(product=visit.product))
    sections = [(name, title, sheet.plan[name]) for name, title in SECTIONS.items() if sheet.plan.get(name)]
    return visit.product_page("plan.html", sheet=sheet, sections=sections, history=list(reversed(history)), names=NAMES)


PAGE = Page("/products/{product}/plan", _show, label="Plan", order=2)
