"""A workbook for people: text stays text and runs nothing, the header stays in sight, and a sheet says what it is."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any, BinaryIO

import pyarrow as pa

from shipworthy.base.digest import digest_of_bytes
from shipworthy.base.errors import Mistake, UserError
from shipworthy.base.times import read_moment
from shipworthy.deliver.filing import lying, put, remains, replacing, tried
from shipworthy.deliver.sink import Gone, Knows, SinkKind, Target
from shipworthy.deliver.spool import Spool, spooled
from shipworthy.edges.extras import library

_MOST_ROWS, _MOST_SIGNS, _EXACT = 1_048_575, 32_767, 10**15  # a sheet without its header; a cell; a number
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_LOOKS_LIKE = (*_FORMULA, "#")  # a formula, or the name of an error
_MOMENT = "yyyy-mm-dd hh:mm:ss"
_WIDTHS = (8, 60)
_LOOKED_AT = 200  # rows by which the width of a column is chosen
_BATCH = 10_000


def write(target: Target, rows: pa.Table) -> str:
    """Put the workbook into its place in one step.

    Raises:
        UserError: the rows do not fit on a sheet, or the library is not installed.
    """
    return stream(target, rows.to_reader())


def stream(target: Target, rows: pa.RecordBatchReader) -> str:
    """The same for rows that come some at a time."""
    with replacing(target) as out:
        _save(target, rows, out)
    return target.path


def as_workbook(target: Target, rows: pa.Table) -> bytes:
    """Rows as a workbook with two sheets: the rows, and what the list is."""
    out = io.BytesIO()
    _save(target, rows.to_reader(), out)
    return out.getvalue()


def _save(target: Target, rows: pa.RecordBatchReader, out: BinaryIO) -> None:
    openpyxl = _library(target)
    with spooled(rows) as spool:
        if spool.rows > _MOST_ROWS:
            found = f"{spool.rows:,} rows do not fit on a sheet, which holds {_MOST_ROWS:,}."
            fix = "Use `kind: csv` or `kind: parquet`, or give each cohort a list of its own."
            raise UserError(Mistake("deliver.too_many_rows", target.where, found, "The rest would be lost.", fix))
        book = openpyxl.Workbook(write_only=True)
        book.properties.creator = "Shipworthy"
        book.properties.created = book.properties.modified = _made(target)
        _notice(book, target, spool.rows) if target.notice else None  # what must be read comes first
        _sheet(book.create_sheet(target.declared.sheet or "List"), spool)
        None if target.notice else _notice(book, target, spool.rows)
        book.save(out)


def _library(target: Target) -> Any:
    return library("openpyxl", "excel", "Excel files", "deliver.no_library", target.where)


def erase(target: Target, columns: Mapping[str, Knows]) -> Gone | None:
    """Rewrite the workbook without the rows, in one step, and put the new count into its notice.

    Raises:
        UserError: the library is not installed.
    """
    content = lying(target)
    if content is None:
        return None
    book = _library(target).load_workbook(io.BytesIO(content))
    name = target.declared.sheet or "List"
    if name not in book.sheetnames:
        return None
    sheet = book[name]
    asked = [(at, columns[cell.value]) for at, cell in enumerate(sheet[1]) if cell.value in columns]
    if not asked:
        return None
    rows = list(sheet.iter_rows(min_row=2, values_only=True))
    gone = [at for at, row in enumerate(rows, 2) if any(_known(row[column], knows) for column, knows in asked)]
    if not gone:
        return Gone(len(rows), len(rows))
    for at in reversed(gone):
        sheet.delete_rows(at)
    _recount(book, len(rows) - len(gone))
    out = io.BytesIO()
    book.save(out)
    put(target, out.getvalue())
    before, after = digest_of_bytes(content), digest_of_bytes(out.getvalue())
    return Gone(len(rows), len(rows) - len(gone), before, after, remains(target))


def _known(value: Any, knows: Knows) -> bool:
    return value is not None and knows(str(value))


def _recount(book: Any, rows: int) -> None:
    for label, count in book["Notice"].iter_rows(max_col=2) if "Notice" in book.sheetnames else ():
        if label.value == "Rows":
            count.value = f"{rows:,}"


def probe(target: Target, shape: pa.Table) -> str:
    """Whether the file could be written, and the library is there."""
    as_workbook(target, shape)
    return tried(target)


def _made(target: Target) -> datetime:
    """The moment of the list, so that the same list is the same file."""
    moment = read_moment(target.as_of) if target.as_of else datetime(2000, 1, 1, tzinfo=UTC)
    return moment.astimezone(UTC).replace(tzinfo=None)


def _sheet(sheet: Any, rows: Spool) -> None:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    sheet.freeze_panes = "A2"
    first = next(rows.stretches(_LOOKED_AT), rows.schema.empty_table())
    for at, width in enumerate(_fitting(first), 1):
        sheet.column_dimensions[get_column_letter(at)].width = width
    header = [WriteOnlyCell(sheet, name) for name in rows.schema.names]
    for cell in header:
        cell.data_type, cell.font = "s", Font(bold=True)
    sheet.append(header)
    for stretch in rows.stretches(_BATCH):
        for row in zip(*(column.to_pylist() for column in stretch.columns), strict=True):
            sheet.append([_cell(sheet, value) for value in row])


def _notice(book: Any, target: Target, rows: int) -> None:
    sheet = book.create_sheet("Notice")
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 12, 100
    told = (
        ("Notice", target.notice or "All is as planned."),
        ("Product", target.product),
        ("For", target.consumer),
        ("As of", target.as_of),
        ("Rows", f"{rows:,}"),
        ("Delivery", target.delivery[:12]),
    )
    for name, text in told:
        if text:
            sheet.append([_text(sheet, name), _text(sheet, text)])


def _cell(sheet: Any, value: Any) -> Any:
    if isinstance(value, str):
        return _text(sheet, value)
    if isinstance(value, list):
        return _text(sheet, "; ".join(str(item) for item in value))
    if isinstance(value, datetime):
        return _dated(sheet, value.astimezone(UTC).replace(tzinfo=None))
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, int) and abs(value) >= _EXACT:
        return _text(sheet, str(value))
    return value


def _text(sheet: Any, value: str) -> Any:
    """A cell that is text whatever it looks like: `=1+1` is no formula, and stays none when somebody edits it."""
    if len(value) > _MOST_SIGNS:
        found = f"A text of {len(value):,} signs does not fit into a cell, which holds {_MOST_SIGNS:,}."
        raise UserError(Mistake("deliver.too_many_rows", "sheet", found, "The rest would be lost.", "Use `kind: csv`."))
    text = _UNPRINTABLE.sub("\ufffd", value) if _UNPRINTABLE.search(value) else value
    if value[:1] not in _LOOKS_LIKE:
        return text  # as it is: a cell of its own for each text takes twice as long
    from openpyxl.cell import WriteOnlyCell

    cell = WriteOnlyCell(sheet)
    cell.value = text
    cell.data_type = "s"
    cell.quotePrefix = value[:1] in _FORMULA
    return cell


def _dated(sheet: Any, value: datetime) -> Any:
    from openpyxl.cell import WriteOnlyCell

    cell = WriteOnlyCell(sheet, value=value)
    cell.number_format = _MOMENT
    return cell


def _fitting(rows: pa.Table) -> Iterator[float]:
    low, high = _WIDTHS
    for name, column in zip(rows.column_names, rows.columns, strict=True):
        seen = [name, *(str(value) for value in islice(column.slice(0, _LOOKED_AT).to_pylist(), _LOOKED_AT))]
        yield min(high, max(low, *(len(text) + 2 for text in seen)))


SINK = SinkKind(
    "excel",
    write,
    says="A workbook (.xlsx) for people.",
    needs=("path",),
    probe=probe,
    erase=erase,
    stream=stream,
)
