"""afterwards: let a person in again who was erased, such as one who has consented anew.

Example: shipworthy readmit 00042 --reason "consent 2026-81"
"""

from __future__ import annotations

from typing import Annotated

import typer

from shipworthy.app.words import ReadmitPerson
from shipworthy.doors.cli.screen import AsJson, Product, product_here, session, show


def run(
    entity: Annotated[str, typer.Argument(help="The person, as the entity column names them.")],
    reason: Annotated[str, typer.Option(help="Why, without the name: it is recorded.")],
    product: Product = "",
    json: AsJson = False,
) -> None:
    """Readmit a person from the command line."""
    with session() as opened:
        mark = opened.do(ReadmitPerson(product=product_here(product), entity=entity, reason=reason))
    told = (
        f"Let in again: {mark[:12]}. Their rows are accepted from the next snapshot on; what was erased stays erased."
    )
    show(mark, json, lambda _: [told])
