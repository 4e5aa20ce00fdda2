"""A CSV file for people: replaced whole in one instant, and safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path

import pyarrow as pa

from shipworthy.base.errors import Mistake, UserError
from shipworthy.deliver.sink import SinkKind, Target

# A cell that begins so is a formula to a spreadsheet (OWASP, CSV injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write(target: Target, rows: pa.Table) -> str:
    """Write the file beside its place and move it there in one step; a notice goes into a file next to it."""
    file = _place(target)
    file.parent.mkdir(parents=True, exist_ok=True)
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    out.writerow(rows.column_names)
    out.writerows(zip(*(_cells(column) for column in rows.columns), strict=True))
    _replace(file, text.getvalue())
    notice = file.with_name(f"{file.stem}.notice.txt")
    if target.notice:
        _replace(notice, target.notice + "\n")
    else:
        notice.unlink(missing_ok=True)
    return target.path


def _place(target: Target) -> Path:
    file = (target.folder / target.path).resolve()
    if not Path(target.path).is_absolute() and not file.is_relative_to(target.folder.resolve()):
        raise UserError(
            Mistake(
                "deliver.path_outside",
                target.path,
                "The path leads out of the product's folder.",
                fix="Use a path below product.yaml, or an absolute one.",
            )
        )
    target.require_open(file)
    return file


def _cells(column: pa.ChunkedArray) -> list[object]:
    values = column.to_pylist()
    if pa.types.is_list(column.type):
        values = ["; ".join(value or []) for value in values]
    if pa.types.is_string(column.type) or pa.types.is_list(column.type):
        return [f"'{value}" if value and value.startswith(_FORMULA) else value for value in values]
    return list(values)


def _replace(file: Path, text: str) -> None:
    fresh = file.with_name(f".{file.name}.{os.getpid()}.new")
    with fresh.open("w", encoding="utf-8", newline="") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(file)


SINK = SinkKind("csv", write)
