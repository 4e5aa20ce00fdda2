"""Workbooks as people leave them: dates, errors, formulas, empty rows, other sheets, and files that are no workbook."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime
from typing import Any

import openpyxl
import pytest
from integration.data.feed import Feed, intake, refusal

COLUMNS: dict[str, Any] = {
    "customer": {"type": "text"},
    "paid": {"type": "number", "required": False, "missing_at_most": 1},
    "day": {"type": "date", "required": False, "missing_at_most": 1},
}
HEADER = ["customer", "paid", "day"]
DAY = date(2024, 5, 1)


def workbook(*rows: list[Any], sheet: str = "Orders") -> bytes:
    book = openpyxl.Workbook()
    first = book.active
    assert first is not None
    first.title = sheet
    for row in rows:
        first.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def edited(content: bytes, old: str, new: str) -> bytes:
    """A workbook with another text in its first sheet, as Excel itself would have written it."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(out, "w") as target:
        for item in source.infolist():
            text = source.read(item)
            if item.filename == "xl/worksheets/sheet1.xml":
                assert old.encode() in text
                text = text.replace(old.encode(), new.encode())
            target.writestr(item, text)
    return out.getvalue()


def test_values_come_as_they_are_shown(feed: Feed) -> None:
    moment = datetime(2024, 5, 1)  # noqa: DTZ001  # a sheet knows no zones
    feed.lay("a.xlsx", workbook(HEADER, ["007", 1.5, moment], [8, 2.0, DAY], [None, None, None], ["ak01", None, None]))
    taken = feed.take("excel", "a.xlsx", COLUMNS)
    assert [(row["customer"], row["paid"], row["day"]) for row in feed.accepted(taken)] == [
        ("007", 1.5, DAY),
        ("8", 2.0, DAY),
        ("ak01", None, None),
    ]
    assert intake(taken).source_rows == 3


def test_an_error_puts_its_row_aside_and_no_other(feed: Feed) -> None:
    rows: list[list[Any]] = [["a", 1, None], ["b", "#DIV/0!", None], ["c", 2, "#N/A"], ["d", 3, None]]
    feed.lay("a.xlsx", workbook([*HEADER, "own note"], *([*row, "#REF!"] for row in rows)))
    taken = feed.take("excel", "a.xlsx", COLUMNS, quarantine_at_most=0.9)
    assert [row["customer"] for row in feed.accepted(taken)] == ["a", "d"]
    assert intake(taken).quarantined == {"paid shows the error #DIV/0!": 1, "day shows the error #N/A": 1}
    assert intake(taken).source_rows == 4


def test_a_formula_counts_by_its_value_and_goes_aside_without_one(feed: Feed) -> None:
    content = workbook(HEADER, ["a", "=1+1", None], ["b", "=2+2", None])
    feed.lay("a.xlsx", edited(content, "<f>1+1</f><v />", "<f>1+1</f><v>2</v>"))
    taken = feed.take("excel", "a.xlsx", COLUMNS, quarantine_at_most=0.9)
    assert [(row["customer"], row["paid"]) for row in feed.accepted(taken)] == [("a", 2.0)]
    assert intake(taken).quarantined == {"the formula in paid was never calculated": 1}


def test_rows_of_nothing_but_uncalculated_formulas_are_not_lost(feed: Feed) -> None:
    feed.lay("a.xlsx", workbook(HEADER, ["a", None, None], ["=x", "=y", "=z"]))
    assert "never calculated" in refusal(feed.take("excel", "a.xlsx", COLUMNS)).found


def test_cells_beyond_the_header_put_their_row_aside(feed: Feed) -> None:
    feed.lay("a.xlsx", workbook(HEADER, ["a", 1, None], ["b", 1, None, "stray"]))
    taken = feed.take("excel", "a.xlsx", COLUMNS, quarantine_at_most=0.9)
    assert intake(taken).quarantined == {"the row has 4 cells, the header 3": 1}


def test_the_sheet_is_the_one_that_is_named(feed: Feed) -> None:
    feed.lay("a.xlsx", workbook(HEADER, ["a", 1, None], sheet="May"))
    assert intake(feed.take("excel", "a.xlsx", COLUMNS, sheet="May")).accepted == 1
    assert "There is no sheet 'June'" in refusal(feed.take("excel", "a.xlsx", COLUMNS, sheet="June")).found


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"customer,paid\na,1\n", "no Excel workbook"),
        (b"\xd0\xcf\x11\xe0" + b"x" * 600, "old workbook"),
        (workbook(HEADER, ["a", 1, None])[:-400], "its end is not there"),
        (workbook(["customer", "paid", "paid"], ["a", 1, 2]), "has no name of its own"),
        (workbook(["customer", None, "paid"], ["a", 1, 2]), "has no name of its own"),
        (workbook(), "It is empty"),
    ],
)
def test_what_is_no_whole_workbook_is_refused(feed: Feed, content: bytes, says: str) -> None:
    feed.lay("a.xlsx", content)
    assert says in refusal(feed.take("excel", "a.xlsx", COLUMNS)).found


def test_a_changed_header_is_a_change_that_is_seen(feed: Feed) -> None:
    feed.lay("a.xlsx", workbook(["customer", "paid_eur", "day"], ["a", 1, DAY]))
    taken = feed.take("excel", "a.xlsx", {**COLUMNS, "paid": {"type": "number"}})
    assert taken.snapshot == ""
    assert "paid" in str([check.found for check in taken.checks])


def test_a_sheet_that_goes_on_beyond_its_format_is_refused(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shipworthy.data.sources.excel.MOST_ROWS", 3)
    feed.lay("a.xlsx", workbook(HEADER, ["a", 1, None], ["b", 2, None]))
    assert intake(feed.take("excel", "a.xlsx", COLUMNS)).accepted == 2
    feed.lay("a.xlsx", workbook(HEADER, ["a", 1, None], ["b", 2, None], ["c", 3, None]))
    assert "beyond row 3" in refusal(feed.take("excel", "a.xlsx", COLUMNS)).found
