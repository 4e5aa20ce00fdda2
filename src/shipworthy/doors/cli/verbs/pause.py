"""deliver: hold what goes to a consumer, or to all; everybody who waits is told.

Example: shipworthy pause --consumer sales --reason "We look at the list first."
"""

from __future__ import annotations

from typing import Annotated

import typer

from shipworthy.doors.cli.lines import standing_lines
from shipworthy.doors.cli.screen import AsJson, Product, product_here, progress, session, show
from shipworthy.release.words import PauseDeliveries


def run(
    reason: Annotated[str, typer.Option(help="Why; everybody who waits reads it.")],
    consumer: Annotated[str, typer.Option(help="Only this one; all of them if not given.")] = "",
    product: Product = "",
    json: AsJson = False,
) -> None:
    """PauseDeliveries from the command line."""
    command = PauseDeliveries(product=product_here(product), reason=reason, consumer=consumer)
    with session() as opened:
        answer = opened.do(command, on_step=progress(json))
    show(answer, json, standing_lines)
