"""What rows are, in one digest, and how many: made while they pass by, without a look at single values."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

import pyarrow as pa

_STRETCH = 1 << 16  # rows that are hashed together


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

    Hashed are the columns as Arrow sends them, 65,536 rows at a time.
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
        for batch in stretch.combine_chunks().to_batches():
            self._found.update(batch.serialize())
