"""Files with one JSON object per line, plain or packed (.gz): every value as text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shipworthy.base.ahead import ahead
from shipworthy.data.engine import engine, literal
from shipworthy.data.parts import fitted, joined, of_reading, together
from shipworthy.data.places import Bytes, Found, at_hand, content, files, half_written, unchanged, undecodable
from shipworthy.data.source import Broken, Part, Piece, Pieces, Place, Probe, Reading, SourceKind
from shipworthy.plan.schema import Source

_AT_ONCE = 8 << 20  # bytes that become one piece; a longer line is one of its own
_BOM = b"\xef\xbb\xbf"
_NO_OBJECT = "the line is not a JSON object with values"
_TWICE = "the line names a key twice"
_WRONG = (
    f"CASE WHEN NOT json_valid(line) THEN '{_NO_OBJECT}' WHEN json_type(line) <> 'OBJECT' THEN '{_NO_OBJECT}' "
    f"WHEN len(json_keys(line)) = 0 THEN '{_NO_OBJECT}' "
    f"WHEN list_unique(json_keys(line)) < len(json_keys(line)) THEN '{_TWICE}' END"
)


def read(source: Source, place: Place) -> Reading:
    """All rows of all files; a key that a line does not have is missing there, a nested value is JSON text."""
    return joined([part(content(file, place)) for file in files(source.path, place)])


@contextmanager
def pieces(source: Source, place: Place) -> Iterator[Pieces]:
    """The rows of all files, some at a time, once all keys are known; a packed file is read as a whole."""
    found = files(source.path, place)
    if any(file.name.endswith(".gz") for file in found):
        yield of_reading(read(source, place))
        return
    with unchanged(found), at_hand(found, place) as here:
        texts = [_looked_through(file, local, place) for file, local in zip(found, here, strict=True)]
        schema = together([text.schema for text in texts])

        def rows() -> Iterator[Piece]:
            for text in texts:
                for piece in text.rows():
                    yield Piece(piece.part, piece.first, fitted(piece.table, schema), piece.broken)

        def parts(digest: Callable[[Path], str]) -> tuple[Part, ...]:
            return tuple(Part(text.name, digest(text.file), text.count, tuple(text.schema.names)) for text in texts)

        yield Pieces(schema, lambda: ahead(rows()), parts)


@dataclass(frozen=True, slots=True)
class _Text:
    """A file of JSON lines whose keys are known, in the order in which they come, and how many rows it has."""

    name: str
    file: Path
    schema: pa.Schema
    count: int

    def rows(self) -> Iterator[Piece]:
        """All rows, with the lines that are none beside."""
        empty = True
        with engine() as duck:
            for lines in _some_lines(self.name, self.file):
                bad = _told_apart(duck, lines)
                table = _columns(duck, self.schema.names)
                yield Piece(self.name, lines["row"][0].as_py() - 1, table, _broken(bad))
                empty = False
        if empty:
            yield Piece(self.name, 0, self.schema.empty_table())


def _looked_through(file: Found, local: Path, place: Place) -> _Text:
    """What one file holds; says what is wrong with it, if anything is, as reading it as a whole does."""
    names: dict[str, None] = {}
    count, cut = 0, False
    try:
        with engine() as duck:
            for lines in _some_lines(file.name, local):
                bad = _told_apart(duck, lines)
                names.update(dict.fromkeys(_keys(duck)))
                count += lines.num_rows
                cut = bool(bad.num_rows) and bad["row"][-1].as_py() == count
        if cut:
            _ended(file.name, _ends_its_line(local), count)
        if not count:
            content(file, place)  # says where it is empty
    except OSError:
        content(file, place)  # says why it cannot be read
        raise
    return _Text(file.name, local, pa.schema([(name, pa.string()) for name in names]), count)


def _some_lines(name: str, file: Path) -> Iterator[pa.Table]:
    """The lines of a file in which something stands, some at a time, with their numbers."""
    before, row, rest = 0, 1, [b""]
    with file.open("rb") as opened:
        if opened.read(len(_BOM)) != _BOM:
            opened.seek(0)
        while block := opened.read(_AT_ONCE):
            end = block.rfind(b"\n") + 1
            rest.append(block[: end or None])
            if not end:
                continue
            some, rest = b"".join(rest), [block[end:]]
            lines = _numbered(_decoded(name, some, before), row)
            before, row = before + some.count(b"\n"), row + lines.num_rows
            if lines.num_rows:
                yield lines
    lines = _numbered(_decoded(name, b"".join(rest), before), row)
    if lines.num_rows:
        yield lines


def _ends_its_line(file: Path) -> bool:
    with file.open("rb") as opened:
        opened.seek(-1, 2)
        return opened.read() == b"\n"


def probe(source: Source, place: Place) -> Probe:
    """The number of files and the keys of the first."""
    found = files(source.path, place)
    _, table = part(content(found[0], place))
    plural = "s" * (len(found) != 1)
    return Probe(
        f"{len(found)} JSON file{plural}, the first {found[0].name}", dict.fromkeys(table.column_names, "text")
    )


def part(file: Bytes) -> tuple[Part, pa.Table]:
    """The rows of one file of JSON lines."""
    lines = _numbered(_decoded(file.name, file.content.removeprefix(_BOM)), 1)
    with engine() as duck:
        bad = _told_apart(duck, lines)
        if bad.num_rows and bad["row"][-1].as_py() == lines.num_rows:
            _ended(file.name, file.content.endswith(b"\n"), lines.num_rows)
        table = _columns(duck, _keys(duck))
    return Part(file.name, file.digest, lines.num_rows, tuple(table.column_names), _broken(bad)), table


def _decoded(name: str, content: bytes, before: int = 0) -> str:
    """Bytes as text; so many lines of the file come before them."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise undecodable(name, before + content.count(b"\n", 0, error.start) + 1) from None


def _numbered(text: str, first: int) -> pa.Table:
    lines = pa.array(text.split("\n"), pa.large_string())
    lines = lines.filter(pc.not_equal(pc.utf8_trim_whitespace(lines), ""))
    return pa.table({"row": np.arange(first, first + len(lines)), "line": lines})


def _told_apart(duck: duckdb.DuckDBPyConnection, lines: pa.Table) -> pa.Table:
    """The lines that are no rows, with what is wrong with each; the others are the engine's table `objects`."""
    duck.register("lines", lines)
    marked = duck.sql(f"SELECT row, line, {_WRONG} AS wrong FROM lines ORDER BY row").to_arrow_table()
    duck.register("objects", marked.filter(pc.is_null(marked["wrong"])))
    return marked.filter(pc.is_valid(marked["wrong"]))


def _broken(bad: pa.Table) -> tuple[Broken, ...]:
    columns = (bad[name].to_pylist() for name in ("row", "line", "wrong"))
    return tuple(Broken(row, line, reason) for row, line, reason in zip(*columns, strict=True))


def _ended(name: str, line_ends: bool, rows: int) -> None:
    """Refuse a file whose last row is none because it is cut off."""
    if not line_ends:
        raise half_written(name, f"The file ends in the middle of row {rows}.")


def _keys(duck: duckdb.DuckDBPyConnection) -> list[str]:
    keys = duck.sql(
        "SELECT key FROM (SELECT unnest(json_keys(line)) AS key, min(row) AS first FROM objects GROUP BY key) "
        "ORDER BY first, key"
    ).fetchall()
    return [str(key) for (key,) in keys]


def _columns(duck: duckdb.DuckDBPyConnection, names: list[str]) -> pa.Table:
    if not names:
        return pa.table({})
    paths = [f"json_extract_string(line, {literal(_pointer(name))}) AS c{at}" for at, name in enumerate(names)]
    found = duck.sql(f"SELECT {', '.join(paths)} FROM objects ORDER BY row").to_arrow_table()
    return found.rename_columns(names)


def _pointer(key: str) -> str:
    """Where a key's value stands. Source: RFC 6901, section 4.

    >>> _pointer("a/b")
    '/a~1b'
    """
    return "/" + key.replace("~", "~0").replace("/", "~1")


SOURCE = SourceKind("Files with one JSON object per line, plain or packed (.gz).", ("path",), read, probe, pieces)
