"""How the parts of a source become one table, whatever each of them calls its columns and types."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from shipworthy.base.digest import digest_of_bytes
from shipworthy.data.source import Part, Piece, Pieces, Reading

_PIECE = 1 << 17  # rows


def joined(parts: Sequence[tuple[Part, pa.Table]]) -> Reading:
    """One reading of all parts, in order.

    A column that parts hold in different types becomes text; one that a part does not have is empty there.
    """
    if len(parts) == 1:
        return Reading(parts[0][1], (parts[0][0],))
    schema = together([table.schema for _, table in parts])
    whole = pa.concat_tables([fitted(table, schema) for _, table in parts])
    return Reading(whole, tuple(part for part, _ in parts))


def of_reading(reading: Reading) -> Pieces:
    """What was read as a whole, as if it came some rows at a time."""

    def rows() -> Iterator[Piece]:
        start = 0
        for part in reading.parts:
            there = part.rows - len(part.broken)
            size = _PIECE if not part.broken else max(there, 1)
            for first in range(0, max(there, 1), size):
                yield Piece(part.name, first, reading.table.slice(start + first, min(size, there - first)), part.broken)
            start += there

    return Pieces(reading.table.schema, rows, lambda digest: reading.parts)


def together(schemas: Sequence[pa.Schema]) -> pa.Schema:
    """The columns of all parts, each in the type that all of them can have."""
    if len(schemas) == 1:
        return schemas[0]
    names = list(dict.fromkeys(name for schema in schemas for name in schema.names))
    return pa.schema([(name, _common(name, schemas)) for name in names])


def as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column as text; what Arrow cannot write as text by itself is written as Python shows it."""
    if isinstance(column.type, pa.DictionaryType):
        column = column.cast(column.type.value_type)
    try:
        return pc.cast(column, pa.string())
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
        return pa.chunked_array([pa.array([None if v is None else str(v) for v in column.to_pylist()], pa.string())])


def fitted(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """The rows of one part in the columns of all parts."""
    return pa.table([_column(table, field) for field in schema], schema=schema)


def in_order(table: pa.Table) -> pa.Table:
    """Rows sorted by their values, where nobody promises an order: the same rows are the same table."""
    keys = {name: _sortable(table[name]) for name in table.column_names if not pa.types.is_null(table[name].type)}
    if not keys or not table.num_rows:
        return table
    return table.take(pc.sort_indices(pa.table(keys), [(name, "ascending") for name in keys]))


def digest_of_rows(table: pa.Table) -> str:
    """SHA-256 of the rows of a table, where there are no bytes that were read."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table.combine_chunks())
    return digest_of_bytes(sink.getvalue().to_pybytes())


def _sortable(column: pa.ChunkedArray) -> pa.ChunkedArray:
    kinds = (pa.types.is_primitive, pa.types.is_boolean, pa.types.is_string)
    return column if any(is_kind(column.type) for is_kind in kinds) else as_text(column)


def _common(name: str, schemas: Sequence[pa.Schema]) -> pa.DataType:
    types = {schema.field(name).type for schema in schemas if name in schema.names} - {pa.null()}
    if not types:
        return pa.null()
    return types.pop() if len(types) == 1 else pa.string()


def _column(table: pa.Table, field: pa.Field) -> pa.ChunkedArray:
    if field.name not in table.column_names:
        return pa.chunked_array([pa.nulls(table.num_rows, field.type)], field.type)
    column = table[field.name]
    if column.type == field.type:
        return column
    return as_text(column) if field.type == pa.string() else pc.cast(column, field.type)
