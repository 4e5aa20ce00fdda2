"""plan: all versions of the plan, each with what changed."""

from __future__ import annotations

from shipworthy.doors.cli.screen import AsJson, Product, product_here, session, show, table
from shipworthy.plan.words import PlanHistory


def run(product: Product = "", json: AsJson = False) -> None:
    """PlanHistory from the command line."""
    with session() as opened:
        answer = opened.ask(PlanHistory(product=product_here(product)))
    show(answer, json, lambda found: table(found, ["version", "digest", "adopted_by", "at", "changes"]))
