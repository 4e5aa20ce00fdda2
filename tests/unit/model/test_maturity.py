"""How far the truth has come: told from the rows of the sources that it is made of, with their usual gaps."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as some

from shipworthy.base.times import length
from shipworthy.model.maturity import reach_of, usual_gap
from shipworthy.model.terms import Terms
from shipworthy.plan.schema import Baseline, Column, Contract, Data, Model, Need, Source

MARCH = date(2026, 3, 1)
DAY = timedelta(days=1)


def terms(*timed: str, horizon: str = "30d") -> Terms:
    need = Need(question="Who will buy soon?", decision="Call them first.", entity="id", horizon=length(horizon))
    columns = {"id": Column(type="text"), "day": Column(type="date")}
    contract, without = Contract(columns=columns, time="day"), Contract(columns=columns)
    names = {*timed, "people"}
    sources = {name: Source(kind="csv", contract=contract if name in timed else without) for name in names}
    return Terms("shop", need, sources, Data(), Model(baseline=Baseline(kind="constant")))


def table(*days: date) -> pa.Table:
    return pa.table({"id": ["a"] * len(days), "day": pa.array(list(days), pa.date32())})


def every(gap: int, count: int, first: date = MARCH) -> pa.Table:
    return table(*(first + timedelta(days=gap * number) for number in range(count)))


@pytest.mark.parametrize(("gap", "until"), [(1, date(2026, 3, 21)), (7, date(2026, 7, 19))])
def test_a_feed_has_come_as_far_as_its_newest_row_and_a_usual_gap(gap: int, until: date) -> None:
    reach = reach_of(terms("orders"), ["orders"], {"orders": every(gap, 20)})
    assert reach is not None
    assert reach.until == datetime(until.year, until.month, until.day, tzinfo=UTC)
    assert "The source orders, which says what is true, ends on 2026-" in reach.text


def test_the_source_that_is_furthest_behind_decides_and_others_are_not_asked() -> None:
    sources = {"orders": every(1, 20), "returns": every(1, 10), "visits": every(1, 5), "people": every(1, 4)}
    plan = terms("orders", "returns", "visits")
    reach = reach_of(plan, ["orders", "returns", "people"], sources)
    assert reach is not None
    assert (reach.source, reach.newest) == ("returns", datetime(2026, 3, 10, tzinfo=UTC))


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        (every(1, 3), "too few rows to know what is usual"),
        (every(61, 20), "a horizon without a row is usual"),
        (every(0, 20), "all rows of one day are no feed"),
    ],
)
def test_what_does_not_tell_is_not_waited_for(rows: pa.Table, why: str) -> None:
    assert reach_of(terms("orders"), ["orders"], {"orders": rows}) is None, why
    assert reach_of(terms(), ["people"], {"people": every(1, 20)}) is None, "no time column"


def test_nothing_at_all_is_waited_for_and_a_source_that_may_be_empty_beside_another_is_not() -> None:
    nothing = table()
    reach = reach_of(terms("orders"), ["orders"], {"orders": nothing})
    assert reach is not None
    assert reach.newest is None
    beside = reach_of(terms("orders", "returns"), ["orders", "returns"], {"orders": every(1, 20), "returns": nothing})
    assert beside is not None
    assert beside.source == "orders"


@given(some.lists(some.integers(0, 2_000), min_size=1, max_size=60), some.integers(1, 400))
def test_the_usual_gap_is_one_of_the_rows_and_an_older_row_beyond_the_last_days_changes_nothing(
    hours: list[int], earlier: int
) -> None:
    times = np.datetime64("2026-03-01T00:00:00", "us") + np.array(hours, dtype="m8[h]")
    gap = usual_gap(times)
    if gap is None:
        assert np.unique(times.astype("M8[D]")).size < 4
        return
    assert gap in set(np.diff(np.unique(times)).tolist())
    if np.unique(times.astype("M8[D]")).size > 13:
        assert usual_gap(np.append(times, times.min() - np.timedelta64(earlier, "D"))) == gap
