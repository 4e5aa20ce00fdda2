"""watch: collect mature labels and let every monitor judge what is new."""

from __future__ import annotations

from shipworthy.doors.cli.screen import AsJson, Product, product_here, progress, session, show
from shipworthy.watch.words import Watch


def run(product: Product = "", json: AsJson = False) -> None:
    """Watch from the command line."""
    with session() as opened:
        answer = opened.do(Watch(product=product_here(product)), on_step=progress(json))
    show(answer, json)
