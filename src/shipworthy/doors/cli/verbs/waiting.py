"""sign: what waits for you."""

from __future__ import annotations

from shipworthy.doors.cli.screen import AsJson, Product, product_here, session, show, table
from shipworthy.sign.words import WaitingFor


def run(product: Product = "", json: AsJson = False) -> None:
    """WaitingFor from the command line."""
    with session() as opened:
        answer = opened.ask(WaitingFor(product=product_here(product)))
    show(answer, json, lambda found: table(found, ["kind", "function", "candidate", "title"]))
