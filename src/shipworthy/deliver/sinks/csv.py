"""A CSV file for people: replaced whole in one instant, and safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc

from shipworthy.base.digest import digest_of_bytes
from shipworthy.deliver.filing import lying, put, put_notice, remains, replacing, tried
from shipworthy.deliver.sink import Gone, Knows, SinkKind, Target

# A cell that begins so is a formula to a spreadsheet (OWASP, CSV injection).
_FORMULA = r"^[=+\-@\t\r]"


def write(target: Target, rows: pa.Table) -> str:
    """Put the file into its place in one step; a notice goes into a file next to it."""
    return stream(target, rows.to_reader())


def stream(target: Target, rows: pa.RecordBatchReader) -> str:
    """The same for rows that come some at a time."""
    with replacing(target) as out:
        _write(out, rows)
    put_notice(target)
    return target.path


def as_csv(rows: pa.Table) -> bytes:
    """Rows as a CSV file with a header."""
    out = io.BytesIO()
    _write(out, rows.to_reader())
    return out.getvalue()


def erase(target: Target, columns: Mapping[str, Knows]) -> Gone | None:
    """Rewrite the file without the rows, in one step; drafts that a crash left beside it go too."""
    content = lying(target)
    if content is None:
        return None
    head, *rows = list(csv.reader(io.StringIO(content.decode("utf-8"))))
    asked = [(place, columns[name]) for place, name in enumerate(head) if name in columns]
    if not asked:
        return None
    kept = [row for row in rows if not any(knows(row[at].removeprefix("'")) for at, knows in asked if at < len(row))]
    if len(kept) == len(rows):
        return Gone(len(rows), len(rows))
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([head, *kept])
    put(target, text.getvalue().encode())
    new = digest_of_bytes(text.getvalue().encode())
    return Gone(len(rows), len(kept), digest_of_bytes(content), new, remains(target))


def probe(target: Target, shape: pa.Table) -> str:
    """Whether the file could be written."""
    return tried(target)


def _write(out: BinaryIO, rows: pa.RecordBatchReader) -> None:
    text = io.TextIOWrapper(out, encoding="utf-8", newline="")
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(rows.schema.names)
    for batch in rows:
        lines.writerows(zip(*(_cells(column) for column in batch.columns), strict=True))
    text.detach()  # flushed; the file itself is closed by whoever opened it


def _cells(column: pa.Array) -> list[object]:
    if pa.types.is_list(column.type):
        column = pc.binary_join(column, "; ").fill_null("")
    if pa.types.is_string(column.type):
        formula = pc.match_substring_regex(column, _FORMULA)
        if pc.any(formula).as_py():
            column = pc.if_else(formula, pc.binary_join_element_wise("'", column, ""), column)
    cells: list[object] = column.to_pylist()
    return cells


SINK = SinkKind(
    "csv",
    write,
    says="A CSV file for people and spreadsheets.",
    needs=("path",),
    probe=probe,
    erase=erase,
    stream=stream,
)
