"""afterwards: write the whole ledger with its signed heads into one file.

Example: shipworthy export ledger.jsonl.gz
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from shipworthy.app.words import ExportLedger
from shipworthy.doors.cli.screen import AsJson, session, show, write_file


def run(
    to: Annotated[Path, typer.Argument(help="The file to write.")] = Path("ledger.jsonl.gz"), json: AsJson = False
) -> None:
    """Export, and write the signed head beside it: kept elsewhere, a later export is held against it."""
    with session() as opened:
        made = opened.do(ExportLedger())
        write_file(to, opened.file(made.file))
    head = to.with_name(f"{to.name}.head.json")
    write_file(head, f"{made.signed_head}\n".encode())
    told = {"file": str(to), "signed_head": str(head), "head": made.head, "digest": made.digest}
    show(
        told,
        json,
        lambda _: [
            f"{to}: {made.head} facts, head {made.digest}",
            f"{head}: the signed head. Keep it elsewhere: `shipworthy audit FILE --against {head.name}` compares.",
        ],
    )
