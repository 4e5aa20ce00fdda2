"""start: who you are, and what you may do here."""

from __future__ import annotations

from shipworthy.app.words import WhoAmI
from shipworthy.doors.cli.screen import AsJson, Product, session, show


def run(product: Product = "", json: AsJson = False) -> None:
    """WhoAmI from the command line."""
    with session() as opened:
        answer = opened.ask(WhoAmI(product=product))
    show(answer, json)
