"""respond: move a product on simulated time forward, doing what falls due on the way.

Example: shipworthy advance 1997-08-01
"""

from __future__ import annotations

from typing import Annotated

import typer

from shipworthy.app.words import Advance
from shipworthy.doors.cli.screen import AsJson, Product, a_moment, product_here, progress, session, show


def run(
    to: Annotated[str, typer.Argument(callback=a_moment, help="The moment, such as 1997-08-01.")],
    product: Product = "",
    json: AsJson = False,
) -> None:
    """Advance from the command line."""
    with session() as opened:
        answer = opened.do(Advance(product=product_here(product), to=to), on_step=progress(json))
    show(answer, json)
