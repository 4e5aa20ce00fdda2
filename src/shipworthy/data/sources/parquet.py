"""Parquet files: columns with the types they were written with."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq

from shipworthy.data.parts import joined
from shipworthy.data.places import Bytes, Found, content, files, half_written, wrong
from shipworthy.data.source import Part, Place, Probe, Reading, SourceKind
from shipworthy.plan.schema import Source

_MARK = b"PAR1"  # a complete file begins and ends with it


def read(source: Source, place: Place) -> Reading:
    """All rows of all files, with the columns and types of the files."""
    return joined([_part(content(file, place)) for file in files(source.path, place)])


def probe(source: Source, place: Place) -> Probe:
    """The number of files and the schema of the first, without reading its rows."""
    found = files(source.path, place)
    schema = _schema(found[0])
    plural = "s" * (len(found) != 1)
    return Probe(
        f"{len(found)} Parquet file{plural}, the first {found[0].name}",
        {field.name: str(field.type) for field in schema},
    )


def _part(file: Bytes) -> tuple[Part, pa.Table]:
    _whole(file.name, file.content[:4], file.content[-4:])
    try:
        table = pq.read_table(pa.BufferReader(file.content))
    except (pa.ArrowException, OSError) as error:
        raise wrong("not_parquet", file.name, f"The file cannot be read as Parquet: {error}") from error
    return Part(file.name, file.digest, table.num_rows, tuple(table.column_names)), table


def _schema(file: Found) -> pa.Schema:
    try:
        with file.system.open(file.path, "rb") as opened:
            return pq.ParquetFile(opened).schema_arrow
    except (pa.ArrowException, OSError) as error:
        raise wrong("not_parquet", file.name, f"The file cannot be read as Parquet: {error}") from error


def _whole(name: str, start: bytes, end: bytes) -> None:
    if start == _MARK and end != _MARK:
        raise half_written(name, "The file begins like Parquet, but its end is not there.")
    if start != _MARK:
        raise wrong("not_parquet", name, "The file is not Parquet.", fix="Correct the kind of the source or the file.")


SOURCE = SourceKind("Parquet files, one or many.", ("path",), read, probe)
