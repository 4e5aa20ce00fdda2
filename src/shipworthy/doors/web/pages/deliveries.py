"""Lists for people: for each consumer a time line, then every list with its state, account, receipt and use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.responses import Response

from shipworthy.app.words import PlanInForce, WhoAmI
from shipworthy.base.errors import Mistake, UserError
from shipworthy.deliver.words import AcknowledgeDelivery, ListCard, Lists
from shipworthy.doors.web.visit import Page, Visit

ON_A_PAGE = 12
ON_A_LINE = 24
DONE = {"acknowledged": "The delivery is acknowledged."}
# Each state with the sign that stands for it, in the order in which they are offered as a filter.
SIGNS = {
    "overdue": "fail",
    "failed": "fail",
    "nothing": "fail",
    "partial": "warn",
    "late": "warn",
    "due": "here",
    "on time": "pass",
    "back-fill": "not_run",
    "rehearsal": "not_run",
}


@dataclass(frozen=True, slots=True)
class Line:
    """The lists of one consumer in their order, and what they come to.

    Attributes:
        lists: the newest, oldest of them first.
        kept, late, missed: lists on time, late, and failed or missing, of all.
        received: lists that somebody confirmed; real: lists that were brought to people.
        used: the share of delivered rows that was acted on, over lists of which somebody said; None for none.
        wanted: the share that the plan asks for, None where it asks for none.
        guide: whether the plan names a guide for them.
    """

    consumer: str
    who: str
    lists: list[ListCard]
    kept: int
    late: int
    missed: int
    received: int
    real: int
    used: float | None
    wanted: float | None
    guide: bool


def _show(visit: Visit) -> Response:
    every = visit.ask(Lists(product=visit.product))
    consumers = visit.ask(PlanInForce(product=visit.product)).plan["consumers"]
    mine = _mine(visit)
    # Who acts on one kind of list sees their own, until they ask for everybody's.
    named = visit.query.get("consumer", mine[0] if len(mine) == 1 else "")
    state = visit.query.get("state", "")
    # Rehearsals reach nobody; they are shown to whoever asks for them.
    wanted = [
        one
        for one in every
        if named in ("", one.consumer) and (state == one.state or (not state and one.state != "rehearsal"))
    ]
    skipped = visit.query.get("skip", "")
    skip = int(skipped) if skipped.isdecimal() and len(skipped) < 9 else 0
    lines = [_line(name, told, every) for name, told in consumers.items() if told["mode"] == "list"]
    lines.sort(key=lambda line: line.consumer not in mine)
    return visit.product_page(
        "deliveries.html",
        lines=[line for line in lines if named in ("", line.consumer) and line.lists],
        consumers=[line.consumer for line in lines],
        states=[one for one in SIGNS if any(card.state == one for card in every)],
        signs=SIGNS,
        named=named,
        state_named=state,
        lists=wanted[skip : skip + ON_A_PAGE],
        count=len(wanted),
        newer=max(0, skip - ON_A_PAGE) if skip else None,
        older=skip + ON_A_PAGE if skip + ON_A_PAGE < len(wanted) else None,
        done=DONE.get(visit.query.get("done", ""), ""),
    )


def _mine(visit: Visit) -> list[str]:
    roles = visit.ask(WhoAmI(product=visit.product)).roles
    return [role.removeprefix("consumer:") for role in roles if role.startswith("consumer:")]


def _line(name: str, consumer: dict[str, object], every: Sequence[ListCard]) -> Line:
    mine = [one for one in every if one.consumer == name and one.state != "rehearsal"]
    real = [one for one in mine if one.state in ("on time", "late", "partial")]
    said = [(one.used, one.of) for one in real if one.used is not None and one.of]
    wanted = consumer.get("use_at_least")
    return Line(
        consumer=name,
        who=str(consumer["who"]),
        lists=mine[:ON_A_LINE][::-1],
        kept=sum(one.state == "on time" for one in mine),
        late=sum(one.state in ("late", "partial") for one in mine),
        missed=sum(one.state in ("overdue", "failed", "nothing") for one in mine),
        received=sum(bool(one.received) for one in real),
        real=len(real),
        used=sum(used or 0 for used, _ in said) / sum(of for _, of in said) if said else None,
        guide=bool(consumer["guide"]),
        wanted=float(wanted) if isinstance(wanted, int | float) else None,
    )


def acknowledge(visit: Visit) -> None:
    """Carry out the form with which a consumer confirms a delivery."""
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


def _send(visit: Visit) -> Response:
    acknowledge(visit)
    return visit.back("acknowledged")


PAGE = Page("/products/{product}/deliveries", _show, label="Deliveries", order=4, send=_send)
