"""The contract engine: every row of a source is accepted, removed by a named rule, or set aside with a reason.

A row meets its judges in this order, and the first that objects decides: it lies at or after `as_of`; it cannot be
read; a removal rule names it; a value breaks its column's bounds; it repeats an earlier row; others share its key.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shipworthy.base.check import CheckResult
from shipworthy.base.errors import UserError
from shipworthy.base.times import aware
from shipworthy.data import casting
from shipworthy.data.arrivals import note_arrival as note_arrival
from shipworthy.data.check import Sheet, results
from shipworthy.data.conditions import unanswerable, unanswered
from shipworthy.data.contract import NOT_COUNTED, REPEATED_ROW, REPLACED, mistakes
from shipworthy.data.engine import RESERVED, engine, identifier, literal
from shipworthy.data.erased import People, removing, without_lines
from shipworthy.data.judges import ROW, Judge, Layout, judges
from shipworthy.data.source import Reading
from shipworthy.data.words import Intake
from shipworthy.plan.schema import Contract

FATE = f"{RESERVED}fate"
_NOTES = ("_row", "_place", "_line", "_reason")
Fates = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of the rows of a source.

    Attributes:
        accepted: accepted rows: the declared columns in their declared types, in the order of the source.
        quarantine: rows set aside: every column of the source as text, then `_row` (its number in the source),
            `_place` (file and row), `_line` (a row that has no columns, as it is written) and `_reason`.
        intake: the account of all rows, without the digests of stored tables.
        checks: the answers to the questions about the whole source.
    """

    accepted: pa.Table
    quarantine: pa.Table
    intake: Intake
    checks: list[CheckResult]


def judge(
    reading: Reading,
    contract: Contract,
    source: str,
    as_of: datetime,
    erased: People | None = None,
    gone: Mapping[str, Sequence[int]] | None = None,
) -> Judged:
    """Hold what was read against its contract.

    Args:
        reading: the rows as they are in the source.
        source: the source's name in the plan.
        as_of: no row at or after this moment is accepted; a date counts as before it only when its day is over.
        erased: people whose rows are removed before anything else is asked of them.
        gone: rows of the table that are removed before anybody judges them, counted by these names.

    Raises:
        UserError: the contract itself is wrong: a pattern, a format, a bound or a condition.
    """
    if wrong := mistakes(source, contract):
        raise UserError(*wrong)
    as_of = aware(as_of)
    shown = tuple(replace(part, broken=without_lines(part.broken, erased)) for part in reading.parts)
    reading = replace(reading, parts=shown)
    raw = casting.readable(reading.table)
    layout = Layout(contract, raw.schema)
    order = [*_gone(gone or {}), *judges(layout, as_of)]
    numbered = raw.rename_columns([f"{RESERVED}{at}" for at in range(raw.num_columns)])
    numbered = numbered.append_column(ROW, pa.array(np.arange(len(raw) if raw.num_columns else 0)))
    with engine() as duck:
        order = removing(duck, numbered, layout, erased) + order
        rows, fates = decided(duck, numbered, layout, order, source)
        fates = repeats(duck, rows, fates, layout, order)
        intake = _account(reading, rows, fates, layout, order, source)
        accepted = accepted_rows(rows, fates, layout)
        quarantine = set_aside(duck, reading, numbered, fates, layout, order)
        duck.register("rows", flagged(rows, fates, order))
        sheet = Sheet(
            source, contract, as_of, raw.column_names, reading.parts, intake, lambda sql: duck.sql(sql).fetchall()
        )
        return Judged(accepted, quarantine, intake, results(sheet))


def _gone(gone: Mapping[str, Sequence[int]]) -> list[Judge]:
    return [Judge("remove", name, f"{ROW} IN ({', '.join(map(str, rows))})") for name, rows in gone.items() if rows]


def decided(
    duck: duckdb.DuckDBPyConnection, numbered: pa.Table, layout: Layout, order: list[Judge], source: str
) -> tuple[pa.Table, Fates]:
    """Every row in declared types, and the number of the judge that decided it: 0 for none."""
    duck.register("raw", numbered)
    cases = " ".join(f"WHEN {judge.where} THEN {at}" for at, judge in enumerate(order, 1))
    fate = f"CASE {cases} ELSE 0 END" if cases else "0"
    names = ", ".join([ROW, *map(identifier, layout.declared)])
    typed, conditions = layout.select("raw"), _conditions(layout, source)
    if wrong := unanswerable(duck, typed, conditions, layout.usable):
        raise UserError(*wrong)
    try:
        found = duck.sql(f"SELECT {names}, CAST({fate} AS BIGINT) AS {FATE} FROM ({typed})").to_arrow_table()
    except duckdb.Error as error:
        if wrong := unanswered(duck, typed, conditions):
            raise UserError(*wrong) from None
        raise error
    found = _in_order(found)
    fates: Fates = found[FATE].to_numpy()
    rows = found.drop_columns([FATE])
    for at in layout.others:
        rows = rows.append_column(f"{RESERVED}{at}", numbered.column(at))
    return rows, fates.copy()


def _in_order(found: pa.Table) -> pa.Table:
    """The rows by their numbers: an engine of several threads hands back stretches of them as each is done.

    Everything after this relies on it: a fate belongs to the row at its place.
    """
    numbers = found[ROW].to_numpy()
    if not numbers.size:
        return found
    starts = np.concatenate([[0], np.flatnonzero(np.diff(numbers) != 1) + 1, [len(numbers)]])
    stretches = sorted(zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True), key=lambda ends: numbers[ends[0]])
    return pa.concat_tables([found.slice(start, end - start) for start, end in stretches])


def _conditions(layout: Layout, source: str) -> dict[str, str]:
    return {f"sources.{source}.contract.remove.{rule.name}": rule.where for rule in layout.contract.remove}


def repeats(duck: duckdb.DuckDBPyConnection, rows: pa.Table, fates: Fates, layout: Layout, order: list[Judge]) -> Fates:
    """Add the judges that compare rows, and what they decide on rows that nobody objected to so far."""
    contract = layout.contract
    everything = [*map(identifier, layout.declared), *(f"{RESERVED}{at}" for at in layout.others)]
    if contract.duplicates != "keep":
        remove = contract.duplicates == "remove"
        name = REPEATED_ROW if remove else "the row exactly repeats an earlier one"
        order.append(Judge("remove" if remove else "quarantine", name, ""))
        fates[_shared(duck, rows, fates, everything, skip_first=True)] = len(order)
    if contract.key:
        named = ", ".join(contract.key)
        order.append(Judge("quarantine", f"other rows have the same {named}", ""))
        fates[_shared(duck, rows, fates, [identifier(name) for name in contract.key], skip_first=False)] = len(order)
    return fates


def _shared(
    duck: duckdb.DuckDBPyConnection, rows: pa.Table, fates: Fates, columns: Sequence[str], *, skip_first: bool
) -> npt.NDArray[np.int64]:
    """The rows, among those without a fate, whose values in some columns stand in another row too.

    Hashes find the few rows that may be meant; only those are compared value by value. A missing part of a key
    names nothing, so it is no repetition; whole rows are compared with their gaps.
    """
    duck.register("standing", rows.append_column(FATE, pa.array(fates)))
    listed = ", ".join(columns)
    whole = "" if skip_first else "".join(f" AND {column} IS NOT NULL" for column in columns)
    hashed = f"SELECT *, hash({listed}) AS {RESERVED}hash FROM standing WHERE {FATE} = 0{whole}"
    suspects = f"SELECT {RESERVED}hash FROM ({hashed}) GROUP BY ALL HAVING count(*) > 1"
    counted = (
        f"SELECT {ROW}, row_number() OVER (PARTITION BY {listed} ORDER BY {ROW}) AS nth, "
        f"count(*) OVER (PARTITION BY {listed}) AS times FROM ({hashed}) WHERE {RESERVED}hash IN ({suspects})"
    )
    wanted = "nth > 1" if skip_first else "times > 1"
    found = duck.sql(f"SELECT {ROW} FROM ({counted}) WHERE {wanted}").to_arrow_table()
    places: npt.NDArray[np.int64] = found[ROW].to_numpy().astype(np.int64)
    return places


def _account(reading: Reading, rows: pa.Table, fates: Fates, layout: Layout, order: list[Judge], source: str) -> Intake:
    counts = np.bincount(fates, minlength=len(order) + 1)
    removed: Counter[str] = Counter()
    quarantined: Counter[str] = Counter()
    for judge, count in zip(order, counts[1:].tolist(), strict=True):
        if count:
            (removed if judge.does == "remove" else quarantined)[judge.name] += count
    for broken in (broken for part in reading.parts for broken in part.broken):
        (removed if broken.reason == REPLACED else quarantined)[broken.reason] += 1
    accepted = int(counts[0])
    if reading.rows != accepted + sum(removed.values()) + sum(quarantined.values()):
        raise AssertionError(f"{source}: {reading.rows} rows came in, but the account does not add up")
    return Intake(
        source=source,
        source_rows=reading.rows,
        accepted=accepted,
        removed=dict(removed),
        quarantined=dict(quarantined),
        newest=_newest(rows, fates, layout),
        read={part.name: part.digest for part in reading.parts},
    )


def _newest(rows: pa.Table, fates: Fates, layout: Layout) -> str:
    if layout.contract.time is None:
        return ""
    newest: Any = pc.max(rows[layout.contract.time].filter(pa.array(fates == 0))).as_py()
    if newest is None:
        return ""
    return newest.isoformat() if layout.declared[layout.contract.time].type == "date" else f"{newest.isoformat()}+00:00"


def accepted_rows(rows: pa.Table, fates: Fates, layout: Layout) -> pa.Table:
    kept = rows.select(list(layout.declared)).filter(pa.array(fates == 0))
    schema = pa.schema([(name, casting.ARROW[column.type]) for name, column in layout.declared.items()])
    return kept.cast(schema).combine_chunks()


def flagged(rows: pa.Table, fates: Fates, order: list[Judge]) -> pa.Table:
    aside = [at for at, judge in enumerate(order, 1) if judge.does == "quarantine"]
    unread = [at for at, judge in enumerate(order, 1) if judge.name in NOT_COUNTED]
    flags = {"accepted": fates == 0, "quarantined": np.isin(fates, aside), "read": ~np.isin(fates, unread)}
    for name, values in flags.items():
        rows = rows.append_column(f"{RESERVED}{name}", pa.array(values))
    return rows


def set_aside(
    duck: duckdb.DuckDBPyConnection,
    reading: Reading,
    numbered: pa.Table,
    fates: Fates,
    layout: Layout,
    order: list[Judge],
) -> pa.Table:
    """The rows set aside, with all the reasons against each, in the order of the source."""
    aside = np.array([False] + [judge.does == "quarantine" for judge in order])
    duck.register("aside", numbered.filter(pa.array(aside[fates])))
    duck.register("fates", pa.table({ROW: np.arange(len(fates)), FATE: fates}))
    said = [judge for judge in order if judge.does == "quarantine" and judge.where]
    reasons = ", ".join(f"CASE WHEN {judge.where} THEN {literal(judge.name)} END" for judge in said) or "NULL"
    compared = " ".join(f"WHEN {at} THEN {literal(judge.name)}" for at, judge in enumerate(order, 1) if not judge.where)
    compared = f"CASE {FATE} {compared} END" if compared else "NULL"
    texts = [f"CAST({RESERVED}{at} AS VARCHAR) AS {RESERVED}{at}" for at in range(len(layout.schema.names))]
    found = duck.sql(
        f"SELECT {', '.join([ROW, *texts])}, concat_ws('; ', {reasons}, {compared}) AS reason "
        f"FROM ({layout.select('aside')}) JOIN fates USING ({ROW}) ORDER BY {ROW}"
    ).to_arrow_table()
    return _noted(found, reading, layout)


def _noted(found: pa.Table, reading: Reading, layout: Layout) -> pa.Table:
    """Add the broken rows, and say of every row where it stands."""
    names = _beside_notes(layout.schema.names)
    starts = np.cumsum([0, *(part.rows for part in reading.parts)])
    broken = [(int(start), row) for start, part in zip(starts, reading.parts, strict=False) for row in part.broken]
    good_at = np.delete(np.arange(reading.rows), [start + row.row - 1 for start, row in broken])
    good_at = good_at[found[ROW].to_numpy()]
    broken = [(start, row) for start, row in broken if row.reason != REPLACED]
    broken_at = np.array([start + row.row - 1 for start, row in broken], dtype=np.int64)
    at = np.concatenate([good_at, broken_at])
    gaps = pa.nulls(len(broken), pa.string())
    columns: list[Any] = [
        pa.chunked_array([*found[f"{RESERVED}{at}"].cast(pa.string()).chunks, gaps], pa.string())
        for at in range(len(names))
    ]
    part = np.searchsorted(starts, at, side="right") - 1
    inner = pa.array(at - starts[part] + 1).cast(pa.string())
    place = pc.binary_join_element_wise(pa.array([p.name for p in reading.parts]).take(pa.array(part)), inner, ", row ")
    lines = pa.chunked_array([pa.nulls(len(found), pa.string()), pa.array([r.text for _, r in broken], pa.string())])
    reasons = pa.chunked_array(
        [*found["reason"].chunks, pa.array([r.reason for _, r in broken], pa.string())], pa.string()
    )
    whole = pa.table([*columns, pa.array(at + 1), place, lines, reasons], names=[*names, *_NOTES])
    return whole.take(pa.array(np.argsort(at, kind="stable"))).combine_chunks()


def _beside_notes(names: Sequence[str]) -> list[str]:
    """The source's column names, made different from the notes and from each other.

    >>> _beside_notes(["day", "_row", "_row_"])
    ['day', '_row__', '_row_']
    """
    taken = {*_NOTES, *names}
    kept = []
    for name in names:
        while name in _NOTES or name in kept:
            name = f"{name}_" if f"{name}_" not in taken else f"{name}__"
        kept.append(name)
    return kept
