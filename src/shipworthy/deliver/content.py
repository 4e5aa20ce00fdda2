"""What rows are, in one digest, and how many: made while they pass by, without a look at single values."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_STRETCH = 1 << 16  # rows that are hashed together
# How wide the numbers are that say where each text ends, and a text without signs.
_TEXTS: dict[pa.DataType, tuple[Any, str | bytes]] = {
    pa.string(): (np.int32, ""),
    pa.binary(): (np.int32, b""),
    pa.large_string(): (np.int64, ""),
    pa.large_binary(): (np.int64, b""),
}


def content_digest(pieces: Iterable[pa.Table]) -> str:
    """The digest of some rows, however they are cut into pieces: of names, types and values.

    >>> whole = pa.table({"a": [1, 2, 3], "b": ["x", None, "z"]})
    >>> content_digest([whole]) == content_digest([whole.slice(0, 1), whole.slice(1)])
    True
    """
    content = Content()
    for _ in content.passing(pieces):
        pass
    return content.digest()


class Content:
    """The digest of the rows that pass by, and how many they are.

    Hashed are the values as Arrow lays them down, 65,536 rows at a time, and which of them are missing; nothing of what
    lies in memory beneath a missing value or beside the rows.
    """

    def __init__(self) -> None:
        self.rows = 0
        self._found = hashlib.sha256()
        self._named = False
        self._waiting: list[pa.Table] = []

    def passing(self, pieces: Iterable[pa.Table]) -> Iterator[pa.Table]:
        """The same pieces, noted as they pass."""
        for piece in pieces:
            self._note(piece.replace_schema_metadata(None))
            yield piece

    def digest(self) -> str:
        """The digest of all that passed; nothing may pass after it."""
        if self._waiting:
            self._add(pa.concat_tables(self._waiting))
            self._waiting = []
        return self._found.hexdigest()

    def _note(self, piece: pa.Table) -> None:
        if not self._named:
            self._found.update(repr([(field.name, str(field.type)) for field in piece.schema]).encode())
            self._named = True
        self.rows += len(piece)
        self._waiting.append(piece)
        held = sum(map(len, self._waiting))
        if held < _STRETCH:
            return
        together, full = pa.concat_tables(self._waiting), held - held % _STRETCH
        for start in range(0, full, _STRETCH):
            self._add(together.slice(start, _STRETCH))
        self._waiting = [together.slice(full)] if held > full else []

    def _add(self, stretch: pa.Table) -> None:
        for column in stretch.columns:
            for part in _laid_down(_one(column)):
                self._found.update(part)


def _one(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _laid_down(values: pa.Array) -> Iterator[Any]:
    """The bytes of some values: how many they are, which of them are there, and what they are.

    >>> two = pa.array([1, 2, None], pa.int8())
    >>> b"".join(map(bytes, _laid_down(two))) == b"".join(map(bytes, _laid_down(pa.concat_arrays([two[:1], two[1:]]))))
    True
    """
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    kind = values.type
    yield f"{len(values)},{values.null_count};".encode()
    if pa.types.is_null(kind):
        return
    if values.null_count:
        yield _bits(values.is_valid())
    if kind in _TEXTS:
        wide, nothing = _TEXTS[kind]
        yield from _text(values.fill_null(nothing) if values.null_count else values, wide)
    elif pa.types.is_boolean(kind):
        yield _bits(values.fill_null(False))
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind):
        yield pc.list_value_length(values).fill_null(0).to_numpy(zero_copy_only=False)
        yield from _laid_down(values.flatten())
    elif pa.types.is_struct(kind):
        for part in values.flatten():
            yield from _laid_down(part)
    elif pa.types.is_primitive(kind):
        yield _numbers(values)
    else:  # a kind that few lists have
        yield repr(values.to_pylist()).encode()


def _text(values: pa.Array, wide: Any) -> Iterator[Any]:
    _, places, signs = values.buffers()
    if not len(values) or places is None:
        return
    ends = np.frombuffer(places, wide, len(values) + 1, values.offset * np.dtype(wide).itemsize)
    yield ends - ends[0]
    if signs is not None:
        yield memoryview(signs)[int(ends[0]) : int(ends[-1])]


def _numbers(values: pa.Array) -> Any:
    laid, width = values.buffers()[1], values.type.bit_width // 8
    first = values.offset * width
    found = np.frombuffer(laid or b"", np.uint8)[first : first + len(values) * width]
    if not values.null_count:
        return found
    there = values.is_valid().to_numpy(zero_copy_only=False)
    return np.where(there[:, None], found.reshape(-1, width), np.uint8(0))


def _bits(values: pa.Array) -> np.ndarray[Any, Any]:
    return np.packbits(values.to_numpy(zero_copy_only=False))
