"""prove: write the readable report of a candidate's newest proof to an HTML file.

Example: shipworthy report 3f9ac2d41b07 --to report.html
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from shipworthy.doors.cli.screen import AsJson, Product, product_here, session, show, write_file
from shipworthy.prove.words import ProofOf


def run(
    candidate: Annotated[str, typer.Argument(help="Its digest, or the first digits.")],
    to: Annotated[Path, typer.Option(help="The file to write.")] = Path("report.html"),
    product: Product = "",
    json: AsJson = False,
) -> None:
    """Write the report."""
    with session() as opened:
        proof = opened.ask(ProofOf(product=product_here(product), candidate=candidate))
        write_file(to, opened.file(proof.report))
    told = {"file": str(to), "verdict": proof.verdict, "evidence": proof.evidence, "report": proof.report}
    show(told, json, lambda _: f"{to}: verdict {proof.verdict}, evidence {proof.evidence[:12]}")
