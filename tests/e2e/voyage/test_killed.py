"""A process killed after every step of train, prove, release and deliver leaves what an unkilled one leaves."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from e2e.voyage.shop import open_shop

TESTS = Path(__file__).parent.parent.parent
MOST_LIVES = 80
# What names a moment of making differs between two runs of the same road; everything else must be equal.
ONCE_ONLY = {"run", "version", "made_with"}


def live(root: Path, *how: str) -> int:
    """One life of the traveller; its exit status."""
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), str(TESTS.parent / "src")])}
    command = [sys.executable, str(Path(__file__).parent / "traveller.py"), str(root), *how]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    assert done.returncode in (0, -9), done.stderr[-3000:]
    return done.returncode


def facts(root: Path) -> Counter[str]:
    """Every fact with its content, as often as it is there."""
    with sqlite3.connect(root / ".shipworthy" / "ledger.sqlite") as connection:
        rows = connection.execute("SELECT kind, about, at, body FROM fact WHERE product <> ''").fetchall()
    return Counter(
        json.dumps([kind, at, _steady(kind, json.loads(body))], sort_keys=True) for kind, _, at, body in rows
    )


def _steady(kind: str, body: dict[str, Any]) -> dict[str, Any]:
    dropped = ONCE_ONLY if kind == "CandidateMirrored" else set()
    return {name: value for name, value in body.items() if name not in dropped}


def test_killed_after_every_step_the_ledger_and_the_sinks_are_the_same(tmp_path: Path) -> None:
    calm, rough = tmp_path / "calm", tmp_path / "rough"
    for root in (calm, rough):
        open_shop(root)
    assert live(calm) == 0
    lives = 1
    while live(rough, "kill") != 0:
        lives += 1
        assert lives < MOST_LIVES
    assert lives > 20, "the road has more steps than that; the traveller did not die after each"
    assert facts(rough) == facts(calm)
    for place in ("out/rehearsal/call-list-1997-04-01.csv", "out/sales/call-list-1997-05-01.csv"):
        assert (rough / place).read_bytes() == (calm / place).read_bytes()
    with sqlite3.connect(rough / "out" / "crm.sqlite") as crm:
        rows, distinct = crm.execute("SELECT count(*), count(DISTINCT answer_id) FROM call_list_rehearsal").fetchone()
    assert rows == distinct == 200
