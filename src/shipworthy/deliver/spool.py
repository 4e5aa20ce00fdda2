"""Rows that come some at a time, laid down on this machine until it is known how many they are."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq


@dataclass(frozen=True, slots=True)
class Spool:
    """Rows that lie on disk.

    Attributes:
        rows: how many they are.
    """

    schema: pa.Schema
    rows: int
    file: Path

    def stretches(self, size: int) -> Iterator[pa.Table]:
        """All rows in order, so many at a time; fewer in the last stretch only."""
        waiting, held = [self.schema.empty_table()], 0
        with pq.ParquetFile(self.file, pre_buffer=False) as opened:
            for batch in opened.iter_batches(size):
                waiting.append(pa.Table.from_batches([batch]))
                held += len(batch)
                if held >= size:
                    together = pa.concat_tables(waiting)
                    yield together.slice(0, size)
                    waiting, held = [together.slice(size)], held - size
        if held:
            yield pa.concat_tables(waiting)


@contextmanager
def spooled(rows: pa.RecordBatchReader) -> Iterator[Spool]:
    """The rows, all of them come, as long as they are needed."""
    with tempfile.TemporaryDirectory(prefix="shipworthy-") as folder:
        file, count = Path(folder) / "rows", 0
        schema = rows.schema.remove_metadata()
        with pq.ParquetWriter(file, schema, compression="zstd") as writer:
            for batch in rows:
                writer.write_batch(batch)
                count += len(batch)
        yield Spool(schema, count, file)
