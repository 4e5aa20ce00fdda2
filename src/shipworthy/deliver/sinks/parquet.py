"""A Parquet file for programs: columns in their own types, replaced whole in one instant, at any number of rows."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq

from shipworthy.deliver.placing import place_of, replacing, tell
from shipworthy.deliver.sink import SinkKind, Target

_GROUP = 1 << 20  # rows


def write(target: Target, rows: pa.Table) -> str:
    """Write the file beside its place and move it there in one step; a notice goes into a file next to it."""
    return stream(target, rows.to_reader())


def stream(target: Target, rows: pa.RecordBatchReader) -> str:
    """The same for rows that come some at a time: what is in memory is what was not written yet."""
    file = place_of(target)
    with replacing(file) as out, pq.ParquetWriter(out, rows.schema, compression="snappy") as writer:
        for batch in rows:
            writer.write_batch(batch, _GROUP)
    tell(target, file)
    return target.path


SINK = SinkKind("parquet", write, stream)
