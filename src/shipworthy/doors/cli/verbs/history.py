"""plan: all versions of the plan, each with what changed."""

from __future__ import annotations

from collections.abc import Sequence

from shipworthy.doors.cli.screen import AsJson, Product, moment, product_here, session, show
from shipworthy.plan.words import PlanHistory, PlanVersion


def run(product: Product = "", json: AsJson = False) -> None:
    """PlanHistory from the command line."""
    with session() as opened:
        show(opened.ask(PlanHistory(product=product_here(product))), json, _lines)


def _lines(versions: Sequence[PlanVersion]) -> list[str]:
    lines = []
    for plan in versions:
        lines.append(f"version {plan.version}  {plan.digest[:12]}  {moment(plan.at)} UTC  by {plan.adopted_by}")
        lines += [f"  {change}" for change in plan.changes]
    return lines or ["No plan has been put into force yet: `shipworthy plan`."]
