"""A file with one JSON object per row, replaced whole in one instant: for programs that read row by row."""

from __future__ import annotations

from collections.abc import Mapping

import orjson
import pyarrow as pa

from shipworthy.base.digest import digest_of_bytes
from shipworthy.deliver.filing import lying, put, put_notice, remains, replacing, tried
from shipworthy.deliver.sink import Gone, Knows, SinkKind, Target

_BATCH = 50_000


def write(target: Target, rows: pa.Table) -> str:
    """Put the file into its place in one step; a notice goes into a file next to it."""
    return stream(target, rows.to_reader())


def stream(target: Target, rows: pa.RecordBatchReader) -> str:
    """The same for rows that come some at a time."""
    with replacing(target) as out:
        for batch in rows:
            out.write(as_lines(pa.Table.from_batches([batch])))
    put_notice(target)
    return target.path


def as_lines(rows: pa.Table) -> bytes:
    """Rows as JSON lines: lists as lists, moments in ISO 8601, what is missing as null."""
    lines = [orjson.dumps(row) for batch in rows.to_batches(_BATCH) for row in batch.to_pylist()]
    return b"\n".join([*lines, b""])


def erase(target: Target, columns: Mapping[str, Knows]) -> Gone | None:
    """Rewrite the file without the rows, in one step; the other lines stay byte for byte."""
    content = lying(target)
    if content is None:
        return None
    lines = content.splitlines(keepends=True)
    rows = [orjson.loads(line) for line in lines]
    if not any(columns.keys() & row.keys() for row in rows):
        return None
    gone = [any(row.get(name) is not None and knows(str(row[name])) for name, knows in columns.items()) for row in rows]
    if not any(gone):
        return Gone(len(rows), len(rows))
    kept = b"".join(line for line, out in zip(lines, gone, strict=True) if not out)
    put(target, kept)
    before, after = digest_of_bytes(content), digest_of_bytes(kept)
    return Gone(len(rows), len(rows) - sum(gone), before, after, remains(target))


def probe(target: Target, shape: pa.Table) -> str:
    """Whether the file could be written."""
    return tried(target)


SINK = SinkKind(
    "jsonl",
    write,
    says="A file with one JSON object per row, for programs.",
    needs=("path",),
    probe=probe,
    erase=erase,
    stream=stream,
)
