"""Files with one JSON object per line."""

from __future__ import annotations

import json

import pytest
from integration.data.feed import NUMBER, ORDERS, TEXT, Feed, failed, intake, refusal

GOOD = '{"customer_id":"00012","paid":5}\n{"paid":"6.5","customer_id":12}\n'


def test_values_are_read_whatever_their_order_and_kind(feed: Feed) -> None:
    feed.lay("a.jsonl", GOOD)
    taken = feed.take("jsonl", "a.jsonl")
    assert [tuple(row.values()) for row in feed.accepted(taken)] == [("00012", 5.0), ("12", 6.5)]
    feed.lay("b.jsonl", "\ufeff\n" + GOOD.replace("\n", "\r\n\r\n"))
    assert feed.take("jsonl", "b.jsonl").snapshot == taken.snapshot


def test_lines_that_are_no_object_go_to_quarantine(feed: Feed) -> None:
    bad = [
        "[1]",
        "{}",
        "nonsense",
        '"text"',
        '{"customer_id":"a" "paid":1}',
        '{"customer_id":"\\ud800","paid":1}',
        "null",
    ]
    feed.lay("a.jsonl", GOOD + "\n".join(bad) + "\n")
    taken = feed.take("jsonl", "a.jsonl")
    assert intake(taken).quarantined == {"the line is not a JSON object with values": len(bad)}
    assert [row.row for row in feed.aside()] == list(range(3, 3 + len(bad)))


def test_a_key_that_stands_twice_is_no_choice_of_ours(feed: Feed) -> None:
    feed.lay("a.jsonl", GOOD + '{"customer_id":"a","paid":1,"paid":2}\n')
    assert intake(feed.take("jsonl", "a.jsonl")).quarantined == {"the line names a key twice": 1}


def test_a_key_that_is_not_there_and_null_are_missing(feed: Feed) -> None:
    feed.lay("a.jsonl", GOOD + '{"customer_id":"a"}\n{"customer_id":"b","paid":null}\n{"paid":1}\n')
    quarantined = intake(feed.take("jsonl", "a.jsonl")).quarantined
    assert quarantined == {"paid is missing": 2, "customer_id is missing": 1}


def test_numbers_beyond_the_machine_are_no_numbers(feed: Feed) -> None:
    feed.lay("a.jsonl", '{"customer_id":123456789012345678901234567890,"paid":NaN}\n{"customer_id":1,"paid":1e999}\n')
    assert intake(feed.take("jsonl", "a.jsonl")).quarantined == {"paid cannot be read as a number": 2}
    taken = feed.take("jsonl", "a.jsonl", {"customer_id": TEXT})
    assert [row["customer_id"] for row in feed.accepted(taken)] == ["123456789012345678901234567890", "1"]


@pytest.mark.parametrize("name", ["a.b", 'a"b', "", "$", "*", "[0]", "a\\b", "a/b", "a~1b", "größe", "a'b"])
def test_a_key_may_be_called_anything(feed: Feed, name: str) -> None:
    feed.lay("a.jsonl", json.dumps({"customer_id": "a", name: 7}) + "\n")
    if name:
        assert feed.accepted(feed.take("jsonl", "a.jsonl", {name: NUMBER})) == [{name: 7.0}]
    assert intake(feed.take("jsonl", "a.jsonl", {"customer_id": TEXT})).accepted == 1


def test_nested_values_are_text(feed: Feed) -> None:
    feed.lay("a.jsonl", '{"customer_id":{"first":"a"},"paid":[1]}\n')
    taken = feed.take("jsonl", "a.jsonl", {"customer_id": TEXT, "paid": TEXT})
    assert [tuple(row.values()) for row in feed.accepted(taken)] == [('{"first":"a"}', "[1]")]


def test_keys_that_nobody_declared_are_refused_where_the_contract_says_so(feed: Feed) -> None:
    feed.lay("a.jsonl", GOOD + '{"customer_id":"a","paid":1,"Paid":2}\n')
    assert feed.take("jsonl", "a.jsonl", ORDERS).snapshot
    taken = feed.take("jsonl", "a.jsonl", ORDERS, other_columns="refuse")
    assert (taken.snapshot, failed(taken)) == ("", ["data.columns"])


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "is empty"),
        (b"\n \n", "is empty"),
        (GOOD.encode() + b'{"customer_id":"a","pa', "ends in the middle of row 3"),
        ('{"customer_id":"Müller","paid":1}\n'.encode("latin-1"), "Line 1 holds bytes that are not UTF-8"),
    ],
    ids=["empty", "blank", "cut", "latin-1"],
)
def test_a_file_that_cannot_be_trusted_is_refused_whole(feed: Feed, content: bytes, found: str) -> None:
    feed.lay("a.jsonl", content)
    assert found in refusal(feed.take("jsonl", "a.jsonl")).found
