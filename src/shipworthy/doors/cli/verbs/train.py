"""model: make a candidate from the pipeline, the baseline or a model file.

Example: shipworthy train --baseline
"""

from __future__ import annotations

from typing import Annotated

import typer

from shipworthy.doors.cli.screen import AsJson, Product, product_here, progress, session, show
from shipworthy.model.words import TrainCandidate


def run(
    baseline: Annotated[bool, typer.Option("--baseline", help="Make the declared baseline.")] = False,
    product: Product = "",
    json: AsJson = False,
) -> None:
    """TrainCandidate from the command line."""
    with session() as opened:
        answer = opened.do(
            TrainCandidate(product=product_here(product), role="baseline" if baseline else "model"),
            on_step=progress(json),
        )
    show(answer, json)
