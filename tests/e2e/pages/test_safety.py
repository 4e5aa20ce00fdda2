"""What the pages refuse: forged forms, foreign names, guessing, old sessions, and anything that is not yours."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from e2e.served import Harbour, harbour

from shipworthy.base.errors import Mistake, UserError
from shipworthy.doors.house import running
from shipworthy.doors.web.app import web
from shipworthy.sign.words import SignOffGiven

SIGN = "/products/next-purchase/sign"


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 5, 9, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def quay(tmp_path_factory: pytest.TempPathFactory, clock: Clock) -> Iterator[tuple[Harbour, str]]:
    with harbour(tmp_path_factory.mktemp("store"), clock) as found, running(web(found.desk)) as address:
        yield found, address


@pytest.fixture
def client(quay: tuple[Harbour, str]) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=quay[1], trust_env=False) as found:
        yield found


def log_in(client: httpx.Client, quay: tuple[Harbour, str], person: str, secret: str = "") -> httpx.Response:
    form = {"csrf": token(client.get("/login")), "person": person, "secret": secret or quay[0].secrets[person]}
    return client.post("/login", data=form)


def token(page: httpx.Response) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert found
    return found[1]


def signatures(quay: tuple[Harbour, str]) -> int:
    return len(quay[0].desk.store.ledger.past("next-purchase").of(SignOffGiven))


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(
    client: httpx.Client, quay: tuple[Harbour, str]
) -> None:
    cookie = log_in(client, quay, "legal-owner").headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "samesite=strict" in cookie.lower()


def test_a_forged_form_signs_nothing(client: httpx.Client, quay: tuple[Harbour, str]) -> None:
    log_in(client, quay, "technology-owner")
    page = client.get(SIGN)
    before = signatures(quay)
    form = {
        "what": "sign-off",
        "function": "technology",
        "candidate": quay[0].story.retrained,
        "evidence": quay[0].story.evidence,
        "decision": "approve",
    }
    without = client.post(SIGN, data=form)
    wrong = client.post(SIGN, data={**form, "csrf": "guessed"})
    right = {**form, "csrf": token(page)}
    elsewhere = client.post(SIGN, data=right, headers={"Origin": "https://evil.example"})
    cross = client.post(SIGN, data=right, headers={"Sec-Fetch-Site": "cross-site"})
    assert [answer.status_code for answer in (without, wrong, elsewhere, cross)] == [403] * 4
    assert "was not sent from a page of this session" in without.text
    assert signatures(quay) == before
    assert client.post(SIGN, data=right).status_code == 303
    assert signatures(quay) == before + 1


def test_a_forged_login_and_logout_do_nothing(client: httpx.Client, quay: tuple[Harbour, str]) -> None:
    form = {"person": "auditor", "secret": quay[0].secrets["auditor"], "csrf": "guessed"}
    assert client.post("/login", data=form).status_code == 403
    log_in(client, quay, "auditor")
    assert client.post("/logout", data={"csrf": "guessed"}).status_code == 403
    assert client.get(SIGN).status_code == 200


def test_a_signature_on_evidence_that_was_not_read_is_refused(client: httpx.Client, quay: tuple[Harbour, str]) -> None:
    log_in(client, quay, "validation-owner")
    form = {
        "csrf": token(client.get(SIGN)),
        "what": "sign-off",
        "function": "validation",
        "candidate": quay[0].story.retrained,
        "evidence": "0" * 64,
        "decision": "approve",
    }
    before = signatures(quay)
    answer = client.post(SIGN, data=form)
    assert answer.status_code == 422
    assert "A signature covers exactly the evidence that was read." in answer.text
    assert signatures(quay) == before


def test_after_the_end_of_a_session_its_cookie_opens_nothing(
    client: httpx.Client, quay: tuple[Harbour, str], clock: Clock
) -> None:
    log_in(client, quay, "auditor")
    kept = dict(client.cookies)
    assert client.get(SIGN).status_code == 200
    client.post("/logout", data={"csrf": token(client.get(SIGN))})
    old = httpx.get(quay[1] + SIGN, cookies=kept, trust_env=False)
    assert (old.status_code, old.headers["location"].endswith("/login?next=%2Fproducts%2Fnext-purchase%2Fsign")) == (
        303,
        True,
    )
    log_in(client, quay, "auditor")
    before = clock.now
    clock.now += timedelta(hours=13)
    try:
        assert client.get(SIGN).status_code == 303
    finally:
        clock.now = before


def test_guessing_is_paused_and_the_pause_ends(client: httpx.Client, quay: tuple[Harbour, str], clock: Clock) -> None:
    for _ in range(5):
        assert log_in(client, quay, "shop-system", "sw_wrong").status_code == 403
    paused = log_in(client, quay, "shop-system")
    assert (paused.status_code, paused.headers["retry-after"]) == (429, "900")
    assert "Wait 15 minutes" in paused.text
    assert log_in(client, quay, "auditor").status_code == 303, "others are not paused"
    clock.now += timedelta(minutes=16)
    assert log_in(client, quay, "shop-system").status_code == 303


@pytest.mark.parametrize("path", ["/login", SIGN, "/nowhere", "/static/site.css"])
def test_every_answer_carries_safe_headers(client: httpx.Client, path: str) -> None:
    headers = client.get(path).headers
    assert headers["content-security-policy"].startswith("default-src 'self'; object-src 'none'")
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"


def test_a_foreign_name_for_this_machine_is_not_served(client: httpx.Client) -> None:
    answer = client.get("/login", headers={"Host": "rebound.example"})
    assert answer.status_code == 400
    assert "rebound.example" in answer.text
    assert client.get("/login", headers={"Host": "localhost:9"}).status_code == 200


def test_after_the_login_nobody_is_sent_elsewhere(client: httpx.Client, quay: tuple[Harbour, str]) -> None:
    form = {"csrf": token(client.get("/login")), "person": "auditor", "secret": quay[0].secrets["auditor"]}
    assert client.post("/login", data={**form, "next": "//evil.example"}).headers["location"] == "/"


def test_a_stranger_sees_nothing_and_is_told_who_may(client: httpx.Client, quay: tuple[Harbour, str]) -> None:
    log_in(client, quay, "stranger")
    home = client.get("/")
    assert "You have no part in any product yet" in home.text
    assert "next-purchase" not in home.text
    refused = client.get(SIGN)
    assert refused.status_code == 403
    assert "Whoever writes the plan gives people a part" in refused.text


def test_pages_that_do_not_exist_are_friendly(client: httpx.Client, quay: tuple[Harbour, str]) -> None:
    log_in(client, quay, "auditor")
    nowhere = client.get("/nowhere")
    assert (nowhere.status_code, "No page has this address." in nowhere.text) == (404, True)
    candidate = client.get(SIGN, params={"candidate": "abc"})
    assert (candidate.status_code, "There is no candidate" in candidate.text) == (404, True)


def test_too_large_a_form_is_refused_before_it_is_read(client: httpx.Client, quay: tuple[Harbour, str]) -> None:
    log_in(client, quay, "auditor")
    assert client.post(SIGN, data={"reason": "x" * 400_000}).status_code == 413


def test_markup_in_what_people_write_stays_text(client: httpx.Client, quay: tuple[Harbour, str]) -> None:
    log_in(client, quay, "technology-owner")
    page = "/products/next-purchase/incidents"
    form = {"csrf": token(client.get(page)), "what": "open", "title": "<script>alert(1)</script>", "severity": "low"}
    assert client.post(page, data=form).status_code == 303
    shown = client.get(page).text
    assert "<script>alert" not in shown
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown


def test_segments_with_rows_about_people_are_not_handed_out(client: httpx.Client, quay: tuple[Harbour, str]) -> None:
    log_in(client, quay, "auditor")
    secret = quay[0].desk.store.files.put(b"customer 17 bought")
    assert client.get(f"/products/next-purchase/files/{secret}").status_code == 404
    report = client.get(f"/products/next-purchase/files/{quay[0].story.report}")
    assert report.status_code == 200
    assert report.headers["content-security-policy"].startswith("sandbox;")


def test_a_fault_of_ours_shows_a_number_and_no_inside(client: httpx.Client, quay: tuple[Harbour, str]) -> None:
    log_in(client, quay, "auditor")
    engine = quay[0].desk.store.ledger.engine
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE fact RENAME TO fact_away")
    try:
        broken = client.get(SIGN)
    finally:
        with engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE fact_away RENAME TO fact")
    assert broken.status_code == 500
    assert re.search(r"logged as [0-9a-f]{12}", broken.text)
    assert "Traceback" not in broken.text
    assert "sqlite" not in broken.text.lower()


def test_a_shut_gate_says_what_is_missing() -> None:
    from shipworthy.base.errors import GateShut
    from shipworthy.doors.web.errors import error_page, status_of

    shut: UserError = GateShut(Mistake("sign.gate_shut", "gate", "Missing: the legal review.", "", "Ask legal-owner."))
    page = error_page(status_of(shut), shut.mistakes)
    assert page.status_code == 409
    assert b"Ask legal-owner." in bytes(page.body)
