"""Judging rows again that were set aside, as they are or with corrected values; what passes comes in from then on."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from shipworthy.base.digest import digest_of
from shipworthy.base.errors import Mistake, UserError, not_found
from shipworthy.base.fact import Past, Recorded, reader
from shipworthy.data.mended import FROM, KEY, contents, line_content, mended_rows, part_name
from shipworthy.data.rules import judge
from shipworthy.data.source import Part, Reading
from shipworthy.data.words import Intake, Replayed, ReplayQuarantine, RowsReplayed, SnapshotRefused, SnapshotTaken
from shipworthy.edges.road import Trip
from shipworthy.plan.rules import current_plan

NOTES = ("_row", "_place", "_line", "_reason")
Row = dict[str, Any]
Look = Recorded[SnapshotTaken | SnapshotRefused]


def replay_quarantine(command: ReplayQuarantine, trip: Trip) -> Replayed:
    """Judge rows that were set aside again; those that pass come in with the next snapshot, each once.

    Raises:
        NotFound: there is no such source or snapshot, or it has set no row aside.
        UserError: the corrected file is none, names rows that are not set aside, or columns that they do not have.
    """
    told = trip.step("judge the rows again", lambda: _judged_again(command, trip))
    fact = reader(RowsReplayed).validate_python(told["fact"])
    if fact.taken:
        trip.record("record the replay", lambda past: _if_unchanged(past, fact, told["known"]))
    if command.corrected:
        trip.step("forget the corrected file", lambda: trip.store.files.erase(command.corrected))
    return Replayed(
        fact.replay, fact.source, fact.snapshot, fact.taken, fact.passed, dict(fact.refused), told["before"]
    )


def _judged_again(command: ReplayQuarantine, trip: Trip) -> dict[str, Any]:
    files, past = trip.store.files, trip.past
    plan = current_plan(past)
    if command.source not in plan.sources:
        raise not_found("source", command.source, list(plan.sources), "Sources stand in product.yaml.")
    seen, intake = _set_aside(past, command.source, command.snapshot)
    table = files.table(intake.quarantine)
    content = _contents(table)
    mended = mended_rows(files, past, command.source)
    # What was replayed before that look has taken its place already, and is not among the rows it set aside.
    since = {part_name(fact.what.replay) for fact in past.of(RowsReplayed) if fact.seq > seen.seq}
    known = Counter(key for one in mended if one.name in since for key in one.keys)
    rows = [row | {KEY: key} for row, key in zip(table.to_pylist(), content, strict=True)]
    meant = [row for row in rows if command.reason in str(row["_reason"])]
    corrected = 0
    if command.corrected:
        given = _given(files.get(command.corrected).decode("utf-8-sig", "replace"), meant, table.column_names)
        meant = [row | given[int(row["_row"])] for row in meant if int(row["_row"]) in given]
        corrected = len(meant)
    fresh = _not_yet(meant, known)
    names = [name for name in table.column_names if name not in NOTES]
    passed, refused = _fates(fresh, names, plan.sources[command.source].contract, command.source, trip)
    segment = files.put_table(_segment(passed, names)) if passed else ""
    fact = RowsReplayed(
        product=trip.product,
        replay=digest_of(["replay", command.source, seen.what.about, segment, trip.run]),
        source=command.source,
        snapshot=seen.what.about,
        taken=len(fresh),
        passed=len(passed),
        refused=refused,
        rows=segment,
        mended=len(fresh) if corrected else 0,
    )
    told = {name: getattr(fact, name) for name in type(fact).__dataclass_fields__}
    return {"fact": told, "known": sum(len(one.keys) for one in mended), "before": len(meant) - len(fresh)}


def _if_unchanged(past: Past, fact: RowsReplayed, known: int) -> Sequence[RowsReplayed]:
    """The fact, unless somebody else has replayed rows of this source meanwhile: theirs may be the same rows."""
    if sum(one.what.passed for one in past.of(RowsReplayed) if one.what.source == fact.source) != known:
        found = "Somebody else has replayed rows of this source at the same time."
        raise UserError(
            Mistake("data.replayed_meanwhile", fact.source, found, "A row comes in once.", "Give the command again.")
        )
    return [fact]


def _set_aside(past: Past, source: str, named: str) -> tuple[Look, Intake]:
    """The snapshot or refusal whose rows are meant, and what it set aside of a source."""
    found = [
        (fact, intake)
        for fact in past.of(SnapshotTaken, SnapshotRefused)
        for intake in fact.what.intakes
        if intake.source == source and intake.quarantine
    ]
    matching = [(fact, intake) for fact, intake in found if fact.what.about.startswith(named)]
    if not matching:
        names = [fact.what.about[:12] for fact, _ in found]
        raise not_found(f"snapshot that set rows of {source} aside", named, names, "See `shipworthy quarantine`.")
    return matching[-1]


def _contents(table: pa.Table) -> list[str]:
    """The content of each row set aside, by which it is known again in its source."""
    whole = contents(table.drop_columns([name for name in NOTES if name in table.column_names]))
    lines = table["_line"].to_pylist()
    return [one if line is None else line_content(line) for one, line in zip(whole, lines, strict=True)]


def _given(text: str, rows: Sequence[Row], known: Sequence[str]) -> dict[int, Row]:
    """The corrected values by the number of their row; an empty cell is a missing value."""
    where = "corrected file"
    fix = "Begin with `shipworthy quarantine --source SOURCE --save FILE`, correct what is wrong and hand that in."
    sheet = csv.DictReader(io.StringIO(text, newline=""))
    names = list(sheet.fieldnames or [])
    if "_row" not in names:
        found = "Its first line names no column _row."
        raise UserError(Mistake("data.corrected_file", where, found, "Nobody can say which row is corrected.", fix))
    strange = [name for name in names if name not in known and name not in NOTES]
    if strange:
        found = (
            f"The rows have no column {', '.join(strange)}; they have {', '.join(n for n in known if n[:1] != '_')}."
        )
        raise UserError(Mistake("data.corrected_file", where, found, fix=fix))
    there = {int(row["_row"]) for row in rows}
    given: dict[int, Row] = {}
    for number, line in enumerate(sheet, 2):
        row = str(line["_row"] or "").strip()
        if not row.isdecimal() or int(row) not in there or int(row) in given or None in line.values() or None in line:
            found = f"Line {number}: {_wrong(row, there, given)}."
            raise UserError(Mistake("data.corrected_file", where, found, "Nothing was replayed.", fix))
        given[int(row)] = {name: line[name] or None for name in names if name not in NOTES}
    return given


def _wrong(row: str, there: set[int], given: Mapping[int, Row]) -> str:
    if not row.isdecimal():
        return "its _row is no number"
    if int(row) not in there:
        return f"row {row} is not set aside there, or not for that reason"
    return f"row {row} stands twice" if int(row) in given else "it has more or fewer cells than the first line"


def _not_yet(rows: Sequence[Row], known: Counter[str]) -> list[Row]:
    """The rows that have not been replayed; of rows that are the same, as many as have not."""
    fresh = []
    for row in rows:
        if known[row[KEY]]:
            known[row[KEY]] -= 1
        else:
            fresh.append(row)
    return fresh


def _fates(
    rows: Sequence[Row], names: Sequence[str], contract: Any, source: str, trip: Trip
) -> tuple[list[Row], dict[str, int]]:
    """The rows that the contract of today lets in, or removes by a named rule; and how many it does not, by reason."""
    # A row that has no columns cannot be judged until somebody says what it holds.
    whole: list[Row] = []
    bare: list[Row] = []
    for row in rows:
        (bare if row["_line"] is not None and not any(row[name] for name in names) else whole).append(row)
    refused = Counter(str(row["_reason"]).split("; ", 1)[0] for row in bare)
    if not whole:
        return [], dict(refused)
    table = pa.table([pa.array([row[name] for row in whole], pa.string()) for name in names], names=list(names))
    judged = judge(Reading(table, (Part("replay", "", len(whole), tuple(names)),)), contract, source, trip.at)
    aside = set(pc.cast(judged.quarantine["_row"], pa.int64()).to_pylist())
    refused.update(judged.intake.quarantined)
    return [row for number, row in enumerate(whole, 1) if number not in aside], dict(refused)


def _segment(rows: Sequence[Row], names: Sequence[str]) -> pa.Table:
    columns = [pa.array([row[name] for row in rows], pa.string()) for name in names]
    keys = pa.array([row[KEY] for row in rows], pa.string())
    files = pa.array([str(row["_place"]).rpartition(", row ")[0] for row in rows], pa.string())
    return pa.table([*columns, keys, files], names=[*names, KEY, FROM])
