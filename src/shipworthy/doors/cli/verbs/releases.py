"""release: who answers whom, and how it came to that."""

from __future__ import annotations

from shipworthy.doors.cli.screen import AsJson, Product, product_here, session, show
from shipworthy.release.words import Releases


def run(product: Product = "", json: AsJson = False) -> None:
    """Releases from the command line."""
    with session() as opened:
        answer = opened.ask(Releases(product=product_here(product)))
    show(answer, json)
