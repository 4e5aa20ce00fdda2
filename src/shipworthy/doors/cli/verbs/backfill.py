"""deliver: make the lists of a past time that were never made, each on what was known at its moment.

Example: shipworthy backfill crm --from 1997-05-01 --to 1997-12-01
"""

from __future__ import annotations

from typing import Annotated

import typer

from shipworthy.deliver.words import BackFill
from shipworthy.doors.cli.lines import filled
from shipworthy.doors.cli.screen import AsJson, Product, a_moment, product_here, progress, session, show


def run(
    consumer: Annotated[str, typer.Argument(help="For whom, as product.yaml names them.")],
    start: Annotated[str, typer.Option("--from", help="The first moment.", callback=a_moment)],
    until: Annotated[str, typer.Option("--to", help="The last moment.", callback=a_moment)],
    deliver: Annotated[
        bool, typer.Option("--deliver", help="Bring the lists to their destinations too; only to the log if not given.")
    ] = False,
    product: Product = "",
    json: AsJson = False,
) -> None:
    """BackFill from the command line."""
    with session() as opened:
        answer = opened.do(
            BackFill(product=product_here(product), consumer=consumer, start=start, until=until, deliver=deliver),
            on_step=progress(json),
        )
    show(answer, json, filled)
