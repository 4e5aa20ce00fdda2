"""A Parquet file for programs: columns in their own types, replaced whole in one instant, at any number of rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from shipworthy.base.digest import digest_of_file
from shipworthy.deliver.filing import lying_here, put_notice, remains, replacing, tried
from shipworthy.deliver.sink import Gone, Knows, SinkKind, Target
from shipworthy.edges.drafts import PIECE, repeating_columns

_GROUP = 1 << 20  # rows
_AT_ONCE = 1 << 20  # bytes


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
    """Rewrite the file without the rows, in one step and some rows at a time; drafts that a crash left go too."""
    with lying_here(target) as file:
        if file is None:
            return None
        asked = [name for name in pq.read_schema(file).names if name in columns]
        if not asked:
            return None
        known = [_known(batch, columns) for batch in _batches(file, asked)]
        rows, gone = sum(map(len, known)), int(sum(some.sum() for some in known))
        if not gone:
            return Gone(rows, rows)
        old = digest_of_file(file)
        kept = (batch.filter(pa.array(~some)) for batch, some in zip(_batches(file), known, strict=True))
        _put(target, pa.RecordBatchReader.from_batches(pq.read_schema(file), kept))
    with lying_here(target) as file:
        return Gone(rows, rows - gone, old, digest_of_file(file) if file else "", remains(target))


def _batches(file: Path, columns: list[str] | None = None) -> Iterator[pa.RecordBatch]:
    """Some rows at a time, the same ones whatever the columns."""
    with pq.ParquetFile(file, pre_buffer=False, buffer_size=_AT_ONCE) as opened:  # or it takes in the whole file
        for group in range(opened.num_row_groups):
            yield from opened.iter_batches(PIECE, row_groups=[group], columns=columns)


def _known(batch: pa.RecordBatch, columns: Mapping[str, Knows]) -> npt.NDArray[np.bool_]:
    """Which rows hold a known value in one of their columns; each value is asked about once."""
    found = np.zeros(len(batch), np.bool_)
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        values = pc.unique(column)
        mine = [value.is_valid and columns[name](str(value.as_py())) for value in values]
        found |= pc.is_in(column, values.filter(pa.array(mine, pa.bool_()))).to_numpy(zero_copy_only=False)
    return found


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
