"""sign: take back your review and sign-off of a candidate.

Example: shipworthy revoke 3f9ac2d41b07 --function privacy --reason "the notice is out of date"
"""

from __future__ import annotations

from typing import Annotated

import typer

from shipworthy.doors.cli.lines import gate_lines
from shipworthy.doors.cli.screen import AsJson, Product, product_here, session, show
from shipworthy.sign.words import RevokeSignOff


def run(
    candidate: Annotated[str, typer.Argument(help="Its digest, or the first digits.")],
    function: Annotated[str, typer.Option(help="The function you own.")],
    reason: Annotated[str, typer.Option(help="Why.")],
    product: Product = "",
    json: AsJson = False,
) -> None:
    """RevokeSignOff from the command line."""
    with session() as opened:
        answer = opened.do(
            RevokeSignOff(product=product_here(product), candidate=candidate, function=function, reason=reason)
        )
    show(answer, json, gate_lines)
