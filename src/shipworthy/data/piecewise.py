"""The contract held against a source of any size: its rows are judged some at a time, with the same judges.

A piece to which nobody objects costs one question and is not copied; only the others are looked at row by row. What
compares rows with each other goes by hashes first, and only rows whose hash stands twice are compared.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from shipworthy.base.check import CheckResult
from shipworthy.base.digest import digest_of_file
from shipworthy.base.errors import UserError
from shipworthy.base.times import aware
from shipworthy.data import casting
from shipworthy.data.check import Sheet, results
from shipworthy.data.comparing import Hashes, compared, plain_key, twice
from shipworthy.data.contract import REPLACED, mistakes
from shipworthy.data.door import Door
from shipworthy.data.engine import RESERVED, engine, identifier
from shipworthy.data.erased import People, without_lines
from shipworthy.data.judges import ROW, Layout, judges
from shipworthy.data.rules import accepted_rows, decided, flagged, repeats, set_aside
from shipworthy.data.source import UNTOLD, Part, Piece, Pieces, Reading
from shipworthy.data.undisputed import NOBODY, as_they_stand, objection
from shipworthy.data.words import Intake
from shipworthy.plan.schema import Contract

if TYPE_CHECKING:
    from shipworthy.edges.drafts import Draft, TableDraft
    from shipworthy.edges.files import Files

Numbers = npt.NDArray[np.int64]
_NOBODY = (np.zeros(0, np.int64), np.zeros(0, np.int64))


def judge_pieces(
    given: Pieces,
    contract: Contract,
    source: str,
    as_of: datetime,
    files: Files,
    erased: People | None = None,
    gone: Mapping[str, Sequence[int]] | None = None,
) -> tuple[Intake, list[CheckResult]]:
    """Hold a source against its contract, some rows at a time, and keep its accepted and quarantined rows.

    Where every row of a single file is accepted as it stands, the file itself is what is kept: another writing of the
    same rows would say nothing new.

    Args:
        source: the source's name in the plan.
        as_of: no row at or after this moment is accepted.
        erased: people whose rows are removed before anything else is asked of them.
        gone: rows, by their numbers in the tables of all pieces, that are removed before anybody judges them, counted
            by these names.

    Raises:
        UserError: the contract itself is wrong, or the source cannot be read to its end.
    """
    if wrong := mistakes(source, contract):
        raise UserError(*wrong)
    with engine() as duck, ThreadPoolExecutor(1) as beside, ExitStack() as kept:
        layout = Layout(contract, _readable(given.schema))
        door = Door(duck, layout, erased, gone or {})
        court = _Court(duck, given, layout, source, aware(as_of), files, door)
        copy = kept.enter_context(files.draft()) if court.whole else None
        # The digest of the bytes is made while the rows are judged, and with it the copy that may be kept.
        parts = beside.submit(given.parts, copy.copy if copy else digest_of_file)
        sitting = court.sits(kept, _NOBODY, court.whole)
        repeated = court.compared(sitting)
        if len(repeated[0]):
            sitting = court.sits(kept, repeated, whole=False)
        return court.closes(sitting, parts.result(), copy)


@dataclass
class _Sitting:
    """What one reading of the whole source gives.

    Attributes:
        counts: rows by the number of the judge that decided them, 0 for nobody.
        hashes: of the rows that nobody objected to, one collection for each way in which rows are compared.
        accepted: the accepted rows; None where the file of the source holds just them.
        others: the rows that were not accepted, with their flags.
        rows: how many have a place in a table; broken: how many have none, by reason; read: all of them, by part.
    """

    counts: Numbers
    hashes: list[list[Hashes]]
    accepted: TableDraft | None = None
    quarantine: TableDraft | None = None
    others: list[pa.Table] = field(default_factory=list)
    newest: Any = None
    rows: int = 0
    broken: Counter[str] = field(default_factory=Counter)
    read: Counter[str] = field(default_factory=Counter)


class _NotWholeError(Exception):
    """A row of the file is not accepted as it stands."""


class _Court:
    """The judges of one source, and everything that they look at."""

    def __init__(
        self,
        duck: duckdb.DuckDBPyConnection,
        given: Pieces,
        layout: Layout,
        source: str,
        as_of: datetime,
        files: Files,
        door: Door,
    ) -> None:
        self.duck, self.given, self.layout, self.source, self.as_of = duck, given, layout, source, as_of
        self.files, self.door = files, door
        self.single = [*door.judges, *judges(layout, as_of)]
        self.order = list(self.single)
        nobody = _numbered(given.schema.empty_table())
        door.opens(0, nobody)
        self.empty, _ = decided(duck, nobody, layout, self.single, source)
        self._compared = compared(layout)
        self._plain_key = plain_key(layout)
        self.plain = as_they_stand(layout)
        declared = {name: casting.ARROW[column.type] for name, column in layout.declared.items()}
        self.whole = given.file is not None and {f.name: f.type for f in given.schema} == declared

    def sits(self, kept: ExitStack, repeated: tuple[Numbers, Numbers], whole: bool) -> _Sitting:
        """Judge every row.

        Args:
            kept: what is written lives until it closes.
            repeated: rows, by their number in the source, that repeat others, and the judge who says so.
            whole: the file itself is kept, as long as every row of it is accepted as it stands.
        """
        if whole:
            try:
                return self._sit(kept, repeated, None)
            except _NotWholeError:
                pass
        schema = pa.schema([(name, casting.ARROW[column.type]) for name, column in self.layout.declared.items()])
        return self._sit(kept, repeated, kept.enter_context(self.files.table_draft(schema)))

    def _sit(self, kept: ExitStack, repeated: tuple[Numbers, Numbers], accepted: TableDraft | None) -> _Sitting:
        counts = np.zeros(len(self.order) + 3, np.int64)
        sitting = _Sitting(counts, [[] for _ in self._compared], accepted)
        for piece, raw in self._pieces():
            first, last = np.searchsorted(repeated[0], (sitting.rows, sitting.rows + len(piece.table)))
            known = (repeated[0][first:last] - sitting.rows, repeated[1][first:last])
            good = None if len(known[0]) or piece.broken or not self.plain else self._undisputed(sitting, raw)
            if good is None and accepted is None:
                raise _NotWholeError
            if good is None:
                good = self._by_row(kept, sitting, piece, raw, known)
            else:
                sitting.counts[0] += len(good)
            if accepted is not None:
                accepted.write(good)
            self._note_newest(sitting, good)
            sitting.rows += len(piece.table)
            sitting.read[piece.part] += len(piece.table) + len(piece.broken)
            sitting.broken.update(broken.reason for broken in piece.broken)
        return sitting

    def _undisputed(self, sitting: _Sitting, raw: pa.Table) -> pa.Table | None:
        """All rows of a piece in their declared types, where nobody objects to one and no value changes."""
        disputed = objection(self.layout, self.single, raw)
        if disputed == NOBODY and self._plain_key is not None:  # the engine would be asked for what is known
            found = raw.select([self.layout.raw(name) for name in self._plain_key])
            found = found.rename_columns([f"h{at}" for at in range(len(self._plain_key))])
        else:
            self.duck.register("raw", raw)
            hashed = ", ".join(f"{one} AS h{at}" for at, one in enumerate(self._compared)) or "1"
            try:
                found = self.duck.sql(
                    f"SELECT {hashed} FROM ({self.layout.select('raw')}) WHERE NOT ({disputed})"
                ).to_arrow_table()
            except duckdb.Error:  # said properly by whoever looks at each row
                return None
            if len(found) < len(raw):
                return None
        self._note_hashes(sitting, found)
        columns = {
            name: raw[self.layout.raw(name)].cast(casting.ARROW[column.type], safe=False)
            for name, column in self.layout.declared.items()
        }
        return pa.table(columns)

    def _by_row(
        self, kept: ExitStack, sitting: _Sitting, piece: Piece, raw: pa.Table, known: tuple[Numbers, Numbers]
    ) -> pa.Table:
        """The accepted rows of a piece to which somebody objects, or whose values change; the others are set aside."""
        rows, fates = decided(self.duck, raw, self.layout, self.single, self.source)
        fates[known[0]] = known[1]
        if self._compared:
            self.duck.register("stand", rows.filter(pa.array(fates == 0)))
            hashed = ", ".join(f"{one} AS h{at}" for at, one in enumerate(self._compared))
            self._note_hashes(sitting, self.duck.sql(f"SELECT {hashed} FROM stand").to_arrow_table())
        sitting.counts += np.bincount(fates, minlength=len(sitting.counts))
        good = accepted_rows(rows, fates, self.layout)
        if len(good) < len(rows) or piece.broken:
            self._note_others(kept, sitting, piece, raw, rows, fates)
        return good

    def _note_others(
        self, kept: ExitStack, sitting: _Sitting, piece: Piece, raw: pa.Table, rows: pa.Table, fates: Numbers
    ) -> None:
        others = flagged(rows, fates, self.order).filter(pa.array(fates != 0))
        sitting.others.append(others.select([*self._asked, *_FLAGS]))
        broken = tuple(replace(one, row=one.row - piece.first) for one in piece.broken)
        here = Reading(piece.table, (Part(piece.part, "", len(piece.table) + len(broken), (), broken),))
        aside = set_aside(self.duck, here, raw, fates, self.layout, self.order)
        if not len(aside):
            return
        if sitting.quarantine is None:
            sitting.quarantine = kept.enter_context(self.files.table_draft(aside.schema))
        sitting.quarantine.write(_placed(aside, piece, sitting.read.total()))

    def _pieces(self) -> Iterator[tuple[Piece, pa.Table]]:
        """All pieces, with their columns and rows numbered, as whoever stands at the door lets them in."""
        start = 0
        for piece in self.given.read():
            raw = _numbered(piece.table)
            self.door.opens(start, raw)
            yield replace(piece, broken=without_lines(piece.broken, self.door.erased)), raw
            start += len(piece.table)

    def compared(self, sitting: _Sitting) -> tuple[Numbers, Numbers]:
        """The rows that repeat others, by their number in the source, and the judge who says so; in order."""
        doubled = [twice(hashes) for hashes in sitting.hashes]
        rows = self._suspects(doubled) if any(len(hashes) for hashes in doubled) else self.empty
        places = rows[ROW].to_numpy()
        rows = rows.set_column(rows.column_names.index(ROW), ROW, pa.array(np.arange(len(rows))))
        fates = repeats(self.duck, rows, np.zeros(len(rows), np.int64), self.layout, self.order)
        return places[fates > 0], fates[fates > 0]

    def closes(
        self, sitting: _Sitting, parts: tuple[Part, ...], copy: Draft | None
    ) -> tuple[Intake, list[CheckResult]]:
        """The account of all rows, what is kept of them, and the answers to the questions about the whole source."""
        parts = tuple(replace(part, rows=sitting.read[part.name]) if part.rows == UNTOLD else part for part in parts)
        intake = self._account(sitting, parts)
        ask = self._asking(sitting)
        sheet = Sheet(self.source, self.layout.contract, self.as_of, self.layout.schema.names, parts, intake, ask)
        checks = results(sheet)
        quarantine = sitting.quarantine.seal() if sitting.quarantine else ""
        content = sitting.accepted or copy
        assert content is not None
        return replace(intake, content=content.seal(), quarantine=quarantine), checks

    def _account(self, sitting: _Sitting, parts: tuple[Part, ...]) -> Intake:
        counts: dict[str, Counter[str]] = {"remove": Counter(), "quarantine": Counter()}
        for judge, count in zip(self.order, sitting.counts[1:].tolist(), strict=False):
            if count:
                counts[judge.does][judge.name] += count
        for reason, count in sitting.broken.items():
            counts["remove" if reason == REPLACED else "quarantine"][reason] += count
        accepted, read = int(sitting.counts[0]), sum(part.rows for part in parts)
        if (
            not read
            == sitting.read.total()
            == accepted + sum(counts["remove"].values()) + sum(counts["quarantine"].values())
        ):
            raise AssertionError(f"{self.source}: {read} rows came in, but the account does not add up")
        return Intake(
            source=self.source,
            source_rows=read,
            accepted=accepted,
            removed=dict(counts["remove"]),
            quarantined=dict(counts["quarantine"]),
            newest="" if sitting.newest is None else sitting.newest.isoformat(),
            read={part.name: part.digest for part in parts},
        )

    def _asking(self, sitting: _Sitting) -> Callable[[str], list[tuple[Any, ...]]]:
        """Answers questions over all rows, which are read again for it; nothing is read where nobody asks."""
        ready: list[bool] = []

        def ask(sql: str) -> list[tuple[Any, ...]]:
            if not ready:
                file = sitting.accepted.end() if sitting.accepted else self.given.file
                self.duck.register("kept", ds.dataset(file, format="parquet"))
                others = pa.concat_tables(sitting.others) if sitting.others else flagged(*self._none, self.order)
                self.duck.register("others", others)
                names = ", ".join(map(identifier, self._asked))
                typed = ", ".join(f"{self._as_judged(name)} AS {identifier(name)}" for name in self._asked)
                accepted = ", ".join(f"{value} AS {flag}" for flag, value in zip(_FLAGS, _ACCEPTED, strict=True))
                columns = ", ".join(filter(None, [names, *_FLAGS]))
                self.duck.execute(
                    f"CREATE TEMP VIEW rows AS SELECT {', '.join(filter(None, [typed, accepted]))} FROM kept "
                    f"UNION ALL SELECT {columns} FROM others"
                )
                ready.append(True)
            return self.duck.sql(sql).fetchall()

        return ask

    def _as_judged(self, name: str) -> str:
        column = identifier(name)
        return f"make_timestamp(epoch_us({column}))" if self.layout.declared[name].type == "moment" else column

    def _note_hashes(self, sitting: _Sitting, found: pa.Table) -> None:
        for at in range(len(self._compared)):
            sitting.hashes[at].append(found[f"h{at}"].drop_null().to_numpy())

    def _note_newest(self, sitting: _Sitting, good: pa.Table) -> None:
        time = self.layout.contract.time
        if time is not None and len(good):
            newest: Any = pc.max(good[time]).as_py()
            if newest is not None and (sitting.newest is None or newest > sitting.newest):
                sitting.newest = newest

    def _suspects(self, doubled: Sequence[Hashes]) -> pa.Table:
        """The rows, with their numbers in the source, whose hash stands twice."""
        found, start = [self.empty], 0
        for at, hashes in enumerate(doubled):
            self.duck.register(f"twice{at}", pa.table({"h": hashes}))
        meant = " OR ".join(f"{one} IN (SELECT h FROM twice{at})" for at, one in enumerate(self._compared))
        for piece, raw in self._pieces():
            rows, fates = decided(self.duck, raw, self.layout, self.single, self.source)
            self.duck.register("stand", rows.filter(pa.array(fates == 0)))
            here = self.duck.sql(f"SELECT * FROM stand WHERE {meant} ORDER BY {ROW}").to_arrow_table()
            at = here.column_names.index(ROW)
            found.append(here.set_column(at, ROW, pc.add(here[ROW], start)).cast(self.empty.schema))
            start += len(piece.table)
        return pa.concat_tables(found)

    @cached_property
    def _asked(self) -> list[str]:
        """The columns that questions about the whole source look at."""
        contract = self.layout.contract
        return [
            name
            for name, column in contract.columns.items()
            if name == contract.time or not column.required or column.typical is not None
        ]

    @property
    def _none(self) -> tuple[pa.Table, Numbers]:
        return self.empty.select(self._asked), np.zeros(0, np.int64)


_FLAGS = tuple(f"{RESERVED}{name}" for name in ("accepted", "quarantined", "read"))
_ACCEPTED = ("true", "false", "true")


def _readable(schema: pa.Schema) -> pa.Schema:
    return casting.readable(schema.empty_table()).schema


def _numbered(table: pa.Table) -> pa.Table:
    """The columns by their places, so that no name of a source stands in a query, and the rows by theirs."""
    raw = casting.readable(table)
    named = raw.rename_columns([f"{RESERVED}{at}" for at in range(raw.num_columns)])
    return named.append_column(ROW, pa.array(np.arange(len(raw) if raw.num_columns else 0)))


def _placed(aside: pa.Table, piece: Piece, before: int) -> pa.Table:
    """Quarantined rows with their numbers in the source and in their part, not in their piece."""
    inner = pc.cast(pc.add(aside["_row"], piece.first), pa.string())
    place = pc.binary_join_element_wise(piece.part, inner, ", row ")
    names = aside.column_names
    aside = aside.set_column(names.index("_place"), "_place", place)
    return aside.set_column(names.index("_row"), "_row", pc.add(aside["_row"], before))
