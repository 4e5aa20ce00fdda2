"""sign: sign the bounds inside which a retrained candidate may go live by itself.

Example: shipworthy sign-envelope 3f9ac2d41b07 --function validation
"""

from __future__ import annotations

from typing import Annotated

import typer

from shipworthy.doors.cli.screen import AsJson, Product, product_here, session, show
from shipworthy.sign.words import SignEnvelope


def run(
    candidate: Annotated[str, typer.Argument(help="The champion from which changes are measured.")],
    function: Annotated[str, typer.Option(help="The function you own.")],
    reject: Annotated[bool, typer.Option("--reject", help="Reject it; needs a reason.")] = False,
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    product: Product = "",
    json: AsJson = False,
) -> None:
    """SignEnvelope from the command line."""
    with session() as opened:
        answer = opened.do(
            SignEnvelope(
                product=product_here(product),
                candidate=candidate,
                function=function,
                decision="reject" if reject else "approve",
                reason=reason,
            )
        )
    show(answer, json)
