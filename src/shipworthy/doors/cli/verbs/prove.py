"""prove: run every declared check on a candidate and store the evidence.

Example: shipworthy prove 3f9ac2d41b07
"""

from __future__ import annotations

from typing import Annotated

import typer

from shipworthy.doors.cli.screen import AsJson, Product, checks, product_here, progress, session, show
from shipworthy.prove.words import ProveCandidate


def run(
    candidate: Annotated[str, typer.Argument(help="Its digest, or the first digits.")],
    product: Product = "",
    json: AsJson = False,
) -> None:
    """ProveCandidate from the command line."""
    with session() as opened:
        answer = opened.do(ProveCandidate(product=product_here(product), candidate=candidate), on_step=progress(json))
    show(
        answer,
        json,
        lambda proof: [
            f"verdict {proof.verdict}, evidence {proof.evidence[:12]}, report {proof.report[:12]}",
            *checks(proof.checks),
        ],
    )
