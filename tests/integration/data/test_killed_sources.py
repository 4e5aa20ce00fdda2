"""A process that is killed while it reads a table or pages leaves what one leaves that nobody killed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from e2e.voyage.batch import PLAN
from e2e.voyage.test_killed import TESTS, facts, stored
from integration.data import reader
from integration.data.test_http import body
from integration.outside import ALLOWED, Answer, Web

PAGES, ROWS = 4, 50


@pytest.fixture
def paged(web: Web) -> str:
    """An address that answers in pages, each of which names the next."""
    for page in range(PAGES):
        days = [f"c{page * ROWS + number:04}" for number in range(ROWS)]
        rows: list[dict[str, Any]] = [{"customer": name, "day": "2026-01-15", "left": page % 2} for name in days]
        onward = f"/outcomes?page={page + 1}" if page + 1 < PAGES else None
        web.pages[f"/outcomes?page={page}"] = Answer(200, body=body({"items": rows, "next": onward}))
    return f"{web.url}/outcomes?page=0"


@pytest.fixture
def plan() -> str:
    plan = PLAN
    for old, new in (
        ("parquet\n    path: feed/customers.parquet", "delta\n    path: customers"),
        ("parquet\n    path: feed/outcomes.parquet", "http\n    url: '${FEED}'\n    format: json\n    PAGED"),
        ("PAGED", "pages: {by: body, rows: items}"),
        ("        channel: {type: text, one_of: [web, shop], required: false, missing_at_most: 50%}\n", ""),
        ("visits, channel]", "visits]"),
    ):
        assert old in plan
        plan = plan.replace(old, new)
    return plan


def test_killed_while_a_table_and_pages_are_read_nothing_differs_and_nothing_is_left_beside(
    plan: str, web: Web, paged: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calm, rough, beside = tmp_path / "calm", tmp_path / "rough", tmp_path / "beside"
    beside.mkdir()
    for name, value in {**ALLOWED, "FEED": paged}.items():
        monkeypatch.setenv(name, value)
    for root in (calm, rough):
        reader.lay(root, plan)
    reader.live(calm, "")
    assert len(web.got) == PAGES
    environ = {**os.environ, "TMPDIR": str(beside)}
    environ["PYTHONPATH"] = os.pathsep.join([str(TESTS), str(TESTS.parent / "src")])
    command = [sys.executable, reader.__file__, str(rough)]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert len(web.got) > 3 * PAGES, "the pages that a killed life had read were read anew"
    assert any("SnapshotTaken" in fact for fact in facts(calm))
    assert facts(rough) == facts(calm)
    assert stored(rough) == stored(calm)
    assert not list(beside.iterdir())
    assert not list((rough / ".shipworthy" / "files").glob(".draft*"))
