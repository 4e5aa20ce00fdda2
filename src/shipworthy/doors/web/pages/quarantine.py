"""Rows that were set aside: how many and why, examples for those who may see rows, how to mend and replay them."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from starlette.responses import Response

from shipworthy.app.words import WhoAmI
from shipworthy.base.times import read_moment
from shipworthy.data.words import MASK, Quarantine, QuarantinedRow, ReplayQuarantine, RowsAside, SetAside
from shipworthy.doors.web.chart import Chart, Point, chart
from shipworthy.doors.web.visit import Page, Visit

ROWS_LOOKED_AT = 300
EXAMPLES = 3
MOST_TO_CORRECT = 40
LOOKS_SHOWN = 36


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason with how many rows it set aside, and some of them for those who may see rows."""

    text: str
    count: int
    share: float
    examples: list[QuarantinedRow]


@dataclass(frozen=True, slots=True)
class Shown:
    """One source for the page; `template` is what a person begins with to correct its rows."""

    state: SetAside
    reasons: list[Reason]
    aside: int
    share: float
    template: str
    more: int
    wide: Chart | None
    narrow: Chart | None


def _show(visit: Visit) -> Response:
    rights = visit.ask(WhoAmI(product=visit.product)).rights
    sources = [_source(visit, one, "rows" in rights) for one in visit.ask(RowsAside(product=visit.product))]
    return visit.product_page(
        "quarantine.html",
        sources=sources,
        may_see="rows" in rights,
        may_mend="mend" in rights,
        done=_done(visit),
        examples=EXAMPLES,
    )


def _source(visit: Visit, one: SetAside, may_see: bool) -> Shown:
    rows: list[QuarantinedRow] = []
    if may_see and one.reasons:
        asked = Quarantine(product=visit.product, snapshot=one.snapshot, source=one.source, limit=ROWS_LOOKED_AT)
        rows = visit.ask(asked)
    aside = sum(one.reasons.values())
    reasons = [
        Reason(text, count, count / aside, [row for row in rows if row.reason.startswith(text)][:EXAMPLES])
        for text, count in one.reasons.items()
    ]
    share, more = aside / one.rows if one.rows else 0.0, max(0, aside - MOST_TO_CORRECT)
    template = _template(rows[:MOST_TO_CORRECT])
    return Shown(one, reasons, aside, share, template, more, _drawn(one, 960, 220), _drawn(one, 360, 220))


def _drawn(one: SetAside, width: float, height: float) -> Chart | None:
    """The share of rows set aside over time; None where there are too few looks for a line, or nothing to see."""
    newest = {as_of: (read, bad) for as_of, read, bad in one.history}
    looks = sorted(newest.items(), key=lambda look: read_moment(look[0]))[-LOOKS_SHOWN:]
    if len(looks) < 3 or not any(bad for _, (_, bad) in looks):
        return None
    points = [
        Point(as_of, {"set aside": bad / read if read else 0.0}, text=f"{bad:,} of {read:,} rows")
        for as_of, (read, bad) in looks
    ]
    return chart(points, ["set aside"], width=width, height=height, share=True)


def _template(rows: Sequence[QuarantinedRow]) -> str:
    """The rows as CSV to be corrected in place; columns that may say something about a person are left out."""
    names = [name for name in (rows[0].values if rows else ()) if any(row.values.get(name) != MASK for row in rows)]
    out = io.StringIO()
    sheet = csv.writer(out, lineterminator="\n")
    sheet.writerow(["_row", *names])
    sheet.writerows([row.row, *(row.values.get(name, "") for name in names)] for row in rows)
    return out.getvalue()


def _send(visit: Visit) -> Response:
    told = visit.do(
        ReplayQuarantine(
            product=visit.product,
            source=visit.form.get("source", ""),
            snapshot=visit.form.get("snapshot", ""),
            reason=visit.form.get("reason", ""),
            corrected=visit.form.get("corrected", "").replace("\r\n", "\n"),
        )
    )
    return visit.back("replayed", taken=str(told.taken), passed=str(told.passed), before=str(told.before))


def _done(visit: Visit) -> str:
    if visit.query.get("done") != "replayed":
        return ""
    taken, passed, before = (_whole(visit.query.get(name, "")) for name in ("taken", "passed", "before"))
    if not taken:
        return f"Nothing was judged again: {before:,} rows were replayed before, and each comes in once."
    more = " Those come in with the next snapshot." if passed else " The reasons stand below."
    return f"{taken:,} rows were judged again and {passed:,} pass.{more}"


def _whole(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 12 else 0


PAGE = Page("/products/{product}/quarantine", _show, label="Quarantine", order=2.5, send=_send)
