"""data: every snapshot with the account of its rows."""

from __future__ import annotations

from shipworthy.data.words import Snapshots
from shipworthy.doors.cli.lines import intakes
from shipworthy.doors.cli.screen import AsJson, Product, product_here, session, show


def run(product: Product = "", json: AsJson = False) -> None:
    """Snapshots from the command line."""
    with session() as opened:
        answer = opened.ask(Snapshots(product=product_here(product)))
    show(answer, json, intakes)
