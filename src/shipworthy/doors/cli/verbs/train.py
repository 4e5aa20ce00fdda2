"""model: make a candidate from the pipeline, the baseline or a model file.

Example: shipworthy train --baseline
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from shipworthy.doors.cli.lines import stretch
from shipworthy.doors.cli.screen import AsJson, Product, as_text, product_here, progress, session, show
from shipworthy.model.words import MadeCandidate, TrainCandidate


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
    show(answer, json, _lines)


def _lines(made: MadeCandidate) -> str:
    return as_text(replace(made, trained_on=[stretch(made.trained_on)] if made.trained_on else []))
