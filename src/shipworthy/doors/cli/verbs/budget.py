"""watch: the false alarms that the plan accepts, how they are shared among the monitors, and how many there were."""

from __future__ import annotations

from shipworthy.doors.cli.screen import AsJson, Product, product_here, session, show, table
from shipworthy.watch.words import Budget, BudgetState


def run(product: Product = "", json: AsJson = False) -> None:
    """Budget from the command line."""
    with session() as opened:
        answer = opened.ask(Budget(product=product_here(product)))
    show(answer, json, _lines)


def _lines(state: BudgetState) -> list[str]:
    columns = ["monitor", "part", "declared", "alarms", "notes", "right", "false", "unsaid"]
    reserve = f"{state.given:g} of {state.budget:g} a year are given to monitors."
    return [state.text, reserve, *table(state.monitors, columns).splitlines()]
