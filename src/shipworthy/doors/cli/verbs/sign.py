"""sign: approve or reject a candidate: exactly its digest and its evidence.

Example: shipworthy sign 3f9ac2d41b07 --function privacy
"""

from __future__ import annotations

from typing import Annotated

import typer

from shipworthy.doors.cli.lines import gate_lines
from shipworthy.doors.cli.screen import AsJson, Product, product_here, session, show
from shipworthy.sign.words import GiveSignOff


def run(
    candidate: Annotated[str, typer.Argument(help="Its digest, or the first digits.")],
    function: Annotated[str, typer.Option(help="The function you own: privacy, legal…")],
    reject: Annotated[bool, typer.Option("--reject", help="Reject it; needs a reason.")] = False,
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    product: Product = "",
    json: AsJson = False,
) -> None:
    """GiveSignOff from the command line."""
    with session() as opened:
        answer = opened.do(
            GiveSignOff(
                product=product_here(product),
                candidate=candidate,
                function=function,
                decision="reject" if reject else "approve",
                reason=reason,
            )
        )
    show(answer, json, gate_lines)
