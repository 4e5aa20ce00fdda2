"""How much longer judging a table by its contract takes than plain DuckDB needs to read and count the same file.

Run `python bench/contract.py [rows]`; prints one JSON line with processor seconds (best of three), their ratio,
the size of the file and the most memory that the whole run took.
Only ratios of one run say something: both sides run on the same machine, one after the other.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.csv

from shipworthy.base.kinds import kind
from shipworthy.data.rules import judge
from shipworthy.data.source import Place, SourceKind
from shipworthy.plan.schema import Source

AS_OF = datetime(2026, 1, 1, tzinfo=UTC)
SOURCE = Source.model_validate(
    {
        "kind": "csv",
        "path": "rows.csv",
        "contract": {
            "time": "day",
            "duplicates": "remove",
            "key": ["row_id"],
            "remove": [{"name": "gift", "where": "amount = 0"}],
            "volume": {"rows": [1, 10_000_000], "each": "1mo"},
            "freshness": "35d",
            "quarantine_at_most": "5%",
            "columns": {
                "row_id": {"type": "integer", "min": 0},
                "customer": {"type": "text", "pattern": "C[0-9]+", "personal": True},
                "day": {"type": "date"},
                "seen_at": {"type": "moment"},
                "amount": {"type": "number", "min": 0, "max": 5000, "typical": {"median": [10, 100], "each": "1mo"}},
                "items": {"type": "integer", "min": 1, "max": 200},
                "region": {"type": "text", "one_of": ["north", "south", "east", "west"]},
                "returned": {"type": "flag"},
                "discount": {"type": "number", "required": False, "missing_at_most": "60%"},
                "remark": {"type": "text", "required": False, "missing_at_most": "60%"},
            },
        },
    }
)


def write(file: Path, rows: int) -> None:
    """A file of ten columns in which one row in a hundred is bad and one in a thousand is repeated."""
    draw = np.random.default_rng(7)
    days = np.datetime64("2025-01-01") + draw.integers(0, 365, rows).astype("timedelta64[D]")
    moments = days.astype("datetime64[s]") + draw.integers(0, 86400, rows).astype("timedelta64[s]")
    amounts = np.char.mod("%.2f", draw.gamma(2.0, 15.0, rows)).astype(object)
    amounts[draw.random(rows) < 0.01] = "n/a"
    gaps = draw.random((2, rows)) < 0.5
    table = pa.table(
        {
            "row_id": np.arange(rows),
            "customer": pa.array(np.char.mod("C%06d", draw.integers(0, rows // 20 + 1, rows))),
            "day": pa.array(days),
            "seen_at": pa.array(np.datetime_as_string(moments)),
            "amount": pa.array(amounts, pa.string()),
            "items": draw.integers(1, 200, rows),
            "region": pa.array(np.array(["north", "south", "east", "west"])[draw.integers(0, 4, rows)]),
            "returned": draw.random(rows) < 0.1,
            "discount": pa.array(draw.random(rows).round(3), mask=gaps[0]),
            "remark": pa.array(np.char.mod("word %d", draw.integers(0, 500, rows)), mask=gaps[1]),
        }
    )
    pa.csv.write_csv(pa.concat_tables([table, table.slice(0, rows // 1000)]), file)


def best(work: Callable[[], Any], times: int = 3) -> float:
    """Processor seconds, over all threads, of the cheapest of some runs; others on the machine count less so."""
    taken = []
    for _ in range(times):
        begin = time.process_time()
        work()
        taken.append(time.process_time() - begin)
    return min(taken)


def main(rows: int) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        place = Place("rows", Path(folder), {})
        file = Path(folder) / "rows.csv"
        write(file, rows)
        size = file.stat().st_size >> 20
        csv = kind("data/sources", "csv", SourceKind)
        columns = ", ".join(f"count({name})" for name in SOURCE.contract.columns)
        database = duckdb.connect()
        plain = best(lambda: database.execute(f"SELECT count(*), {columns} FROM read_csv('{file}')").fetchall())
        read = best(lambda: csv.read(SOURCE, place))
        reading = csv.read(SOURCE, place)
        judging = best(lambda: judge(reading, SOURCE.contract, "rows", AS_OF))
        intake = judge(reading, SOURCE.contract, "rows", AS_OF).intake
    figures = {
        "rows": intake.source_rows,
        "accepted": intake.accepted,
        "plain_seconds": round(plain, 3),
        "read_seconds": round(read, 3),
        "judge_seconds": round(judging, 3),
        "ratio": round((read + judging) / plain, 2),
        "file_mb": size,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
