"""data: read every source under its contract and pin the accepted rows.

Example: shipworthy snapshot --as-of 1997-07-01
"""

from __future__ import annotations

from typing import Annotated

import typer

from shipworthy.data.words import TakeSnapshot
from shipworthy.doors.cli.lines import intakes
from shipworthy.doors.cli.screen import AsJson, Product, a_moment, product_here, progress, session, show


def run(
    as_of: Annotated[
        str, typer.Option(callback=a_moment, help="The moment before which every row lies; now if not given.")
    ] = "",
    product: Product = "",
    json: AsJson = False,
) -> None:
    """TakeSnapshot from the command line."""
    with session() as opened:
        answer = opened.do(TakeSnapshot(product=product_here(product), as_of=as_of), on_step=progress(json))
    show(answer, json, lambda taken: intakes([taken]))
