"""A list comes by mail, chat and webhook, and its receiver says with one click that it arrived."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.message import Message
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
from e2e.conftest import LAPTOP, PHONE
from integration.deliver.connected import Product, plan_with
from integration.outside import ALLOWED, Mail, Web, mail_server, web_server
from integration.watch.visits import PRODUCT
from playwright.sync_api import Browser, expect

from shipworthy.app.desk import Desk
from shipworthy.app.identity import People
from shipworthy.app.probing import probed
from shipworthy.app.settings import settings
from shipworthy.app.wiring import house_work
from shipworthy.base.errors import NotAllowed, UserError
from shipworthy.base.fact import Recorded
from shipworthy.deliver.flow import score
from shipworthy.deliver.link import LONGER, MOST_WORDS, Link, read_link
from shipworthy.deliver.lists import list_cards
from shipworthy.deliver.words import DeliveryAcknowledged, DeliveryMade, Score
from shipworthy.doors.house import house, running
from shipworthy.doors.web.render import day
from shipworthy.edges import tables
from shipworthy.edges.keys import Keys
from shipworthy.release.words import ReleaseStepped

SINKS = {
    "post": '{kind: email, url: "${MAIL}", to: [lead@shop.example], sender: s@shop.example, rehearsal: t@shop.example}',
    "hook": '{kind: webhook, url: "${HOOK}/in", rehearsal: "${HOOK}/try", secret: "${KEY}"}',
    "talk": '{kind: chat, url: "${CHAT}/chat", rehearsal: "${CHAT}/try"}',
}
OTHER = """  back:
    who: The back office
    person: back-lead
    columns: [customer_id, score]
    sinks: [post]
    every: 1mo
    start: 1997-02-01
    deadline: 12h
    time_to_act: 1d
sources:"""


@dataclass
class Pier:
    """A product whose list was brought just now, its pages, and what came out at the other end."""

    product: Product
    pages: str
    mail: Mail
    web: Web
    before: int = 0

    @property
    def link(self) -> str:
        return link_in(self.mail.got[0][1])

    def bring(self) -> None:
        """A list of a new moment; what came before it is cleared away."""
        self.mail.got.clear()
        self.web.got.clear()
        self.product.now += timedelta(hours=1)
        self.product.bring()
        self.before = self.product.store.ledger.head().seq

    def said(self) -> list[Recorded[DeliveryAcknowledged]]:
        """What was said since the newest list came."""
        facts = self.product.store.ledger.past(PRODUCT).of(DeliveryAcknowledged)
        return [fact for fact in facts if fact.seq > self.before]

    def made(self, sink: str) -> DeliveryMade:
        made: DeliveryMade = [made for made in self.product.of(DeliveryMade) if made.sink == sink][-1]
        return made


@pytest.fixture(scope="module")
def quay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pier]:
    with mail_server() as mail, web_server() as web:
        mailing, talking = f"smtp://127.0.0.1:{mail.port}", web.url.replace("http", "json")
        environ = {**ALLOWED, "MAIL": mailing, "HOOK": web.url, "CHAT": talking, "KEY": "a secret of the receiver"}
        product = Product(tmp_path_factory.mktemp("quay"), environ)
        product.begin(plan_with(SINKS).replace("sources:", OTHER, 1))
        desk = Desk(
            product.store,
            People(product.engine, lambda: product.now, product.store.keys),
            lambda: product.now,
            lambda: pytest.fail("no page of a receipt needs the road"),
            house_work,
        )
        with running(house(desk)) as pages:
            product.store = replace(product.store, pages=pages)
            yield Pier(product, pages, mail, web)
        product.engine.dispose()


@pytest.fixture
def pier(quay: Pier) -> Pier:
    quay.bring()
    return quay


def link_in(mail: Message) -> str:
    """The link as a reader of mail sees it."""
    [body] = [part for part in mail.walk() if part.get_content_type() == "text/plain"]
    text = body.get_payload(decode=True)
    assert isinstance(text, bytes)
    found = re.search(r"^(http://\S+/receipts/\S+)\r?$", text.decode(), re.MULTILINE)
    assert found, text
    return found[1]


def get(address: str, method: str = "GET", **form: str) -> httpx.Response:
    return httpx.request(method, address, data=form or None, trust_env=False)


def test_the_link_in_a_mail_confirms_the_list(pier: Pier, browser: Browser) -> None:
    for method in ("GET", "HEAD", "GET"):  # a mail scanner
        assert get(pier.link, method).status_code == 200
    assert pier.said() == []
    page = browser.new_page(viewport=PHONE)  # type: ignore[arg-type]  # a plain dict of sizes
    page.goto(pier.link)
    expect(page.get_by_role("heading", name=f"List of {day(pier.product.now.isoformat())}")).to_be_visible()
    expect(page.get_by_text("For: The front desk")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="I have received it").click()
    expect(page.get_by_role("status")).to_have_text("Thank you. It is on record.")
    expect(page.get_by_role("button", name="I have received it")).to_have_count(0)
    page.set_viewport_size(LAPTOP)  # type: ignore[arg-type]  # a plain dict of sizes
    page.get_by_label("Rows you acted on").fill("21")
    page.get_by_role("button", name="I have used it").click()
    expect(page.get_by_role("alert")).to_contain_text("21 rows used, but 20 were delivered.")
    expect(page.get_by_label("Rows you acted on")).to_have_value("21")
    page.get_by_label("Rows you acted on").fill("12")
    page.get_by_role("button", name="I have used it").click()
    expect(page.get_by_text("12 of 20 rows")).to_be_visible()
    page.close()
    facts = pier.said()
    assert [(fact.who, fact.what.used, fact.what.way) for fact in facts] == [
        ("desk-lead", None, "signed link"),
        ("desk-lead", 12, "signed link"),
    ]
    assert {fact.what.delivery for fact in facts} == {pier.made("post").delivery}
    card, *_ = list_cards(pier.product.plan, pier.product.store.ledger.past(PRODUCT), pier.product.now)
    assert (card.used, card.by) == (12, "desk-lead, by signed link")


def test_a_chat_and_a_webhook_bring_a_link_each_to_their_own_delivery(pier: Pier) -> None:
    [hook] = [asked for asked in pier.web.got if asked.path == "/in"]
    [chat] = [asked for asked in pier.web.got if asked.path == "/chat"]
    told = re.search(r"http://\S+/receipts/\S+", json.loads(chat.body)["message"])
    assert told
    for link, sink in ((hook.headers["shipworthy-receipt"], "hook"), (told[0], "talk")):
        assert get(link, "POST", what="used", used="3").status_code == 303
        assert pier.said()[-1].what.delivery == pier.made(sink).delivery


def test_what_was_said_before_is_added_once(pier: Pier) -> None:
    answers = [get(pier.link, "POST", what="received").headers["location"] for _ in range(3)]
    assert [answer.rpartition("=")[2] for answer in answers] == ["recorded", "known", "known"]
    assert "Nothing was added" in get(pier.pages + answers[-1]).text
    get(pier.link, "POST", what="used", used="7")
    assert get(pier.link, "POST", what="received").headers["location"].endswith("known")
    assert [fact.what.used for fact in pier.said()] == [None, 7], "the number is not lost by the other button"


def test_a_link_may_add_only_so_much_to_the_ledger(pier: Pier) -> None:
    for number in range(MOST_WORDS):
        assert get(pier.link, "POST", what="used", used=str(number % 2)).status_code == 303
    spent = get(pier.link, "POST", what="used", used="9")
    assert spent.status_code == 422
    assert "Log in to change the number again" in spent.text
    assert len(pier.said()) == MOST_WORDS


def test_what_is_no_number_of_rows_is_said_and_not_recorded(pier: Pier) -> None:
    for typed in ("", "some", "-1", "1.5", "²", "9" * 13):
        refused = get(pier.link, "POST", what="used", used=typed)
        assert refused.status_code == 422
        assert "Nothing was recorded" in refused.text
    assert pier.said() == []


def test_a_link_that_is_not_as_we_signed_it_opens_nothing(pier: Pier) -> None:
    link = pier.link
    base, product, consumer, token = link.rsplit("/", 3)
    [other] = [asked.headers["shipworthy-receipt"] for asked in pier.web.got if asked.path == "/in"]
    foreign = other.rpartition("/")[2]
    changed = [
        token[:at] + ("b" if token[at] == "a" else "a") + token[at + 1 :]
        for at in (0, 3, 30, 60, 64, 90, len(token) - 1)
    ]
    swapped = [token[:50] + foreign[50:], foreign[:60] + token[60:]]
    cut = [token[:-1], token + "a", token[:40], "x", "%00", "é", "a" * len(token), "a" * 9_000]
    tried = [f"{base}/{product}/{consumer}/{one}" for one in (*changed, *swapped, *cut)]
    tried += [f"{base}/{product}/back/{token}", f"{base}/other/{consumer}/{token}", f"{base}/{product}/nobody/{token}"]
    told = set()
    for address in tried:
        for method in ("GET", "POST"):
            refused = get(address, method, what="received")
            assert refused.status_code == 403, address
            told.add(refused.text)
    assert len(told) == 1, "whoever makes a link up learns not even whether there is such a product or consumer"
    assert pier.said() == []
    assert get(link.replace(token, token.upper())).status_code == 200, "a program may write it in capitals"


def test_a_link_of_another_delivery_does_not_speak_for_this_one(pier: Pier) -> None:
    first = pier.link
    pier.bring()
    get(pier.link, "POST", what="received")
    assert [fact.what.delivery for fact in pier.said()] == [pier.made("post").delivery]
    assert "not confirmed yet" in get(first).text
    # Signed by us, but of a consumer to whom this delivery never went.
    crossed = Link(PRODUCT, "back", pier.made("post").delivery, pier.product.now + LONGER)
    assert get(pier.pages + crossed.path(pier.product.store.keys), "POST", what="received").status_code == 404
    assert len(pier.said()) == 1


def test_a_link_ends(pier: Pier) -> None:
    until = pier.product.now + timedelta(days=1) + LONGER
    pier.product.now = until - timedelta(seconds=1)
    assert get(pier.link).status_code == 200
    pier.product.now = until
    for method in ("GET", "POST"):
        ended = get(pier.link, method, what="received")
        assert ended.status_code == 403
        assert f"This link held until {until.day} {until:%B %Y}." in ended.text
    assert pier.said() == []


def test_a_key_that_is_not_believed_any_more_ends_its_links(tmp_path: Path) -> None:
    token = Link("p", "c", "d" * 64, datetime(2026, 5, 1, tzinfo=UTC)).path(Keys(tmp_path)).rpartition("/")[2]
    (tmp_path / "signing-key.pem").unlink()
    assert read_link("p", "c", token, Keys(tmp_path)).delivery == "d" * 64, "the old public key stays"
    for file in (tmp_path / "public").glob("*.pem"):
        file.unlink()
    with pytest.raises(NotAllowed, match="link_broken"):
        read_link("p", "c", token, Keys(tmp_path))


def test_the_page_says_no_more_than_the_message_and_leaves_no_trace_of_the_link(pier: Pier) -> None:
    get(pier.link, "POST", what="used", used="5")
    text = get(pier.link).text
    made = pier.made("post")
    hidden = ["desk-lead", "lead@shop.example", made.where, made.candidate, made.content, made.run, "hook", "back"]
    assert not [word for word in hidden if word in text.replace('href="/"', "")]
    with pier.product.engine.connect() as connection:
        bodies = " ".join(str(row) for row in connection.execute(sa.select(tables.fact)))
    assert "/receipts/" not in bodies
    assert pier.link.rpartition("/")[2] not in bodies


def test_other_ways_than_the_form_are_refused_as_everywhere(pier: Pier) -> None:
    assert get(pier.link, "PUT", what="received").status_code == 405
    assert get(pier.link, "POST", what="used", used="1" * 300_000).status_code == 413
    foreign = httpx.post(pier.link, headers={"host": "evil.example"}, trust_env=False)
    assert foreign.status_code == 400
    headers = get(pier.link).headers
    assert (headers["cache-control"], headers["referrer-policy"]) == ("no-store", "same-origin")
    assert "set-cookie" not in headers
    assert pier.said() == []


def test_a_rehearsal_shows_the_page_and_takes_no_word(pier: Pier) -> None:
    product = pier.product
    made = pier.made("post")
    stepped = ReleaseStepped(
        product=PRODUCT, candidate=made.candidate, step="rehearsal", cohorts=[], replaces="", gate="", role="baseline"
    )
    product.store.ledger.append(lambda past: [stepped], product=PRODUCT, who="operator", at=product.now)
    command = Score(product=PRODUCT, consumer="desk", as_of=product.now.isoformat(), trial="rehearsal")
    score(command, product.trip())
    to, mail = pier.mail.got[1]
    assert to == "t@shop.example"
    shown = get(link_in(mail))
    assert "This was a rehearsal: there is nothing to act on" in shown.text
    assert "<form" not in shown.text
    refused = get(link_in(mail), "POST", what="received")
    assert refused.status_code == 422
    assert "nothing was recorded" in refused.text
    assert pier.said() == []


def test_a_list_that_is_not_on_record_yet_is_asked_for_again(pier: Pier) -> None:
    early = Link(PRODUCT, "desk", "e" * 64, pier.product.now + LONGER)
    for method in ("GET", "POST"):
        told = get(pier.pages + early.path(pier.product.store.keys), method, what="received")
        assert told.status_code == 404
        assert "Open the link again in some minutes." in told.text


def test_without_an_address_no_link_is_sent_and_the_probe_says_so(pier: Pier, monkeypatch: pytest.MonkeyPatch) -> None:
    product = pier.product

    def found(pages: str) -> tuple[str, str]:
        [result] = probed(product.plan, replace(product.store, pages=pages), product.now, "receipts")
        return result.verdict, result.found

    assert found(pier.pages) == ("pass", f"links lead to {pier.pages}; from here it answers")
    away = "http://127.0.0.1:1"
    assert found(away) == ("warn", f"links lead to {away}; from here it cannot be reached")
    verdict, said = found("")
    assert verdict == "not_run"
    assert "SHIPWORTHY_PAGES_URL is not set" in said
    monkeypatch.setattr(product, "store", replace(product.store, pages=""))
    pier.bring()
    assert "/receipts/" not in pier.mail.got[0][1].as_string()
    assert not [asked for asked in pier.web.got if "shipworthy-receipt" in asked.headers or b"receipts" in asked.body]


@pytest.mark.parametrize(
    "address",
    [
        "ship.example",
        "http://ship.example",
        "https://",
        "https://u@ship.example",
        "https://ship.example/a",
        "https://a b",
    ],
)
def test_an_address_that_must_not_stand_in_a_message_is_refused_at_once(address: str) -> None:
    with pytest.raises(UserError, match="pages_url"):
        settings({"SHIPWORTHY_PAGES_URL": address})
    assert settings({"SHIPWORTHY_PAGES_URL": "https://ship.example:8443/"}).pages == "https://ship.example:8443"
