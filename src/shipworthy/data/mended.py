"""Rows that were mended after they were set aside: each takes the place of the one it mends, once.

A row is known again by its content. As long as the source still has the row that was set aside, the mended one takes
its place. Where its file is not delivered any more, the mended one comes in beside the others. Where the file is there
and the row is not in it any more, the source has mended it itself, and its own word counts. Every one of these rows is
counted by name in the account of the source.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shipworthy.base.digest import digest_of
from shipworthy.base.fact import Past
from shipworthy.data import casting
from shipworthy.data.contract import MENDED_THERE, REPLACED
from shipworthy.data.engine import RESERVED, engine, literal
from shipworthy.data.parts import as_text
from shipworthy.data.source import Part, Reading
from shipworthy.data.words import RowsReplayed

KEY, FROM = "_key", "_from"
"""Columns of a segment of mended rows: the content of the row that each mends, and the file in which that stood."""


class Tables(Protocol):
    """Tables by digest, verified when read."""

    def table(self, digest: str, columns: list[str] | None = None) -> pa.Table:
        """The table of that digest."""
        ...


@dataclass(frozen=True, slots=True)
class Mended:
    """The rows of one replay, every column as text, and of each what it mends."""

    name: str
    digest: str
    rows: pa.Table
    keys: list[str]
    files: list[str]


def part_name(replay: str) -> str:
    """What the rows of a replay are called in the account of a source.

    >>> part_name("0123456789abcdef")
    'replay 0123456789ab'
    """
    return f"replay {replay[:12]}"


def mended_rows(files: Tables, past: Past, source: str) -> list[Mended]:
    """What was mended of a source so far, oldest first."""
    found = []
    for fact in past.of(RowsReplayed):
        if fact.what.source == source and fact.what.rows:
            table = files.table(fact.what.rows)
            rows = table.drop_columns([KEY, FROM])
            keys, named = table[KEY].to_pylist(), table[FROM].to_pylist()
            found.append(Mended(part_name(fact.what.replay), fact.what.rows, rows, keys, named))
    return found


def with_mended(reading: Reading, mended: Sequence[Mended]) -> tuple[Reading, dict[str, list[int]]]:
    """A reading with the mended rows at its end, and the rows of its table that go because of them, by name."""
    if not mended:
        return reading, {}
    table = _beside(reading.table, [one.rows for one in mended])
    known = {part.name for part in reading.parts} | {one.name for one in mended}
    wanted = {key for one in mended for key in one.keys}
    standing = _places(contents(table.slice(0, len(reading.table))), wanted)
    lines = _lines(reading.parts, wanted)
    gone: dict[str, list[int]] = {REPLACED: [], MENDED_THERE: []}
    replaced_lines: set[tuple[int, int]] = set()
    own, at = contents(table.slice(len(reading.table))), len(reading.table)
    for one in mended:
        for key, file in zip(one.keys, one.files, strict=True):
            stands = True
            if standing.get(key):
                gone[REPLACED].append(standing[key].pop(0))
            elif lines.get(key):
                replaced_lines.add(lines[key].pop(0))
            elif file in known:
                gone[MENDED_THERE].append(at)
                stands = False
            if stands:
                standing.setdefault(own[at - len(reading.table)], []).append(at)
            at += 1
    parts = [_marked(part, number, replaced_lines) for number, part in enumerate(reading.parts)]
    added = [Part(one.name, one.digest, len(one.rows), tuple(one.rows.column_names)) for one in mended]
    return Reading(table, (*parts, *added)), gone


def contents(table: pa.Table) -> list[str]:
    """For each row a digest of its content: the names and texts of all columns that have a value."""
    readable = casting.readable(table)
    places = sorted(range(readable.num_columns), key=lambda at: readable.column_names[at])
    if not places or not len(readable):
        return [line_content("")] * len(readable)
    numbered = readable.rename_columns([f"{RESERVED}{at}" for at in range(readable.num_columns)])
    numbered = numbered.append_column(f"{RESERVED}row", pa.array(np.arange(len(readable))))
    texts = [f"nullif(CAST({RESERVED}{at} AS VARCHAR), '')" for at in places]
    # The length stands before each text, so that no text can pass for two columns.
    cells = [
        f"{literal(readable.column_names[at] + '=')} || length({text}) || ':' || {text}"
        for at, text in zip(places, texts, strict=True)
    ]
    with engine() as duck:
        duck.register("rows", numbered)
        found = duck.sql(f"SELECT sha256(concat_ws(',', {', '.join(cells)})) AS content, {RESERVED}row FROM rows")
        told = found.to_arrow_table()
    order = pc.sort_indices(told, [(f"{RESERVED}row", "ascending")])
    content: list[str] = told["content"].take(order).to_pylist()
    return content


def line_content(line: str) -> str:
    """The digest of a row that has no columns, by the line as it is written."""
    return digest_of(["line", line])


def _places(content: Sequence[str], wanted: set[str]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for at, one in enumerate(content):
        if one in wanted:
            found.setdefault(one, []).append(at)
    return found


def _lines(parts: Sequence[Part], wanted: set[str]) -> dict[str, list[tuple[int, int]]]:
    found: dict[str, list[tuple[int, int]]] = {}
    for number, part in enumerate(parts):
        for broken in part.broken:
            if (key := line_content(broken.text)) in wanted:
                found.setdefault(key, []).append((number, broken.row))
    return found


def _marked(part: Part, number: int, replaced: set[tuple[int, int]]) -> Part:
    broken = [replace(one, reason=REPLACED) if (number, one.row) in replaced else one for one in part.broken]
    return replace(part, broken=tuple(broken))


def _beside(table: pa.Table, mended: Sequence[pa.Table]) -> pa.Table:
    """The rows of a source and mended ones below; a column keeps the source's type where their texts can be read so."""
    names = list(dict.fromkeys([*table.column_names, *(name for one in mended for name in one.column_names)]))
    columns: list[Any] = []
    for name in names:
        ours = [one[name] if name in one.column_names else pa.nulls(len(one), pa.string()) for one in mended]
        texts = pa.chunked_array([chunk for one in ours for chunk in _chunks(one)], pa.string())
        theirs = table[name] if name in table.column_names else pa.chunked_array([pa.nulls(len(table), pa.string())])
        columns.append(_joined(theirs, texts))
    return pa.table(columns, names=names)


def _chunks(column: Any) -> list[Any]:
    return list(column.chunks) if isinstance(column, pa.ChunkedArray) else [column]


def _joined(theirs: pa.ChunkedArray, texts: pa.ChunkedArray) -> pa.ChunkedArray:
    kind = theirs.type
    if pa.types.is_null(kind):
        theirs, kind = theirs.cast(pa.string()), pa.string()
    try:
        ours = texts.cast(kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        theirs, ours = as_text(theirs), texts
    return pa.chunked_array([*theirs.chunks, *ours.chunks], ours.type)
