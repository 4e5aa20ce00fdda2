"""deliver: what every prediction server and stream worker says of itself, and which ones are silent."""

from __future__ import annotations

from shipworthy.deliver.words import Servers
from shipworthy.doors.cli.lines import servers
from shipworthy.doors.cli.screen import AsJson, Product, product_here, session, show


def run(product: Product = "", json: AsJson = False) -> None:
    """Servers from the command line."""
    with session() as opened:
        answer = opened.ask(Servers(product=product_here(product)))
    show(answer, json, servers)
