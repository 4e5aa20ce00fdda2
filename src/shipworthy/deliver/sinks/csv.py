"""A CSV file for people: replaced whole in one instant, and safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import glob
import io
import os
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa

from shipworthy.base.digest import digest_of_bytes
from shipworthy.base.errors import Mistake, UserError
from shipworthy.deliver.sink import Gone, Knows, SinkKind, Target

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


def erase(target: Target, columns: Mapping[str, Knows]) -> Gone | None:
    """Rewrite the file without the rows, in one step; drafts that a crash left beside it go too."""
    file = _place(target)
    for draft in file.parent.glob(f".{glob.escape(file.name)}.*.new"):
        draft.unlink(missing_ok=True)
    if not file.is_file():
        return None
    content = file.read_bytes()
    head, *rows = list(csv.reader(io.StringIO(content.decode("utf-8"))))
    asked = [(place, columns[name]) for place, name in enumerate(head) if name in columns]
    if not asked:
        return None
    kept = [row for row in rows if not any(knows(row[at].removeprefix("'")) for at, knows in asked if at < len(row))]
    if len(kept) == len(rows):
        return Gone(len(rows), len(rows))
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([head, *kept])
    _replace(file, text.getvalue())
    new = digest_of_bytes(text.getvalue().encode())
    return Gone(len(rows), len(kept), digest_of_bytes(content), new)


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


SINK = SinkKind("csv", write, erase)
