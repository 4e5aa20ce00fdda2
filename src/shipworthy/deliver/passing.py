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
import pyarrow.parquet as pq

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


def looked_at(files: Files, features: str, entity: str, needed: Sequence[str]) -> tuple[str, pa.Table]:
    """The column that names the entity, and with it the values that a consumer needs of what a candidate looked at.

    Args:
        features: digest of the stored inputs; entity: the name that the plan gives the entity column.
    """
    there = pq.read_schema(files.local(files.current(features))).names
    entity = entity if entity in there else "entity"
    return entity, files.table(features, [entity, *(name for name in needed if name in there)])


def pieces(files: Files, run: Run, results: Sequence[Result], ended: Ended) -> Iterator[pa.Table]:
    """The rows that a consumer gets, in the shape it was promised."""
    for answers in _for_people(files, run, results, ended, ["decision"] if run.consumer.only == "chosen" else []):
        yield shaped(answers, run.consumer, run.plan.decision.yes)


def counted(files: Files, run: Run, results: Sequence[Result], ended: Ended) -> Outgoing:
    """The output with what was counted over all of its rows; only the first of them are held."""
    plan, consumer = run.plan, run.consumer
    first: pa.Table | None = None
    rows = chosen = 0
    empty: Counter[str] = Counter()
    names = _Rising()
    for answers in _for_people(files, run, results, ended, ["decision", "entity"]):
        shape = shaped(answers, consumer, plan.decision.yes)
        first = answers if first is None else first
        rows += len(answers)
        chosen += int(pc.sum(pc.equal(answers["decision"], plan.decision.yes)).as_py() or 0)
        empty.update({name: shape[name].null_count for name in shape.column_names})
        names.note(answers["entity"])
    repeated = 0
    if not names.holds:
        with engine() as duck:
            repeated = _repeated(
                duck, lambda: (some["entity"] for some in _for_people(files, run, results, ended, ["entity"]))
            )
    assert first is not None
    shape = shaped(first, consumer, plan.decision.yes)
    return Outgoing(plan, run.consumer_name, consumer, first, shape, Tally(rows, rows - repeated, chosen, dict(empty)))


def _for_people(
    files: Files, run: Run, results: Sequence[Result], ended: Ended, more: Sequence[str]
) -> Iterator[pa.Table]:
    """The answers that are for people: what a consumer gets of them, and `more` columns of the log."""
    wanted = logged_columns(run.consumer)
    logged = [name for name in wanted if name not in INTERVAL]
    ends = ["score"] if len(logged) < len(wanted) else []
    ends += ["entity"] if run.consumer.needs_values else []
    for result in results:
        if result.broken:
            continue
        step = ["step"] if result.real < result.rows else []  # where all are for people, nothing need be looked at
        with_ends = ended(result)
        for answers in files.pieces(result.segment, list(dict.fromkeys([*step, *more, *ends, *logged]))):
            yield with_ends(answers.filter(pc.not_equal(answers["step"], SHADOW)) if step else answers)


class _Rising:
    """Whether names rise, shorter ones first, as those of most lists do: then each is there once."""

    def __init__(self) -> None:
        self.holds = True
        self._last: pa.Array | None = None

    def note(self, names: pa.ChunkedArray) -> None:
        """Look at the next ones."""
        if not self.holds or not len(names):
            return
        column = names.combine_chunks()
        if self._last is not None:
            column = pa.concat_arrays([self._last, column])
        before, after = column[:-1], column[1:]
        longer = pc.subtract(pc.binary_length(after), pc.binary_length(before)).to_numpy(zero_copy_only=False)
        alike = longer == 0
        self.holds = bool((longer >= 0).all()) and bool(
            pc.all(pc.less(before.filter(alike), after.filter(alike)), min_count=0).as_py()
        )
        self._last = column[-1:]


def _repeated(duck: duckdb.DuckDBPyConnection, names: Callable[[], Iterator[pa.ChunkedArray]]) -> int:
    """How many names stand behind another one that is the same; by hashes first, by the names where a hash repeats.

    Args:
        names: gives all of them, as often as it is asked.
    """
    together = np.concatenate([_hashes(duck, column) for column in names()])
    together.sort()
    twice = np.unique(together[1:][together[1:] == together[:-1]])
    if not len(twice):
        return 0
    duck.register("twice", pa.table({"h": twice}))
    suspects = [_suspects(duck, column) for column in names()]
    return sum(map(len, suspects)) - int(pc.count_distinct(pa.concat_tables(suspects)["n"]).as_py())


def _hashes(duck: duckdb.DuckDBPyConnection, names: pa.ChunkedArray) -> npt.NDArray[np.uint64]:
    duck.register("names", pa.table({"n": names}))
    found: npt.NDArray[np.uint64] = duck.sql("SELECT hash(n) AS h FROM names").to_arrow_table()["h"].to_numpy()
    return found


def _suspects(duck: duckdb.DuckDBPyConnection, names: pa.ChunkedArray) -> pa.Table:
    duck.register("names", pa.table({"n": names}))
    return duck.sql("SELECT n FROM names WHERE hash(n) IN (SELECT h FROM twice)").to_arrow_table()
