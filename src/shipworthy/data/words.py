"""What can be asked and what happens when data comes in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from shipworthy.base.check import CheckResult
from shipworthy.base.fact import Command, Question, What

MASK = "•••"
"""What stands in place of a value that says something about a person."""


@dataclass(frozen=True, slots=True)
class Intake:
    """Where every row of one source went: source_rows = accepted + removed by a named rule + quarantined.

    Attributes:
        removed: rows removed, by the name of the declared rule.
        quarantined: rows set aside, by the reason.
        content: digest of the accepted rows (a Parquet segment).
        quarantine: digest of the quarantined rows (a Parquet segment with a reason), empty where there are none.
        newest: the newest time in the accepted rows, ISO 8601; empty without a time column.
        read: digest of the bytes of every file that was read, by its name; of the rows where there are no files.
    """

    source: str
    source_rows: int
    accepted: int
    removed: dict[str, int] = field(default_factory=dict)
    quarantined: dict[str, int] = field(default_factory=dict)
    content: str = ""
    quarantine: str = ""
    newest: str = ""
    read: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotTaken(What):
    """The exact data a run reads was accepted and pinned.

    Attributes:
        snapshot: its digest, over the content of every source.
        as_of: the moment before which every row lies, ISO 8601.
    """

    snapshot: str
    as_of: str
    intakes: list[Intake]
    checks: list[CheckResult]

    @property
    def about(self) -> str:
        return self.snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotRefused(What):
    """A source broke its contract; nothing downstream may read it.

    Attributes:
        refusal: a digest that names this refusal, over what was read and when.
    """

    refusal: str
    as_of: str
    intakes: list[Intake]
    checks: list[CheckResult]

    @property
    def about(self) -> str:
        return self.refusal


@dataclass(frozen=True, slots=True)
class SnapshotOutcome:
    """What taking a snapshot gives; `snapshot` is empty where the contract refused it."""

    snapshot: str
    as_of: str
    intakes: list[Intake]
    checks: list[CheckResult]


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeSnapshot(Command[SnapshotOutcome]):
    """Read every declared source under its contract and pin the accepted rows.

    `as_of` is the moment before which every row must lie; now where it is empty.
    """

    right: ClassVar[str] = "build"
    durable: ClassVar[bool] = True
    as_of: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshots(Question[list[SnapshotOutcome]]):
    """Every snapshot and every refusal, oldest first, with the account of their rows."""


@dataclass(frozen=True, slots=True)
class QuarantinedRow:
    """One row that was set aside.

    Attributes:
        row: its number in the source, 1 for the first; `place` is the file and the row there.
        reason: everything that is wrong with it.
        snapshot: the snapshot or refusal that it was kept out of.
        values: its values as they are in the source; those that say something about a person are masked.
    """

    source: str
    row: int
    place: str
    reason: str
    snapshot: str
    values: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantine(Question[list[QuarantinedRow]]):
    """Rows that were set aside and why; of the newest snapshot or refusal where none is named.

    `source` narrows it to one source; `limit` says how many rows at most, and `skip` how many to leave out first.
    """

    right: ClassVar[str] = "rows"
    snapshot: str = ""
    source: str = ""
    limit: int = 100
    skip: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureOrdered(What):
    """The data of one person is to go; from here on their rows are removed at the door, under a rule of that name.

    Attributes:
        person: keyed hash of the entity's name; without the key, which lies outside the database, it says nothing.
    """

    person: str
    reason: str = ""

    @property
    def about(self) -> str:
        return self.person


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentRewritten(What):
    """A stored file was replaced by one without a person's rows; whoever reads the old digest gets the new file.

    Attributes:
        old, new: the digests; the old file was deleted afterwards.
        holds: what its rows are, in plain words.
    """

    old: str
    new: str
    holds: str
    rows_before: int
    rows_after: int
    person: str

    @property
    def about(self) -> str:
        return self.old


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonErased(What):
    """One person's rows were searched for everywhere within reach and are gone.

    Attributes:
        person: keyed hash of the entity's name.
        certificate: digest of the evidence: what was searched, what went, what is out of reach and who must act.
        rows: rows erased, by what held them.
        rewritten: how many stored files were replaced; outside: how many things are out of reach.
    """

    person: str
    certificate: str
    rows: dict[str, int]
    rewritten: int
    outside: int

    @property
    def about(self) -> str:
        return self.person


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonReadmitted(What):
    """A person who was erased may come in again: from here on their rows are accepted like anybody's.

    Attributes:
        person: keyed hash of the entity's name.
        reason: why, such as the number of their new consent; without the name.
    """

    person: str
    reason: str

    @property
    def about(self) -> str:
        return self.person


@dataclass(frozen=True, slots=True, kw_only=True)
class DataArrived(What):
    """New data was seen in sources, whole: what is made by arrival is due from now.

    Attributes:
        arrival: a digest that names it, over what was seen.
        sources: for each source with something new, the digest of the state in which it was seen: of names, sizes and
            times of its files, or of the newest moment and the number of rows of a database.
    """

    arrival: str
    sources: dict[str, str]

    @property
    def about(self) -> str:
        return self.arrival


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteArrival(Command[str]):
    """Note that sources have new data, so that what is made by arrival falls due; gives the name of the arrival.

    The worker does this by itself. A system that knows that its data is complete may do it at once.
    """

    right: ClassVar[str] = "operate"
    sources: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsReplayed(What):
    """Rows that were set aside were judged again; what passes comes in with the next snapshot.

    Attributes:
        replay: a digest that names this replay.
        snapshot: the snapshot or refusal that they were kept out of.
        taken: rows that were judged again: taken = passed + refused.
        passed: rows that come in from now on, each in the place of the one that it mends.
        refused: rows that stay set aside, by the first reason.
        rows: digest of the segment of the rows that passed; empty where none did.
        mended: rows of which somebody gave corrected values.
    """

    replay: str
    source: str
    snapshot: str
    taken: int
    passed: int
    refused: dict[str, int]
    rows: str = ""
    mended: int = 0

    @property
    def about(self) -> str:
        return self.replay


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of a replay: taken = passed + refused by reason.

    Attributes:
        before: rows that were meant and have been replayed before; each is replayed once.
    """

    replay: str
    source: str
    snapshot: str
    taken: int
    passed: int
    refused: dict[str, int]
    before: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayQuarantine(Command[Replayed]):
    """Judge rows that were set aside again, under the contract of today; what passes comes in with the next snapshot.

    Attributes:
        source: of this source.
        snapshot: of this snapshot or refusal: its digest, or the first digits; the newest that set rows of it aside if
            empty.
        reason: only rows with this reason, or a part of its text.
        corrected: CSV with the column `_row`, the number of a row as the quarantine shows it, and the corrected
            columns; other columns stay as they were. Only rows that it names are replayed.
    """

    right: ClassVar[str] = "mend"
    durable: ClassVar[bool] = True
    kept: ClassVar[tuple[str, ...]] = ("corrected",)
    source: str
    snapshot: str = ""
    reason: str = ""
    corrected: str = ""


@dataclass(frozen=True, slots=True)
class ReplayCard:
    """One replay for people to read; `came_in` is when the first snapshot after it was taken, empty before."""

    replay: str
    at: str
    who: str
    snapshot: str
    taken: int
    passed: int
    refused: dict[str, int]
    mended: int
    came_in: str


@dataclass(frozen=True, slots=True)
class SetAside:
    """What of one source is set aside, as of the newest look at it.

    Attributes:
        snapshot: the snapshot or refusal; `stopped` where it was a refusal, so that nothing of it came in.
        rows: rows that were read; reasons: how many are set aside, by the reason that was found first.
        waiting: rows that were replayed since and come in with the next snapshot.
        history: for each look the moment it was for, rows read and rows set aside, oldest first.
    """

    source: str
    snapshot: str
    as_of: str
    stopped: bool
    rows: int
    reasons: dict[str, int]
    waiting: int
    replays: list[ReplayCard]
    history: list[tuple[str, int, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsAside(Question[list[SetAside]]):
    """How many rows of each source are set aside and why, and what was replayed; no row itself is shown."""
