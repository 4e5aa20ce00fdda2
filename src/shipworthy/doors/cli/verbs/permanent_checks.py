"""respond: the checks that incidents left behind, which every proof asks, and those that owners retired.

Example: shipworthy permanent-checks
"""

from __future__ import annotations

from shipworthy.doors.cli.screen import AsJson, Product, product_here, session, show, table
from shipworthy.respond.words import PermanentChecks


def run(product: Product = "", json: AsJson = False) -> None:
    """PermanentChecks from the command line."""
    with session() as opened:
        answer = opened.ask(PermanentChecks(product=product_here(product)))
    show(answer, json, lambda found: table(found, ["check", "text", "incident", "since", "asked", "signed"]))
