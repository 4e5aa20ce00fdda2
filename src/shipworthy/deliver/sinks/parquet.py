"""A Parquet file for programs: columns in their own types, replaced whole in one instant, at any number of rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain

import pyarrow as pa
import pyarrow.parquet as pq

from shipworthy.base.digest import digest_of_bytes
from shipworthy.deliver.filing import lying, put_notice, remains, replacing, tried
from shipworthy.deliver.sink import Gone, Knows, SinkKind, Target
from shipworthy.edges.drafts import repeating_columns

_GROUP = 1 << 20  # rows


def write(target: Target, rows: pa.Table) -> str:
    """Put the file into its place in one step; a notice goes into a file next to it."""
    return stream(target, rows.to_reader())


def stream(target: Target, rows: pa.RecordBatchReader) -> str:
    """The same for rows that come some at a time: what is in memory is what was not written yet."""
    _put(target, rows)
    put_notice(target)
    return target.path


def probe(target: Target, shape: pa.Table) -> str:
    """Whether the file could be written."""
    return tried(target)


def erase(target: Target, columns: Mapping[str, Knows]) -> Gone | None:
    """Rewrite the file without the rows, in one step; drafts that a crash left beside it go too."""
    content = lying(target)
    if content is None:
        return None
    with pq.ParquetFile(pa.BufferReader(content)) as opened:
        asked = [name for name in opened.schema_arrow.names if name in columns]
        if not asked:
            return None
        known = [
            any(value is not None and columns[name](str(value)) for name, value in row.items())
            for batch in opened.iter_batches(columns=asked)
            for row in batch.to_pylist()
        ]
        if not any(known):
            return Gone(len(known), len(known))
        schema = opened.schema_arrow
        _put(target, pa.RecordBatchReader.from_batches(schema, _without(opened, known)))
    new = digest_of_bytes(lying(target) or b"")
    return Gone(len(known), len(known) - sum(known), digest_of_bytes(content), new, remains(target))


def _without(opened: pq.ParquetFile, known: list[bool]) -> Iterator[pa.RecordBatch]:
    start = 0
    for batch in opened.iter_batches():
        yield batch.filter(pa.array([not one for one in known[start : start + len(batch)]], pa.bool_()))
        start += len(batch)


def _put(target: Target, rows: pa.RecordBatchReader) -> None:
    batches = iter(rows)
    first = next(batches, None)
    repeating = True if first is None else repeating_columns(pa.Table.from_batches([first]))
    with (
        replacing(target) as out,
        pq.ParquetWriter(out, rows.schema, compression="snappy", use_dictionary=repeating) as writer,
    ):
        for batch in chain([] if first is None else [first], batches):
            writer.write_batch(batch, _GROUP)


SINK = SinkKind(
    "parquet",
    write,
    says="A Parquet file for programs, at any number of rows.",
    needs=("path",),
    probe=probe,
    erase=erase,
    stream=stream,
)
