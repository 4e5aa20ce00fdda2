"""A CSV file for people: replaced whole in one instant, and safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io

import pyarrow as pa

from shipworthy.deliver.filing import put, put_notice, tried
from shipworthy.deliver.sink import SinkKind, Target

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


SINK = SinkKind("csv", write, says="A CSV file for people and spreadsheets.", needs=("path",), probe=probe)
