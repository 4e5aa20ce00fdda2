"""Parquet files: columns with the types they were written with."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq

from shipworthy.base.errors import UserError
from shipworthy.data.parts import joined
from shipworthy.data.places import Bytes, Found, content, files, half_written, wrong
from shipworthy.data.source import Part, Place, Probe, Reading, SourceKind
from shipworthy.plan.schema import Source

_MARK = b"PAR1"  # a complete file begins and ends with it


def read(source: Source, place: Place) -> Reading:
    """All rows of all files, with the columns and types of the files."""
    return joined([part(content(file, place)) for file in files(source.path, place)])


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


SOURCE = SourceKind("Parquet files, one or many.", ("path",), read, probe)
