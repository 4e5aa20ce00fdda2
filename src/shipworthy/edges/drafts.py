"""Contents that are larger than memory: written piece by piece, sealed under their digest, read piece by piece."""

from __future__ import annotations

import hashlib
import os
import secrets
import socket
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import TracebackType

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from shipworthy.base.ahead import ahead
from shipworthy.base.digest import digest_of_file

PIECE = 1 << 17
"""Rows that are held at once: enough for every library to be fast, few enough for any machine."""

_AT_ONCE = 1 << 20
_UNDER_WAY = 2  # pieces that wait to be written
_SAMPLE = 10_000  # rows
_SETTLED = 64 << 20  # bytes after which the disk is asked to write, so that sealing waits for the last ones only


class Draft:
    """A file that is being written, with the digest of what was written so far; gone unless it is sealed.

    It lies beside the store's contents under a name that tells who writes it, so that what a killed process left
    behind is cleared away by the next one on the same machine.
    """

    def __init__(self, folder: Path, settle: Callable[[Path, str], None]) -> None:
        """A new draft in a folder; `settle` puts a complete file in its place by its digest."""
        folder.mkdir(parents=True, exist_ok=True)
        clear(folder)
        self.place = folder / f".draft.{socket.gethostname()}.{os.getpid()}.{secrets.token_hex(8)}"
        self._file = open(self.place, "wb")  # noqa: SIM115  # closed by seal or discard
        self._found = hashlib.sha256()
        self._settle = settle
        self._size = self._settled = 0  # bytes

    def __enter__(self) -> Draft:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.discard()

    def write(self, content: bytes | memoryview) -> int:
        """Add some bytes."""
        self._found.update(content)
        written = self._file.write(content)
        self._size += written
        self.settle(self._size)
        return written

    def settle(self, size: int) -> None:
        """Have the disk write what the file holds, whoever wrote it, once there is enough of it.

        Args:
            size: bytes that the file holds by now.
        """
        if size >= self._settled + _SETTLED:
            self._settled = size
            self._file.flush()
            _to_disk(self._file.fileno())

    def copy(self, file: Path) -> str:
        """Add everything that a file holds; gives the digest of it."""
        with open(file, "rb") as source:
            while block := source.read(_AT_ONCE):
                self.write(block)
        return self._found.hexdigest()

    def seal(self, digest: str = "") -> str:
        """Keep it under its digest. After this returns it is there in whole, also after a crash.

        Args:
            digest: what the file holds, where it was written past this object.
        """
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        digest = digest or self._found.hexdigest()
        self._settle(self.place, digest)
        return digest

    def discard(self) -> None:
        """Take it away; nothing where it was sealed."""
        self._file.close()
        self.place.unlink(missing_ok=True)


class TableDraft:
    """A table that is written piece by piece, in a thread of its own, as Parquet with zstd.

    The same rows give the same digest, however they were cut into pieces.
    """

    def __init__(self, draft: Draft, schema: pa.Schema, repeating: Sequence[str] | None = None) -> None:
        """A table of a schema.

        Args:
            repeating: the columns in which values stand many times, where that is known.
        """
        self.draft, self.rows = draft, 0
        self._schema = schema
        # Written past Python, whose lock each of the many small writings would wait for.
        self._out = pa.BufferedOutputStream(pa.OSFile(str(draft.place), "wb"), _AT_ONCE)
        self._writer = pq.ParquetWriter(
            self._out,
            schema,
            compression="zstd",
            compression_level=1,
            version="2.6",
            use_dictionary=True if repeating is None else list(repeating),
            write_statistics=False,
        )
        self._waiting: list[pa.Table] = []
        self._held = 0
        self._thread = ThreadPoolExecutor(1, "draft")
        self._begun: list[Future[None]] = []
        self._ended = False

    def __enter__(self) -> TableDraft:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.shutdown(wait=True, cancel_futures=True)
        if not self._ended:
            with suppress(Exception):
                self._writer.close()
            self._out.close()
        self.draft.discard()

    def write(self, piece: pa.Table) -> None:
        """Add rows; raises what an earlier writing raised."""
        self.rows += len(piece)
        self._waiting.append(piece)
        self._held += len(piece)
        while self._held >= PIECE:
            together = pa.concat_tables(self._waiting)
            self._begin(together.slice(0, PIECE))
            self._waiting, self._held = [together.slice(PIECE)], self._held - PIECE

    def end(self) -> Path:
        """Write what waits and the end of the table; where it lies until it is sealed."""
        if not self._ended:
            if self._held or not self.rows:
                self._begin(pa.concat_tables(self._waiting) if self._waiting else self._schema.empty_table())
            for begun in self._begun:
                begun.result()
            self._ended = True
            self._writer.close()
            self._out.close()
        return self.draft.place

    def seal(self) -> str:
        """Keep the table under its digest."""
        return self.draft.seal(digest_of_file(self.end()))

    def _begin(self, piece: pa.Table) -> None:
        while len(self._begun) >= _UNDER_WAY:
            self._begun.pop(0).result()
        self._begun.append(self._thread.submit(self._put, piece))

    def _put(self, piece: pa.Table) -> None:
        self._writer.write_table(done(piece, self._schema), PIECE)
        self.draft.settle(self._out.tell())


def repeating_columns(rows: pa.Table) -> list[str]:
    """The columns in which, by these rows, values stand many times: a dictionary of the others only takes time."""
    sample = rows.slice(0, _SAMPLE)
    return [
        name
        for name, column in zip(sample.column_names, sample.columns, strict=True)
        if pa.types.is_nested(column.type) or pc.count_distinct(column, mode="all").as_py() <= len(sample) / 2
    ]


def pieces_of(file: Path, columns: Sequence[str] | None = None, once: Sequence[str] = ()) -> Iterator[pa.Table]:
    """The rows of a Parquet file, some at a time, read ahead.

    Args:
        once: columns of texts that come as dictionaries, each text of a piece once.
    """
    return ahead(_read(file, columns, once))


def starts_of(file: Path) -> list[int]:
    """The row that each piece of a Parquet file begins with: pieces that can be read by themselves."""
    with pq.ParquetFile(file) as opened:
        groups = [opened.metadata.row_group(number).num_rows for number in range(opened.metadata.num_row_groups)]
    starts, first = [], 0
    for rows in groups:
        starts += list(range(first, first + rows, PIECE))
        first += rows
    return starts or [0]


def piece_of(file: Path, start: int, columns: Sequence[str] | None) -> pa.Table:
    """The piece that begins with a row: at most to the end of the group of rows in which it lies."""
    with pq.ParquetFile(file, pre_buffer=False, buffer_size=_AT_ONCE) as opened:
        first = 0
        for number in range(opened.metadata.num_row_groups):
            rows = opened.metadata.row_group(number).num_rows
            if start < first + rows:
                wanted = None if columns is None else list(columns)
                batches = opened.iter_batches(PIECE, row_groups=[number], columns=wanted)
                place = (start - first) // PIECE
                found = next(batch for at, batch in enumerate(batches) if at == place)
                return _wanted(pa.Table.from_batches([found]), columns)
            first += rows
        return _wanted(opened.schema_arrow.empty_table(), columns)


def _read(file: Path, columns: Sequence[str] | None, once: Sequence[str]) -> Iterator[pa.Table]:
    # Without the library's own reading ahead, which takes in the whole file at once.
    with pq.ParquetFile(file, pre_buffer=False, buffer_size=_AT_ONCE, read_dictionary=list(once)) as opened:
        if not opened.metadata.num_rows:
            yield _wanted(opened.schema_arrow.empty_table(), columns, once)
        for batch in opened.iter_batches(PIECE, columns=None if columns is None else list(columns)):
            yield _wanted(pa.Table.from_batches([batch]), columns, once)


def _wanted(piece: pa.Table, columns: Sequence[str] | None, once: Sequence[str] = ()) -> pa.Table:
    return undone(piece if columns is None else piece.select(list(columns)), once)


def done(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """A table in one stretch, with dictionaries where the schema has them."""
    table = table.combine_chunks()
    for place, field in enumerate(schema):
        if pa.types.is_dictionary(field.type) and not pa.types.is_dictionary(table.schema.field(place).type):
            column = pc.dictionary_encode(table.column(place)).cast(field.type)
            table = table.set_column(place, field, column)
    return table.cast(schema) if table.schema != schema else table


def undone(table: pa.Table, but: Sequence[str] = ()) -> pa.Table:
    """A table with plain values where it was stored with dictionaries, and without notes of other libraries.

    Args:
        but: columns that keep their dictionaries.
    """
    plain = (
        f if f.name in but or not pa.types.is_dictionary(f.type) else f.with_type(f.type.value_type)
        for f in table.schema
    )
    schema = pa.schema(list(plain))
    return table.replace_schema_metadata(None).cast(schema) if schema != table.schema else table


def _to_disk(file: int) -> None:
    getattr(os, "fdatasync", os.fsync)(file)


def clear(folder: Path) -> None:
    """Take away the drafts of processes of this machine that are gone."""
    for left in folder.glob(f".draft.{socket.gethostname()}.*"):
        process = left.name.removeprefix(f".draft.{socket.gethostname()}.").split(".")[0]
        if process.isdigit() and not is_alive(int(process)):
            left.unlink(missing_ok=True)


def is_alive(process: int) -> bool:
    """Whether this machine has a process of that number."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
