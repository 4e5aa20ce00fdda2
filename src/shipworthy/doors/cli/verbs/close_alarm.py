"""watch: answer an alarm: was it right or false, and what did you find.

Example: shipworthy close-alarm 3f9c02ab11de --false --reason "The feed counted a holiday twice."
"""

from __future__ import annotations

from typing import Annotated

import typer

from shipworthy.doors.cli.screen import AsJson, Product, product_here, session, show
from shipworthy.watch.words import CloseAlarm


def run(
    alarm: Annotated[str, typer.Argument(help="The first digits of its name.")],
    reason: Annotated[str, typer.Option(help="What was found when somebody looked.")],
    false: Annotated[bool, typer.Option("--false", help="Nothing was wrong; it counts against the budget.")] = False,
    product: Product = "",
    json: AsJson = False,
) -> None:
    """CloseAlarm from the command line."""
    with session() as opened:
        answer = opened.do(CloseAlarm(product=product_here(product), alarm=alarm, reason=reason, false=false))
    show(answer, json)
