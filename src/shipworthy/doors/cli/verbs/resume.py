"""deliver: let deliveries go on; lists that were held back are made.

Example: shipworthy resume --reason "The list is right."
"""

from __future__ import annotations

from typing import Annotated

import typer

from shipworthy.doors.cli.lines import standing_lines
from shipworthy.doors.cli.screen import AsJson, Product, product_here, progress, session, show
from shipworthy.release.words import ResumeDeliveries


def run(
    reason: Annotated[str, typer.Option(help="Why; everybody who waits reads it.")],
    consumer: Annotated[str, typer.Option(help="Only this one; all of them if not given.")] = "",
    product: Product = "",
    json: AsJson = False,
) -> None:
    """ResumeDeliveries from the command line."""
    command = ResumeDeliveries(product=product_here(product), reason=reason, consumer=consumer)
    with session() as opened:
        answer = opened.do(command, on_step=progress(json))
    show(answer, json, standing_lines)
