"""Answers drawn at random, one form for each: what is true of it? What was answered is not shown, lest it sways."""

from __future__ import annotations

import csv
import io

from starlette.responses import Response

from shipworthy.app.words import PlanInForce, WhoAmI
from shipworthy.doors.web.visit import Page, Visit
from shipworthy.watch.words import AuditTask, AuditTasks, LabelAudit

AT_ONCE = 20
DONE = {"yes": "Saved under your name: yes.", "no": "Saved under your name: no.", "?": "Saved: nobody can tell."}


def _show(visit: Visit) -> Response:
    tasks: list[AuditTask] = []
    if "label" in visit.ask(WhoAmI(product=visit.product)).rights:
        tasks = visit.ask(AuditTasks(product=visit.product, limit=AT_ONCE + 1, inputs=True))
    done = DONE.get(visit.query.get("done", ""), "")
    drawn = bool(visit.ask(PlanInForce(product=visit.product)).plan["watch"].get("audit"))
    return visit.product_page("label.html", tasks=tasks[:AT_ONCE], more=len(tasks) > AT_ONCE, done=done, drawn=drawn)


def _send(visit: Visit) -> Response:
    label = visit.form.get("label", "")
    out = io.StringIO()
    csv.writer(out).writerows([("answer_id", "label"), (visit.form.get("answer", ""), label)])
    visit.do(LabelAudit(product=visit.product, labels=out.getvalue()))
    return visit.back(label)


PAGE = Page("/products/{product}/label", _show, label="Label", order=5.2, send=_send)
