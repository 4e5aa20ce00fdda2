"""A CSV file for people: replaced whole in one instant, and safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import glob
import io
from collections.abc import Mapping

import pyarrow as pa

from shipworthy.base.digest import digest_of_bytes
from shipworthy.deliver.filing import here, put, put_notice, tried
from shipworthy.deliver.sink import Gone, Knows, SinkKind, Target

# A cell that begins so is a formula to a spreadsheet (OWASP, CSV injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write(target: Target, rows: pa.Table) -> str:
    """Put the file into its place in one step; a notice goes into a file next to it."""
    where = put(target, as_csv(rows))
    put_notice(target)
    return where


def as_csv(rows: pa.Table) -> bytes:
    """Rows as a CSV file with a header."""
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    out.writerow(rows.column_names)
    out.writerows(zip(*(_cells(column) for column in rows.columns), strict=True))
    return text.getvalue().encode()


def erase(target: Target, columns: Mapping[str, Knows]) -> Gone | None:
    """Rewrite the file without the rows, in one step; drafts that a crash left beside it go too."""
    file = here(target)
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
    put(target, text.getvalue().encode())
    new = digest_of_bytes(text.getvalue().encode())
    return Gone(len(rows), len(kept), digest_of_bytes(content), new)


def probe(target: Target, shape: pa.Table) -> str:
    """Whether the file could be written."""
    return tried(target)


def _cells(column: pa.ChunkedArray) -> list[object]:
    values = column.to_pylist()
    if pa.types.is_list(column.type):
        values = ["; ".join(value or []) for value in values]
    if pa.types.is_string(column.type) or pa.types.is_list(column.type):
        return [f"'{value}" if value and value.startswith(_FORMULA) else value for value in values]
    return list(values)


SINK = SinkKind("csv", write, says="A CSV file for people and spreadsheets.", needs=("path",), probe=probe, erase=erase)
