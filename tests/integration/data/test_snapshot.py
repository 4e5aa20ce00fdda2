"""A snapshot through its flow: pinned by digest, blind to the future, refused whole, and silent about people."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from integration.data.feed import NUMBER, TEXT, Feed, failed, intake, refusal

from shipworthy.base.errors import NotFound, Tampered
from shipworthy.data.reading import tables
from shipworthy.data.words import SnapshotRefused, SnapshotTaken
from shipworthy.plan.rules import current_plan

JUNE = datetime(1997, 6, 1, tzinfo=UTC)
PURCHASES: dict[str, Any] = {
    "customer_id": TEXT | {"personal": True, "pattern": "[0-9]{5}"},
    "date": {"type": "date"},
    "n_cds": {"type": "integer", "min": 1, "max": 200},
    "dollar_value": NUMBER | {"min": 0, "max": 5000},
}
CDNOW = """customer_id,date,n_cds,dollar_value
00001,1997-01-01,1,11.77
00002,1997-01-12,1,12.00
00002,1997-01-12,5,77.00
00003,1997-01-02,2,20.76
00003,1997-01-02,2,20.76
00003,1997-03-30,2,0.00
00003,1997-04-02,2,19.54
00004,1997-01-01,2,0
00004,1997-05-31,2,29.73
00004,1997-06-01,1,14.96
00005,1998-01-01,1,9.99
Erika Muster,1997-02-01,1,13.97
00006,1997-02-01,1,35.99
00006,1997-02-01,1,35.99
00006,1997-02-01,1,35.99
00007,1997-02-31,1,12.50
00008,1997-02-03,0,12.50
00009,1997-02-03,1,not yet known
"""
TERMS: dict[str, Any] = {
    "time": "date",
    "duplicates": "remove",
    "remove": [{"name": "zero-value-order", "where": "dollar_value = 0"}],
}
PEOPLE = ("Erika Muster", "not yet known", "1997-02-31")


def test_natural_dirt_is_counted_under_its_declared_names(feed: Feed) -> None:
    feed.lay("purchases.csv", CDNOW)
    taken = feed.take("csv", "purchases.csv", PURCHASES, JUNE, **TERMS)
    account = intake(taken)
    assert account.source_rows == 18
    assert account.removed == {"not-before-as-of": 2, "zero-value-order": 2, "repeated-row": 3}
    assert account.quarantined == {
        "customer_id does not match its pattern": 1,
        "date cannot be read as a date": 1,
        "n_cds is below 1": 1,
        "dollar_value cannot be read as a number": 1,
    }
    assert (account.accepted, account.newest) == (7, "1997-05-31")


def test_the_same_bytes_give_the_same_snapshot_and_one_fact(feed: Feed) -> None:
    feed.lay("purchases.csv", CDNOW)
    first = feed.take("csv", "purchases.csv", PURCHASES, JUNE, **TERMS)
    assert feed.take("csv", "purchases.csv", PURCHASES, JUNE, **TERMS) == first
    assert len(feed.facts()) == 1
    feed.lay("purchases.csv", CDNOW.replace("11.77", "11.78"))
    changed = feed.take("csv", "purchases.csv", PURCHASES, JUNE, **TERMS)
    assert changed.snapshot not in ("", first.snapshot)
    assert intake(changed).read != intake(first).read


def test_a_snapshot_outlives_its_source(feed: Feed) -> None:
    feed.lay("purchases.csv", CDNOW)
    first = feed.take("csv", "purchases.csv", PURCHASES, JUNE, **TERMS)
    rows = feed.accepted(first)
    for broken in ("", "customer_id\n00001\n", CDNOW + "00001"):
        feed.lay("purchases.csv", broken)
        assert feed.take("csv", "purchases.csv", PURCHASES, JUNE, **TERMS).snapshot == ""
    past = feed.store.ledger.past("shop")
    assert [fact.what.snapshot for fact in past.of(SnapshotTaken)] == [first.snapshot]
    assert len(past.of(SnapshotRefused)) == 3
    assert feed.accepted(first) == rows


def test_rows_of_the_future_change_nothing_at_all(feed: Feed) -> None:
    past_only = "".join(line for line in CDNOW.splitlines(True) if "1997-06-01" not in line and "1998" not in line)
    feed.lay("purchases.csv", past_only)
    known_then = feed.take("csv", "purchases.csv", PURCHASES, JUNE, **TERMS)
    feed.lay("purchases.csv", CDNOW + "00010,1997-06-01,-5,rubbish\n")
    known_now = feed.take("csv", "purchases.csv", PURCHASES, JUNE, **TERMS)
    assert known_now.snapshot == known_then.snapshot != ""
    assert all(row["date"] < JUNE.date() for row in feed.accepted(known_now))


@pytest.mark.parametrize("before", [datetime(1997, 2, 1, tzinfo=UTC), datetime(1997, 5, 31, 12, tzinfo=UTC), JUNE])
def test_no_row_of_a_day_that_is_not_over_is_handed_on(feed: Feed, before: datetime) -> None:
    feed.lay("purchases.csv", CDNOW)
    feed.take("csv", "purchases.csv", PURCHASES, JUNE, **TERMS)
    past = feed.store.ledger.past("shop")
    [fact] = past.of(SnapshotTaken)
    rows = tables(feed.store.files, fact.what, current_plan(past), before)["orders"]["date"].to_pylist()
    everything = tables(feed.store.files, fact.what, current_plan(past))["orders"]["date"].to_pylist()
    assert rows == [day for day in everything if day < before.date()]
    assert rows


def test_moments_are_compared_in_one_zone(feed: Feed) -> None:
    feed.lay("a.csv", "at\n2024-06-01T01:59:59+02:00\n2024-06-01T00:00:00Z\n2024-05-31T23:30:00-01:00\n")
    taken = feed.take("csv", "a.csv", {"at": {"type": "moment"}}, datetime(2024, 6, 1, tzinfo=UTC), time="at")
    assert [row["at"] for row in feed.accepted(taken)] == [datetime(2024, 5, 31, 23, 59, 59, tzinfo=UTC)]
    assert intake(taken).removed == {"not-before-as-of": 2}
    later = feed.take(
        "csv", "a.csv", {"at": {"type": "moment"}}, datetime.fromisoformat("2024-06-01T02:30+01:00"), time="at"
    )
    assert intake(later).accepted == 3


def test_a_row_without_a_time_is_never_taken_for_the_past(feed: Feed) -> None:
    feed.lay("a.csv", "customer_id,day\na,2024-05-01\nb,\n")
    day = {"type": "date"}
    assert intake(feed.take("csv", "a.csv", {"day": day}, time="day")).quarantined == {"day is missing": 1}
    optional = day | {"required": False, "missing_at_most": 1.0}
    assert "nobody can say" in refusal(feed.take("csv", "a.csv", {"day": optional}, time="day")).found


def test_no_row_accepted_is_no_snapshot(feed: Feed) -> None:
    feed.lay("purchases.csv", CDNOW)
    taken = feed.take("csv", "purchases.csv", PURCHASES, datetime(1996, 1, 1, tzinfo=UTC), **TERMS)
    assert (taken.snapshot, failed(taken)) == ("", ["data.volume"])
    assert intake(taken).accepted == 0


def test_bad_rows_are_kept_with_reason_and_place_and_what_is_personal_is_masked(feed: Feed) -> None:
    feed.lay("purchases.csv", CDNOW)
    feed.take("csv", "purchases.csv", PURCHASES, JUNE, **TERMS)
    rows = feed.aside()
    assert [(row.row, row.place) for row in rows] == [(n, f"purchases.csv, row {n}") for n in (12, 16, 17, 18)]
    assert {row.values["customer_id"] for row in rows} == {"•••"}
    assert rows[3].values["dollar_value"] == "not yet known"
    assert [row.row for row in feed.aside(skip=1, limit=2)] == [16, 17]
    assert feed.aside(source="another") == []
    with pytest.raises(NotFound):
        feed.aside(snapshot="nothing")


def test_the_segment_of_bad_rows_holds_every_value_as_it_was(feed: Feed) -> None:
    feed.lay("purchases.csv", CDNOW)
    segment = feed.store.files.table(intake(feed.take("csv", "purchases.csv", PURCHASES, JUNE, **TERMS)).quarantine)
    assert segment["customer_id"].to_pylist() == ["Erika Muster", "00007", "00008", "00009"]
    assert segment.schema.field("dollar_value").type == pa.string()


def test_no_value_of_a_row_enters_a_fact(feed: Feed) -> None:
    feed.lay("purchases.csv", CDNOW + "Erika Muster,too,many,cells,here\n")
    terms = TERMS | {"quarantine_at_most": 0.0, "volume": {"rows": [5, 9], "each": "1mo"}, "freshness": "1d"}
    assert feed.take("csv", "purchases.csv", PURCHASES, JUNE, **terms).snapshot == ""
    everyone = {line.split(",")[0] for line in CDNOW.splitlines()[1:]}
    assert [word for word in (*PEOPLE, "too", *everyone) if word in feed.said()] == []


@pytest.mark.parametrize(
    "content",
    [
        CDNOW.split("\n", 1)[1],
        "Erika Muster,Erika Muster\n1,2\n",
        "Erika Muster\n",
        '"Erika Muster\n',
        CDNOW.replace(",", "~"),
    ],
    ids=["no header", "twice", "one line", "open", "another sign"],
)
def test_a_first_line_that_is_no_header_is_not_quoted(feed: Feed, content: str) -> None:
    feed.lay("purchases.csv", content)
    for more in ("ignore", "refuse"):
        assert feed.take("csv", "purchases.csv", PURCHASES, JUNE, **TERMS, other_columns=more).snapshot == ""
    assert [word for word in (*PEOPLE, "00001", "11.77") if word in feed.said()] == []


@pytest.mark.parametrize(
    "where",
    [
        "CAST(customer_id AS INTEGER) = 1",
        "strptime(customer_id, '%d') IS NULL",
        "regexp_matches('a', customer_id || '(')",
        "customer_id = 1",
    ],
)
def test_a_removal_rule_that_fails_on_a_row_does_not_quote_it(feed: Feed, where: str) -> None:
    feed.lay("purchases.csv", "customer_id,paid\nErika Muster,1\n")
    taken = feed.take("csv", "purchases.csv", {"customer_id": TEXT}, remove=[{"name": "some", "where": where}])
    check = refusal(taken)
    assert check.found.startswith("sources.orders.contract.remove.some: ")
    assert "TRY" in check.advice
    assert "Erika" not in feed.said()


def test_one_changed_byte_in_a_stored_snapshot_is_noticed(feed: Feed) -> None:
    feed.lay("purchases.csv", CDNOW)
    digest = intake(feed.take("csv", "purchases.csv", PURCHASES, JUNE, **TERMS)).content
    file = feed.store.home / "files" / digest[:2] / digest[2:]
    file.write_bytes(file.read_bytes()[:-1] + b"?")
    with pytest.raises(Tampered):
        feed.store.files.table(digest)


def test_a_repaired_feed_is_taken_again_with_all_its_rows(feed: Feed) -> None:
    feed.lay("purchases.csv", CDNOW)
    terms = TERMS | {"quarantine_at_most": 0.1}
    stopped = feed.take("csv", "purchases.csv", PURCHASES, JUNE, **terms)
    assert (stopped.snapshot, failed(stopped)) == ("", ["data.quarantine"])
    repaired = CDNOW.replace("Erika Muster", "00011").replace("1997-02-31", "1997-02-28")
    feed.lay("purchases.csv", repaired.replace("not yet known", "12.00").replace(",0,12.50", ",1,12.50"))
    taken = feed.take("csv", "purchases.csv", PURCHASES, JUNE, **terms)
    assert intake(taken).accepted == intake(stopped).accepted + 4
    assert intake(taken).quarantined == {}
    assert len(feed.aside(snapshot=next(iter(feed.store.ledger.past("shop").of(SnapshotRefused))).what.refusal)) == 4


def test_a_feed_that_stopped_is_refused_by_its_age(feed: Feed) -> None:
    feed.lay("purchases.csv", CDNOW)
    for days, verdict in ((0, []), (30, []), (36, ["data.freshness"])):
        taken = feed.take("csv", "purchases.csv", PURCHASES, JUNE + timedelta(days), time="date", freshness="35d")
        newest = intake(taken).newest
        assert newest == ("1997-05-31" if days == 0 else "1997-06-01")
        assert failed(taken) == verdict
