"""Sheets of Excel workbooks (.xlsx): the values as Excel last showed them, every one as text.

A cell that shows an error, or a formula that was never calculated, puts its row into quarantine where the column is
under contract.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

import pyarrow as pa

from shipworthy.base.errors import UserError
from shipworthy.data.parts import joined
from shipworthy.data.places import Bytes, content, files, half_written, wrong
from shipworthy.data.source import Broken, Part, Place, Probe, Reading, SourceKind
from shipworthy.edges.extras import library
from shipworthy.plan.schema import Source

_ZIP, _OLD = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
MOST_ROWS = 1_048_576
"""Rows of a sheet, the header among them. Source: Microsoft, Excel specifications and limits."""
_MOST_UNPACKED = 4 << 30  # bytes; a small file that unpacks to more was made to do harm


def read(source: Source, place: Place) -> Reading:
    """All rows of the sheet of all files; wholly empty rows are none."""
    return joined([_part(content(file, place), source, place) for file in files(source.path, place)])


def probe(source: Source, place: Place) -> Probe:
    """The number of files and the header of the sheet in the first."""
    found = files(source.path, place)
    with _Sheet(content(found[0], place), source, place, calculated=True) as rows:
        names = _header(found[0].name, rows)
    plural = "s" * (len(found) != 1)
    return Probe(f"{len(found)} workbook{plural}, the first {found[0].name}", dict.fromkeys(names, "text"))


class _Sheet:
    """The rows of one sheet as cells, read one after the other."""

    def __init__(self, file: Bytes, source: Source, place: Place, *, calculated: bool) -> None:
        self.file, self.source, self.place, self.calculated = file, source, place, calculated

    def __enter__(self) -> Iterator[Sequence[Any]]:
        openpyxl = library("openpyxl", "excel", "Excel files", "data.no_library", f"sources.{self.place.name}.kind")
        _whole(self.file)
        try:
            self.book = openpyxl.load_workbook(
                io.BytesIO(self.file.content), read_only=True, data_only=self.calculated, keep_links=False
            )
        except Exception as error:  # the library raises whatever the broken part of a file leads to
            raise _unreadable(self.file.name, error) from None
        names = self.book.sheetnames
        name = self.source.sheet or (names[0] if names else "")
        if name not in names or not hasattr(self.book[name], "reset_dimensions"):
            where, found = f"sources.{self.place.name}.sheet", f"There is no sheet {name!r} in {self.file.name}."
            raise wrong("no_sheet", where, found, fix=f"Name one of: {', '.join(names)}.")
        self.book[name].reset_dimensions()  # what a file says of its own size is often wrong
        return iter(self.book[name].iter_rows())

    def __exit__(self, *error: object) -> None:
        self.book.close()


def _part(file: Bytes, source: Source, place: Place) -> tuple[Part, pa.Table]:
    wanted = set(source.contract.columns)
    try:
        with _Sheet(file, source, place, calculated=True) as rows:
            names = _header(file.name, rows)
            found = [cells for row in _bounded(rows, file.name) if (cells := _filled(row, len(names)))]
        uncalculated = _uncalculated(file, source, place, names) if _has_gaps(found, names, wanted) else {}
    except UserError:
        raise
    except Exception as error:
        raise _unreadable(file.name, error) from None
    broken = []
    good = []
    for number, cells in enumerate(found, 1):
        reasons = _errors(cells, names, wanted) + uncalculated.get(number, [])
        if reasons:
            broken.append(Broken(number, ", ".join(_text(cell) or "" for cell in cells), "; ".join(reasons)))
        else:
            good.append([_text(cell) for cell in cells[: len(names)]])
    columns = list(zip(*good, strict=True)) if good else [()] * len(names)
    table = pa.table([pa.array(column, pa.string()) for column in columns], names=names)
    return Part(file.name, file.digest, len(found), tuple(names), tuple(broken)), table


def _bounded(rows: Iterator[Sequence[Any]], name: str) -> Iterator[Sequence[Any]]:
    """The rows below the header; a sheet is held in memory, and the format bounds how many there are."""
    for number, row in enumerate(rows, 2):
        if number > MOST_ROWS:
            found = f"The sheet goes on beyond row {MOST_ROWS:,}, where a sheet of Excel ends."
            why = "No program that people read it with would show those rows."
            raise wrong(
                "not_excel", name, found, why, "Have it written as CSV or Parquet, which any number of rows fit."
            )
        yield row


def _header(name: str, rows: Iterator[Sequence[Any]]) -> list[str]:
    first = next((row for row in rows if any(cell.value is not None for cell in row)), ())
    texts = [(_text(cell) or "").strip() for cell in first]
    while texts and not texts[-1]:
        texts.pop()
    repeated = [str(at) for at, text in enumerate(texts, 1) if not text or texts.count(text) > 1]
    if repeated or not texts:
        found = (
            f"In its first line, column {' and '.join(repeated)} has no name of its own." if texts else "It is empty."
        )
        why = "It cannot be said which of the columns is meant."
        fix = "See that the sheet begins with a header that names every column once."
        raise wrong("repeated_column" if texts else "empty_file", f"{name}:1", found, why, fix)
    return texts


def _filled(row: Sequence[Any], width: int) -> list[Any]:
    """The cells of a row, one for each column and those beyond; none where all are empty."""
    cells = list(row)
    if all(cell.value is None for cell in cells):
        return []
    while len(cells) > width and cells[-1].value is None:
        cells.pop()
    return cells + [_EMPTY] * (width - len(cells))


def _errors(cells: Sequence[Any], names: list[str], wanted: set[str]) -> list[str]:
    found = [
        f"{name} shows the error {cell.value}"
        for name, cell in zip(names, cells, strict=False)
        if name in wanted and cell.data_type == "e"
    ]
    if len(cells) > len(names):
        found.append(f"the row has {len(cells)} cells, the header {len(names)}")
    return found


def _has_gaps(rows: list[list[Any]], names: list[str], wanted: set[str]) -> bool:
    places = [at for at, name in enumerate(names) if name in wanted]
    return any(cells[at].value is None for cells in rows for at in places)


def _uncalculated(file: Bytes, source: Source, place: Place, names: list[str]) -> dict[int, list[str]]:
    """The columns with formulas that hold no value, by row: whoever wrote the file did not calculate it."""
    wanted = set(source.contract.columns)
    with (
        _Sheet(file, source, place, calculated=True) as shown,
        _Sheet(file, source, place, calculated=False) as written,
    ):
        _header(file.name, shown)
        _header(file.name, written)
        found: dict[int, list[str]] = {}
        number = 0
        for values, formulas in zip(shown, written, strict=True):
            # A row of nothing but uncalculated formulas is empty as shown; it is a row that was written all the same.
            if not _filled(values, len(names)):
                if _filled(formulas, len(names)):
                    raise _never_calculated(file.name, place)
                continue
            number += 1
            bad = [
                f"the formula in {name} was never calculated"
                for name, value, formula in zip(names, values, formulas, strict=False)
                if name in wanted and value.value is None and formula.data_type == "f"
            ]
            if bad:
                found[number] = bad
        return found


def _text(cell: Any) -> str | None:
    """The value of a cell as a CSV file would have it."""
    value = cell.value
    if value is None or isinstance(value, str):
        return value or None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(sep=" ")
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value.total_seconds()) if isinstance(value, timedelta) else str(value)


class _Empty:
    value = None
    data_type = "n"


_EMPTY = _Empty()


def _whole(file: Bytes) -> None:
    if file.content[:4] == _OLD:
        found = "The file is an old workbook (.xls), or protected by a password."
        raise wrong("not_excel", file.name, found, "Only .xlsx is read.", "Save it as .xlsx, without a password.")
    if file.content[:4] != _ZIP:
        found = "The file is no Excel workbook."
        raise wrong("not_excel", file.name, found, fix="Correct the kind of the source or the file.")
    try:
        size = sum(item.file_size for item in zipfile.ZipFile(io.BytesIO(file.content)).infolist())
    except zipfile.BadZipFile:
        raise half_written(file.name, "The file begins like a workbook, but its end is not there.") from None
    if size > _MOST_UNPACKED:
        found = f"The workbook unpacks to {size:,} bytes."
        raise wrong("not_excel", file.name, found, "So large a sheet does not exist.", "Have it written again.")


def _unreadable(name: str, error: Exception) -> UserError:
    found = f"The workbook cannot be read ({type(error).__name__})."
    why = "It is damaged, or not what its writer meant; what could still be read of it is no fair picture."
    return wrong("not_excel", name, found, why, "Open it in Excel and save it anew.")


def _never_calculated(name: str, place: Place) -> UserError:
    found = "The workbook has rows of formulas that were never calculated."
    why = f"The rows of source {place.name} would be lost without a word."
    return wrong("not_excel", name, found, why, "Open it in Excel or LibreOffice and save it.")


SOURCE = SourceKind("Sheets of Excel workbooks (.xlsx), one or many.", ("path",), read, probe)
