"""respond: let every declared trigger act on what it has not acted on."""

from __future__ import annotations

from shipworthy.doors.cli.screen import AsJson, Product, product_here, progress, session, show
from shipworthy.respond.words import Respond


def run(product: Product = "", json: AsJson = False) -> None:
    """Respond from the command line."""
    with session() as opened:
        answer = opened.do(Respond(product=product_here(product)), on_step=progress(json))
    show(answer, json)
