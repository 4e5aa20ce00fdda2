"""What a kind of source is: how a declared system is read, and what reading it gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

    from shipworthy.plan.schema import Source

FOLDER = "data/sources"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a source is read from.

    Attributes:
        name: the source's name in the plan, for messages.
        folder: the folder of product.yaml; relative paths start here and may not leave it.
        environ: environment variables, for ${NAME} in paths and addresses.
        closed: folders that are never read, such as that of the ledger and its keys.
        as_of: the moment of the snapshot, for a source that knows its own past; None outside of one.
    """

    name: str
    folder: Path
    environ: Mapping[str, str]
    closed: tuple[Path, ...] = ()
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True)
class Broken:
    """A row that cannot be laid out in columns; it goes to quarantine, never to the bin.

    Attributes:
        row: its number in its part, 1 for the first row of data.
        text: the row as it is written.
        reason: what is wrong with it, without any of its values.
    """

    row: int
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Part:
    """One file, or one answer of a database.

    Attributes:
        name: path or address without secrets.
        digest: SHA-256 of the bytes that were read; of the rows where there are no bytes.
        rows: all its rows, the broken ones included.
        broken: rows that have no place in the table, by row number.
        columns: the names of its own columns.
    """

    name: str
    digest: str
    rows: int
    columns: tuple[str, ...]
    broken: tuple[Broken, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """What reading a source gave: every row as it is there.

    Attributes:
        table: the rows in the order of the parts, with the columns of all parts; a column that a part does not have
            is empty in the rows of that part.
        parts: what was read, in order; their rows together are the rows of the source.
    """

    table: pa.Table
    parts: tuple[Part, ...]

    @property
    def rows(self) -> int:
        """All rows of the source, broken ones included."""
        return sum(part.rows for part in self.parts)


UNTOLD = -1


@dataclass(frozen=True, slots=True)
class Piece:
    """Some rows of a source that follow each other.

    Attributes:
        part: the name of their part.
        first: how many rows of that part come before them, the broken ones included.
        broken: rows among them that have no place in the table, by their number in the part.
    """

    part: str
    first: int
    table: pa.Table
    broken: tuple[Broken, ...] = ()


@dataclass(frozen=True, slots=True)
class Pieces:
    """A source that is read some rows at a time, as often as need be.

    Attributes:
        schema: the columns of every piece.
        read: all rows, in the order of the parts.
        parts: what is read; the digest of each file is asked of the given function. A part that does not know how many
            rows it has before they are read says UNTOLD.
        file: the one Parquet file that holds these rows and no others, where there is one.
    """

    schema: pa.Schema
    read: Callable[[], Iterator[Piece]]
    parts: Callable[[Callable[[Path], str]], tuple[Part, ...]]
    file: Path | None = None


@dataclass(frozen=True, slots=True)
class Probe:
    """What a short look at a source found, before anything is read.

    Attributes:
        found: in plain words: how many files, or that the query ran.
        columns: the type of each column as the source has it, by name.
    """

    found: str
    columns: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SourceKind:
    """A kind of system that can be read from: one member of data/sources.

    Attributes:
        says: one sentence for people who look for a kind.
        needs: the fields of a source that must be filled in, such as `path`.
        read: reads all rows.
        probe: tests that the source can be reached and says what columns it has.
        pieces: reads it some rows at a time, where the kind of system allows for it; sources larger than memory then
            need no more than a piece of it.

    `read` and `probe` raise UserError where the system, file or address is not what it must be.
    """

    says: str
    needs: tuple[str, ...]
    read: Callable[[Source, Place], Reading]
    probe: Callable[[Source, Place], Probe]
    pieces: Callable[[Source, Place], AbstractContextManager[Pieces]] | None = None
