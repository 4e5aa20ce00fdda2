"""Stretches of time: the database and Python number them alike, from the first day of the calendar to the last."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shipworthy.base.times import length
from shipworthy.data.engine import engine
from shipworthy.data.stretches import beyond_chance, name_of, number_of, number_sql, start_of

LENGTHS = ["1d", "5d", "1w", "3w", "1mo", "3mo", "7mo", "1y", "1h", "13h", "100ms"]
moments = st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001  # the strategy adds the zone


@pytest.mark.parametrize("each", LENGTHS)
@settings(max_examples=8, deadline=None)
@given(at=st.lists(moments, min_size=1, max_size=30))
def test_a_moment_lies_in_the_stretch_that_bears_its_number(each: str, at: list[datetime]) -> None:
    size = length(each)
    wanted = [number_of(moment, size) for moment in at]
    values = ", ".join(f"(TIMESTAMP '{moment.replace(tzinfo=None).isoformat(sep=' ')}')" for moment in at)
    with engine() as duck:
        numbers = duck.sql(f"SELECT {number_sql('told', size)} FROM (VALUES {values}) AS moments(told)").fetchall()
    assert [number for (number,) in numbers] == wanted
    for moment, number in zip(at, wanted, strict=True):
        assert start_of(number, size) <= moment <= start_of(number + 1, size)
        assert name_of(number, size)


def test_names_are_for_people() -> None:
    january = datetime(1998, 1, 31, 10, 30, tzinfo=UTC)
    names = {each: name_of(number_of(january, length(each)), length(each)) for each in ("1mo", "3mo", "1d", "1w", "1h")}
    assert names == {
        "1mo": "1998-01",
        "3mo": "1998-01 to 1998-03",
        "1d": "1998-01-31",
        "1w": "1998-01-26 to 1998-02-01",
        "1h": "1998-01-31 10:00 to 1998-01-31 10:59",
    }


def test_chance_explains_a_few_bad_rows_and_not_many() -> None:
    assert not beyond_chance(0, 0, 0.01)
    assert not beyond_chance(3, 100, 0.01)
    assert beyond_chance(30, 100, 0.01)
    assert beyond_chance(100, 100, 0.01)
    assert not beyond_chance(100, 100, 1.0)
