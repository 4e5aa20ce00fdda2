"""A file with one JSON object per row, replaced whole in one instant: for programs that read row by row."""

from __future__ import annotations

import orjson
import pyarrow as pa

from shipworthy.deliver.filing import put_notice, replacing, tried
from shipworthy.deliver.sink import SinkKind, Target

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


def probe(target: Target, shape: pa.Table) -> str:
    """Whether the file could be written."""
    return tried(target)


SINK = SinkKind(
    "jsonl",
    write,
    says="A file with one JSON object per row, for programs.",
    needs=("path",),
    probe=probe,
    stream=stream,
)
