"""respond: do everything that is due now: lists, labels, monitors, triggers."""

from __future__ import annotations

from shipworthy.app.words import DoWhatIsDue
from shipworthy.doors.cli.screen import AsJson, Product, product_here, progress, session, show


def run(product: Product = "", json: AsJson = False) -> None:
    """DoWhatIsDue from the command line."""
    with session() as opened:
        answer = opened.do(DoWhatIsDue(product=product_here(product)), on_step=progress(json))
    show(answer, json)
