"""Parquet files: columns with the types they were written with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from shipworthy.base.ahead import ahead
from shipworthy.base.errors import UserError
from shipworthy.data.parts import fitted, joined, of_reading, together
from shipworthy.data.places import Bytes, Found, at_hand, content, empty, files, half_written, unchanged, wrong
from shipworthy.data.source import Part, Piece, Pieces, Place, Probe, Reading, SourceKind
from shipworthy.plan.schema import Source

_MARK = b"PAR1"  # a complete file begins and ends with it
_PIECE = 1 << 17  # rows
_AT_ONCE = 1 << 20


def read(source: Source, place: Place) -> Reading:
    """All rows of all files, with the columns and types of the files."""
    return joined([part(content(file, place)) for file in files(source.path, place)])


@contextmanager
def pieces(source: Source, place: Place) -> Iterator[Pieces]:
    """The rows of all files, some at a time; a packed file is read as a whole, since it can be read in no other way."""
    found = files(source.path, place)
    if any(file.name.endswith(".gz") for file in found):
        yield of_reading(read(source, place))
        return
    with unchanged(found), at_hand(found, place) as here:
        schemas = [_checked(file.name, local, place) for file, local in zip(found, here, strict=True)]
        schema = together(schemas)

        def rows() -> Iterator[Piece]:
            for file, local in zip(found, here, strict=True):
                first = 0
                for table in _tables(file.name, local):
                    yield Piece(file.name, first, table if len(here) == 1 else fitted(table, schema))
                    first += len(table)

        def parts(digest: Callable[[Path], str]) -> tuple[Part, ...]:
            each = zip(found, here, schemas, strict=True)
            return tuple(_part_of(file.name, local, own, digest(local)) for file, local, own in each)

        yield Pieces(schema, lambda: ahead(rows()), parts, here[0] if len(here) == 1 else None)


def probe(source: Source, place: Place) -> Probe:
    """The number of files and the schema of the first, without reading its rows."""
    found = files(source.path, place)
    schema = _schema(found[0])
    plural = "s" * (len(found) != 1)
    return Probe(
        f"{len(found)} Parquet file{plural}, the first {found[0].name}",
        {field.name: str(field.type) for field in schema},
    )


def part(file: Bytes) -> tuple[Part, pa.Table]:
    """The rows of one Parquet file."""
    _whole(file.name, file.content[:4], file.content[-4:])
    try:
        table = pq.ParquetFile(pa.BufferReader(file.content)).read()
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(file.name, error) from None
    _differ(file.name, table.column_names)
    return Part(file.name, file.digest, table.num_rows, tuple(table.column_names)), table


def _checked(name: str, file: Path, place: Place) -> pa.Schema:
    """The columns of a file that is whole."""
    if not file.stat().st_size:
        raise empty(name, place, 0)
    with open(file, "rb") as opened:
        start = opened.read(4)
        opened.seek(max(0, file.stat().st_size - 4))
        end = opened.read(4)
    _whole(name, start, end)
    try:
        schema = pq.read_schema(file)
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(name, error) from None
    _differ(name, schema.names)
    return schema


def _tables(name: str, file: Path) -> Iterator[pa.Table]:
    try:
        with pq.ParquetFile(file, pre_buffer=False, buffer_size=_AT_ONCE) as opened:  # or it takes in the whole file
            empty = True
            for batch in opened.iter_batches(_PIECE):
                empty = False
                yield pa.Table.from_batches([batch])
            if empty:
                yield opened.schema_arrow.empty_table()
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(name, error) from None


def _part_of(name: str, file: Path, schema: pa.Schema, digest: str) -> Part:
    return Part(name, digest, pq.read_metadata(file).num_rows, tuple(schema.names))


def _schema(file: Found) -> pa.Schema:
    try:
        with file.system.open(file.path, "rb") as opened:
            return pq.ParquetFile(opened).schema_arrow
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(file.name, error) from None


def _unreadable(name: str, error: Exception) -> UserError:
    return wrong(
        "not_parquet",
        name,
        f"The file cannot be read as Parquet: {str(error).strip().splitlines()[0]}",
        "It is damaged, or not what its writer meant; what could still be read of it is no fair picture.",
        "Have it written again.",
    )


def _differ(name: str, columns: list[str]) -> None:
    repeated = sorted({column for column in columns if columns.count(column) > 1})
    if repeated:
        raise wrong(
            "repeated_column",
            name,
            f"The file has {', '.join(repeated)} more than once.",
            "It cannot be said which of the columns is meant.",
            "Have it written with every column named once.",
        )


def _whole(name: str, start: bytes, end: bytes) -> None:
    if start == _MARK and end != _MARK:
        raise half_written(name, "The file begins like Parquet, but its end is not there.")
    if start != _MARK:
        why = "Read as something it is not, its rows would be made up."
        raise wrong("not_parquet", name, "The file is not Parquet.", why, "Correct the kind of the source or the file.")


SOURCE = SourceKind("Parquet files, one or many.", ("path",), read, probe, pieces)
