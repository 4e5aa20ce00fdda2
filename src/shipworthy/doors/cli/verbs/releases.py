"""release: who answers whom, and how it came to that.

Example: shipworthy releases
"""

from __future__ import annotations

from typing import Annotated

import typer

from shipworthy.doors.cli.lines import standing_lines
from shipworthy.doors.cli.screen import AsJson, Product, product_here, progress, session, show
from shipworthy.release.words import Releases, RepairPointer


def run(
    repair: Annotated[bool, typer.Option("--repair", help="Write the release pointer anew from the ledger.")] = False,
    product: Product = "",
    json: AsJson = False,
) -> None:
    """Releases or RepairPointer from the command line."""
    named = product_here(product)
    with session() as opened:
        if repair:
            answer = opened.do(RepairPointer(product=named), on_step=progress(json))
        else:
            answer = opened.ask(Releases(product=named))
    show(answer, json, standing_lines)
