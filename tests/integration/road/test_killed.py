"""A process that is killed anywhere on the road leaves nothing lost and nothing doubled."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import sqlalchemy as sa

from shipworthy.base.errors import Bug

Start = Callable[..., Any]

PLACES = [
    "before count",
    "inside count",
    "after count",
    "inside begin",
    "committed 2",
    "after begin",
    "half of write",
    "inside write",
    "after write",
    "inside finish",
    "committed 4",
    "after finish",
    "inside close",
    "after close",
]
WHOLE = {
    "rows": 7,
    "facts": [1, 2, 3],
    "before": [1, 1],
    "file": "run-1.txt",
    "at": "1998-01-01T00:00:00+00:00",
    "who": "operator",
    "by": 0,
}
FACTS = [
    ("WalkBegun", {"rows": 7}),
    ("WalkFinished", {"rows": 7, "before": 1}),
    ("WalkFinished", {"rows": 7, "before": 1}),
]


def facts(ledger: Any) -> list[tuple[str, dict[str, Any]]]:
    return [(row.kind, {key: value for key, value in row.body.items() if key != "product"}) for row in ledger.facts()]


def done(folder: Path) -> list[str]:
    return [line.split()[1] for line in (folder / "done.txt").read_text().splitlines()]


def result(folder: Path, name: str) -> Any:
    return json.loads((folder / f"{name}.json").read_text())["result"]


def finish_and_check(walker: ModuleType, folder: Path, url: str = "") -> None:
    """Follow the killed run to its end in this process, and compare with a run that nobody killed."""
    with walker.open_road(folder, url) as road:
        run = road.submit("walk", {"product": "p"}, "operator", walker.AT, "run-1")
        assert road.follow(run) == WHOLE
        ledger = road._store.ledger
        assert facts(ledger) == FACTS
        assert ledger.verify().seq == 3
        assert (folder / "run-1.txt").read_text() == "7 rows"


def test_a_run_that_nobody_kills(walker: ModuleType, tmp_path: Path) -> None:
    finish_and_check(walker, tmp_path)
    assert done(tmp_path) == walker.STEPS


@pytest.mark.parametrize("place", PLACES)
def test_killed_and_resumed(walker: ModuleType, start: Start, tmp_path: Path, place: str) -> None:
    process = start(tmp_path, "first", kill=place)
    process.join(120)
    assert process.exitcode == -9
    finish_and_check(walker, tmp_path)
    again = {step for step in walker.STEPS if done(tmp_path).count(step) > 1}
    # Only what was cut short is done again; a decision whose facts are in the ledger is not made a second time.
    assert again == ({place.removeprefix("inside ")} if place.startswith("inside") else set())


def test_killed_and_resumed_on_postgres(walker: ModuleType, start: Start, tmp_path: Path, postgres: str) -> None:
    process = start(tmp_path, "first", url=postgres, kill="committed 4")
    process.join(120)
    assert process.exitcode == -9
    finish_and_check(walker, tmp_path, postgres)
    assert done(tmp_path) == walker.STEPS


def test_a_failed_step_looks_the_same_after_a_restart(walker: ModuleType, start: Start, tmp_path: Path) -> None:
    process = start(tmp_path, "first", operation="odd", kill="caught")
    process.join(120)
    assert process.exitcode == -9
    with walker.open_road(tmp_path) as road:
        assert road.follow("run-1") == 5


def test_a_refusal_is_not_asked_for_again_after_a_restart(walker: ModuleType, start: Start, tmp_path: Path) -> None:
    process = start(tmp_path, "first", operation="refuse", kill="refused")
    process.join(120)
    assert process.exitcode == -9
    with walker.open_road(tmp_path) as road, pytest.raises(walker.GateShut, match="Nobody signed"):
        road.follow("run-1")
    assert (tmp_path / "asked").read_text() == "once\n"


def test_the_next_command_also_finishes_what_was_left(walker: ModuleType, start: Start, tmp_path: Path) -> None:
    process = start(tmp_path, "first", kill="after begin")
    process.join(120)
    with walker.open_road(tmp_path) as road:
        road.follow(road.submit("walk", {"product": "p", "rows": 3}, "builder", walker.AT, "run-2"))
        assert road.follow("run-1")["rows"] == 7
    assert (tmp_path / "run-1.txt").read_text() == "7 rows"
    assert (tmp_path / "run-2.txt").read_text() == "3 rows"


def test_a_run_that_ends_every_process_is_given_up(walker: ModuleType, start: Start, tmp_path: Path) -> None:
    process = start(tmp_path, "first", kill="after begin")
    process.join(120)
    with walker.open_road(tmp_path) as road:
        with road._engine.database.begin() as connection:  # as if many more had gone the same way
            connection.execute(sa.text("UPDATE workflow_status SET recovery_attempts = 1000"))
        with pytest.raises(Bug, match="run-1 was given up"):
            road.follow("run-1")
        assert road.follow(road.submit("walk", {"product": "p"}, "builder", walker.AT))["rows"] == 7
