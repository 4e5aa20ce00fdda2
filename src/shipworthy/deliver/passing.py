"""A list that goes out some rows at a time, in the order of its source, and what is counted over all of its rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shipworthy.data.engine import engine
from shipworthy.deliver.check import Outgoing, Tally
from shipworthy.deliver.rules import INTERVAL, logged_columns, shaped
from shipworthy.deliver.run import SHADOW, Result, Run

if TYPE_CHECKING:
    from shipworthy.edges.files import Files

Ended = Callable[[Result], Callable[[pa.Table], pa.Table]]
"""Of one candidate's result: what gives some of its answers their intervals, where they are asked for."""


def in_pieces(run: Run) -> bool:
    """Whether the rows go out some at a time: where they are answered by themselves, and none has a rank."""
    return bool(run.plan.data.by_row) and "rank" not in run.consumer.columns


def pieces(files: Files, run: Run, results: Sequence[Result], ended: Ended) -> Iterator[pa.Table]:
    """The rows that a consumer gets, in the shape it was promised."""
    for answers in _for_people(files, run, results, ended):
        yield shaped(answers, run.consumer, run.plan.decision.yes)


def counted(files: Files, run: Run, results: Sequence[Result], ended: Ended) -> Outgoing:
    """The output with what was counted over all of its rows; only the first of them are held."""
    plan, consumer = run.plan, run.consumer
    first: pa.Table | None = None
    rows = chosen = 0
    empty: Counter[str] = Counter()
    with engine() as duck:
        names = _Names(duck)
        for answers in _for_people(files, run, results, ended):
            shape = shaped(answers, consumer, plan.decision.yes)
            first = answers if first is None else first
            rows += len(answers)
            chosen += int(pc.sum(pc.equal(answers["decision"], plan.decision.yes)).as_py() or 0)
            empty.update({name: shape[name].null_count for name in shape.column_names})
            names.note(answers["entity"])
        entities = rows - names.repeated(answers["entity"] for answers in _for_people(files, run, results, ended))
    assert first is not None
    shape = shaped(first, consumer, plan.decision.yes)
    return Outgoing(plan, run.consumer_name, consumer, first, shape, Tally(rows, entities, chosen, dict(empty)))


def _for_people(files: Files, run: Run, results: Sequence[Result], ended: Ended) -> Iterator[pa.Table]:
    wanted = [name for name in logged_columns(run.consumer) if name not in INTERVAL]
    columns = list(dict.fromkeys(["step", "decision", "entity", "score", *wanted]))
    for result in results:
        if result.broken:
            continue
        with_ends = ended(result)
        for answers in files.pieces(result.segment, columns):
            mine = pc.not_equal(answers["step"], SHADOW)
            yield with_ends(answers if pc.all(mine).as_py() else answers.filter(mine))


class _Names:
    """Whether a name stands twice among many: by hashes, and by the names themselves where a hash does."""

    def __init__(self, duck: duckdb.DuckDBPyConnection) -> None:
        self._duck = duck
        self._hashes: list[npt.NDArray[np.uint64]] = []

    def note(self, names: pa.ChunkedArray) -> None:
        """Count these in."""
        self._duck.register("names", pa.table({"n": names}))
        self._hashes.append(self._duck.sql("SELECT hash(n) AS h FROM names").to_arrow_table()["h"].to_numpy())

    def repeated(self, names: Iterator[pa.ChunkedArray]) -> int:
        """How many names stand behind another one that is the same.

        Args:
            names: all of them once more; read only where it is needed.
        """
        together = np.concatenate(self._hashes)
        together.sort()
        twice = np.unique(together[1:][together[1:] == together[:-1]])
        if not len(twice):
            return 0
        self._duck.register("twice", pa.table({"h": twice}))
        suspects = [self._suspects(column) for column in names]
        return sum(map(len, suspects)) - int(pc.count_distinct(pa.concat_tables(suspects)["n"]).as_py())

    def _suspects(self, names: pa.ChunkedArray) -> pa.Table:
        self._duck.register("names", pa.table({"n": names}))
        return self._duck.sql("SELECT n FROM names WHERE hash(n) IN (SELECT h FROM twice)").to_arrow_table()
