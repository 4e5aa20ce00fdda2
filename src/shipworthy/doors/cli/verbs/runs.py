"""deliver: the account of every run: due, answered, refused, delivered, failed."""

from __future__ import annotations

from shipworthy.deliver.words import Runs
from shipworthy.doors.cli.screen import AsJson, Product, product_here, session, show, table


def run(product: Product = "", json: AsJson = False) -> None:
    """Runs from the command line."""
    with session() as opened:
        answer = opened.ask(Runs(product=product_here(product)))
    show(
        answer,
        json,
        lambda found: table(found, ["run", "due", "answered", "refused", "delivered", "failed", "stood_in"]),
    )
