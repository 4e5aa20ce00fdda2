"""A value is read as its declared type exactly, or not at all."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.data.dirty import accepted, column, contract, judged


def read(type_: str, *values: Any, **rules: Any) -> list[Any]:
    """The values of a column that are accepted."""
    return accepted(judged(column(*values), contract({"x": {"type": type_, **rules}}, duplicates="keep")))


@pytest.mark.parametrize(
    ("type_", "good", "bad"),
    [
        (
            "integer",
            {"7": 7, "007": 7, "-3": -3, "+3": 3, "2.0": 2, " 4 ": 4, "2.": 2},
            ["2.5", "1e3", "0x1", "1_0", "", "a", "1 2"],
        ),
        ("integer", {"9007199254740993": 9007199254740993, "-9223372036854775808": -(2**63)}, ["9223372036854775808"]),
        (
            "number",
            {"1.5": 1.5, "1e3": 1000.0, " 2 ": 2.0, "-0": 0.0, ".5": 0.5},
            ["NaN", "inf", "1e999", "1,5", "1_0", "1.2.3"],
        ),
        ("flag", {"true": True, "1": True, "Yes": True, "f": False, "0": False, "NO": False}, ["2", "ja", "on", "-1"]),
        (
            "date",
            {"2024-02-29": date(2024, 2, 29), "2024-05-01T00:00:00Z": date(2024, 5, 1)},
            ["2023-02-29", "2024-5-1"],
        ),
        (
            "date",
            {"0001-01-01": date(1, 1, 1)},
            ["01.05.2024", "05/01/2024", "2024-05-01 10:00", "infinity", "20240501"],
        ),
    ],
)
def test_what_is_read_and_what_is_not(type_: str, good: dict[str, Any], bad: list[str]) -> None:
    assert read(type_, *good) == list(good.values())
    assert read(type_, *bad) == []


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2024-05-01T10:00:00Z", datetime(2024, 5, 1, 10, tzinfo=UTC)),
        ("2024-05-01T10:00:00+02:00", datetime(2024, 5, 1, 8, tzinfo=UTC)),
        ("2024-05-01 10:00:00-0530", datetime(2024, 5, 1, 15, 30, tzinfo=UTC)),
        ("2024-05-01 10:00+02", datetime(2024, 5, 1, 8, tzinfo=UTC)),
        ("2024-05-01 10:00:00", datetime(2024, 5, 1, 10, tzinfo=UTC)),
        ("2024-05-01", datetime(2024, 5, 1, tzinfo=UTC)),
        ("2024-05-01T10:00:00.123456789Z", datetime(2024, 5, 1, 10, 0, 0, 123456, tzinfo=UTC)),
    ],
)
def test_moments_come_to_utc(written: str, moment: datetime) -> None:
    assert read("moment", written) == [moment]


@pytest.mark.parametrize(
    "written", ["2024-05-01T24:00:00Z", "2024-05-01 10:00 Europe/Berlin", "10:00", "1714557600", "2024-05-01T10:61"]
)
def test_what_is_no_moment_is_not_guessed(written: str) -> None:
    assert read("moment", written) == []


@pytest.mark.parametrize(
    ("pattern", "good", "bad"),
    [
        ("%d.%m.%Y", ["01.05.2024"], ["2024-05-01", "31.02.2024", "01.05.24", "05/01/2024", "01.05.2024 x"]),
        ("%m/%d/%Y", ["05/01/2024"], ["13/01/2024"]),
        ("%Y%m%d", ["20240501"], ["2024051", "202405011", "2024-05-01"]),
    ],
)
def test_a_declared_format_is_held_to(pattern: str, good: list[str], bad: list[str]) -> None:
    assert read("date", *good, format=pattern) == [date(2024, 5, 1)] * len(good)
    assert read("date", *bad, format=pattern) == []


def test_a_declared_format_with_a_zone_comes_to_utc() -> None:
    assert read("moment", "01.05.2024 10:00 +0200", format="%d.%m.%Y %H:%M %z") == [datetime(2024, 5, 1, 8, tzinfo=UTC)]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.text(st.characters(codec="utf-8"), min_size=1, max_size=8), min_size=1, max_size=8))
def test_text_is_never_changed(texts: list[str]) -> None:
    assert read("text", *texts) == texts


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=8),
    st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1),
)
def test_numbers_come_back_exactly(integers: list[int], floats: list[float]) -> None:
    assert read("integer", *map(str, integers)) == integers
    assert read("number", *map(repr, floats)) == floats
