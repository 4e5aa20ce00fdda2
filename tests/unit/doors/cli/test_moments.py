"""Moments on a screen are short and say once that they are UTC; as JSON they stay as they are."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipworthy.base.times import read_moment
from shipworthy.deliver.words import ListCard
from shipworthy.doors.cli.lines import lists
from shipworthy.doors.cli.screen import as_text, moment, show, table


@dataclass(frozen=True)
class Card:
    """Something with moments, and texts that only look like them."""

    run: str = "shop/sales/1998-01-01T06:00:00+00:00"
    as_of: str = "1998-01-01T06:00:00+00:00"
    day: str = "1998-01-01"
    seen: list[str] = field(default_factory=lambda: ["1998-01-02T00:00:00+00:00", "1998-01-03T12:30:59.25+00:00"])
    at: str = ""


def test_a_table_shows_short_moments_and_says_utc_in_the_head_of_their_columns() -> None:
    head, first, second = table(
        [Card(), Card(at="1998-02-01T07:00:00Z")], ["run", "as_of", "day", "seen", "at"]
    ).splitlines()
    assert head.split("  ")[0].strip() == "run"
    assert [name for name in ("as of (UTC)", "seen (UTC)", "at (UTC)") if name in head] == [
        "as of (UTC)", "seen (UTC)", "at (UTC)",
    ]  # fmt: skip
    assert "day (UTC)" not in head
    assert (
        "shop/sales/1998-01-01T06:00:00+00:00  1998-01-01 06:00  1998-01-01  1998-01-02 00:00, 1998-01-03 12:30"
        in first
    )
    assert second.endswith("1998-02-01 07:00")
    assert "UTC" not in first + second


def test_one_record_says_utc_beside_the_name() -> None:
    lines = dict(line.split("  ", 1) for line in as_text(Card()).splitlines())
    assert lines["as_of (UTC)"].strip() == "1998-01-01 06:00"
    assert "run" in {name.strip() for name in lines}


def test_json_keeps_the_whole_moment(capsys: pytest.CaptureFixture[str]) -> None:
    show([Card()], True)
    assert json.loads(capsys.readouterr().out)[0]["as_of"] == "1998-01-01T06:00:00+00:00"


def test_lists_say_utc_once() -> None:
    card = ListCard(
        run="r", consumer="sales", as_of="1998-01-01T06:00:00+00:00", due_by="", state="on time", late_by="",
        account=None, deliveries=[], received="", by="", used=None, of=0, notice="", troubles=[],
    )  # fmt: skip
    head, line = lists([card])
    assert "UTC" in head
    assert line.startswith("1998-01-01 06:00  sales")
    assert "UTC" not in line
    assert lists([]) == ["nothing yet"]


@given(st.timedeltas(timedelta(0), timedelta(days=40_000)), st.integers(-720, 720))
def test_what_is_shown_is_read_again_as_the_same_minute(later: timedelta, minutes: int) -> None:
    at = (datetime(1990, 1, 1, tzinfo=UTC) + later).astimezone(timezone(timedelta(minutes=minutes)))
    shown = moment(at.isoformat())
    assert read_moment(shown) == at.astimezone(UTC).replace(second=0, microsecond=0)
