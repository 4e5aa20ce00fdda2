"""respond: say that you look after something that people were told about.

Example: shipworthy take-up 3f2a9c --remark "I look at the feed."
"""

from __future__ import annotations

from typing import Annotated

import typer

from shipworthy.doors.cli.screen import AsJson, Product, product_here, session, show
from shipworthy.respond.words import TakeUp


def run(
    cause: Annotated[str, typer.Argument(help="Its name, or the first digits, as `shipworthy responses` shows it.")],
    remark: Annotated[str, typer.Option(help="Anything to say.")] = "",
    product: Product = "",
    json: AsJson = False,
) -> None:
    """TakeUp from the command line."""
    with session() as opened:
        answer = opened.do(TakeUp(product=product_here(product), cause=cause, remark=remark))
    show(answer, json)
