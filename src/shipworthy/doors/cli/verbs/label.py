"""watch: answers drawn at random whose truth people are asked for, and what they say.

Example: shipworthy label --save tasks.csv, fill in the column label (yes, no, a class, ?), shipworthy label tasks.csv
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from shipworthy.doors.cli.screen import AsJson, Product, product_here, progress, session, show, table, write_file
from shipworthy.watch.words import AuditOutcome, AuditTask, AuditTasks, LabelAudit


def run(
    file: Annotated[
        Path | None, typer.Argument(exists=True, dir_okay=False, help="CSV with answer_id and label; lists if absent.")
    ] = None,
    save: Annotated[Path | None, typer.Option(help="Save what waits as a CSV to fill in.")] = None,
    product: Product = "",
    json: AsJson = False,
) -> None:
    """AuditTasks and LabelAudit from the command line."""
    name = product_here(product)
    with session() as opened:
        if file is not None:
            text = file.read_bytes().decode("utf-8-sig", "replace")
            show(opened.do(LabelAudit(product=name, labels=text), on_step=progress(json)), json, _said)
            return
        found = opened.ask(AuditTasks(product=name))
    if save is not None:
        write_file(save, _sheet(found))
    show(found, json, lambda rows: [table(rows, ["answer_id", "entity", "window", "sample"])])


def _said(found: AuditOutcome) -> list[str]:
    return [f"{found.told:,} labels taken, {found.unsure:,} that nobody could tell; {found.left:,} answers still wait."]


def _sheet(tasks: Sequence[AuditTask]) -> bytes:
    out = io.StringIO()
    sheet = csv.writer(out, lineterminator="\n")
    sheet.writerow(["answer_id", "entity", "window", "label"])
    sheet.writerows([task.answer_id, task.entity, task.window, ""] for task in tasks)
    return out.getvalue().encode()
