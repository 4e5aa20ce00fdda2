"""Rows of any number in the order of their values, sorted on disk: the same rows are the same source.

A database or table format promises no order. So many rows as fit are sorted in memory and laid on disk as one run,
cut into blocks whose first rows are kept; then the runs are merged. Blocks are taken in the order of their first rows,
so everything that lies before the first row of the next block can be handed on. Source: Knuth, The Art of Computer
Programming 3 (1998), section 5.4.6, forecasting.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from shipworthy.base.ahead import ahead
from shipworthy.data.parts import PIECE, DigestOfRows, in_order, order_of
from shipworthy.data.source import Part, Piece, Pieces
from shipworthy.data.spool import Spool

_RUN = 1 << 18  # rows that are sorted in memory, or fewer where they are many bytes
_RUN_BYTES = 128 << 20
_BLOCKS = 64  # of each run: of a source of so many runs, one run in all is held while they are merged


@contextmanager
def ordered(name: str, tables: Iterable[pa.Table], schema: pa.Schema) -> Iterator[Pieces]:
    """The rows of some tables, in the order of their values, as a source of one part.

    Args:
        name: that of the part.
        tables: all with the columns of `schema`; gone through once.
    """
    with Spool() as sorted_:
        found = DigestOfRows(schema)
        rows = 0
        with Spool() as blocks:
            for table in evenly(_merged(blocks, _blocks(blocks, tables, schema)), PIECE):
                sorted_.put(table)
                found.add(table)
                rows += len(table)
        part = Part(name, found.ended(), rows, tuple(schema.names))
        yield spooled((part,), [0], sorted_, schema)


def spooled(parts: tuple[Part, ...], starts: list[int], tables: Spool, schema: pa.Schema) -> Pieces:
    """Tables that lie on disk as a source.

    Args:
        starts: for each part the number of its first table; the next part begins after its last.
    """

    def rows() -> Iterator[Piece]:
        for part, start, end in zip(parts, starts, [*starts[1:], len(tables)], strict=True):
            first = 0
            for number in range(start, end):
                table = tables.table(number)
                yield Piece(part.name, first, table)
                first += len(table)
            if start == end:
                yield Piece(part.name, 0, schema.empty_table())

    def told(digest: Callable[[Path], str]) -> tuple[Part, ...]:
        return parts

    return Pieces(schema, lambda: ahead(rows()), told)


def evenly(tables: Iterable[pa.Table], size: int) -> Iterator[pa.Table]:
    """The same rows, so many at a time and the rest at the end, each time in one stretch."""
    waiting: list[pa.Table] = []
    held = 0
    for table in tables:
        waiting.append(table)
        held += len(table)
        while held >= size:
            together = pa.concat_tables(waiting)
            yield _stretch(together.slice(0, size))
            waiting, held = [together.slice(size)], held - size
    if held:
        yield _stretch(pa.concat_tables(waiting))


def _blocks(blocks: Spool, tables: Iterable[pa.Table], schema: pa.Schema) -> pa.Table:
    """Lay sorted runs on disk, in blocks; gives the first row of each."""
    firsts = [schema.empty_table()]
    for run in _runs(tables):
        run = in_order(run)
        size = -(-len(run) // _BLOCKS)
        for start in range(0, len(run), size):
            blocks.put(run.slice(start, size))
            firsts.append(_stretch(run.slice(start, 1)))
    return pa.concat_tables(firsts).combine_chunks()


def _runs(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    waiting: list[pa.Table] = []
    held, size = 0, 0
    for table in tables:
        waiting.append(table)
        held, size = held + len(table), size + table.nbytes
        if held >= _RUN or size >= _RUN_BYTES:
            yield pa.concat_tables(waiting)
            waiting, held, size = [], 0, 0
    if held:
        yield pa.concat_tables(waiting)


def _merged(blocks: Spool, firsts: pa.Table) -> Iterator[pa.Table]:
    order = order_of(firsts).to_pylist()
    held, at = firsts.slice(0, 0), 0
    while at < len(order):
        fresh = [held]
        while at < len(order) and sum(map(len, fresh[1:])) < _RUN // 2 and _bytes(fresh[1:]) < _RUN_BYTES // 2:
            fresh.append(blocks.table(order[at]))
            at += 1
        together = pa.concat_tables(fresh)
        if at == len(order):
            yield in_order(together)
            return
        marked = pa.concat_tables([firsts.slice(order[at], 1), together])
        places = order_of(marked)
        until = pc.index(places, 0).as_py()
        yield marked.take(places.slice(0, until))
        held = marked.take(places.slice(until + 1))


def _bytes(tables: list[pa.Table]) -> int:
    return sum(table.nbytes for table in tables)


def _stretch(table: pa.Table) -> pa.Table:
    """The rows alone, without the rest of what they were cut from."""
    return table.take(pa.array(range(len(table)), pa.int64())) if len(table) == 1 else table.combine_chunks()
