"""The cuts of a column counted piece by piece: memory for one piece, and the same counts whatever the pieces.

`Tally` counts what `watch.drift.questions` asks about a column, `Tallies` does for many columns; those of parts add up,
so that parts may be counted anywhere and in any order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shipworthy.watch.drift import Cut, as_numbers, questions
from shipworthy.watch.evidence import Counts
from shipworthy.watch.monitor import Values
from shipworthy.watch.reference import Known

Wholes = npt.NDArray[np.int64]
Column: TypeAlias = Values | pa.Array | pa.ChunkedArray
PIECE = 1 << 17
"""Rows that are counted at once: a column of them fits a processor's cache."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How often each cut of a column held.

    Attributes:
        rows: seen so far; ones: of each cut; missing: rows without a value.
        lowest, highest: of the numbers seen; infinite where there were none, or texts.

    >>> known = Known("x", 10, cuts=((1.0, 0.5), (2.0, 0.9)))
    >>> whole = Tally.of(known, np.array([0.0, 1.5, np.nan, 3.0]))
    >>> whole == Tally.of(known, np.array([0.0, 1.5])) + Tally.of(known, np.array([np.nan, 3.0]))
    True
    """

    known: Known
    rows: int
    ones: tuple[int, ...]
    missing: int
    lowest: float = np.inf
    highest: float = -np.inf

    @classmethod
    def of(cls, known: Known, values: Column) -> Tally:
        """The counts of some rows."""
        if known.shares is None:
            return cls._of_numbers(known, values)
        return cls._of_texts(known, known.shares, values)

    def __add__(self, other: Tally) -> Tally:
        ones = tuple(one + more for one, more in zip(self.ones, other.ones, strict=True))
        lowest, highest = min(self.lowest, other.lowest), max(self.highest, other.highest)
        return Tally(self.known, self.rows + other.rows, ones, self.missing + other.missing, lowest, highest)

    @property
    def present(self) -> int:
        """Rows with a value."""
        return self.rows - self.missing

    def cuts(self) -> list[Cut]:
        """Every question about the column with the counts of these rows."""
        whole = self.present if self.known.shares is None else self.rows
        now = [Counts(whole, one) for one in self.ones] + [Counts(self.rows, self.missing)]
        return [replace(cut, now=counts) for cut, counts in zip(questions(self.known), now, strict=True)]

    @classmethod
    def _of_numbers(cls, known: Known, values: Column) -> Tally:
        numbers = as_numbers(_plain(values))
        ones = [0] * (len(known.cuts) + bool(known.cuts))
        missing, lowest, highest = 0, np.inf, -np.inf
        for start in range(0, len(numbers), PIECE):
            piece = numbers[start : start + PIECE]
            missing += int(np.count_nonzero(np.isnan(piece)))
            for place, (value, _) in enumerate(known.cuts):
                ones[place] += int(np.count_nonzero(piece <= value))  # a missing number is below nothing
            if known.cuts:
                ones[-1] += int(np.count_nonzero(piece < known.cuts[0][0]))
            lowest = min(lowest, float(np.fmin.reduce(piece, initial=np.inf)))
            highest = max(highest, float(np.fmax.reduce(piece, initial=-np.inf)))
        return cls(known, len(numbers), tuple(ones), missing, lowest, highest)

    @classmethod
    def _of_texts(cls, known: Known, shares: Mapping[str, float], values: Column) -> Tally:
        tally, missing, rows = _texts(values)
        ones = [tally.get(name, 0) for name in shares]
        other = rows - missing - sum(ones)
        if known.seen is None:
            return cls(known, rows, (*ones, other), missing)
        unseen = sum(count for text, count in tally.items() if text not in shares and text not in known.seen)
        return cls(known, rows, (*ones, other - unseen, unseen), missing)


@dataclass(frozen=True, slots=True)
class Tallies:
    """The tallies of several columns over the same rows.

    Attributes:
        of: by name; a column counts as missing in those rows that lack it.
        absent: the columns that no row had.
    """

    of: Mapping[str, Tally]
    absent: frozenset[str] = frozenset()

    @classmethod
    def counted(cls, known: Sequence[Known], columns: Mapping[str, Values], rows: int) -> Tallies:
        """The counts of some rows.

        Args:
            columns: values by name; those that are read as Arrow has them are counted so.
        """
        found = {}
        for one in known:
            values = columns.arrow(one.name) if isinstance(columns, Inputs) else columns.get(one.name)
            found[one.name] = Tally.of(one, np.full(rows, None) if values is None else values)
        return cls(found, frozenset(one.name for one in known if one.name not in columns))

    def __add__(self, other: Tallies) -> Tallies:
        together = {name: tally + other.of[name] for name, tally in self.of.items()}
        return Tallies(together, self.absent & other.absent)


class Inputs(Mapping[str, Values]):
    """Columns of a table as arrays, each made when it is asked for."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table

    def __getitem__(self, name: str) -> Values:
        if name not in self:
            raise KeyError(name)
        return np.asarray(flags_as_numbers(self._table.select([name]))[name].to_pandas())

    def __contains__(self, name: object) -> bool:
        return name in self._table.column_names

    def __iter__(self) -> Iterator[str]:
        return iter(self._table.column_names)

    def __len__(self) -> int:
        return len(self._table.column_names)

    @property
    def rows(self) -> int:
        """How many there are."""
        return int(self._table.num_rows)

    def some(self, rows: slice) -> Inputs:
        """Only some of the rows."""
        return Inputs(self._table.take(np.arange(self.rows)[rows]))

    def arrow(self, name: str) -> Column | None:
        """A column as it can be counted soonest; None where there is none."""
        if name not in self:
            return None
        column = self._table[name]
        counts = (pa.types.is_floating, pa.types.is_integer, pa.types.is_string, pa.types.is_dictionary)
        return column if any(is_one(column.type) for is_one in counts) else self[name]


def flags_as_numbers(table: pa.Table) -> pa.Table:
    """A table with 1 for true and 0 for false, as models are told; missing ones stay missing.

    >>> flags_as_numbers(pa.table({"flag": [True, None]})).to_pydict()
    {'flag': [1.0, None]}
    """
    number = (field.with_type(pa.float64()) if pa.types.is_boolean(field.type) else field for field in table.schema)
    return table.cast(pa.schema(list(number)))


def cuts(known: Known, values: Column) -> list[Cut]:
    """Every question about a column with the counts of some rows; what is no number counts as missing."""
    return Tally.of(known, values).cuts()


def _plain(values: Column) -> Values:
    if not isinstance(values, pa.Array | pa.ChunkedArray):
        return values
    if pa.types.is_integer(values.type) or pa.types.is_boolean(values.type):
        values = values.cast(pa.float64(), safe=False)  # a whole number beyond 2**53 is rounded, as numpy does
    return np.asarray(values.to_numpy() if isinstance(values, pa.ChunkedArray) else values.to_numpy(False))


def _texts(values: Column) -> tuple[dict[str, int], int, int]:
    """How often each text stands there, rows without one, and all rows."""
    column: Any = values if _is_text(values) else _as_arrow(_told(values))
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


def _is_text(values: Column) -> bool:
    if not isinstance(values, pa.Array | pa.ChunkedArray):
        return False
    return bool(pa.types.is_string(values.type) or pa.types.is_dictionary(values.type))


def _told(values: Column) -> Values:
    return np.asarray(values.to_pandas()) if isinstance(values, pa.Array | pa.ChunkedArray) else values


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
