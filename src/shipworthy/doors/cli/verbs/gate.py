"""sign: what a candidate still needs before it may be released, and who can give it.

Example: shipworthy gate 3f9ac2d41b07
"""

from __future__ import annotations

from typing import Annotated

import typer

from shipworthy.doors.cli.lines import gate_lines
from shipworthy.doors.cli.screen import AsJson, Product, product_here, session, show
from shipworthy.sign.words import Gate


def run(
    candidate: Annotated[str, typer.Argument(help="Its digest, or the first digits.")],
    product: Product = "",
    json: AsJson = False,
) -> None:
    """Gate from the command line."""
    with session() as opened:
        answer = opened.ask(Gate(product=product_here(product), candidate=candidate))
    show(answer, json, gate_lines)
