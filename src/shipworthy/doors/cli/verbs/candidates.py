"""model: every candidate, oldest first."""

from __future__ import annotations

from shipworthy.doors.cli.screen import AsJson, Product, product_here, session, show, table
from shipworthy.model.words import Candidates


def run(product: Product = "", json: AsJson = False) -> None:
    """Candidates from the command line."""
    with session() as opened:
        answer = opened.ask(Candidates(product=product_here(product)))
    show(
        answer, json, lambda found: table(found, ["candidate", "role", "made_by", "at", "rows", "trained_on", "format"])
    )
