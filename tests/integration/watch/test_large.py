"""A window that is too large to be held is judged as one that is held: by what is counted of all of it, in pieces."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from integration.watch.visits import PLAN, World, month

from shipworthy.deliver.words import AnswersSealed
from shipworthy.edges import drafts
from shipworthy.watch import look, pieces, reading
from shipworthy.watch.words import AuditDrawn, WindowJudged

AUDITED = PLAN.replace("watch:\n", "watch:\n  audit: {rows: 20}\n")


def lived(root: Path) -> World:
    """Three months of lists, each watched when it came and when its truth was known."""
    world = World(root)
    world.now = month(4)
    world.adopt(AUDITED)
    for number in (4, 5, 6, 7):
        world.list_of(number)
        world.watch()
    return world


def told(world: World) -> dict[tuple[str, str], tuple[object, ...]]:
    """What was found of answers, by monitor and month; sums of pieces may differ in the last digits."""
    found: dict[tuple[str, str], tuple[object, ...]] = {}
    for what in world.of(WindowJudged):
        if what.candidate:
            numbers = {name: round(value, 9) for name, value in what.numbers.items()}
            found[what.monitor, what.window[:7]] = (what.level, what.text, numbers, what.parts, what.cause, what.since)
    return found


@pytest.fixture(scope="module")
def both(released: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, World]]:
    """The same life, once with windows that are held and once with the same windows in pieces."""
    roots = [Path(shutil.copytree(released, tmp_path_factory.mktemp(name) / "visits")) for name in ("held", "pieces")]
    held = lived(roots[0])
    with pytest.MonkeyPatch.context() as few:
        for module in (reading, pieces):
            few.setattr(module, "HELD", 100)
        few.setattr(drafts, "PIECE", 64)
        in_pieces = lived(roots[1])
    yield held, in_pieces
    for world in (held, in_pieces):
        world.engine.dispose()


def test_every_monitor_finds_the_same_in_pieces(both: tuple[World, World]) -> None:
    held, in_pieces = (told(world) for world in both)
    assert {monitor for monitor, _ in held} >= {"input-drift", "score-drift", "selection", "estimated-performance"}
    assert in_pieces == held


def test_the_same_answers_are_drawn_for_people_to_label(both: tuple[World, World]) -> None:
    held, in_pieces = (world.of(AuditDrawn) for world in both)
    assert len(held) == 4
    assert [(one.rows, one.answers) for one in in_pieces] == [(one.rows, one.answers) for one in held]


@pytest.mark.parametrize("which", ["segment", "features"])
def test_a_large_window_of_which_a_file_was_changed_is_not_judged_and_says_why(
    world: World, monkeypatch: pytest.MonkeyPatch, which: str
) -> None:
    monkeypatch.setattr(reading, "HELD", 100)
    world.list_of(4)
    digest = getattr(world.of(AnswersSealed)[-1], which)
    (world.root / "files" / digest[:2] / digest[2:]).write_bytes(b"other")
    world.watch()
    found = [world.judged(monitor)["1997-04"] for monitor in ("input-drift", "selection", "volume")]
    assert {one.level for one in found} == {"not_run"}
    assert all("was changed or is damaged" in one.text for one in found)


def test_monitors_that_do_not_count_see_evenly_spread_answers(
    released: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (reading, pieces):
        monkeypatch.setattr(module, "HELD", 100)
    monkeypatch.setattr(drafts, "PIECE", 64)
    world = World(Path(shutil.copytree(released, tmp_path / "visits")))
    monkeypatch.setattr(look, "SOME", 200)
    world.list_of(4)
    world.watch()
    estimated = world.judged("estimated-performance")["1997-04"]
    assert estimated.numbers["n"] == 200
    assert "200 evenly spread ones of its 800 answers" in estimated.text
    assert world.judged("input-drift")["1997-04"].numbers["answers"] == 800
