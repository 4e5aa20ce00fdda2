"""The answers of a window that is too large to be held, some entities at a time, each with its inputs.

A list stands in the order of the table that holds its inputs: both are read once, side by side. Where that is not so,
as of answers that a server gave, the entities are cut into parts that can be held, and all is read once for each part.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from shipworthy.deliver.log import CLASSES
from shipworthy.watch.counting import Inputs
from shipworthy.watch.monitor import Values
from shipworthy.watch.rules import Answered
from shipworthy.watch.windows import answers_of, are, belonging, features_of, named

if TYPE_CHECKING:
    from shipworthy.edges.files import Files
    from shipworthy.edges.pseudonyms import Pseudonyms

HELD = 500_000
"""So many answers of a window are held at once; a larger one is read some at a time."""

Piece = tuple[pd.DataFrame, Mapping[str, Values]]
Wholes = npt.NDArray[np.int64]
T = TypeVar("T")
_SIDE_BY_SIDE = 32
"""So many segments are read at once, since some answers of each are held; a server seals more of them in an hour."""
_ONCE = ["candidate", "inputs_ref", "decision", "step"]
_COLUMNS = ["answer_id", "time", "as_of", "entity", "score", *_ONCE]


class NotInOrder(Exception):
    """The answers do not stand in the order of one table of inputs."""


@dataclass(frozen=True, slots=True)
class Large:
    """A window that is too large to be held.

    Attributes:
        rows: at most so many answers.
        entity: what the plan calls the entity.
        columns: the inputs that are wanted, each once, as far as there are any; texts: those that are categories.
        classes: with the class of each answer and the probability of each; names: with its id, entity and release step.
    """

    files: Files
    answered: Answered
    rows: int
    entity: str
    pseudonyms: Pseudonyms | None = None
    columns: Sequence[str] = ()
    texts: Sequence[str] = ()
    classes: bool = False
    names: bool = True

    def read(self, take: Callable[[Iterator[Piece]], T]) -> T:
        """What `take` makes of all answers; it is asked anew where they turn out not to be in order.

        Raises:
            NotFound, Tampered: a file does not hold what was sealed.
        """
        with suppress(NotInOrder):
            return take(self._in_order())
        # Outside of the block: with the error goes what was taken so far, and the files it was read from are closed.
        return take(self._by_parts())

    def held(self) -> Piece:
        """All answers with the inputs that are wanted, and nothing else of the log, sorted by entity."""

        def together(pieces: Iterator[Piece]) -> Piece:
            frames, columns = [pd.DataFrame(columns=self._told)], list[Mapping[str, Values]]()
            for answers, inputs in pieces:
                frames.append(answers[self._told])
                columns.append({name: inputs[name] for name in self.columns if name in inputs})
            first = 1 if columns else 0
            answers = pd.concat(frames[first:], ignore_index=True)
            inputs = below(columns, [len(one) for one in frames[1:]])
            if not self.names or answers["entity"].is_monotonic_increasing:
                return answers, inputs
            answers = answers.sort_values("entity")  # in which order pairs of groups are dealt
            places = answers.index.to_numpy()
            return answers.reset_index(drop=True), {name: values[places] for name, values in inputs.items()}

        return self.read(together)

    @property
    def _told(self) -> list[str]:
        """The columns of the log that are of use."""
        classes = [field.name for field in CLASSES] if self.classes else []
        return [*(["answer_id", "entity", "step"] if self.names else []), "score", "decision", *classes]

    def _in_order(self) -> Iterator[Piece]:
        if len(self.answered.parts) > _SIDE_BY_SIDE:
            raise NotInOrder
        classes = [field.name for field in CLASSES] if self.classes else []
        streams = [_Stream(self._mine(segment, [*_COLUMNS, *classes])) for segment in self.answered.parts]
        ref = _the_table(streams)
        there = self.files.columns(ref)
        wanted = dict.fromkeys([named(there, self.entity), *(name for name in self.columns if name in there)])
        for inputs in self.files.pieces(ref, list(wanted), [name for name in self.texts if name in there]):
            names = pc.cast(inputs[named(inputs.column_names, self.entity)], pa.string()).combine_chunks()
            found = [stream.about(names, ref) for stream in streams]
            answers, places = _once([one for one in found if one is not None])
            if len(places):
                whole = len(places) == len(inputs)  # then they are all of them, in order
                yield answers.select(self._told).to_pandas(), Inputs(inputs if whole else inputs.take(places))
        if any(stream.ref is not None for stream in streams):
            raise NotInOrder

    def _by_parts(self) -> Iterator[Piece]:
        count = max(1, -(-self.rows // HELD))
        for place in range(count):
            answers = answers_of(self.files, self.answered, classes=self.classes, part=(place, count))
            if len(answers):
                mine = (self.files, answers, self.pseudonyms, self.entity)
                yield answers, features_of(*mine, self.columns) if self.columns else {}

    def _mine(self, segment: str, columns: list[str]) -> Iterator[pa.Table]:
        for rows in self.files.pieces(segment, columns, _ONCE):
            yield belonging(rows, self.answered)


def below(parts: Sequence[Mapping[str, Values]], sizes: Sequence[int]) -> dict[str, Values]:
    """Columns of parts one below the other; missing where a part lacks one.

    Args:
        sizes: rows of each part.
    """
    names = dict.fromkeys(name for part in parts for name in part)
    return {
        name: np.concatenate(
            [part[name] if name in part else np.full(size, np.nan) for part, size in zip(parts, sizes, strict=True)]
        )
        for name in names
    }


class _Stream:
    """The answers of one segment, in their order."""

    def __init__(self, pieces: Iterator[pa.Table]) -> None:
        self._pieces = pieces
        self._rest: pa.Table | None = None

    @property
    def ref(self) -> str | None:
        """Which table holds the inputs of the next answer; None at the end."""
        rest = self._next()
        return None if rest is None else str(rest["inputs_ref"][0].as_py() or "")

    def _next(self) -> pa.Table | None:
        """The answers of a piece that were not taken yet; None at the end."""
        while self._rest is None or not len(self._rest):
            self._rest = next(self._pieces, None)
            if self._rest is None:
                return None
        return self._rest

    def about(self, names: pa.Array, ref: str) -> tuple[pa.Table, Wholes] | None:
        """The answers that come next and are about these entities, and the place of each among them; None of none.

        Raises:
            NotInOrder: they do not stand in the order of the names, or their inputs lie in several tables.
        """
        found, start = [], 0
        while start < len(names) and (rest := self._next()) is not None:
            head = rest.slice(0, len(names) - start)
            places = _places(head["entity"].combine_chunks(), names.slice(start)) + start
            if not len(places):
                break
            taken = head.slice(0, len(places))
            if not are(taken["inputs_ref"], ref).all():
                raise NotInOrder
            found.append((taken, places))
            start, self._rest = int(places[-1]) + 1, rest.slice(len(places))
        if not found:
            return None
        return pa.concat_tables([rows for rows, _ in found]), np.concatenate([places for _, places in found])


def _the_table(streams: Iterable[_Stream]) -> str:
    """The digest of the table that holds the inputs of the first answer of each segment.

    Raises:
        NotInOrder: there are several, or none; not looked at further than that.
    """
    known = ""
    for ref in (stream.ref for stream in streams):
        if ref is not None and (not ref or known not in ("", ref)):
            raise NotInOrder
        known = ref or known
    if not known:
        raise NotInOrder
    return known


def _places(entities: pa.Array, names: pa.Array) -> Wholes:
    """Where the first entities stand among the names, up to the first that is not there.

    Raises:
        NotInOrder: not one after the other.
    """
    if entities.equals(names.slice(0, len(entities))):
        return np.arange(len(entities))
    at = pc.index_in(entities, value_set=names)
    lacking = np.flatnonzero(np.asarray(at.is_null()))
    found = np.asarray(at.slice(0, lacking[0] if len(lacking) else len(at)), dtype=np.int64)
    if (np.diff(found) <= 0).any():
        raise NotInOrder
    return found


def _once(found: Sequence[tuple[pa.Table, Wholes]]) -> tuple[pa.Table, Wholes]:
    """The answers of several segments about the same names, in order; of two about one entity the first given."""
    if not found:
        return pa.table({}), np.zeros(0, dtype=np.int64)
    if len(found) == 1:
        return found[0]
    rows = pa.concat_tables([one for one, _ in found])
    places = np.concatenate([one for _, one in found])
    order = rows.append_column("place", pa.array(places)).sort_by(
        [("place", "ascending"), ("time", "ascending"), ("answer_id", "ascending")]
    )
    told = order["place"].to_numpy()
    first = np.concatenate([[True], told[1:] != told[:-1]])
    return order.drop_columns("place").filter(pa.array(first)), told[first]
