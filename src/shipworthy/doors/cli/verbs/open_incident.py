"""respond: take up a bug in production."""

from __future__ import annotations

from typing import Annotated

import typer

from shipworthy.doors.cli.screen import AsJson, Product, product_here, session, show
from shipworthy.respond.words import OpenIncident


def run(
    title: Annotated[str, typer.Argument(help="What is wrong, for whom, in one sentence.")],
    cause: Annotated[str, typer.Option(help="Digest of what it is about.")] = "",
    product: Product = "",
    json: AsJson = False,
) -> None:
    """OpenIncident from the command line."""
    with session() as opened:
        answer = opened.do(OpenIncident(product=product_here(product), title=title, cause=cause))
    show(answer, json)
