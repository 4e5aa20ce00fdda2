"""data: test the connection to every source, sink and message route of the plan in force.

Example: shipworthy probe call-list
"""

from __future__ import annotations

from typing import Annotated

import typer

from shipworthy.app.words import ProbeConnections
from shipworthy.base.check import CheckResult
from shipworthy.doors.cli.screen import AsJson, Product, product_here, session, show

_MARKS = {"pass": "ok  ", "warn": "warn", "not_run": "----"}
_FAILED = ("fail", "error")


def run(
    name: Annotated[str, typer.Argument(help="One source, sink or route; all if not given.")] = "",
    product: Product = "",
    json: AsJson = False,
) -> None:
    """Exit with 1 where one of them fails; nothing is brought to a real destination, and nothing is recorded."""
    with session() as opened:
        answer = opened.do(ProbeConnections(product=product_here(product), name=name))
    show(answer, json, _lines)
    raise typer.Exit(1 if any(result.verdict in _FAILED for result in answer) else 0)


def _lines(results: list[CheckResult]) -> list[str]:
    width = max(len(result.where) for result in results)
    lines = []
    for result in results:
        lines.append(f"{_MARKS.get(result.verdict, 'FAIL')}  {result.where:<{width}}  {result.found}")
        if result.verdict != "pass" and result.advice:
            lines.append(f"      {'':<{width}}  Fix: {result.advice}")
    return lines
