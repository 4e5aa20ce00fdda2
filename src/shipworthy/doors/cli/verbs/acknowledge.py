"""deliver: confirm that a delivery arrived, and how much of it was used.

Example: shipworthy acknowledge 495e08204120 --used 188
"""

from __future__ import annotations

from typing import Annotated

import typer

from shipworthy.deliver.words import AcknowledgeDelivery
from shipworthy.doors.cli.screen import AsJson, Product, product_here, session, show


def run(
    delivery: Annotated[str, typer.Argument(help="Its digest, or the first digits.")],
    used: Annotated[int | None, typer.Option(help="How many rows were acted on.")] = None,
    remark: Annotated[str, typer.Option(help="Anything to say.")] = "",
    product: Product = "",
    json: AsJson = False,
) -> None:
    """AcknowledgeDelivery from the command line."""
    with session() as opened:
        answer = opened.do(
            AcknowledgeDelivery(product=product_here(product), delivery=delivery, used=used, remark=remark)
        )
    show(answer, json)
