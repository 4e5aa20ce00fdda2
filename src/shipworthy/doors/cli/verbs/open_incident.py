"""respond: take up a bug in production.

Example: shipworthy open-incident "The list of March is empty" --severity high
"""

from __future__ import annotations

from typing import Annotated

import typer

from shipworthy.doors.cli.screen import AsJson, Product, product_here, session, show
from shipworthy.respond.words import OpenIncident, Severity


def run(
    title: Annotated[str, typer.Argument(help="What is wrong, for whom, in one sentence.")],
    severity: Annotated[Severity, typer.Option(help="How bad it is.")] = "high",
    cause: Annotated[str, typer.Option(help="Digest or name of the alarm, refusal, list or delivery behind it.")] = "",
    source: Annotated[
        str, typer.Option(help="The source whose data is suspect, * for any: nothing is learnt while it is open.")
    ] = "",
    product: Product = "",
    json: AsJson = False,
) -> None:
    """OpenIncident from the command line."""
    with session() as opened:
        answer = opened.do(
            OpenIncident(product=product_here(product), title=title, severity=severity, cause=cause, source=source)
        )
    show(answer, json)
