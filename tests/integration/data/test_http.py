"""Feeds over HTTP: with keys from the environment, whole or not at all, and never from inside the network unasked."""

from __future__ import annotations

import gzip
import json
import time
from typing import Any

import pyarrow as pa
import pytest
from integration.data.feed import Feed, intake, refusal
from integration.data.test_parquet import written
from integration.outside import ALLOWED, Answer, Web

from shipworthy.data.sources import http

COLUMNS: dict[str, Any] = {"customer": {"type": "text"}, "paid": {"type": "number"}}
ROWS = [{"customer": "ak01", "paid": 1.5}, {"customer": "b02", "paid": 2}]
CSV = b"customer,paid\nak01,1.5\nb02,2\n"
BODIES = {
    "csv": CSV,
    "jsonl": b"".join(json.dumps(row).encode() + b"\n" for row in ROWS),
    "json": json.dumps(ROWS).encode(),
    "parquet": written(pa.table({"customer": ["ak01", "b02"], "paid": [1.5, 2.0]})),
}


@pytest.fixture
def environ(web: Web) -> dict[str, str]:
    return {**ALLOWED, "FEED": f"{web.url}/orders?code=hush", "FEED_KEY": "hush"}


@pytest.fixture(autouse=True)
def in_haste(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "PAUSES", (0.01, 0.02, 0.04))


def take(feed: Feed, format_: str = "csv", url: str = "${FEED}", **more: Any) -> Any:
    headers = {"Authorization": "Bearer ${FEED_KEY}"}
    return feed.take("http", "", COLUMNS, url=url, format=format_, headers=headers, **more)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("format_", sorted(BODIES))
def test_each_format_gives_the_same_rows(feed: Feed, web: Web, format_: str, packed: bool) -> None:
    body = gzip.compress(BODIES[format_]) if packed else BODIES[format_]
    web.answers = [Answer(200, body=body)]
    taken = take(feed, format_)
    assert [(row["customer"], row["paid"]) for row in feed.accepted(taken)] == [("ak01", 1.5), ("b02", 2.0)]
    assert web.got[0].headers["authorization"] == "Bearer hush"
    assert "hush" not in str(taken)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (Answer(401), "answered 401"),
        (Answer(500), "answered 500"),
        (Answer(204), "answered 204"),
        (Answer(200), "answered with nothing"),
        (Answer(200, body=CSV, cut=True), "ended before it was whole"),
        (Answer(200, body=CSV[:-3]), "ends in the middle of row"),
        (Answer(200, body=gzip.compress(CSV)[:-4]), "cannot be unpacked"),
        (Answer(302, {"location": "https://10.0.0.7/x"}), "10.0.0.7, an address inside the network"),
    ],
)
def test_what_is_no_whole_feed_is_refused_and_the_key_not_told(feed: Feed, web: Web, answer: Answer, says: str) -> None:
    web.answers = [answer]
    taken = take(feed)
    assert says in refusal(taken).found
    assert "hush" not in str(taken)


def test_a_json_answer_must_be_a_list_and_bad_rows_go_aside(feed: Feed, web: Web) -> None:
    web.answers = [Answer(200, body=b'{"rows": []}')]
    assert "no JSON list" in refusal(take(feed, "json")).found
    web.answers = [Answer(200, body=json.dumps([*ROWS, 7]).encode())]
    taken = take(feed, "json", quarantine_at_most=0.9)
    assert intake(taken).accepted == 2
    assert sum(intake(taken).quarantined.values()) == 1


def test_an_inner_address_and_a_setting_of_ours_are_refused(feed: Feed, web: Web) -> None:
    assert "an address inside the network" in refusal(take(feed, url="https://169.254.169.254/latest/meta-data")).found
    assert "a setting of the installation" in refusal(take(feed, url="https://x.example/${SHIPWORTHY_TOKEN}")).found
    assert web.got == []


def test_files_are_not_read_over_the_web_by_the_back_door(feed: Feed) -> None:
    taken = feed.take("csv", "http://169.254.169.254/latest/meta-data", COLUMNS)
    assert "no file system" in refusal(taken).found


def test_an_archive_in_a_closed_folder_is_not_read_through_a_chain(feed: Feed) -> None:
    keys = feed.store.keys.folder
    taken = feed.take("csv", f"zip://a.csv::file://{keys}/a.zip", COLUMNS)
    assert "folder of the ledger" in refusal(taken).found


def pages_of(rows: list[Any], size: int) -> list[list[Any]]:
    return [rows[start : start + size] for start in range(0, len(rows), size)]


MANY: list[Any] = [{"customer": f"c{number:02}", "paid": number} for number in range(7)]
MANY[5] = 7  # no row, on the last page but one of two


def body(value: Any) -> bytes:
    return json.dumps(value).encode()


@pytest.mark.parametrize("by", ["link", "body", "number", "offset"])
def test_pages_are_read_to_the_last_as_one_source(feed: Feed, web: Web, by: str) -> None:
    some = pages_of(MANY, 3)
    onward = ["?after=1", f"{web.url}/orders?after=2", None]
    terms: dict[str, Any] = {"by": by}
    if by == "link":
        links = [{"link": f'<{web.url}/first>; rel="first", <{to}>; rel="next"'} if to else {} for to in onward]
        web.answers = [Answer(200, links[at], body(page)) for at, page in enumerate(some)]
    elif by == "body":
        terms |= {"name": "paging.next", "rows": "found.items"}
        web.answers = [
            Answer(200, body=body({"found": {"items": page}, "paging": {"next": onward[at]}}))
            for at, page in enumerate(some)
        ]
    else:
        terms |= {"name": "at"} if by == "offset" else {"first": 0}
        web.answers = [Answer(200, body=body(page)) for page in [*some, []]]
    taken = take(feed, "json", pages=terms, quarantine_at_most=0.5, key=["customer"])
    assert [row["customer"] for row in feed.accepted(taken)] == ["c00", "c01", "c02", "c03", "c04", "c06"]
    assert intake(taken).source_rows == 7
    [aside] = feed.aside()
    assert aside.place.endswith("row 6")
    asked = [one.path for one in web.got]
    assert asked[0] == {"number": "/orders?code=hush&page=0", "offset": "/orders?code=hush&at=0"}.get(
        by, "/orders?code=hush"
    )
    assert asked[-1].endswith({"number": "page=3", "offset": "at=7"}.get(by, "after=2"))
    assert {one.headers["authorization"] for one in web.got} == {"Bearer hush"}
    assert "hush" not in str(taken)


def test_pages_of_other_formats_follow_the_link(feed: Feed, web: Web) -> None:
    web.answers = [Answer(200, {"link": "</more>; rel=next"}, CSV), Answer(200, body=b"customer,paid\nck03,3\n")]
    taken = take(feed, "csv", pages={"by": "link"})
    assert [row["customer"] for row in feed.accepted(taken)] == ["ak01", "b02", "ck03"]


@pytest.mark.parametrize(
    ("terms", "answers", "says"),
    [
        ({"by": "link"}, [Answer(200, {"link": "<https://other.example/x>; rel=next"}, body(ROWS))], "another host"),
        ({"by": "link"}, [Answer(200, {"link": "</orders?x>; rel=next"}, body(ROWS))], "the same as the one before"),
        ({"by": "number"}, [Answer(200, body=body(ROWS))], "the same as the one before"),
        ({"by": "body"}, [Answer(200, body=b"nothing")], "did not answer with JSON"),
        ({"by": "body", "rows": "items"}, [Answer(200, body=body({"next": None}))], "no list under items"),
        (
            {"by": "link"},
            [
                Answer(200, {"link": "</a>; rel=next"}, body(ROWS)),
                Answer(200, {"link": "</b>; rel=next"}, body(ROWS[:1])),
                Answer(200, {"link": "</a>; rel=next"}, body(ROWS[1:])),
            ],
            "leads back",
        ),
        ({"by": "number"}, [Answer(200, body=body(ROWS)), Answer(500)], "answered 500"),
    ],
)
def test_pages_that_lead_astray_are_refused_as_a_whole(
    feed: Feed, web: Web, terms: dict[str, Any], answers: list[Answer], says: str
) -> None:
    web.answers = answers
    taken = take(feed, "json", pages=terms)
    assert says in refusal(taken).found
    assert "hush" not in str(taken)


def test_pages_by_number_need_a_list_to_count(feed: Feed, web: Web) -> None:
    assert "told by a JSON answer" in refusal(take(feed, "csv", pages={"by": "number"})).found
    assert web.got == []


def three_pages(*in_the_middle: Answer) -> list[Answer]:
    """Three pages, the second of which is answered only after what stands in the middle."""
    first, second, third = (Answer(200, body=body(page)) for page in pages_of(MANY, 3))
    first.headers, second.headers = {"link": "<?after=1>; rel=next"}, {"link": "<?after=2>; rel=next"}
    return [first, *in_the_middle, second, third]


@pytest.mark.parametrize(
    "fault",
    [
        Answer(408),
        Answer(429, {"retry-after": "0"}),
        Answer(500),
        Answer(502),
        Answer(503),
        Answer(504, body=b"<html>a gateway says so</html>"),
        Answer(200, body=b'[{"customer"', cut=True),
        Answer(reset=True),
        Answer(200, body=b"[]", after=1.0),
    ],
    ids=["408", "429", "500", "502", "503", "504", "cut", "reset", "late"],
)
def test_a_page_that_failed_is_read_again_and_the_rows_are_the_same(
    feed: Feed, web: Web, fault: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    web.answers = three_pages()
    calm = take(feed, "json", pages={"by": "link"}, quarantine_at_most=0.5)
    web.got.clear()
    web.answers = three_pages(fault, fault)
    if fault.after:
        monkeypatch.setattr(http, "SECONDS", fault.after / 2)
    rough = take(feed, "json", pages={"by": "link"}, quarantine_at_most=0.5)
    assert rough.snapshot == calm.snapshot != ""
    assert [one.path.partition("?")[2] for one in web.got] == ["code=hush", *["after=1"] * 3, "after=2"]


def test_a_page_that_keeps_failing_stops_the_source_and_says_which_and_how_often(feed: Feed, web: Web) -> None:
    web.answers = [*three_pages()[:1], Answer(503)]
    refused = refusal(take(feed, "json", pages={"by": "link"}))
    assert "${FEED} (page 2) could not be read: it answered 503. It was tried 4 times." in refused.found
    assert "take the snapshot again" in refused.advice
    assert "hush" not in str(refused)
    assert len(web.got) == 5


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410, 422, 425, 501])
def test_what_a_second_try_would_not_change_is_asked_once(feed: Feed, web: Web, status: int) -> None:
    web.answers = [*three_pages()[:1], Answer(status)]
    assert f"(page 2) answered {status}" in refusal(take(feed, "json", pages={"by": "link"})).found
    assert len(web.got) == 2


def test_as_long_is_waited_as_the_address_asks_for(feed: Feed, web: Web) -> None:
    web.answers = three_pages(Answer(429, {"retry-after": "1"}))
    began = time.monotonic()
    assert take(feed, "json", pages={"by": "link"}, quarantine_at_most=0.5).snapshot
    assert time.monotonic() - began >= 1


def test_too_long_a_wait_and_too_many_of_them_end_the_tries(
    feed: Feed, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    web.answers = three_pages(Answer(429, {"retry-after": "3600"}))
    assert "asks to wait 3,600 seconds" in refusal(take(feed, "json", pages={"by": "link"})).found
    monkeypatch.setattr(http, "IN_ALL", 30.0)
    monkeypatch.setattr(http, "PAUSES", (40.0,))
    web.answers = three_pages(Answer(429))
    refused = refusal(take(feed, "json", pages={"by": "link"}))
    assert "it answered 429, and the time for trying again is used up" in refused.found
