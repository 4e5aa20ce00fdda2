"""A CSV file for people: replaced whole in one instant, and safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io

import pyarrow as pa
import pyarrow.compute as pc

from shipworthy.deliver.placing import place_of, replacing, tell
from shipworthy.deliver.sink import SinkKind, Target

# A cell that begins so is a formula to a spreadsheet (OWASP, CSV injection).
_FORMULA = r"^[=+\-@\t\r]"


def write(target: Target, rows: pa.Table) -> str:
    """Write the file beside its place and move it there in one step; a notice goes into a file next to it."""
    return stream(target, rows.to_reader())


def stream(target: Target, rows: pa.RecordBatchReader) -> str:
    """The same for rows that come some at a time."""
    file = place_of(target)
    with replacing(file) as out:
        text = io.TextIOWrapper(out, encoding="utf-8", newline="")
        lines = csv.writer(text, lineterminator="\n")
        lines.writerow(rows.schema.names)
        for batch in rows:
            lines.writerows(zip(*(_cells(column) for column in batch.columns), strict=True))
        text.detach()  # flushed; the file itself is closed by whoever opened it
    tell(target, file)
    return target.path


def _cells(column: pa.Array) -> list[object]:
    if pa.types.is_list(column.type):
        column = pc.binary_join(column, "; ").fill_null("")
    if pa.types.is_string(column.type):
        formula = pc.match_substring_regex(column, _FORMULA)
        if pc.any(formula).as_py():
            column = pc.if_else(formula, pc.binary_join_element_wise("'", column, ""), column)
    cells: list[object] = column.to_pylist()
    return cells


SINK = SinkKind("csv", write, stream)
