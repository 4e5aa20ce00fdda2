"""Rows that were mended after they were set aside: each takes the place of the one it mends, once.

A row is known again by its content. As long as the source still has the row that was set aside, the mended one takes
its place. Where its file is not delivered any more, the mended one comes in beside the others. Where the file is there
and the row is not in it any more, the source has mended it itself, and its own word counts. Every one of these rows is
counted by name in the account of the source.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
from shipworthy.data.parts import fitted
from shipworthy.data.source import Broken, Part, Piece, Pieces
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


def with_mended(given: Pieces, mended: Sequence[Mended]) -> tuple[Pieces, dict[str, list[int]]]:
    """A source with the mended rows at its end, and the rows of its tables that go because of them, by name."""
    if not mended:
        return given, {}
    ours = [_columns(given.schema, [one.rows for one in mended], at) for at in range(len(mended))]
    schema = ours[0].schema
    gone, replaced = _matched(given, mended, ours)

    def read() -> Iterator[Piece]:
        for piece in given.read():
            yield Piece(piece.part, piece.first, fitted(piece.table, schema), _marked(piece, replaced))
        for one, rows in zip(mended, ours, strict=True):
            yield Piece(one.name, 0, rows)

    added = tuple(Part(one.name, one.digest, len(one.rows), tuple(one.rows.column_names)) for one in mended)
    return Pieces(schema, read, lambda digest: (*given.parts(digest), *added)), gone


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


def _matched(
    given: Pieces, mended: Sequence[Mended], ours: Sequence[pa.Table]
) -> tuple[dict[str, list[int]], set[tuple[str, int]]]:
    """The rows that go, by the name under which they are counted, and the broken lines that do."""
    wanted = {key for one in mended for key in one.keys}
    standing, lines, at = _found(given, ours[0].schema, wanted)
    known = {part.name for part in given.parts(lambda file: "")} | {one.name for one in mended}
    gone: dict[str, list[int]] = {REPLACED: [], MENDED_THERE: []}
    replaced: set[tuple[str, int]] = set()
    for one, own in zip(mended, map(contents, ours), strict=True):
        for key, file, content in zip(one.keys, one.files, own, strict=True):
            stands = True
            if standing.get(key):
                gone[REPLACED].append(standing[key].pop(0))
            elif lines.get(key):
                replaced.add(lines[key].pop(0))
            elif file in known:
                gone[MENDED_THERE].append(at)
                stands = False
            if stands:
                standing.setdefault(content, []).append(at)
            at += 1
    return gone, replaced


def _found(
    given: Pieces, schema: pa.Schema, wanted: set[str]
) -> tuple[dict[str, list[int]], dict[str, list[tuple[str, int]]], int]:
    """Where rows of some contents stand, and broken lines; and how many rows there are."""
    rows: dict[str, list[int]] = {}
    lines: dict[str, list[tuple[str, int]]] = {}
    start = 0
    for piece in given.read():
        for at, one in enumerate(contents(fitted(piece.table, schema)), start):
            if one in wanted:
                rows.setdefault(one, []).append(at)
        for broken in piece.broken:
            if (key := line_content(broken.text)) in wanted:
                lines.setdefault(key, []).append((piece.part, broken.row))
        start += len(piece.table)
    return rows, lines, start


def _marked(piece: Piece, replaced: set[tuple[str, int]]) -> tuple[Broken, ...]:
    return tuple(replace(one, reason=REPLACED) if (piece.part, one.row) in replaced else one for one in piece.broken)


def _columns(schema: pa.Schema, mended: Sequence[pa.Table], at: int) -> pa.Table:
    """The mended rows of one replay in the columns of all rows.

    A column keeps the source's type where the texts of all mended rows can be read so; else it becomes text.
    """
    names = list(dict.fromkeys([*schema.names, *(name for one in mended for name in one.column_names)]))
    columns = []
    for name in names:
        texts = [one[name] if name in one.column_names else pa.nulls(len(one), pa.string()) for one in mended]
        kind = _kind(schema.field(name).type if name in schema.names else pa.string(), texts)
        columns.append(texts[at].cast(kind))
    return pa.table(columns, names=names)


def _kind(theirs: pa.DataType, texts: Sequence[Any]) -> pa.DataType:
    try:
        for one in texts:
            one.cast(theirs)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return pa.string()
    return pa.string() if pa.types.is_null(theirs) else theirs
