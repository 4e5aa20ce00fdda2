"""Several processes on one store: one carries, the others follow, and a follower takes over."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import sqlalchemy as sa

Start = Callable[..., Any]


def came(folder: Path, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / f"{name}.json").read_text())
    return found


def done(folder: Path) -> list[list[str]]:
    """Run, step and process of each piece of work that was done."""
    file = folder / "done.txt"
    return [line.split() for line in file.read_text().splitlines()] if file.exists() else []


def test_of_two_that_submit_the_same_one_carries_and_both_get_the_result(
    walker: ModuleType, start: Start, tmp_path: Path
) -> None:
    processes = [
        start(tmp_path, name, payload={"pauses": {"count": 0.5}, "tell": True}) for name in ("first", "second")
    ]
    for process in processes:
        process.join(120)
        assert process.exitcode == 0
    first, second = came(tmp_path, "first"), came(tmp_path, "second")
    assert first["result"] == second["result"]
    assert first["result"]["by"] in (first["pid"], second["pid"])
    assert [step for _, step, _ in done(tmp_path)] == walker.STEPS


def test_one_carries_the_runs_of_others_too(walker: ModuleType, start: Start, tmp_path: Path) -> None:
    first = start(tmp_path, "first", payload={"until": {"count": "go"}})
    walker.wait_for(lambda: done(tmp_path), "the first step")
    with walker.open_road(tmp_path) as road:
        run = road.submit("walk", {"product": "p", "tell": True}, "builder", walker.AT, "run-2")
        assert road.follow(run)["by"] == first.pid
    (tmp_path / "go").touch()
    first.join(120)
    assert first.exitcode == 0


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_a_follower_takes_over_when_the_executor_is_killed(
    walker: ModuleType, start: Start, tmp_path: Path, database: str, request: pytest.FixtureRequest
) -> None:
    url = ""
    if database == "postgres":
        url = request.getfixturevalue("postgres")
        server = sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT")
        with server.connect() as connection:
            connection.execute(sa.text("CREATE DATABASE follower"))
        server.dispose()
        url = url.replace("/postgres?", "/follower?")
    order = {"url": url, "payload": {"until": {"count": "go"}, "tell": True}}
    first = start(tmp_path, "first", **order)
    walker.wait_for(lambda: done(tmp_path), "the first step")
    second = start(tmp_path, "second", **order)
    walker.wait_for((tmp_path / "second.ready").exists, "the second to submit")
    first.kill()
    (tmp_path / "go").touch()
    second.join(120)
    assert second.exitcode == 0
    assert came(tmp_path, "second")["result"]["by"] == second.pid
    with walker.open_road(tmp_path, url) as road:
        assert [row.kind for row in road._store.ledger.facts()] == ["WalkBegun", "WalkFinished", "WalkFinished"]


def test_who_is_done_leaves_the_runs_of_others_at_their_next_step(
    walker: ModuleType, start: Start, tmp_path: Path
) -> None:
    first = start(tmp_path, "first", payload={"until": {"count": "go"}})
    walker.wait_for(lambda: done(tmp_path), "the first step")
    # A step that is under way when the first is done, and goes on for a while after that.
    payload = {"until": {"write": "go on"}, "pauses": {"write": 1.0}, "tell": True}
    second = start(tmp_path, "second", key="run-2", payload=payload)
    walker.wait_for(lambda: [step for _, step, _ in done(tmp_path) if step == "write"], "a step of the second run")
    (tmp_path / "go").touch()
    walker.wait_for((tmp_path / "first.json").exists, "the first to be done")
    (tmp_path / "go on").touch()
    for process in (first, second):
        process.join(120)
        assert process.exitcode == 0
    mine = [(step, int(pid)) for run, step, pid in done(tmp_path) if run == "run-2"]
    assert [step for step, _ in mine] == walker.STEPS  # handed over between two steps, so none was done twice
    assert {pid for _, pid in mine} == {first.pid, second.pid}
    assert came(tmp_path, "second")["result"]["by"] == second.pid


def test_a_worker_carries_what_others_submit(walker: ModuleType, start: Start, tmp_path: Path) -> None:
    worker = start(tmp_path, "worker", serve=True)
    walker.wait_for((tmp_path / ".shipworthy" / "road.sqlite").exists, "the worker")
    with walker.open_road(tmp_path) as road:
        walker.wait_for(lambda: road._lease.holder(), "the worker's lease")
        for key in ("run-1", "run-2"):
            run = road.submit("walk", {"product": "p", "tell": True}, "builder", walker.AT, key)
            assert road.follow(run)["by"] == worker.pid


def test_a_stopped_executor_loses_the_store_and_does_no_harm_when_it_wakes(
    walker: ModuleType, start: Start, tmp_path: Path
) -> None:
    first = start(tmp_path, "first", payload={"until": {"count": "go"}, "tell": True})
    walker.wait_for(lambda: done(tmp_path), "the first step")
    os.kill(first.pid, signal.SIGSTOP)
    (tmp_path / "go").touch()
    with walker.open_road(tmp_path) as road:
        assert road.follow("run-1")["by"] == os.getpid()
        os.kill(first.pid, signal.SIGCONT)
        first.join(120)
        assert first.exitcode == 0
        assert came(tmp_path, "first")["result"]["by"] == os.getpid()
        assert [row.kind for row in road._store.ledger.facts()] == ["WalkBegun", "WalkFinished", "WalkFinished"]


def test_a_road_whose_lease_was_taken_stands_down_and_comes_back(walker: ModuleType, tmp_path: Path) -> None:
    with walker.open_road(tmp_path) as road:
        run = road.submit("walk", {"product": "p", "pauses": {"count": 1.0}}, "builder", walker.AT, "run-1")
        results: list[Any] = []
        follower = threading.Thread(target=lambda: results.append(road.follow(run)))
        follower.start()
        walker.wait_for(lambda: done(tmp_path), "the first step")
        with (
            road._store.ledger.engine.begin() as connection
        ):  # as another machine would, after a long sleep of this one
            connection.execute(sa.text("UPDATE lease SET holder = 'other', host = 'elsewhere'"))
        follower.join(120)
        assert results[0]["rows"] == 7
        assert [row.kind for row in road._store.ledger.facts()] == ["WalkBegun", "WalkFinished", "WalkFinished"]


def test_two_stores_in_one_process_take_turns(walker: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    with walker.open_road(tmp_path / "a") as a, walker.open_road(tmp_path / "b") as b:
        for road in (a, b, a):
            assert road.follow(road.submit("walk", {"product": "p"}, "builder", walker.AT))["rows"] == 7
