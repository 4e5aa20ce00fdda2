"""Answers that are too long for a screen say what they leave out."""

from __future__ import annotations

from shipworthy.doors.cli.lines import standing_lines, stretch
from shipworthy.release.words import Standing


def test_the_newest_of_a_long_history_comes_first_and_the_oldest_are_counted() -> None:
    history = [f"1997-{month:02}-{day:02}: model to all" for month in range(1, 4) for day in range(1, 11)]
    lines = standing_lines(Standing({"north": "a" * 64}, since="1997-01-01T00:00:00+00:00", history=history))
    assert lines[0].split() == ["north", "a" * 12]
    told = [line.strip() for line in lines if line.startswith("  ")]
    assert told[0] == history[-1]
    assert told[-2] == history[10]
    assert told[-1].startswith("… and 10 earlier")


def test_a_short_history_is_whole_and_nobody_answered_is_said() -> None:
    assert standing_lines(Standing({}))[0] == "Nobody is answered yet."
    lines = standing_lines(Standing({}, "b" * 64, "shadow", history=["one", "two"]))
    assert lines[1].split() == ["in", "shadow", "b" * 12]
    assert lines[-2:] == ["  two", "  one"]


def test_a_canary_is_shown_with_its_share() -> None:
    lines = standing_lines(Standing({"north": "a" * 64}, canary="b" * 64, canary_share=0.05))
    assert lines[1].split() == ["canary", "of", "5%", "b" * 12]


def test_why_the_baseline_answers_is_shown_once_for_all_of_whom_it_is_true() -> None:
    standing = Standing({"north": "a" * 64, "south": "a" * 64}, instead=dict.fromkeys(["north", "south"], "It is odd."))
    assert "in place of a model  north, south: It is odd." in standing_lines(standing)


def test_moments_are_told_by_first_last_and_number() -> None:
    days = [f"1997-{month:02}-01T00:00:00+00:00" for month in (3, 1, 2)]
    assert stretch(days) == "1997-01-01 … 1997-03-01, 3 moments"
    assert stretch(days[:1]) == "1997-03-01"
    assert stretch(["1997-03-01T06:00:00+00:00"]) == "1997-03-01 06:00"
