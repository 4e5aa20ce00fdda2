"""afterwards: everything behind one answer, from source rows to recipient.

Example: shipworthy trace 04a7b8b0cf55829f6148266ac8a2e17b
"""

from __future__ import annotations

from typing import Annotated

import typer

from shipworthy.deliver.words import Trace
from shipworthy.doors.cli.lines import trace_lines
from shipworthy.doors.cli.screen import AsJson, Product, product_here, session, show


def run(
    answer: Annotated[str, typer.Argument(help="The answer's id, or the trace id that its caller sent (W3C).")],
    product: Product = "",
    json: AsJson = False,
) -> None:
    """Trace from the command line."""
    with session() as opened:
        traced = opened.ask(Trace(product=product_here(product), answer=answer))
    show(traced, json, trace_lines)
