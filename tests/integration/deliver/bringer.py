"""Lives of a process that brings a list to a sink, some rows at a time, each but the last killed on the way.

Usage: bringer.py FOLDER URL KIND…, each kind in a folder and a table of its own. The rows are those of `rows_of`; those
of another run were brought before. A life is killed before the first rows, between two pieces, when all rows have
passed, and when all is done.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import deltalake  # noqa: F401
import openpyxl  # noqa: F401
import pyarrow as pa
import sqlalchemy  # noqa: F401
from e2e.voyage.lives import killed

from shipworthy.base.kinds import kind
from shipworthy.deliver.sink import Confirmed, SinkKind, Target
from shipworthy.plan.schema import Sink

PIECES, PIECE = 4, 400
DONE = PIECES + 1
KEY = ["customer"]


def rows_of(scale: float) -> pa.Table:
    """A list whose scores tell which run brought it."""
    names = pa.array([f"c{number:05}" for number in range(PIECES * PIECE)])
    return pa.table({"customer": names, "score": pa.array([scale * at for at in range(len(names))])})


def target(folder: Path, kind_: str, url: str, run: str) -> Target:
    """Where the list goes."""
    name, _, keyed = kind_.partition(" with ")
    declared = Sink(kind=name, rehearsal="", rows_at_once=PIECE, key=KEY if keyed else [])
    confirmed = Confirmed(folder / "confirmed.txt" if name == "webhook" else None)
    environ = {"SHIPWORTHY_ALLOW_HOSTS": "127.0.0.1", **os.environ}
    table = kind_.replace(" ", "_")
    return Target(
        folder, "out/list", url, table, run, declared=declared, delivery=run, confirmed=confirmed, environ=environ
    )


def bring(goal: Target, kind_: str, rows: pa.Table, dies_at: int | None) -> None:
    """Bring the list; die as soon as so many pieces have passed."""

    def passing() -> Iterator[pa.RecordBatch]:
        for at, batch in enumerate(rows.to_batches(PIECE)):
            if at == dies_at:
                os.kill(os.getpid(), signal.SIGKILL)
            yield batch
        if dies_at == PIECES:
            os.kill(os.getpid(), signal.SIGKILL)

    sink = kind("deliver/sinks", kind_.partition(" with ")[0], SinkKind)
    assert sink.stream is not None
    sink.stream(goal, pa.RecordBatchReader.from_batches(rows.schema, passing()))
    if dies_at == DONE:
        os.kill(os.getpid(), signal.SIGKILL)


def lives(folder: Path, url: str, kind_: str) -> None:
    """A list that is brought, then the next one, which is killed on the way four times."""
    first = target(folder, kind_, url, "p/team/2026-01-01T00:00:00+00:00")
    assert not killed(partial(bring, first, kind_, rows_of(1.0), None))
    second = replace(first, run="p/team/2026-02-01T00:00:00+00:00", delivery="p/team/2026-02-01T00:00:00+00:00")
    for dies_at in (0, 2, PIECES, DONE):
        assert killed(partial(bring, second, kind_, rows_of(2.0), dies_at)), "it was not killed"
    assert not killed(partial(bring, second, kind_, rows_of(2.0), None))


if __name__ == "__main__":
    for kind_ in sys.argv[3:]:
        place = Path(sys.argv[1]) / kind_
        place.mkdir()
        lives(place, sys.argv[2], kind_)
