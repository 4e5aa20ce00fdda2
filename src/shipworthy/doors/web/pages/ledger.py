"""Every fact, newest first: by kind, page by page, and whether the chain holds."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response

from shipworthy.app.words import FactCard, LedgerPage, LedgerState, VerifyLedger
from shipworthy.base.errors import Mistake, Tampered
from shipworthy.doors.web.render import LONGEST_HEADING, headline, short, words
from shipworthy.doors.web.visit import Page, Visit

TELLING = ("version", "title", "function", "decision", "role", "step", "consumer", "sink", "monitor", "level",
           "trigger", "action", "verdict", "person", "to")  # fmt: skip


def _show(visit: Visit) -> Response:
    kind = visit.query.get("kind", "")
    fact = _number(visit.query.get("fact", ""))
    # One fact that was asked for stands first, with what happened before it.
    before = fact + 1 if fact else _number(visit.query.get("before", ""))
    verified, broken = _verified(visit) if "verify" in visit.query else (None, ())
    return visit.product_page(
        "ledger.html",
        sheet=visit.ask(LedgerPage(product=visit.product, kind=kind, before=before)),
        kind=kind,
        before=before,
        fact=fact,
        verified=verified,
        gist=gist,
        broken=broken,
    )


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and text.isascii() and len(text) < 16 else 0


def gist(fact: FactCard) -> str:
    """What tells a fact from others of its kind: the few words of its body that people look for."""
    said = [_told(name, str(fact.body[name])) for name in TELLING if fact.body.get(name)]
    about = short(fact.about) if len(fact.about) == 64 else fact.about
    return ", ".join([*said, *([about] if about not in ("", fact.product) else [])])


def _told(name: str, text: str) -> str:
    if name in ("level", "verdict"):
        return words(text)
    return headline(text) if len(text) > LONGEST_HEADING else text


def _verified(visit: Visit) -> tuple[LedgerState | None, Sequence[Mistake]]:
    try:
        return visit.ask(VerifyLedger(product=visit.product)), ()
    except Tampered as error:
        return None, error.mistakes


PAGE = Page("/products/{product}/ledger", _show, label="Ledger", order=7)
