"""release: move a candidate one step on: rehearsal, shadow, canary, cohort, all.

Example: shipworthy release 3f9ac2d41b07 cohort --cohort north
"""

from __future__ import annotations

from typing import Annotated

import typer

from shipworthy.doors.cli.lines import standing_lines
from shipworthy.doors.cli.screen import AsJson, Product, product_here, progress, session, show
from shipworthy.release.words import ReleaseCandidate


def run(
    candidate: Annotated[str, typer.Argument(help="Its digest, or the first digits.")],
    step: Annotated[str, typer.Argument(help="rehearsal, shadow, canary, cohort or all.")],
    cohort: Annotated[str, typer.Option(help="With step cohort: which.")] = "",
    product: Product = "",
    json: AsJson = False,
) -> None:
    """ReleaseCandidate from the command line."""
    with session() as opened:
        answer = opened.do(
            ReleaseCandidate(product=product_here(product), candidate=candidate, step=step, cohort=cohort),
            on_step=progress(json),
        )
    show(answer, json, standing_lines)
