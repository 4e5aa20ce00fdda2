"""CSV files as vendors send them: every row is accounted for, and what would lose rows is refused whole."""

from __future__ import annotations

import gzip

import pytest
from integration.data.feed import NUMBER, ORDERS, TEXT, Feed, failed, intake, refusal


def test_identities_that_look_like_numbers_stay_text(feed: Feed) -> None:
    feed.lay("a.csv", "customer_id,paid\n00012,5\n12,6\n")
    taken = feed.take("csv", "a.csv")
    assert feed.accepted(taken) == [{"customer_id": "00012", "paid": 5.0}, {"customer_id": "12", "paid": 6.0}]


@pytest.mark.parametrize(
    "content",
    [
        "customer_id,paid\na,1\nb,2\n",
        "customer_id,paid\na,1\nb,2",
        "\ufeffcustomer_id,paid\r\na,1\r\nb,2\r\n",
        "customer_id;paid\na;1\nb;2\n",
        "customer_id\tpaid\na\t1\nb\t2\n",
        '"paid","customer_id"\n"1","a"\n"2","b"\n',
        "customer_id,paid,remark\na,1,x\nb,2,\n",
        "\n\ncustomer_id,paid\n\na,1\n\nb,2\n\n",
    ],
    ids=["plain", "unended", "bom and crlf", "semicolons", "tabs", "other order", "more columns", "blank lines"],
)
def test_the_same_rows_written_otherwise_are_the_same_snapshot(feed: Feed, content: str) -> None:
    feed.lay("plain.csv", "customer_id,paid\na,1\nb,2\n")
    feed.lay("other.csv", content)
    plain = feed.take("csv", "plain.csv")
    assert feed.take("csv", "other.csv").snapshot == plain.snapshot != ""


def test_quotes_delimiters_and_line_ends_inside_cells_are_kept(feed: Feed) -> None:
    feed.lay("a.csv", 'customer_id,paid\n"a, the ""first""\nof all",1\n5" pipe,2\n')
    taken = feed.take("csv", "a.csv")
    assert [row["customer_id"] for row in feed.accepted(taken)] == ['a, the "first"\nof all', '5" pipe']


def test_a_cell_longer_than_a_block_is_read(feed: Feed) -> None:
    feed.lay("a.csv", f"customer_id,paid\n{'a' * 3_000_000},1\nb,2\n")
    taken = feed.take("csv", "a.csv")
    assert [len(row["customer_id"]) for row in feed.accepted(taken)] == [3_000_000, 1]


def test_packed_files_are_unpacked(feed: Feed) -> None:
    feed.lay("a.csv.gz", gzip.compress(b"customer_id,paid\na,1\n"))
    assert intake(feed.take("csv", "a.csv.gz")).accepted == 1


def test_files_with_columns_in_another_order_fit_together(feed: Feed) -> None:
    feed.lay("in/1.csv", "customer_id,paid\na,1\n")
    feed.lay("in/2.csv", "paid,customer_id\n2,b\n")
    taken = feed.take("csv", "in/*.csv")
    assert [tuple(row.values()) for row in feed.accepted(taken)] == [("a", 1.0), ("b", 2.0)]
    assert list(intake(taken).read) == ["in/1.csv", "in/2.csv"]


def test_rows_with_too_few_or_too_many_cells_go_to_quarantine_with_their_place(feed: Feed) -> None:
    feed.lay("in/1.csv", "customer_id,paid\na,1\n\nb\nc,3,4\nd,5\n")
    feed.lay("in/2.csv", "customer_id,paid\ne,x\nf\n")
    taken = feed.take("csv", "in/*.csv", quarantine_at_most=1.0)
    assert [row["customer_id"] for row in feed.accepted(taken)] == ["a", "d"]
    assert [(row.row, row.place, row.reason) for row in feed.aside()] == [
        (2, "in/1.csv, row 2", "the row has 1 cells, the header 2"),
        (3, "in/1.csv, row 3", "the row has 3 cells, the header 2"),
        (5, "in/2.csv, row 1", "paid cannot be read as a number"),
        (6, "in/2.csv, row 2", "the row has 1 cells, the header 2"),
    ]


def test_a_column_of_another_type_goes_to_quarantine_row_by_row_and_stops_the_feed(feed: Feed) -> None:
    feed.lay("a.csv", "customer_id,paid\n" + "".join(f"c{n},EUR {n}\n" for n in range(50)) + "d,1\n")
    taken = feed.take("csv", "a.csv", quarantine_at_most=0.01)
    assert taken.snapshot == ""
    assert failed(taken) == ["data.quarantine"]
    assert intake(taken).quarantined == {"paid cannot be read as a number": 50}


@pytest.mark.parametrize("cell", ["NaN", "inf", "-Infinity", "1e999", "1_000", '"1,5"', "0x10", "1.5.0", "€1"])
def test_what_is_no_finite_number_is_never_guessed(feed: Feed, cell: str) -> None:
    feed.lay("a.csv", f"customer_id,paid\na,{cell}\nb,1.5e3\n")
    taken = feed.take("csv", "a.csv")
    assert intake(taken).quarantined == {"paid cannot be read as a number": 1}
    assert feed.accepted(taken) == [{"customer_id": "b", "paid": 1500.0}]


def test_integers_beyond_the_machine_go_to_quarantine_and_the_largest_is_exact(feed: Feed) -> None:
    feed.lay("a.csv", "n\n9223372036854775807\n9223372036854775808\n9007199254740993\n1.5\n")
    taken = feed.take("csv", "a.csv", {"n": {"type": "integer"}})
    assert [row["n"] for row in feed.accepted(taken)] == [9223372036854775807, 9007199254740993]
    assert intake(taken).quarantined == {"n cannot be read as a whole number": 2}


def test_a_column_without_any_value_is_missing_or_accepted_as_declared(feed: Feed) -> None:
    feed.lay("a.csv", "customer_id,paid\na,\nb,\n")
    assert intake(feed.take("csv", "a.csv")).quarantined == {"paid is missing": 2}
    optional = ORDERS | {"paid": NUMBER | {"required": False, "missing_at_most": 1.0}}
    assert intake(feed.take("csv", "a.csv", optional)).accepted == 2


def test_a_missing_column_stops_the_feed_and_names_what_it_may_be_called_now(feed: Feed) -> None:
    feed.lay("a.csv", "customer_id,Paid \na,1\n")
    taken = feed.take("csv", "a.csv")
    assert taken.snapshot == ""
    assert [check.found for check in taken.checks if check.check == "data.columns"] == [
        "There is no column paid. There is 'Paid ': renamed? The source has: customer_id, Paid ."
    ]


def test_a_column_that_only_some_files_have_stops_the_feed(feed: Feed) -> None:
    feed.lay("in/1.csv", "customer_id,paid\na,1\n")
    feed.lay("in/2.csv", "customer_id\nb\n")
    taken = feed.take("csv", "in/*.csv")
    assert taken.snapshot == ""
    assert "in/2.csv has no column paid, which other files have." in [check.found for check in taken.checks]


def test_a_header_without_rows_is_refused_with_an_account_of_nothing(feed: Feed) -> None:
    feed.lay("a.csv", "customer_id,paid\n")
    taken = feed.take("csv", "a.csv")
    assert (taken.snapshot, failed(taken)) == ("", ["data.volume"])
    assert intake(taken).source_rows == 0


@pytest.mark.parametrize(
    ("content", "where", "found"),
    [
        (b"", "a.csv:", "is empty (0 bytes)"),
        (b"\n\n  \n", "a.csv:", "is empty (5 bytes)"),
        ("customer_id,paid\nMüller,1\n".encode("latin-1"), "a.csv:2:", "Line 2 holds bytes that are not UTF-8"),
        ("customer_id,paid\na,1\nMüller,1,2\n".encode("latin-1"), "a.csv:3:", "Line 3 holds bytes"),
        ("größe,paid\na,1\n".encode("latin-1"), "a.csv:1:", "Line 1 holds bytes that are not UTF-8"),
        ("customer_id,paid\na,1\n".encode("utf-16"), "a.csv:", "The file is UTF-16"),
        (b"customer_id,paid,paid\na,1,1\n", "a.csv:1:", "2 and 3 of 3 columns have a name that others have too"),
        (b"customer_id,paid\na,1\nb", "a.csv:", "ends in the middle of row 2"),
        (b'customer_id,paid\na,1\n"b,2\n', "a.csv:", "A quotation that begins in row 2 never ends"),
        (b'customer_id,paid\n"a,1\nb,2\n"c,3\n', "a.csv:2:", "A quotation that begins on line 2 runs over"),
    ],
    ids=[
        "empty",
        "blank",
        "latin-1",
        "latin-1 ragged",
        "latin-1 header",
        "utf-16",
        "twice",
        "cut",
        "open",
        "swallowed",
    ],
)
def test_a_file_that_cannot_be_trusted_is_refused_whole(feed: Feed, content: bytes, where: str, found: str) -> None:
    feed.lay("a.csv", content)
    check = refusal(feed.take("csv", "a.csv"))
    assert check.found.startswith(where)
    assert found in check.found


def test_a_cut_packed_file_is_refused(feed: Feed) -> None:
    whole = gzip.compress(b"customer_id,paid\n" + b"".join(b"c%d,1\n" % n for n in range(1000)))
    for content in (whole[:-20], whole[:30] + b"\xff" * 40 + whole[70:]):
        feed.lay("a.csv.gz", content)
        assert "cannot be unpacked" in refusal(feed.take("csv", "a.csv.gz")).found


def test_one_broken_file_among_many_refuses_the_source_and_is_named(feed: Feed) -> None:
    feed.lay("in/1.csv", "customer_id,paid\na,1\n")
    feed.lay("in/2.csv", "")
    assert refusal(feed.take("csv", "in/*.csv")).found.startswith("in/2.csv: ")


@pytest.mark.parametrize(
    "name", ['a"b', "x'; DROP TABLE raw; --", "rows", "raw", "stretch", "a\nb", "{x}", "größe", "%s"]
)
def test_a_column_may_be_called_anything(feed: Feed, name: str) -> None:
    quoted = name.replace('"', '""')
    feed.lay("a.csv", f'day,"{quoted}"\n2024-05-01,1\n2024-05-02,1\n2024-05-02,-1\n')
    columns = {"day": {"type": "date"}, name: NUMBER | {"min": 0, "typical": {"median": [0, 2]}}}
    volume = {"rows": [1, 9], "each": "1mo"}
    taken = feed.take("csv", "a.csv", columns, time="day", key=["day", name], volume=volume)
    assert taken.snapshot
    assert intake(taken).quarantined == {f"{name} is below 0": 1}


def test_columns_called_like_the_notes_on_quarantined_rows_keep_their_values(feed: Feed) -> None:
    feed.lay("a.csv", "paid,_row,_row_,_reason\nx,7,8,9\n")
    taken = feed.take("csv", "a.csv", {"paid": NUMBER, "_row_": TEXT})
    row = feed.store.files.table(intake(taken).quarantine).to_pylist()[0]
    assert (row["_row"], row["_row_"], row["_reason"]) == (1, "8", "paid cannot be read as a number")
    assert sorted(value for value in row.values() if value in ("7", "8", "9")) == ["7", "8", "9"]
