"""release: give consumers back what they had before, in one step.

Example: shipworthy rollback --reason "The list of Monday was wrong."
"""

from __future__ import annotations

from typing import Annotated

import typer

from shipworthy.doors.cli.lines import standing_lines
from shipworthy.doors.cli.screen import AsJson, Product, product_here, progress, session, show
from shipworthy.release.words import RollBack


def run(
    reason: Annotated[str, typer.Option(help="Why.")],
    candidate: Annotated[str, typer.Option(help="Which one; the one released last if not given.")] = "",
    product: Product = "",
    json: AsJson = False,
) -> None:
    """RollBack from the command line."""
    command = RollBack(product=product_here(product), reason=reason, candidate=candidate)
    with session() as opened:
        answer = opened.do(command, on_step=progress(json))
    show(answer, json, standing_lines)
