"""afterwards: erase every row of one person, with a certificate of what was done and who else must act.

Example: shipworthy erase 00042 --reason "request 2026-17"
"""

from __future__ import annotations

from typing import Annotated

import typer

from shipworthy.app.words import ErasePerson
from shipworthy.deliver.words import ErasureOutcome
from shipworthy.doors.cli.screen import AsJson, Product, product_here, progress, session, show


def run(
    entity: Annotated[str, typer.Argument(help="The person, as the entity column names them.")],
    reason: Annotated[str, typer.Option(help="Why, without the name: it is recorded.")] = "",
    product: Product = "",
    json: AsJson = False,
) -> None:
    """Erase a person from the command line."""
    with session() as opened:
        done = opened.do(
            ErasePerson(product=product_here(product), entity=entity, reason=reason), on_step=progress(json)
        )
    show(done, json, _lines)


def _lines(done: ErasureOutcome) -> list[str]:
    if not done.rows:
        return [f"Nothing more was found. Certificate {done.certificate}"]
    lines = [f"Rows erased, with {done.rewritten} stored files rewritten:"]
    lines += [f"  {rows:>8}  {name}" for name, rows in done.rows.items()]
    lines += ["Out of reach, for others to act on:", *(f"  {text}" for text in done.outside)] if done.outside else []
    return [*lines, f"Certificate {done.certificate}"]
