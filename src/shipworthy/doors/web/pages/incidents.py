"""Bugs in production: what was opened, by whom it is owned, and the form that closes it with a signature."""

from __future__ import annotations

from typing import get_args

from starlette.responses import Response

from shipworthy.app.words import WhoAmI
from shipworthy.base.errors import Mistake, UserError
from shipworthy.doors.web.visit import Page, Visit
from shipworthy.respond.words import (
    ChangeIncident,
    CloseIncident,
    Incidents,
    OpenIncident,
    PermanentChecks,
    RetireCheck,
    Severity,
)

DONE = {
    "closed": "The incident is closed, under your name.",
    "opened": "The incident is open.",
    "changed": "It is changed.",
    "retire": "Your signature is recorded. A check is retired when the owners of two functions have signed.",
}


def _show(visit: Visit) -> Response:
    found = visit.ask(Incidents(product=visit.product))[::-1]
    roles = visit.ask(WhoAmI(product=visit.product)).roles
    return visit.product_page(
        "incidents.html",
        open=[incident for incident in found if not incident.closed_at],
        closed=[incident for incident in found if incident.closed_at],
        severities=get_args(Severity),
        checks=visit.ask(PermanentChecks(product=visit.product)),
        may_close=any(role.startswith("owner:") for role in roles),
        done=DONE.get(visit.query.get("done", ""), ""),
    )


def _send(visit: Visit) -> Response:
    form = {key: value.strip() for key, value in visit.form.items()}
    if form.get("what") == "open":
        visit.do(
            OpenIncident(
                product=visit.product,
                title=_given(form, "title"),
                severity=_severity(form.get("severity", "")),
                cause=form.get("cause", ""),
                source=form.get("source", ""),
            )
        )
        return visit.back("opened")
    if form.get("what") == "retire":
        visit.do(RetireCheck(product=visit.product, check=form.get("check", ""), reason=_given(form, "reason")))
        return visit.back("retire")
    if form.get("what") == "change":
        visit.do(
            ChangeIncident(
                product=visit.product,
                incident=form.get("incident", ""),
                severity=_severity(form.get("severity", "")),
                owner=form.get("owner", ""),
                remark=form.get("remark", ""),
            )
        )
        return visit.back("changed")
    visit.do(
        CloseIncident(
            product=visit.product,
            incident=form.get("incident", ""),
            root_cause=_given(form, "root_cause"),
            fix=_given(form, "fix"),
            check=form.get("check", ""),
            no_check_because=form.get("no_check_because", ""),
            wrong_from=form.get("wrong_from", ""),
            wrong_until=form.get("wrong_until", ""),
        )
    )
    return visit.back("closed")


def _given(form: dict[str, str], name: str) -> str:
    if form.get(name):
        return form[name]
    label = name.replace("_", " ")
    raise UserError(
        Mistake("web.missing", name, f"The {label} is empty.", "An incident stays a lesson only when it is told.",
                f"Write the {label}.")
    )  # fmt: skip


def _severity(text: str) -> Severity:
    for known in get_args(Severity):
        if text == known:
            return known  # type: ignore[no-any-return]  # get_args forgets that these are the literals
    raise UserError(
        Mistake(
            "web.severity", "severity", f"{text!r} is no severity.", fix=f"One of: {', '.join(get_args(Severity))}."
        )
    )


PAGE = Page("/products/{product}/incidents", _show, label="Incidents", order=6, send=_send)
