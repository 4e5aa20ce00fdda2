"""deliver: answer for everybody who is due and bring the list to a consumer.

Example: shipworthy score sales --rehearsal
"""

from __future__ import annotations

from typing import Annotated

import typer

from shipworthy.deliver.words import Score
from shipworthy.doors.cli.screen import AsJson, Product, a_moment, product_here, progress, session, show


def run(
    consumer: Annotated[str, typer.Argument(help="Who gets the list.")],
    as_of: Annotated[str, typer.Option(callback=a_moment, help="The moment the list is for; now if not given.")] = "",
    rehearsal: Annotated[bool, typer.Option("--rehearsal", help="To the rehearsal destination.")] = False,
    shadow: Annotated[
        bool, typer.Option("--shadow", help="Let the challenger answer the newest list in shadow.")
    ] = False,
    product: Product = "",
    json: AsJson = False,
) -> None:
    """Score from the command line."""
    with session() as opened:
        answer = opened.do(
            Score(
                product=product_here(product),
                consumer=consumer,
                as_of=as_of,
                trial="rehearsal" if rehearsal else "shadow" if shadow else "",
            ),
            on_step=progress(json),
        )
    show(answer, json)
