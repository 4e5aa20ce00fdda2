"""CSV files, plain or packed (.gz): every column as text, so that a wrong value becomes a reason and not a crash."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv

from shipworthy.base.ahead import ahead
from shipworthy.data.parts import fitted, joined, of_reading, together
from shipworthy.data.places import Bytes, at_hand, content, files, half_written, unchanged, undecodable, wrong
from shipworthy.data.source import UNTOLD, Broken, Part, Piece, Pieces, Place, Probe, Reading, SourceKind
from shipworthy.plan.schema import Source

_BOM = b"\xef\xbb\xbf"
_OTHER_ENCODINGS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}
_BLOCK, _LARGEST_BLOCK = 1 << 20, (1 << 31) - 1
_AT_ONCE = 8 << 20  # bytes that become one piece
_END = "\x1e"  # marks a row of our own; never part of a text file


@dataclass
class _Parsed:
    table: pa.Table
    broken: list[Broken] = field(default_factory=list)
    cut: bool = False  # the last broken row has too few cells


def read(source: Source, place: Place) -> Reading:
    """All rows of all files, every column as text; an empty cell is missing."""
    return joined([part(content(file, place)) for file in files(source.path, place)])


@contextmanager
def pieces(source: Source, place: Place) -> Iterator[Pieces]:
    """The rows of all files, some at a time; files whose quotations do not fit are read whole, to say what is wrong."""
    found = files(source.path, place)
    with unchanged(found), at_hand(found, place) as here:
        texts = [_Text(file.name, local) for file, local in zip(found, here, strict=True)]
        if not all(text.name[-3:] != ".gz" and text.is_orderly() for text in texts):
            yield of_reading(read(source, place))
            return
        heads = [_header(text.name, text.head) for text in texts]
        schema = together([pa.schema([(name, pa.string()) for name in names]) for names, _ in heads])

        def rows() -> Iterator[Piece]:
            for file, text, (names, delimiter) in zip(found, texts, heads, strict=True):
                try:
                    for piece in text.rows(names, delimiter):
                        yield Piece(piece.part, piece.first, fitted(piece.table, schema), piece.broken)
                except (pa.ArrowInvalid, UnicodeDecodeError):
                    part(content(file, place))  # says what is wrong with it
                    raise

        def parts(digest: Callable[[Path], str]) -> tuple[Part, ...]:
            each = zip(texts, heads, strict=True)
            return tuple(Part(text.name, digest(text.file), UNTOLD, tuple(names)) for text, (names, _) in each)

        yield Pieces(schema, lambda: ahead(rows()), parts)


class _Text:
    """A file of text that is read some rows at a time.

    Attributes:
        head: its beginning, with the header in it; start: where that begins.
    """

    def __init__(self, name: str, file: Path) -> None:
        self.name, self.file = name, file
        with file.open("rb") as opened:
            begun = opened.read(_BLOCK)
        self.head = begun.removeprefix(_BOM).lstrip(b"\r\n")
        self.start = len(begun) - len(self.head)
        self.ended = True

    def is_orderly(self) -> bool:
        """Whether it can be read some rows at a time: each quotation fits its cell, no row is longer than a block."""
        if self.head[:2] in _OTHER_ENCODINGS or not self.head.strip() or b"\n" not in self.head:
            return False
        ends = np.frombuffer(f'{_header(self.name, self.head)[1]}\r\n"'.encode(), np.uint8)
        inside, previous, since, at = False, b"\n", 0, 0
        with self.file.open("rb") as opened:
            opened.seek(self.start)
            while block := opened.read(_BLOCK):
                after = opened.read(1)
                opened.seek(-len(after), 1)
                signs = np.frombuffer(previous + block + (after or b"\n"), np.uint8)
                marks = np.flatnonzero(signs[1:-1] == ord('"')) + 1
                opens, closes = marks[int(inside) :: 2], marks[1 - int(inside) :: 2]
                if not (np.isin(signs[opens - 1], ends).all() and np.isin(signs[closes + 1], ends).all()):
                    return False
                lines = np.flatnonzero(signs[1:-1] == ord("\n")) + 1
                lines = lines[(np.searchsorted(marks, lines) + inside) % 2 == 0]
                if np.diff(np.concatenate([[since], lines + at, [at + len(block)]])).max() > _AT_ONCE // 2:
                    return False
                since = int(lines[-1]) + at if len(lines) else since
                inside = bool((len(marks) + inside) % 2)
                previous, at = block[-1:], at + len(block)
        self.ended = previous in (b"\n", b"\r")
        return not inside

    def rows(self, names: list[str], delimiter: str) -> Iterator[Piece]:
        """All rows, with those that have too many or too few cells beside."""
        broken: list[tuple[Broken, bool]] = []

        def set_aside(row: Any) -> str:
            reason = f"the row has {row.actual_columns} cells, the header {row.expected_columns}"
            broken.append((Broken(row.number - 1, row.text, reason), row.actual_columns < row.expected_columns))
            return "skip"

        with self.file.open("rb") as opened:
            opened.seek(self.start)
            reader = pa.csv.open_csv(
                pa.PythonFile(_Ended(opened, self.ended), "r"),
                read_options=pa.csv.ReadOptions(use_threads=False, block_size=_AT_ONCE),
                parse_options=_parsed_so(delimiter, set_aside, newlines=True),
                convert_options=_converted_so(names),
            )
            first = 0
            for batch in reader:
                table = pa.Table.from_batches([batch])
                mine: list[Broken] = []
                while broken and broken[0][0].row <= first + len(table) + len(mine):
                    mine.append(broken.pop(0)[0])
                yield Piece(self.name, first, table, tuple(mine))
                first += len(table) + len(mine)
            if broken or not first:
                last = broken[-1:]
                if last and last[0][1] and not self.ended:
                    found = f"The file ends in the middle of row {last[0][0].row}: {last[0][0].reason}."
                    raise half_written(self.name, found)
                nothing = pa.table({name: pa.array([], pa.string()) for name in names})
                yield Piece(self.name, first, nothing, tuple(one for one, _ in broken))


class _Ended:
    """An open file whose last line has an end."""

    def __init__(self, opened: io.BufferedReader, ended: bool) -> None:
        self._opened, self._ended, self.closed = opened, ended, False

    def read(self, size: int = -1) -> bytes:
        found = self._opened.read(size)
        if not found and not self._ended:
            self._ended = True
            return b"\n"
        return found

    def close(self) -> None:
        self.closed = True


def probe(source: Source, place: Place) -> Probe:
    """The number of files and the header of the first."""
    found = files(source.path, place)
    first = content(found[0], place)
    names, _ = _header(first.name, _text(first))
    return Probe(
        f"{len(found)} CSV file{'s' * (len(found) != 1)}, the first {first.name}", dict.fromkeys(names, "text")
    )


def part(file: Bytes) -> tuple[Part, pa.Table]:
    """The rows of one CSV file."""
    text = _text(file)
    names, delimiter = _header(file.name, text)
    if not text.endswith((b"\n", b"\r")):
        text += b"\n"
    parsed = _parse(file.name, text, names, delimiter)
    _complete(file, text, names, delimiter, parsed)
    rows = parsed.table.num_rows + len(parsed.broken)
    return Part(file.name, file.digest, rows, tuple(names), tuple(parsed.broken)), parsed.table


def _text(file: Bytes) -> bytes:
    encoding = _OTHER_ENCODINGS.get(file.content[:2])
    if encoding:
        found = f"The file is {encoding}; CSV is read as UTF-8."
        why = "Read as something else, every name in it would come out garbled."
        raise wrong("encoding", file.name, found, why, "Write it as UTF-8.")
    return file.content.removeprefix(_BOM).lstrip(b"\r\n")


def _header(name: str, text: bytes) -> tuple[list[str], str]:
    line = text.split(b"\n", 1)[0].decode("utf-8", "replace")
    delimiter = max(",;\t|", key=line.count) if "," not in line else ","
    try:
        names = next(csv.reader(io.TextIOWrapper(io.BytesIO(text), "utf-8", newline=""), delimiter=delimiter))
    except UnicodeDecodeError:
        raise _undecodable(name, text) from None
    except csv.Error as error:
        why = "Without a header nobody can say which cell is which."
        raise wrong(
            "header", f"{name}:1", f"The header cannot be read: {error}.", why, "Correct the first line."
        ) from None
    repeated = [str(at) for at, column in enumerate(names, 1) if names.count(column) > 1]
    if repeated:
        # Where the file has no header, its first line may be about a person: it is not quoted.
        raise wrong(
            "repeated_column",
            f"{name}:1",
            f"In the first line, {' and '.join(repeated)} of {len(names)} columns have a name that others have too.",
            "It cannot be said which of the columns is meant.",
            "See that the first line is a header, and that it names every column once.",
        )
    return names, delimiter


def _parse(
    name: str, text: bytes, names: list[str], delimiter: str, numbered: bool = False, block: int = _BLOCK
) -> _Parsed:
    broken: list[Broken] = []
    short: list[bool] = []

    def set_aside(row: Any) -> str:
        reason = f"the row has {row.actual_columns} cells, the header {row.expected_columns}"
        broken.append(Broken((row.number or 0) - 1, row.text, reason))
        short.append(row.actual_columns < row.expected_columns)
        return "skip"

    try:
        table = pa.csv.read_csv(
            pa.BufferReader(text),
            read_options=pa.csv.ReadOptions(use_threads=not numbered, block_size=block),
            parse_options=_parsed_so(delimiter, set_aside, newlines=b'"' in text),
            convert_options=_converted_so(names),
        )
    except (pa.ArrowInvalid, UnicodeDecodeError) as error:
        if "straddling" in str(error) and block < min(len(text), _LARGEST_BLOCK):  # a row longer than a block
            return _parse(name, text, names, delimiter, numbered, min(block * 64, _LARGEST_BLOCK))
        raise _unreadable(name, text) from None
    if broken and not numbered:  # only one thread knows the numbers of the rows
        return _parse(name, text, names, delimiter, numbered=True, block=block)
    return _Parsed(table, broken, bool(short) and short[-1])


def _parsed_so(delimiter: str, set_aside: Callable[[Any], str], newlines: bool) -> pa.csv.ParseOptions:
    return pa.csv.ParseOptions(delimiter=delimiter, newlines_in_values=newlines, invalid_row_handler=set_aside)


def _converted_so(names: list[str]) -> pa.csv.ConvertOptions:
    return pa.csv.ConvertOptions(
        column_types={column: pa.string() for column in names},
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=True,
    )


def _complete(file: Bytes, text: bytes, names: list[str], delimiter: str, parsed: _Parsed) -> None:
    """Refuse a file that ends inside a row or inside a quotation."""
    rows = parsed.table.num_rows + len(parsed.broken)
    unended = not file.content.endswith((b"\n", b"\r"))
    if unended and parsed.cut and parsed.broken[-1].row == rows:
        raise half_written(file.name, f"The file ends in the middle of row {rows}: {parsed.broken[-1].reason}.")
    _quoted_well(file.name, text, delimiter)
    if text.count(b'"') % 2 == 0:
        return
    mark = delimiter.join([_END] * len(names)).encode() + b"\n"
    marked = _parse(file.name, text + mark, names, delimiter).table
    if not marked.num_rows or marked.column(0)[-1].as_py() != _END:
        raise half_written(file.name, f"A quotation that begins in row {rows} never ends.")


def _quoted_well(name: str, text: bytes, delimiter: str) -> None:
    """Refuse a file in which a quotation runs over lines and ends inside a cell: rows would be lost in that cell."""
    signs = np.frombuffer(text, np.uint8)
    marks = np.flatnonzero(signs == ord('"'))
    ends = np.frombuffer(f'{delimiter}\r\n"'.encode(), np.uint8)
    opens, closes = marks[0::2], marks[1::2]  # in an orderly file they take turns, each beside the end of a cell
    if np.isin(signs[opens[opens > 0] - 1], ends).all() and np.isin(signs[closes + 1], ends).all():
        return
    end = re.escape(delimiter).encode()
    cells = re.compile(rb'"(?:[^"]|"")*+"(?P<rest>[^' + end + rb'\r\n]*)|[^"' + end + rb"\r\n][^" + end + rb"\r\n]*")
    for cell in cells.finditer(text):
        if cell["rest"] and b"\n" in cell[0]:
            line = text.count(b"\n", 0, cell.start()) + 1
            raise wrong(
                "stray_quotation",
                f"{name}:{line}",
                f"A quotation that begins on line {line} runs over several lines and ends inside a cell.",
                "Whole rows may lie inside that quotation; they would be lost without a word.",
                'Have a quotation mark inside a cell written twice, and the cell put in quotation marks: "5"" pipe".',
            )


def _unreadable(name: str, text: bytes) -> Exception:
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return _undecodable(name, text)
    return wrong(
        "not_csv",
        name,
        "The file cannot be laid out in rows and cells.",
        "Where one row ends and the next begins cannot be said.",
        "See that it is text with one row to a line, cells divided by comma, semicolon, tab or |.",
    )


def _undecodable(name: str, text: bytes) -> Exception:
    try:
        text.decode("utf-8")
        line = 1
    except UnicodeDecodeError as error:
        line = text.count(b"\n", 0, error.start) + 1
    return undecodable(name, line)


SOURCE = SourceKind("CSV files with a header line, plain or packed (.gz).", ("path",), read, probe, pieces)
