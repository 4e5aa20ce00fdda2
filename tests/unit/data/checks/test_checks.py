"""The questions about a whole source: each stops a feed that is wrong in no single row."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from unit.data.dirty import Row, contract, failures, judged, part, reading

from shipworthy.base.kinds import kind, kinds
from shipworthy.data.check import FOLDER, DataCheck
from shipworthy.data.parts import joined

AS_OF = datetime(2024, 5, 1, tzinfo=UTC)
NUMBER = {"type": "number"}
COLUMNS: dict[str, Any] = {"day": {"type": "date"}, "paid": NUMBER}


def feed(*months: int, paid: str = "20", start: int = 1) -> list[Row]:
    """So many rows in each month of 2024, from January, spread over its days."""
    return [
        {"day": str(date(2024, month, 1 + (n + start - 1) % 28)), "paid": str(float(paid) + n % 3), "n": f"{month}-{n}"}
        for month, rows in enumerate(months, 1)
        for n in range(rows)
    ]


def found(rows: Sequence[Row], columns: dict[str, Any] = COLUMNS, as_of: datetime = AS_OF, **terms: Any) -> list[str]:
    return failures(judged(rows, contract(columns, time="day", **terms), as_of))


def test_every_check_says_what_it_asks_and_why_and_passes_a_good_feed() -> None:
    terms = {"volume": {"rows": [20, 40], "each": "1mo"}, "freshness": "5d"}
    columns = COLUMNS | {"paid": NUMBER | {"typical": {"median": [10, 80]}, "required": False, "missing_at_most": 0.1}}
    results = judged(feed(30, 30, 30, 30), contract(columns, time="day", **terms), AS_OF).checks
    assert {result.check for result in results} == {f"data.{name}" for name in kinds(FOLDER)}
    assert {result.verdict for result in results} == {"pass"}
    for name in kinds(FOLDER):
        member = kind(FOLDER, name, DataCheck)
        assert member.asked.endswith("?")
        assert member.why.endswith(".")


def test_every_failure_says_what_to_do() -> None:
    columns = COLUMNS | {"paid": NUMBER | {"typical": {"median": [900, 950]}, "required": False}, "gone": NUMBER}
    rows = [*feed(30, 30), {"day": "2024-03-01", "paid": None}, {"day": "x", "paid": "1"}]
    terms = {"volume": {"rows": [40, 50], "each": "1mo"}, "freshness": "5d", "quarantine_at_most": 0.0}
    judgement = judged(rows, contract(columns, time="day", **terms), AS_OF)
    failed = [result for result in judgement.checks if result.verdict == "fail"]
    assert {result.check for result in failed} >= {"data.columns", "data.quarantine", "data.volume", "data.freshness"}
    assert all(result.advice for result in failed)
    assert all(result.where.startswith("orders") for result in failed)


def test_volume_finds_a_month_that_is_cut_missing_or_doubled() -> None:
    volume = {"rows": [20, 40], "each": "1mo"}
    assert found(feed(30, 30, 30, 30), volume=volume) == []
    assert found(feed(30, 5, 30, 30), volume=volume) == ["data.volume: 2024-02 has 5 rows, expected 20 to 40."]
    assert found(feed(30, 60, 30, 30), volume=volume) == ["data.volume: 2024-02 has 60 rows, expected 20 to 40."]
    assert found(feed(30, 0, 0, 30), volume=volume) == [
        "data.volume: 2024-02 until 2024-03 has no rows, expected at least 20."
    ]
    assert found(feed(30, 30, 30), volume=volume) == ["data.volume: 2024-04 has no rows, expected at least 20."]


def test_a_month_that_is_not_over_or_began_late_may_have_few_rows() -> None:
    volume = {"rows": [20, 40], "each": "1mo"}
    assert found(feed(30, 30, 30, 3), volume=volume, as_of=datetime(2024, 4, 5, tzinfo=UTC)) == []
    assert found(feed(3, 30, 30, 30, start=20), volume=volume) == []
    assert found(feed(30, 30, 30, 50), volume=volume, as_of=datetime(2024, 4, 29, tzinfo=UTC)) == [
        "data.volume: 2024-04 has 50 rows, expected at most 40."
    ]


def test_volume_of_the_whole_source() -> None:
    assert found(feed(30), volume={"rows": [31, 99]}) == ["data.volume: The source has 30 rows, expected 31 to 99."]
    assert found([], volume={"rows": [0, 9]})[-1].startswith("data.volume: No row was accepted; 0 came before")


@pytest.mark.parametrize("each", ["1d", "5d", "3w", "5w", "13h", "1mo", "7mo"])
def test_a_default_date_of_another_system_is_counted_and_crashes_nothing(each: str) -> None:
    rows = [*feed(30), {"day": "0001-01-01", "paid": "1", "n": "0"}]
    assert found(rows, volume={"rows": [1, 99], "each": each})


def test_a_column_called_like_a_word_of_ours_changes_nothing() -> None:
    names = ["stretch", "rows", "count", "nth", "times", "reason", "standing"]
    rows = [{**row, **dict.fromkeys(names, "1")} for row in feed(30)]
    columns = COLUMNS | {name: NUMBER | {"typical": {"mean": [0, 2]}} for name in names}
    volume = {"rows": [20, 40], "each": "1mo"}
    assert found(rows, columns, datetime(2024, 1, 31, tzinfo=UTC), volume=volume, duplicates="remove") == []


def test_freshness_is_the_age_of_the_newest_accepted_row() -> None:
    late = AS_OF + timedelta(days=40)
    assert found(feed(30, 30, 30, 30), freshness="5d") == []
    assert found(feed(30, 30, 30, 30), freshness="40d", as_of=late)[0].startswith(
        "data.freshness: The newest row is of"
    )
    assert found(feed(30), freshness="5d", as_of=AS_OF - timedelta(days=999))[0].startswith(
        "data.freshness: No accepted row says how new"
    )


def test_a_changed_unit_is_found_though_every_value_is_possible() -> None:
    columns = COLUMNS | {"paid": NUMBER | {"min": 0, "typical": {"median": [10, 80]}}}
    cents = [row for row in feed(30, 30, 30, paid="2000") if row["day"] >= "2024-03-01"]
    rows = [*feed(30, 30), *cents]
    [said] = found(rows, columns)
    assert (
        "the median of 2024-03 is 2001, expected 10 to 80; that is about 100 times the usual 21: a change of unit?"
        in said
    )
    assert found(feed(30, 30), columns) == []


def test_a_mean_beyond_all_numbers_is_a_finding() -> None:
    columns = COLUMNS | {"paid": NUMBER | {"typical": {"mean": [10, 80]}}}
    assert len(found(feed(30, paid="1.7e308"), columns)) == 1


def test_values_that_go_missing_are_found_in_the_month_in_which_they_do() -> None:
    columns = COLUMNS | {"paid": NUMBER | {"required": False, "missing_at_most": 0.2}}
    silent = [{**row, "paid": None} if row["day"] >= "2024-04-10" else row for row in feed(200, 200, 200, 200)]
    assert [text.split(",")[0] for text in found(silent, columns)] == ["data.missing: In 2024-04"]
    assert found([{**row, "paid": None} for row in feed(30)], columns)[0].startswith(
        "data.missing: paid is missing in 30"
    )


def test_bad_rows_in_one_month_are_found_though_the_whole_has_few() -> None:
    rows = [
        {**row, "paid": "x"} if "2024-04-01" <= row["day"] < "2024-04-05" else row for row in feed(400, 400, 400, 200)
    ]
    [said] = found(rows, quarantine_at_most=0.05)
    assert said.startswith("data.quarantine: In 2024-04, ")
    [whole] = found(rows, quarantine_at_most=0.001)
    assert "Most often: paid cannot be read as a number" in whole


def test_columns_that_are_gone_renamed_or_too_many() -> None:
    columns = COLUMNS | {"amount": NUMBER}
    assert found([{"day": "2024-01-01", "Amount ": "1", "paid": "1"}], columns)[0] == (
        "data.columns: There is no column amount. There is 'Amount ': renamed? The source has: day, Amount , paid."
    )
    refused = contract(COLUMNS, time="day", other_columns="refuse")
    assert (
        failures(judged(feed(3), refused, AS_OF))[0] == "data.columns: The source has columns that nobody declared: n."
    )
    parts = joined([part(feed(3), "1.csv"), part([{"day": "2024-01-01"}], "2.csv")])
    assert failures(judged(parts, contract(COLUMNS), AS_OF))[0] == (
        "data.columns: 2.csv has no column paid, which other files have."
    )


def test_a_first_line_that_is_no_header_is_not_quoted_but_another_spelling_is() -> None:
    person = failures(judged(reading([{"Erika": "Ak01", "1998-01-01": "1998-02-02"}]), contract(COLUMNS), AS_OF))
    assert person[0] == "data.columns: The source has 2 columns, but none of those of the contract: day, paid."
    shouted = failures(judged(reading([{"DAY": "2024-01-01", "Paid_": "1"}]), contract(COLUMNS), AS_OF))
    assert "There is 'DAY' for day, 'Paid_' for paid: renamed?" in shouted[0]
