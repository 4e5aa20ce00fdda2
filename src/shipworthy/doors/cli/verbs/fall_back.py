"""release: let the signed baseline answer everybody, in one step.

Example: shipworthy fall-back --reason "The scores of Monday look wrong."
"""

from __future__ import annotations

from typing import Annotated

import typer

from shipworthy.doors.cli.lines import standing_lines
from shipworthy.doors.cli.screen import AsJson, Product, product_here, progress, session, show
from shipworthy.release.words import FallBack


def run(
    reason: Annotated[str, typer.Option(help="Why; everybody who waits reads it.")],
    product: Product = "",
    json: AsJson = False,
) -> None:
    """FallBack from the command line."""
    command = FallBack(product=product_here(product), reason=reason)
    with session() as opened:
        answer = opened.do(command, on_step=progress(json))
    show(answer, json, standing_lines)
