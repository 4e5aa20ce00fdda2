"""How fast drift is judged: one pass from Parquet to verdicts, beside counts and means by DuckDB, and other libraries.

Run `python bench/monitors/speed.py pass [rows]` for one pass over so many rows of 20 columns (10,000,000) in memory
that does not grow with them: the ratio to DuckDB's counts and means of the same file, taken in turn, is what counts.
Run `python bench/monitors/speed.py peers EVIDENTLY NANNYML` with interpreters that have those packages (`make peers`)
for 1,000,000 rows of 50 columns against as many of reference. Each prints JSON lines; other work on the machine slows
all sides.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import reduce
from operator import add
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from shipworthy.model.profile import profile_of, typical_values
from shipworthy.watch.bounds import dependence
from shipworthy.watch.counting import PIECE, Inputs, Tallies
from shipworthy.watch.drift import REFERENCE_PART, factors
from shipworthy.watch.evidence import calm, strength, threshold, updated
from shipworthy.watch.reference import reference

TIMES = int(os.environ.get("TIMES", "3"))
TEXTS = 4
REFERENCE = 100_000
EVIDENTLY = """
import sys, time, pandas as pd
from evidently import Report, Dataset, DataDefinition
from evidently.presets import DataDriftPreset
names = [f"x{n}" for n in range(int(sys.argv[3]))]
sides = [pd.read_parquet(path) for path in sys.argv[1:3]]
start = time.perf_counter()
definition = DataDefinition(numerical_columns=names)
reference, current = (Dataset.from_pandas(side, data_definition=definition) for side in sides)
Report([DataDriftPreset()]).run(current, reference)
print(time.perf_counter() - start)
"""
NANNYML = """
import sys, time, nannyml, pandas as pd
names = [f"x{n}" for n in range(int(sys.argv[3]))]
reference, current = (pd.read_parquet(path) for path in sys.argv[1:3])
start = time.perf_counter()
found = nannyml.UnivariateDriftCalculator(column_names=names, continuous_methods=["jensen_shannon"], chunk_number=1)
found.fit(reference)
found.calculate(current)
print(time.perf_counter() - start)
"""


def written(path: Path, rows: int, columns: int, seed: int, texts: int = 0) -> Path:
    """A file of numbers and texts, a million rows at a time."""
    random = np.random.default_rng(seed)
    words = pa.array([f"word {number}" for number in range(8)])
    writer = None
    for start in range(0, rows, 1_000_000):
        size = min(1_000_000, rows - start)
        made: dict[str, Any] = {f"x{number}": random.normal(size=size) for number in range(columns - texts)}
        made |= {f"t{number}": words.take(pa.array(random.integers(0, 8, size))) for number in range(texts)}
        table = pa.table(made)
        writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd")
        writer.write_table(table, row_group_size=1 << 20)
    assert writer is not None
    writer.close()
    return path


def profile(path: Path) -> dict[str, Any]:
    """The reference profile of the first rows of a file."""
    rows: pd.DataFrame = next(pq.ParquetFile(path).iter_batches(REFERENCE)).to_pandas()
    return profile_of(rows, typical_values(rows), np.zeros(len(rows)), None, "held out", [])


def pieces(path: Path) -> Iterator[pa.RecordBatch]:
    """The rows of a file, a few pieces in memory at any time, columns read side by side."""
    texts = [name for name in pq.read_schema(path).names if name.startswith("t")]
    yield from pq.ParquetFile(path, read_dictionary=texts, pre_buffer=False).iter_batches(PIECE)


def verdicts(path: Path, made: dict[str, Any]) -> int:
    """One pass: counts, evidence against the tolerance, and how many columns reach an alarm."""
    known, depends = reference(made).features, dependence(1.0)
    tables = (Inputs(pa.Table.from_batches([piece])) for piece in pieces(path))
    found = reduce(add, (Tallies.counted(known, inputs, inputs.rows) for inputs in tables)).of
    bar = np.log1p(threshold(52, 0.05 * (1 - REFERENCE_PART) / len(known)))
    reached = 0
    for column in known:
        counted = found[column.name].cuts()
        factor = factors(counted, 0.02, 0.05 * REFERENCE_PART / len(known), depends.phi)
        reached += bool(strength(updated(calm(*factor.shape), factor).reshape(-1)) >= bar)
    return reached


def counts_and_means(path: Path) -> None:
    """What DuckDB needs to count every feature's values and take their means (of texts, the mean length)."""
    asked = []
    for name in (name for name in pq.read_schema(path).names if name[0] in "xt"):
        asked.append(f"count({name}), avg({f'length({name})' if name.startswith('t') else name})")
    duckdb.connect().execute(f"select {', '.join(asked)} from read_parquet('{path}')").fetchall()


def timed(work: Callable[[], object]) -> float:
    """Seconds."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def one_pass(folder: Path, rows: int) -> dict[str, Any]:
    """Both sides in turn, and the most memory of a process that only does ours."""
    path = written(folder / "rows.parquet", rows, 20, 1, TEXTS)
    made = profile(path)
    (folder / "profile.json").write_text(json.dumps(made))
    verdicts(path, made)
    counts_and_means(path)
    pairs = [(timed(lambda: verdicts(path, made)), timed(lambda: counts_and_means(path))) for _ in range(TIMES)]
    ours, theirs = (statistics.median(side) for side in zip(*pairs, strict=True))
    done = subprocess.run([sys.executable, __file__, "memory", str(folder)], capture_output=True, text=True, check=True)
    return {
        "rows": rows,
        "columns": 20,
        "seconds": round(ours, 2),
        "duckdb seconds": round(theirs, 2),
        "ratio": round(statistics.median(one / other for one, other in pairs), 2),
        **json.loads(done.stdout),
    }


def memory(folder: Path) -> dict[str, Any]:
    """The most memory before and after one pass, in this process."""
    before = _most()
    alarmed = verdicts(folder / "rows.parquet", json.loads((folder / "profile.json").read_text()))
    return {"MB before": before, "MB at most": _most(), "alarms": alarmed}


def _most() -> int:
    """The most memory of this process so far, in MB; what a parent had does not count, as it does for getrusage."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) // 1024


def peers(folder: Path, evidently: str, nannyml: str, rows: int) -> dict[str, Any]:
    """The same question by three libraries: which of 50 columns moved, from a file each of reference and new rows."""
    old, new = (written(folder / f"{seed}.parquet", rows, 50, seed) for seed in (1, 2))
    found: dict[str, Any] = {"rows": rows, "columns": 50}
    made: list[dict[str, Any]] = []

    def ours_once() -> None:
        table: pd.DataFrame = pq.read_table(old).to_pandas()
        made.append(profile_of(table, typical_values(table), np.zeros(len(table)), None, "held out", []))

    found["reference seconds, once"] = round(timed(ours_once), 2)
    found["seconds, from the file"] = round(statistics.median(timed(lambda: verdicts(new, made[0])) for _ in "123"), 2)
    for name, peer, code in (("nannyml", nannyml, NANNYML), ("evidently", evidently, EVIDENTLY)):
        done = subprocess.run([peer, "-W", "ignore", "-c", code, old, new, "50"], capture_output=True, text=True)
        if done.returncode:
            found[f"{name} failed"] = done.stderr.splitlines()[-1:]
            continue
        seconds = float(done.stdout.split()[-1])
        found[f"{name} seconds, in memory"] = round(seconds, 2)
        found[f"times faster than {name}"] = round(seconds / found["seconds, from the file"], 1)
    return found


def main() -> None:
    """Measure what was asked for."""
    what, *rest = sys.argv[1:] or ["pass"]
    if what == "memory":
        print(json.dumps(memory(Path(rest[0]))))
        return
    with tempfile.TemporaryDirectory() as folder:
        if what == "pass":
            print(json.dumps(one_pass(Path(folder), int(rest[0]) if rest else 10_000_000)))
        else:
            print(json.dumps(peers(Path(folder), rest[0], rest[1], int(rest[2]) if rest[2:] else 1_000_000)))


if __name__ == "__main__":
    main()
