"""How the parts of a source become one table, whatever each of them calls its columns and types."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shipworthy.base.digest import digest_of_file
from shipworthy.data.source import Broken, Part, Piece, Pieces, Reading

PIECE = 1 << 17  # rows


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
            size = PIECE if not part.broken else max(there, 1)
            for first in range(0, max(there, 1), size):
                yield Piece(part.name, first, reading.table.slice(start + first, min(size, there - first)), part.broken)
            start += there

    return Pieces(reading.table.schema, rows, lambda digest: reading.parts)


def whole(given: Pieces) -> Reading:
    """What comes some rows at a time, as one table."""
    tables = []
    broken: dict[str, list[Broken]] = {}
    rows: Counter[str] = Counter()
    for piece in given.read():
        tables.append(piece.table)
        broken.setdefault(piece.part, []).extend(piece.broken)
        rows[piece.part] += len(piece.table) + len(piece.broken)
    parts = [
        replace(part, rows=rows[part.name], broken=tuple(broken.get(part.name, ())))
        for part in given.parts(digest_of_file)
    ]
    return Reading(pa.concat_tables(tables).combine_chunks(), tuple(parts))


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
    return table.take(order_of(table))


def order_of(table: pa.Table) -> pa.Array:
    """The places of rows in the order of their values; those that are the same stay as they are."""
    keys = {name: _sortable(table[name]) for name in table.column_names if not pa.types.is_null(table[name].type)}
    if not keys or not table.num_rows:
        return pa.array(np.arange(table.num_rows))
    return pc.sort_indices(pa.table(keys), [(name, "ascending") for name in keys])


class DigestOfRows:
    """SHA-256 of rows that come some at a time, where there are no bytes that were read."""

    def __init__(self, schema: pa.Schema) -> None:
        """Of no row yet."""
        self.closed = False
        self._found = hashlib.sha256()
        self._writer = pa.ipc.new_stream(pa.PythonFile(self, "w"), schema)

    def add(self, table: pa.Table) -> None:
        """More rows: as many as a piece has, and only the last time fewer, or the digest is another one."""
        # Taken anew, because what lies below a gap, and after a cut, is not always the same.
        self._writer.write_table(table.combine_chunks().take(pa.array(np.arange(len(table)))))

    def ended(self) -> str:
        """The digest of all rows."""
        self._writer.close()
        return self._found.hexdigest()

    def write(self, content: Any) -> int:
        """Some bytes of the rows as Arrow writes them."""
        self._found.update(content)
        return len(content)

    def flush(self) -> None:
        """Nothing waits here; Arrow asks for it."""

    def close(self) -> None:
        """Nothing comes any more; Arrow asks for it."""
        self.closed = True


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
