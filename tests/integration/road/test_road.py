"""What a caller sees of the road: results, refusals, bugs, progress."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from shipworthy.base.errors import Bug, GateShut, NotFound, UserError
from shipworthy.edges.road import Road


@pytest.fixture
def road(walker: ModuleType, tmp_path: Path) -> Iterator[Any]:
    with walker.open_road(tmp_path) as road:
        yield road


def test_steps_are_told_as_they_end(road: Any, walker: ModuleType) -> None:
    run = road.submit("walk", {"product": "p"}, "builder", walker.AT)
    told: list[str] = []
    road.follow(run, told.append)
    assert told == walker.STEPS
    road.follow(run, told.append)  # who comes later is told as well
    assert told == walker.STEPS * 2


def test_the_same_key_is_done_once(road: Any, walker: ModuleType, tmp_path: Path) -> None:
    first = road.follow(road.submit("walk", {"product": "p"}, "builder", walker.AT, "monday"))
    second = road.follow(road.submit("walk", {"product": "p"}, "builder", walker.AT, "monday"))
    assert first == second
    assert len((tmp_path / "done.txt").read_text().splitlines()) == len(walker.STEPS)


def test_without_a_key_each_command_is_done(road: Any, walker: ModuleType) -> None:
    runs = {road.submit("walk", {"product": "p"}, "builder", walker.AT) for _ in range(2)}
    assert len(runs) == 2
    assert [road.follow(run)["rows"] for run in runs] == [7, 7]


@pytest.mark.parametrize(
    ("operation", "payload", "who"),
    [
        ("refuse", {"product": "p"}, "builder"),
        ("walk", {"product": "q"}, "builder"),
        ("walk", {"product": "p"}, "stranger"),
    ],
)
def test_a_key_is_not_used_for_another_command(
    road: Any, walker: ModuleType, operation: str, payload: dict[str, Any], who: str
) -> None:
    road.submit("walk", {"product": "p"}, "builder", walker.AT, "monday")
    with pytest.raises(UserError, match="'monday'") as caught:
        road.submit(operation, payload, who, walker.AT, "monday")
    assert caught.value.mistakes[0].code == "road.key_used"


def test_refusals_keep_their_class_and_mistakes(road: Any, walker: ModuleType) -> None:
    with pytest.raises(GateShut) as caught:
        road.follow(road.submit("refuse", {"product": "p"}, "builder", walker.AT))
    assert caught.value.mistakes[0].where == "product.yaml:3:1"
    assert road._store.ledger.head().seq == 0


def test_bugs_come_with_the_traceback_of_the_flow(road: Any, walker: ModuleType) -> None:
    with pytest.raises(Bug, match="ZeroDivisionError: division by zero") as caught:
        road.follow(road.submit("fail", {"product": "p"}, "builder", walker.AT))
    assert "walker.py" in caught.value.trace


def test_a_result_that_json_cannot_hold_is_refused_at_once(road: Any, walker: ModuleType) -> None:
    with pytest.raises(Bug, match=r"\.when is a datetime"):
        road.follow(road.submit("date_as_result", {"product": "p"}, "builder", walker.AT))


@pytest.mark.parametrize("payload", [{"inside": True}, {}, {"interrupt": True}], ids=["step", "flow", "interrupt"])
def test_code_that_would_end_the_process_is_a_bug_and_waited_for_by_nobody(
    road: Any, walker: ModuleType, payload: dict[str, Any]
) -> None:
    run = road.submit("leave", {"product": "p", **payload}, "builder", walker.AT)
    walker.wait_for(lambda: road.outcome(run)["state"] == "failed", "the run to end")
    with pytest.raises(Bug, match=r"SystemExit: 3|KeyboardInterrupt"):
        road.follow(run)
    assert road.follow(road.submit("walk", {"product": "p"}, "builder", walker.AT))["rows"] == 7


def test_a_flow_that_waits_for_another_run_is_refused(walker: ModuleType, tmp_path: Path) -> None:
    def run(operation: str, payload: dict[str, Any], trip: Any) -> Any:
        return mine.follow(payload["other"])

    url = f"sqlite:///{tmp_path / '.shipworthy' / 'ledger.sqlite'}"
    store = walker.open_store(tmp_path, url, walker.Killer(tmp_path, ""))
    with Road(store, run) as mine:
        first = mine.submit("nested", {"product": "p", "other": "itself"}, "builder", walker.AT, "itself")
        with pytest.raises(Bug, match="must not wait for the run itself"):
            mine.follow(first)
    store.ledger.engine.dispose()


def test_a_step_inside_a_step_is_refused(road: Any, walker: ModuleType) -> None:
    with pytest.raises(Bug, match="'inner' was begun inside the step 'outer'"):
        road.follow(road.submit("step_in_step", {"product": "p"}, "builder", walker.AT))


def test_an_unknown_run_is_not_found(road: Any) -> None:
    with pytest.raises(NotFound, match="no run 'tuesday'"):
        road.follow("tuesday")


def test_the_outcome_of_a_run_can_be_asked_for_at_once(road: Any, walker: ModuleType) -> None:
    run = road.submit("walk", {"product": "p", "until": {"count": "go"}}, "builder", walker.AT)
    walker.wait_for(lambda: road.outcome(run)["state"] == "running", "the run to begin")  # with nobody following
    assert "result" not in road.outcome(run)
    (road._store.root / "go").touch()
    walker.wait_for(lambda: road.outcome(run)["state"] == "done", "the run to end")
    outcome = road.outcome(run)
    assert outcome["steps"] == walker.STEPS
    assert outcome["result"]["rows"] == 7


@pytest.mark.parametrize(
    ("operation", "state", "kind", "found"),
    [("refuse", "refused", "GateShut", "Nobody signed."), ("fail", "failed", "Bug", "ZeroDivisionError")],
)
def test_the_outcome_of_what_went_wrong_lists_the_mistakes(
    road: Any, walker: ModuleType, operation: str, state: str, kind: str, found: str
) -> None:
    run = road.submit(operation, {"product": "p"}, "builder", walker.AT)
    walker.wait_for(lambda: road.outcome(run)["state"] == state, "the run to end")
    error = road.outcome(run)["error"]
    assert error["kind"] == kind
    assert error["mistakes"][0]["found"].startswith(found)
    assert "Traceback" not in str(error)


def test_a_file_of_runs_that_is_broken_is_told(walker: ModuleType, tmp_path: Path) -> None:
    (tmp_path / ".shipworthy").mkdir()
    (tmp_path / ".shipworthy" / "road.sqlite").write_bytes(bytes(range(256)) * 40)
    with pytest.raises(UserError, match=r"road\.sqlite") as caught, walker.open_road(tmp_path):
        pass
    assert caught.value.mistakes[0].code == "database.unreachable"


def test_a_moment_needs_a_zone(road: Any) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        road.submit("walk", {"product": "p"}, "builder", datetime(1998, 1, 1))  # noqa: DTZ001


def test_runs_say_nothing_on_the_console(road: Any, walker: ModuleType, capfd: pytest.CaptureFixture[str]) -> None:
    road.follow(road.submit("walk", {"product": "p"}, "builder", walker.AT))
    with pytest.raises(Bug):
        road.follow(road.submit("fail", {"product": "p"}, "builder", walker.AT))
    road.close()
    assert capfd.readouterr() == ("", "")


def test_the_road_is_light_to_import() -> None:
    heavy = "{'dbos', 'sqlalchemy', 'pandas', 'sklearn', 'pyarrow'} & set(sys.modules)"
    code = f"import sys, shipworthy.edges.road; print(sorted({heavy}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
