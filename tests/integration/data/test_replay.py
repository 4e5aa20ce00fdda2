"""Rows that were set aside, mended and replayed: nothing is lost, nothing comes in twice, every row has its name."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest
from integration.data.feed import AS_OF, Feed, _straight_on, failed, intake

from shipworthy.base.digest import digest_of_bytes
from shipworthy.base.errors import NotFound, UserError
from shipworthy.data.flow import replay_quarantine
from shipworthy.data.views import rows_aside
from shipworthy.data.words import Replayed, ReplayQuarantine, RowsAside, RowsReplayed, SnapshotOutcome
from shipworthy.edges.trip import Trip

MAY = "customer_id,paid\n1,10\n2,lots\n3,-4\n"
BOUNDS: dict[str, Any] = {"customer_id": {"type": "text", "personal": True}, "paid": {"type": "number", "min": 0}}


def take(feed: Feed, columns: dict[str, Any] = BOUNDS, **contract: Any) -> SnapshotOutcome:
    return feed.take("csv", "feed/*.csv", columns, **contract)


def replay(feed: Feed, corrected: str = "", **values: str) -> Replayed:
    digest = feed.store.files.put(corrected.encode()) if corrected else ""
    past = feed.store.ledger.past(feed.product)
    trip = Trip(feed.store, feed.product, "operator", AS_OF, f"replay {len(past.of(RowsReplayed))}", _straight_on)
    return replay_quarantine(ReplayQuarantine(product=feed.product, source="orders", corrected=digest, **values), trip)


def paid(feed: Feed, outcome: SnapshotOutcome) -> list[tuple[str, float]]:
    return sorted((row["customer_id"], row["paid"]) for row in feed.accepted(outcome))


def test_a_corrected_row_comes_in_in_the_place_of_the_one_it_mends(feed: Feed) -> None:
    feed.lay("feed/may.csv", MAY)
    first = take(feed)
    assert intake(first).quarantined == {"paid cannot be read as a number": 1, "paid is below 0": 1}
    told = replay(feed, "_row,paid\n2,20\n")
    assert (told.taken, told.passed, told.refused, told.before) == (1, 1, {}, 0)
    second = take(feed)
    account = intake(second)
    assert paid(feed, second) == [("1", 10.0), ("2", 20.0)]
    assert account.removed == {"replaced-by-mended-row": 1}
    assert account.quarantined == {"paid is below 0": 1}
    assert account.source_rows == 4
    assert any(name.startswith("replay ") for name in account.read)
    assert paid(feed, take(feed)) == [("1", 10.0), ("2", 20.0)], "and it stays so"
    again = replay(feed, "_row,paid\n2,20\n", snapshot=first.snapshot)
    assert (again.taken, again.before) == (0, 1), "each row is replayed once"
    assert len(feed.store.ledger.past(feed.product).of(RowsReplayed)) == 1


def test_rows_come_in_as_they_are_once_the_contract_lets_them(feed: Feed) -> None:
    feed.lay("feed/may.csv", MAY)
    take(feed)
    still = replay(feed, reason="below 0")
    assert (still.taken, still.passed, still.refused) == (1, 0, {"paid is below 0": 1})
    (feed.store.root / "feed/may.csv").rename(feed.store.root / "may.old")
    feed.lay("feed/june.csv", "customer_id,paid\n9,90\n")
    loose = {**BOUNDS, "paid": {"type": "number", "min": -10}}
    later = take(feed, loose)
    assert paid(feed, later) == [("9", 90.0)], "the file with the row is not delivered any more"
    told = replay(feed, reason="below 0")
    assert (told.taken, told.passed) == (1, 1)
    assert paid(feed, take(feed, loose)) == [("3", -4.0), ("9", 90.0)]


def test_what_the_source_has_mended_itself_counts_and_does_not_come_in_twice(feed: Feed) -> None:
    feed.lay("feed/may.csv", MAY)
    take(feed)
    replay(feed, "_row,paid\n2,20\n3,4\n")
    feed.lay("feed/may.csv", MAY.replace("2,lots", "2,22"))
    mended = take(feed)
    assert paid(feed, mended) == [("1", 10.0), ("2", 22.0), ("3", 4.0)]
    assert intake(mended).removed == {"replaced-by-mended-row": 1, "mended-at-the-source": 1}


def test_of_rows_that_are_the_same_as_many_come_in_as_were_mended(feed: Feed) -> None:
    feed.lay("feed/may.csv", "customer_id,paid\n1,lots\n1,lots\n1,lots\n")
    take(feed, duplicates="keep")
    assert replay(feed, "_row,paid\n1,5\n3,6\n").passed == 2
    outcome = take(feed, duplicates="keep")
    assert paid(feed, outcome) == [("1", 5.0), ("1", 6.0)]
    assert intake(outcome).quarantined == {"paid cannot be read as a number": 1}
    left = replay(feed)
    assert (left.taken, left.passed, left.before) == (1, 0, 0), "the third has not been mended"


def test_a_line_that_had_no_columns_comes_in_once_somebody_says_what_it_holds(feed: Feed) -> None:
    feed.lay("feed/may.csv", "customer_id,paid\n1,10\n2;20;x,,\n3,30\n")
    outcome = take(feed)
    assert sum(intake(outcome).quarantined.values()) == 1
    bare = replay(feed)
    assert (bare.taken, bare.passed) == (1, 0)
    assert replay(feed, "_row,customer_id,paid\n2,2,20\n").passed == 1
    mended = take(feed)
    assert paid(feed, mended) == [("1", 10.0), ("2", 20.0), ("3", 30.0)]
    assert intake(mended).removed == {"replaced-by-mended-row": 1}
    assert not feed.aside()


def test_a_mended_row_is_judged_with_all_others_and_may_be_mended_again(feed: Feed) -> None:
    feed.lay("feed/may.csv", MAY)
    take(feed, key=["customer_id"])
    replay(feed, "_row,customer_id,paid\n2,1,20\n")
    twice = take(feed, key=["customer_id"])
    assert intake(twice).quarantined["other rows have the same customer_id"] == 2
    [number] = [row.row for row in feed.aside() if row.place.startswith("replay ")]
    assert replay(feed, f"_row,customer_id\n{number},2\n").passed == 1
    outcome = take(feed, key=["customer_id"])
    assert paid(feed, outcome) == [("1", 10.0), ("2", 20.0)]
    assert intake(outcome).removed == {"replaced-by-mended-row": 2}


def test_a_feed_that_was_refused_is_let_in_when_its_rows_are_mended(feed: Feed) -> None:
    feed.lay("feed/may.csv", MAY)
    refused = take(feed, quarantine_at_most=0.1)
    assert (refused.snapshot, failed(refused)) == ("", ["data.quarantine"])
    [state] = rows_aside(RowsAside(product=feed.product), feed.store.ledger.past(feed.product))
    assert (state.stopped, state.waiting, sum(state.reasons.values())) == (True, 0, 2)
    assert replay(feed, "_row,paid\n2,20\n3,4\n").passed == 2
    [state] = rows_aside(RowsAside(product=feed.product), feed.store.ledger.past(feed.product))
    assert (state.waiting, state.replays[0].came_in) == (2, "")
    outcome = take(feed, quarantine_at_most=0.1)
    assert outcome.snapshot
    [state] = rows_aside(RowsAside(product=feed.product), feed.store.ledger.past(feed.product))
    assert (state.stopped, state.waiting, state.reasons) == (False, 0, {})
    assert state.replays[0].came_in


def test_a_source_with_types_of_its_own_keeps_them(feed: Feed) -> None:
    base = sqlite3.connect(feed.store.root / "shop.sqlite")
    base.executescript("CREATE TABLE o (customer_id TEXT, paid REAL); INSERT INTO o VALUES ('1', 1.5), ('2', -2.25);")
    base.commit()
    declared: dict[str, Any] = {"url": "sqlite:///shop.sqlite", "query": "o"}
    feed.take("sql", columns=BOUNDS, **declared)
    assert replay(feed, "_row,paid\n2,2.25\n").passed == 1
    outcome = feed.take("sql", columns=BOUNDS, **declared)
    assert paid(feed, outcome) == [("1", 1.5), ("2", 2.25)]
    assert not intake(outcome).quarantined
    base.execute("DELETE FROM o WHERE customer_id = '2'")
    base.commit()
    base.close()
    assert paid(feed, feed.take("sql", columns=BOUNDS, **declared)) == [("1", 1.5)], "it is no row of the source now"


def test_no_value_reaches_a_fact_and_the_corrected_file_is_not_kept(feed: Feed) -> None:
    feed.lay("feed/may.csv", MAY.replace("2,lots", "secretive,lots"))
    take(feed)
    text = "_row,paid\n2,20\n"
    replay(feed, text)
    [fact] = feed.store.ledger.past(feed.product).of(RowsReplayed)
    assert "secretive" not in str(fact)
    assert not feed.store.files.has(digest_of_bytes(text.encode()))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("row,paid\n2,1\n", "no column _row"),
        ("_row,price\n2,1\n", "no column price"),
        ("_row,paid\n1,1\n", "Line 2: row 1 is not set aside"),
        ("_row,paid\n2,1\n2,1\n", "Line 3: row 2 stands twice"),
        ("_row,paid\nx,1\n", "its _row is no number"),
        ("_row,paid\n2,1,5\n", "more or fewer cells"),
    ],
)
def test_a_slip_in_the_corrected_file_is_told_and_nothing_is_replayed(feed: Feed, text: str, says: str) -> None:
    feed.lay("feed/may.csv", MAY)
    take(feed)
    with pytest.raises(UserError, match=says):
        replay(feed, text)
    assert not feed.store.ledger.past(feed.product).of(RowsReplayed)


def test_what_is_not_there_is_told_with_what_is(feed: Feed) -> None:
    feed.lay("feed/may.csv", "customer_id,paid\n1,10\n")
    take(feed)
    with pytest.raises(NotFound, match="set rows of orders aside"):
        replay(feed)
    trip = Trip(feed.store, feed.product, "operator", AS_OF, "r", _straight_on)
    with pytest.raises(NotFound, match="Known: orders"):
        replay_quarantine(ReplayQuarantine(product=feed.product, source="other"), trip)
