"""The pages of lists, prediction servers and quarantine, in a real browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
from e2e.served import Harbour, harbour
from playwright.sync_api import Page, expect

from shipworthy.data.words import Intake, RowsReplayed, SnapshotTaken
from shipworthy.deliver.beat import Beat, leave
from shipworthy.doors.house import running
from shipworthy.doors.web.app import web

Port = tuple[Harbour, str]
LogIn = Callable[[str], Page]
NAME = "next-purchase"
PRODUCT = f"/products/{NAME}"
ROWS = pa.table(
    {
        "customer_id": ["00012", "00013", "00014"],
        "date": ["1997-09-01", "1997-09-02", "1997-09-03"],
        "n_cds": ["1", "2", "0"],
        "dollar_value": ["a lot", "free", "9.99"],
        "_row": [7, 9, 12],
        "_place": ["feed/purchases-1997-09.csv, row 7", "feed/purchases-1997-09.csv, row 9", "x.csv, row 12"],
        "_line": pa.nulls(3, pa.string()),
        "_reason": [*["dollar_value cannot be read as a number"] * 2, "n_cds is below 1"],
    }
)


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Port]:
    """A store with history, rows set aside, and two prediction servers, one of which is silent."""
    with harbour(tmp_path_factory.mktemp("store")) as found, running(web(found.desk)) as address:
        store, now = found.desk.store, datetime.now(UTC)
        intake = Intake(
            "purchases", 100, 97, {}, {"dollar_value cannot be read as a number": 2, "n_cds is below 1": 1}, "c",
            store.files.put_table(ROWS),
        )  # fmt: skip
        taken = SnapshotTaken(product=NAME, snapshot="5" * 64, as_of="1998-01-06T00:00:00+00:00", intakes=[intake],
                              checks=[])  # fmt: skip
        store.ledger.append(
            lambda past: [taken], product=NAME, who="night-operator", at=datetime(1998, 1, 6, tzinfo=UTC)
        )
        beat = Beat(
            server="shop-1", product=NAME, address="http://127.0.0.1:8800", started=now.isoformat(),
            at=now.isoformat(), pointer="a" * 64, candidates={found.story.model: "onnx"}, answered=1200, stood_in=12,
            per_second=80.5, p50_ms=1.5, p99_ms=9.25,
        )  # fmt: skip
        leave(store, beat)
        silent = (now - timedelta(minutes=5)).isoformat()
        leave(store, replace(beat, server="shop-2", address="http://127.0.0.1:8801", at=silent))
        worker = replace(beat, server="shop-3", consumer="till", address="till.questions at bus", lag=12)
        leave(store, replace(worker, at=silent, last_message=silent))
        yield found, address


def test_a_list_is_found_by_its_state_and_opened(logged_in: LogIn) -> None:
    page = logged_in("sales-lead")
    page.goto(f"{PRODUCT}/deliveries")
    line = page.get_by_role("region", name="sales")
    expect(line.get_by_role("listitem")).to_have_count(9)
    expect(line).to_contain_text("1 late or partial")
    expect(line).to_contain_text("5 of 6 confirmed")
    page.get_by_label("State").select_option("late")
    page.get_by_role("button", name="Show").click()
    [late] = page.locator("article.list").all()
    expect(late).to_contain_text("late by 2 h")
    expect(late).to_contain_text("It came two hours late")
    expect(late).to_contain_text("188 of 200 rows used (94%)")
    late.get_by_text("Where everybody went").click()
    expect(late).to_contain_text("18,856 = 18,656 not wanted on this list + 200 brought")
    late.get_by_role("link", name="Details of crm").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("List of 1 Aug 1997 for sales")
    expect(page.get_by_text("out/sales/call-list-1997-08-01.csv")).to_be_visible()
    page.get_by_text("Confirm that it arrived").click()
    page.get_by_label("Rows you acted on").fill("201")
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("alert")).to_contain_text("201 rows used, but 200 were delivered")
    page.get_by_text("Confirm that it arrived").click()
    page.get_by_label("Rows you acted on").fill("199")
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("status")).to_contain_text("acknowledged")
    expect(page.get_by_text("199 of 200 rows")).to_be_visible()


def test_a_delivery_that_is_not_there_is_told(logged_in: LogIn) -> None:
    page = logged_in("auditor")
    answer = page.goto(f"{PRODUCT}/deliveries/{'0' * 64}")
    assert answer is not None
    assert answer.status == 404


def test_servers_say_how_they_are_and_a_silent_one_is_shown_as_such(logged_in: LogIn) -> None:
    page = logged_in("night-operator")
    page.goto(f"{PRODUCT}/server")
    first, *silent = page.locator("section.server").all()
    second, worker = sorted(silent, key=lambda card: "Stream till" in card.inner_text())
    assert "silent" in worker.inner_text()
    assert "Questions that wait\n12" in worker.inner_text()
    expect(first).to_contain_text("answering")
    expect(first).to_contain_text("9.2 ms")
    expect(first).to_contain_text("1,200")
    expect(second).to_contain_text("silent")
    expect(second).to_contain_text("5 min")
    first.get_by_text("What it answers with").click()
    expect(first).to_contain_text("answers east, north, south, west")


def test_rows_set_aside_are_counted_for_all_and_shown_to_those_who_may_see_them(logged_in: LogIn) -> None:
    page = logged_in("sales-lead")
    page.goto(f"{PRODUCT}/quarantine")
    expect(page.locator("main")).to_contain_text("3 of 100 rows are set aside (3%)")
    expect(page.locator("main")).to_contain_text("dollar_value cannot be read as a number")
    expect(page.get_by_role("button", name="Judge them again")).to_have_count(0)
    expect(page.locator("main")).not_to_contain_text("a lot")
    expect(page.locator("table.example")).to_have_count(0)


def test_an_operator_sees_examples_without_persons_corrects_them_and_replays_them(logged_in: LogIn, port: Port) -> None:
    page = logged_in("night-operator")
    page.goto(f"{PRODUCT}/quarantine")
    page.get_by_text("2 of them").click()
    expect(page.locator("table.example").first).to_contain_text("a lot")
    expect(page.locator("main")).not_to_contain_text("00012")
    page.locator(".reasons > li").filter(has_text="n_cds is below 1").get_by_role("button").click()
    expect(page.get_by_role("status")).to_have_text("1 rows were judged again and 0 pass. The reasons stand below.")
    page.get_by_text("Correct values").click()
    field = page.get_by_label("Rows with their values")
    expect(field).to_have_value(
        "_row,date,n_cds,dollar_value\n7,1997-09-01,1,a lot\n9,1997-09-02,2,free\n12,1997-09-03,0,9.99\n"
    )
    field.fill("_row,dollar_value\n8,1\n")
    page.get_by_role("button", name="Replay the corrected rows").click()
    expect(page.get_by_role("alert")).to_contain_text("row 8 is not set aside there")
    expect(page.get_by_label("Rows with their values")).to_have_value("_row,dollar_value\n8,1\n")
    page.get_by_label("Rows with their values").fill("_row,dollar_value\n7,12.50\n9,0\n")
    page.get_by_role("button", name="Replay the corrected rows").click()
    expect(page.get_by_role("status")).to_contain_text("2 rows were judged again and 2 pass")
    expect(page.get_by_text("2 mended since come in with the next snapshot")).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="with corrected values")).to_contain_text("with the next snapshot")
    replays = port[0].desk.store.ledger.past(NAME).of(RowsReplayed)
    assert [(fact.who, fact.what.taken, fact.what.passed) for fact in replays] == [
        ("night-operator", 1, 0),
        ("night-operator", 2, 2),
    ]
    assert "12.50" not in str(replays)
