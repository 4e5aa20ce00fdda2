"""deliver: what went to whom, on time or late, acknowledged or not."""

from __future__ import annotations

from shipworthy.deliver.words import Deliveries
from shipworthy.doors.cli.screen import AsJson, Product, product_here, session, show, table


def run(product: Product = "", json: AsJson = False) -> None:
    """Deliveries from the command line."""
    with session() as opened:
        answer = opened.ask(Deliveries(product=product_here(product)))
    show(
        answer,
        json,
        lambda found: table(
            found, ["delivery", "consumer", "sink", "as_of", "at", "state", "rows", "acknowledged", "used", "where"]
        ),
    )
