"""deliver: the account of every stream: questions read, answered, set aside by reason, sent again.

Example: shipworthy streams --json
"""

from __future__ import annotations

from shipworthy.deliver.words import Streams
from shipworthy.doors.cli.screen import AsJson, Product, product_here, session, show, table


def run(product: Product = "", json: AsJson = False) -> None:
    """Streams from the command line."""
    with session() as opened:
        answer = opened.ask(Streams(product=product_here(product)))
    columns = ["consumer", "broker", "read", "answered", "dead", "replayed", "again", "rehearsed", "until"]
    show(answer, json, lambda found: table(found, columns))
