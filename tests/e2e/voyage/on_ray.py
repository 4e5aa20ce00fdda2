"""The same list on a local Ray cluster and on the plain engine: `make ray`. Apart from the tests: Ray is large."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
from pathlib import Path

import pyarrow.parquet as pq
from e2e.voyage import batch
from e2e.voyage.test_killed import facts, stored

from shipworthy.app.wiring import close_desk

ROWS = 300_000


def made(root: Path, engine: str) -> float:
    """Make the list by one engine; gives seconds."""
    desk = batch.desk_on(root, SHIPWORTHY_ENGINE=engine)
    begun = time.monotonic()
    batch.listed(desk, key="the list")
    taken = time.monotonic() - begun
    close_desk(desk)
    return taken


def main() -> int:
    """Make both and compare rows, facts and everything that is kept."""
    with tempfile.TemporaryDirectory() as name:
        plain, ray = Path(name) / "plain", Path(name) / "ray"
        batch.prepare(plain, ROWS)
        shutil.copytree(plain, ray)
        seconds = {engine: round(made(root, engine), 1) for engine, root in (("plain", plain), ("ray", ray))}
        rows = [pq.read_table(root / "rehearsal" / "scores.parquet") for root in (plain, ray)]
        same = {
            "rows": rows[0].equals(rows[1]),
            "facts": facts(plain) == facts(ray),
            "files": stored(plain) == stored(ray),
        }
        print(json.dumps({"rows": rows[0].num_rows, "seconds": seconds, "same": same}))
        return 0 if all(same.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
