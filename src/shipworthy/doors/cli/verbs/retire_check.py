"""respond: sign that a check which an incident left behind is not to be asked any more; it takes two owners.

Example: shipworthy retire-check c1f0a2b3 --reason "The feed has no column of that name any more."
"""

from __future__ import annotations

from typing import Annotated

import typer

from shipworthy.doors.cli.screen import AsJson, Product, product_here, session, show
from shipworthy.respond.words import RetireCheck


def run(
    check: Annotated[str, typer.Argument(help="Its name, as `shipworthy permanent-checks` shows it.")],
    reason: Annotated[str, typer.Option(help="What has changed, so that the bug cannot come back.")],
    product: Product = "",
    json: AsJson = False,
) -> None:
    """RetireCheck from the command line."""
    with session() as opened:
        answer = opened.do(RetireCheck(product=product_here(product), check=check, reason=reason))
    show(answer, json)
