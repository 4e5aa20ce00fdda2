"""data: rows that were set aside, with the reason; of the newest snapshot or refusal if none is named.

Example: shipworthy quarantine --source purchases --limit 20
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from shipworthy.data.words import Quarantine, QuarantinedRow
from shipworthy.doors.cli.screen import AsJson, Product, product_here, session, show, table

_ALL = 1_000_000_000


def run(
    snapshot: Annotated[str, typer.Option(help="Of this snapshot or refusal: its digest, or the first digits.")] = "",
    source: Annotated[str, typer.Option(help="Of this source only.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="How many rows at most.")] = 100,
    skip: Annotated[int, typer.Option(min=0, help="How many rows to leave out first.")] = 0,
    product: Product = "",
    json: AsJson = False,
) -> None:
    """Quarantine from the command line."""
    named, more = product_here(product), 0
    with session() as opened:
        found = opened.ask(Quarantine(product=named, snapshot=snapshot, source=source, limit=limit, skip=skip))
        if len(found) == limit and not json:
            rest = Quarantine(product=named, snapshot=snapshot, source=source, limit=_ALL, skip=skip + limit)
            more = len(opened.ask(rest))
    show(found, json, lambda rows: _lines(rows, more, skip + limit))


def _lines(rows: Sequence[QuarantinedRow], more: int, shown: int) -> list[str]:
    lines = [table(rows, ["source", "row", "reason", "snapshot"])]
    return [*lines, f"… and {more:,} more: --skip {shown}"] if more else lines
