"""release: give consumers back what they had before, in one step.

Example: shipworthy rollback --reason "complaints from two branches"
"""

from __future__ import annotations

from typing import Annotated

import typer

from shipworthy.doors.cli.screen import AsJson, Product, product_here, progress, session, show
from shipworthy.release.words import RollBack


def run(reason: Annotated[str, typer.Option(help="Why.")], product: Product = "", json: AsJson = False) -> None:
    """RollBack from the command line."""
    with session() as opened:
        answer = opened.do(RollBack(product=product_here(product), reason=reason), on_step=progress(json))
    show(answer, json)
