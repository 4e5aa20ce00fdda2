"""Files with one JSON object per line, plain or packed (.gz): every value as text."""

from __future__ import annotations

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shipworthy.data.engine import engine, literal
from shipworthy.data.parts import joined
from shipworthy.data.places import Bytes, content, files, half_written, wrong
from shipworthy.data.source import Broken, Part, Place, Probe, Reading, SourceKind
from shipworthy.plan.schema import Source

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
    lines = _lines(file)
    with engine() as duck:
        duck.register("lines", lines)
        marked = duck.sql(f"SELECT row, line, {_WRONG} AS wrong FROM lines ORDER BY row").to_arrow_table()
        bad = marked.filter(pc.is_valid(marked["wrong"]))
        _ended(file, bad, lines.num_rows)
        duck.register("objects", marked.filter(pc.is_null(marked["wrong"])))
        table = _columns(duck)
    broken = tuple(
        Broken(row, line, reason)
        for row, line, reason in zip(*(bad[name].to_pylist() for name in ("row", "line", "wrong")), strict=True)
    )
    return Part(file.name, file.digest, lines.num_rows, tuple(table.column_names), broken), table


def _lines(file: Bytes) -> pa.Table:
    try:
        text = file.content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = file.content.count(b"\n", 0, error.start) + 1
        raise wrong(
            "encoding",
            f"{file.name}:{line}",
            f"Line {line} holds bytes that are not UTF-8.",
            "Names and words would come out garbled, and the same customer under two names.",
            "Write the file as UTF-8.",
        ) from None
    lines = pa.array(text.split("\n"), pa.large_string())
    lines = lines.filter(pc.not_equal(pc.utf8_trim_whitespace(lines), ""))
    return pa.table({"row": np.arange(1, len(lines) + 1), "line": lines})


def _ended(file: Bytes, bad: pa.Table, rows: int) -> None:
    if bad.num_rows and not file.content.endswith(b"\n") and bad["row"][-1].as_py() == rows:
        raise half_written(file.name, f"The file ends in the middle of row {rows}.")


def _columns(duck: duckdb.DuckDBPyConnection) -> pa.Table:
    keys = duck.sql(
        "SELECT key FROM (SELECT unnest(json_keys(line)) AS key, min(row) AS first FROM objects GROUP BY key) "
        "ORDER BY first, key"
    ).fetchall()
    names = [str(key) for (key,) in keys]
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


SOURCE = SourceKind("Files with one JSON object per line, plain or packed (.gz).", ("path",), read, probe)
