"""data: rows that were set aside, with the reason; of the newest snapshot or refusal if none is named.

Example: shipworthy quarantine --source purchases --limit 20
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from shipworthy.data.words import MASK, Quarantine, QuarantinedRow
from shipworthy.doors.cli.screen import AsJson, Product, product_here, session, show, table, write_file

_ALL = 1_000_000_000


def run(
    snapshot: Annotated[str, typer.Option(help="Of this snapshot or refusal: its digest, or the first digits.")] = "",
    source: Annotated[str, typer.Option(help="Of this source only.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="How many rows at most.")] = 100,
    skip: Annotated[int, typer.Option(min=0, help="How many rows to leave out first.")] = 0,
    save: Annotated[
        Path | None, typer.Option(help="Write the rows into this CSV file, to correct and hand to `shipworthy replay`.")
    ] = None,
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
    if save is not None:
        if not source:
            raise typer.BadParameter("name the --source whose rows are to be saved")
        write_file(save, _sheet(found))
    show(found, json, lambda rows: _lines(rows, more, skip + limit))


def _sheet(rows: Sequence[QuarantinedRow]) -> bytes:
    """The rows with their numbers and reasons; columns that may say something about a person are left out."""
    names = [name for name in (rows[0].values if rows else ()) if any(row.values.get(name) != MASK for row in rows)]
    out = io.StringIO()
    sheet = csv.writer(out, lineterminator="\n")
    sheet.writerow(["_row", "_reason", *names])
    for row in rows:
        sheet.writerow([row.row, row.reason, *(row.values.get(name, "") for name in names)])
    return out.getvalue().encode()


def _lines(rows: Sequence[QuarantinedRow], more: int, shown: int) -> list[str]:
    lines = [table(rows, ["source", "row", "reason", "snapshot"])]
    return [*lines, f"… and {more:,} more: --skip {shown}"] if more else lines
