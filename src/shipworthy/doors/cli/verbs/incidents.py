"""respond: every incident, open and closed."""

from __future__ import annotations

from shipworthy.doors.cli.screen import AsJson, Product, product_here, session, show, table
from shipworthy.respond.words import Incidents


def run(product: Product = "", json: AsJson = False) -> None:
    """Incidents from the command line."""
    with session() as opened:
        answer = opened.ask(Incidents(product=product_here(product)))
    show(
        answer,
        json,
        lambda found: table(
            found, ["incident", "severity", "title", "owner", "opened_at", "due_by", "overdue", "closed_by"]
        ),
    )
