"""A file with one JSON object per row, replaced whole in one instant: for programs that read row by row."""

from __future__ import annotations

import orjson
import pyarrow as pa

from shipworthy.deliver.filing import put, put_notice, tried
from shipworthy.deliver.sink import SinkKind, Target

_BATCH = 50_000


def write(target: Target, rows: pa.Table) -> str:
    """Put the file into its place in one step; a notice goes into a file next to it."""
    where = put(target, as_lines(rows))
    put_notice(target)
    return where


def as_lines(rows: pa.Table) -> bytes:
    """Rows as JSON lines: lists as lists, moments in ISO 8601, what is missing as null."""
    lines = [orjson.dumps(row) for batch in rows.to_batches(_BATCH) for row in batch.to_pylist()]
    return b"\n".join([*lines, b""])


def probe(target: Target, shape: pa.Table) -> str:
    """Whether the file could be written."""
    return tried(target)


SINK = SinkKind("jsonl", write, says="A file with one JSON object per row, for programs.", needs=("path",), probe=probe)
