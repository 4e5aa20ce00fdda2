"""data: rows that were set aside, with the reason."""

from __future__ import annotations

from shipworthy.data.words import Quarantine
from shipworthy.doors.cli.screen import AsJson, Product, product_here, session, show, table


def run(product: Product = "", json: AsJson = False) -> None:
    """Quarantine from the command line."""
    with session() as opened:
        answer = opened.ask(Quarantine(product=product_here(product)))
    show(answer, json, lambda found: table(found, ["source", "row", "reason", "snapshot"]))
