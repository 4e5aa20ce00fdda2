"""data: judge rows that were set aside again; what passes comes in with the next snapshot.

Example: shipworthy replay purchases --reason "dollar_value is above" --with corrected.csv
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from shipworthy.data.words import Replayed, ReplayQuarantine
from shipworthy.doors.cli.screen import AsJson, Product, product_here, progress, session, show


def run(
    source: Annotated[str, typer.Argument(help="Of which source.")],
    snapshot: Annotated[
        str, typer.Option(help="Of this snapshot or refusal; the newest that set rows of it aside if not given.")
    ] = "",
    reason: Annotated[str, typer.Option(help="Only rows with this reason, or a part of it.")] = "",
    corrected: Annotated[
        Path | None,
        typer.Option("--with", exists=True, dir_okay=False, help="CSV with _row and the corrected columns."),
    ] = None,
    product: Product = "",
    json: AsJson = False,
) -> None:
    """ReplayQuarantine from the command line."""
    text = corrected.read_bytes().decode("utf-8-sig", "replace") if corrected else ""
    with session() as opened:
        answer = opened.do(
            ReplayQuarantine(
                product=product_here(product), source=source, snapshot=snapshot, reason=reason, corrected=text
            ),
            on_step=progress(json),
        )
    show(answer, json, _lines)


def _lines(found: Replayed) -> list[str]:
    before = f"; {found.before:,} were replayed before" if found.before else ""
    lines = [
        f"{found.source}: {found.taken:,} rows judged again = {found.passed:,} pass + "
        f"{found.taken - found.passed:,} stay set aside{before}"
    ]
    lines += [f"  {count:,} stay: {reason}" for reason, count in found.refused.items()]
    return [*lines, "Those that pass come in with the next snapshot."] if found.passed else lines
