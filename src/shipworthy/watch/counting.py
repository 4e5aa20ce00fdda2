"""The cuts of a column counted piece by piece: memory for one piece, and the same counts whatever the pieces.

`Tally` counts what `watch.drift.questions` asks about a column; tallies of parts add up, so that parts may be counted
anywhere and in any order. A window is one piece; `tallied` goes through a file of any size.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shipworthy.watch.drift import Cut, as_numbers, questions
from shipworthy.watch.evidence import Counts
from shipworthy.watch.monitor import Values
from shipworthy.watch.reference import Known

Wholes = npt.NDArray[np.int64]
PIECE = 1 << 17
"""Rows that are counted at once: a column of them fits a processor's cache."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How often each cut of a column held.

    Attributes:
        rows: seen so far; ones: of each cut; missing: rows without a value.

    >>> known = Known("x", 10, cuts=((1.0, 0.5), (2.0, 0.9)))
    >>> whole = Tally.of(known, np.array([0.0, 1.5, np.nan, 3.0]))
    >>> whole == Tally.of(known, np.array([0.0, 1.5])) + Tally.of(known, np.array([np.nan, 3.0]))
    True
    """

    known: Known
    rows: int
    ones: tuple[int, ...]
    missing: int

    @classmethod
    def of(cls, known: Known, values: Values | pa.Array | pa.ChunkedArray) -> Tally:
        """The counts of some rows."""
        if known.shares is None:
            return cls._of_numbers(known, values)
        return cls._of_texts(known, known.shares, values)

    def __add__(self, other: Tally) -> Tally:
        ones = tuple(one + more for one, more in zip(self.ones, other.ones, strict=True))
        return Tally(self.known, self.rows + other.rows, ones, self.missing + other.missing)

    def cuts(self) -> list[Cut]:
        """Every question about the column with the counts of these rows."""
        whole = self.rows - self.missing if self.known.shares is None else self.rows
        now = [Counts(whole, one) for one in self.ones] + [Counts(self.rows, self.missing)]
        return [replace(cut, now=counts) for cut, counts in zip(questions(self.known), now, strict=True)]

    @classmethod
    def _of_numbers(cls, known: Known, values: Values | pa.Array | pa.ChunkedArray) -> Tally:
        numbers = as_numbers(_plain(values))
        ones = [0] * (len(known.cuts) + bool(known.cuts))
        missing = 0
        for start in range(0, len(numbers), PIECE):
            piece = numbers[start : start + PIECE]
            missing += int(np.count_nonzero(np.isnan(piece)))
            for place, (value, _) in enumerate(known.cuts):
                ones[place] += int(np.count_nonzero(piece <= value))  # a missing number is below nothing
            if known.cuts:
                ones[-1] += int(np.count_nonzero(piece < known.cuts[0][0]))
        return cls(known, len(numbers), tuple(ones), missing)

    @classmethod
    def _of_texts(cls, known: Known, shares: Mapping[str, float], values: Values | pa.Array | pa.ChunkedArray) -> Tally:
        tally, missing, rows = _texts(values)
        ones = [tally.get(name, 0) for name in shares]
        other = rows - missing - sum(ones)
        if known.seen is None:
            return cls(known, rows, (*ones, other), missing)
        unseen = sum(count for text, count in tally.items() if text not in shares and text not in known.seen)
        return cls(known, rows, (*ones, other - unseen, unseen), missing)


def cuts(known: Known, values: Values | pa.Array | pa.ChunkedArray) -> list[Cut]:
    """Every question about a column with the counts of some rows; what is no number counts as missing."""
    return Tally.of(known, values).cuts()


def tallied(known: Sequence[Known], pieces: Iterable[pa.RecordBatch | pa.Table]) -> dict[str, Tally]:
    """The tally of each column over the pieces of a table; empty where there is no piece.

    Memory: one piece, whatever the number of rows.
    """
    found: dict[str, Tally] = {}
    for piece in pieces:
        for column in known:
            new = Tally.of(column, piece.column(column.name))
            found[column.name] = found[column.name] + new if column.name in found else new
    return found


def _plain(values: Values | pa.Array | pa.ChunkedArray) -> Values:
    if not isinstance(values, pa.Array | pa.ChunkedArray):
        return values
    if pa.types.is_integer(values.type) or pa.types.is_boolean(values.type):
        values = values.cast(pa.float64())
    return np.asarray(values.to_numpy() if isinstance(values, pa.ChunkedArray) else values.to_numpy(False))


def _texts(values: Values | pa.Array | pa.ChunkedArray) -> tuple[dict[str, int], int, int]:
    """How often each text stands there, rows without one, and all rows."""
    column = values if isinstance(values, pa.Array | pa.ChunkedArray) else _as_arrow(values)
    missing = column.null_count
    if pa.types.is_dictionary(column.type):
        parts = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
        tally: dict[str, int] = {}
        for part in parts:
            for text, rows in zip(part.dictionary.to_pylist(), _codes(part), strict=True):
                tally[text] = tally.get(text, 0) + int(rows)
        return {text: rows for text, rows in tally.items() if rows}, missing, len(column)
    counted = pc.value_counts(column)
    pairs = zip(counted.field(0).to_pylist(), counted.field(1).to_pylist(), strict=True)
    return {text: rows for text, rows in pairs if text is not None}, missing, len(column)


def _codes(part: pa.DictionaryArray) -> Wholes:
    codes = part.indices.drop_null().to_numpy()
    return np.asarray(np.bincount(codes, minlength=len(part.dictionary)), dtype=np.int64)


def _as_arrow(values: Values) -> Any:
    """Values as texts; a missing one, NaN or None, is null, and anything else is named as Python names it."""
    try:
        return pa.array(values, pa.string(), from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        named = [None if _is_missing(value) else str(value) for value in values.tolist()]
        return pa.array(named, pa.string())


def _is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and np.isnan(value))
