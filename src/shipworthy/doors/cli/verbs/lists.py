"""deliver: every list that was made or is owed: on time, late or missing, received, used; newest first.

Example: shipworthy lists --consumer sales --state late
"""

from __future__ import annotations

from typing import Annotated

import typer

from shipworthy.deliver.words import Lists
from shipworthy.doors.cli.lines import lists
from shipworthy.doors.cli.screen import AsJson, Product, product_here, session, show


def run(
    consumer: Annotated[str, typer.Option(help="For this consumer only.")] = "",
    state: Annotated[str, typer.Option(help="In this state only: overdue, late, partial, failed…")] = "",
    product: Product = "",
    json: AsJson = False,
) -> None:
    """Lists from the command line."""
    with session() as opened:
        answer = opened.ask(Lists(product=product_here(product), consumer=consumer, state=state))
    show(answer, json, lists)
