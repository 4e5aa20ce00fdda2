"""Labelling, answering alarms, trying triggers on the past and holding deliveries, in a real browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from e2e.served import Harbour
from e2e.story import Story
from e2e.voyage.shop import PRODUCT as NAME
from e2e.voyage.shop import someone
from e2e.voyage.voyage import Voyage
from playwright.sync_api import Locator, Page, expect

from shipworthy.app.wiring import close_desk
from shipworthy.app.words import Advance
from shipworthy.deliver.words import Score
from shipworthy.doors.house import running
from shipworthy.doors.web.app import web
from shipworthy.plan.words import AdoptPlan
from shipworthy.release.rules import paused, standing
from shipworthy.respond.words import AttemptFailed
from shipworthy.watch.words import AlarmClosed, AlarmRaised, AuditDrawn, AuditLabelled

Port = tuple[Harbour, str]
LogIn = Callable[[str], Page]
PRODUCT = f"/products/{NAME}"
PEOPLE = ("sales-lead", "night-operator", "product-manager", "data-scientist", "technology-owner")


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Port]:
    """A shop whose model answers, with a sample drawn of the baseline's list and an open alarm."""
    voyage = Voyage(tmp_path_factory.mktemp("shop"))
    text = (voyage.shop.root / "product.yaml").read_text().replace("watch:\n", "watch:\n  audit: {rows: 3}\n")
    voyage.do("administrator", AdoptPlan(product=NAME, text=text))
    baseline = voyage.live_baseline("all")
    voyage.advance("1997-07-01")
    model = voyage.live_model()
    raised = AlarmRaised(
        product=NAME, alarm="a" * 64, monitor="calibration", candidate=model,
        window="1997-06-01T00:00:00+00:00", text="The list promised 27 %; 18 % came true.",
        since="1997-05-01T00:00:00+00:00", guarantee="at most 5 % false alarms a year", cause="", advice="Retrain.",
    )  # fmt: skip
    voyage.desk.store.ledger.append(lambda past: [raised], product=NAME, who="night-operator", at=voyage.desk.now(NAME))
    secrets = {name: voyage.desk.people.add(name) for name in PEOPLE}
    with running(web(voyage.desk)) as address:
        yield Harbour(voyage.desk, Story(baseline, model, "", "", "", ""), secrets), address
    close_desk(voyage.desk)


def test_a_sample_is_labelled_by_the_keyboard_one_after_the_other(port: Port, logged_in: LogIn) -> None:
    waiting = sum(fact.what.rows for fact in port[0].desk.store.ledger.past(NAME).of(AuditDrawn))
    assert waiting >= 3
    page = logged_in("sales-lead")
    page.goto(f"{PRODUCT}/label")
    rows = page.locator("form.label-row")
    expect(rows).to_have_count(min(waiting, 20))
    expect(rows.first).to_contain_text("recency")
    expect(rows.first).not_to_contain_text("score")
    rows.first.get_by_role("button", name="Yes").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("Saved under your name: yes.")
    expect(rows.first.get_by_role("button", name="Yes")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("Saved under your name: no.")
    expect(rows).to_have_count(min(waiting - 2, 20))
    labelled = port[0].desk.store.ledger.past(NAME).of(AuditLabelled)
    assert [fact.who for fact in labelled] == ["sales-lead"] * 2
    builder = logged_in("data-scientist")
    builder.goto(f"{PRODUCT}/label")
    expect(builder.locator("form.label-row")).to_have_count(0)


def test_an_alarm_is_answered_as_false_with_a_reason(port: Port, logged_in: LogIn) -> None:
    page = logged_in("technology-owner")
    page.goto(f"{PRODUCT}/monitor")
    card = page.locator("article.alarm-card").filter(has_text="promised 27 %")
    card.get_by_text("Answer this alarm").click()
    card.get_by_label("False: nothing was wrong").check()
    card.get_by_label("What you found").fill("The feed counted a holiday twice.")
    card.get_by_role("button", name="Answer it").click()
    expect(page.get_by_role("status")).to_contain_text("it was false")
    [closed] = [fact for fact in port[0].desk.store.ledger.past(NAME).of(AlarmClosed) if fact.what.alarm == "a" * 64]
    assert (closed.who, closed.what.verdict) == ("technology-owner", "false")


def test_the_header_of_a_trace_is_taken_as_it_was_sent(logged_in: LogIn) -> None:
    page = logged_in("sales-lead")
    page.goto(f"{PRODUCT}/trace?answer=00-{'a' * 32}-{'b' * 16}-01")
    expect(page.get_by_label("Answer id or traceparent")).to_have_value("a" * 32)
    expect(page.get_by_role("alert")).to_be_visible()


def test_triggers_are_tried_on_the_past_also_those_of_an_edited_plan(logged_in: LogIn) -> None:
    page = logged_in("sales-lead")
    page.goto(f"{PRODUCT}/response")
    page.get_by_role("link", name="What would they have done").click()
    page.get_by_label("From this day on").fill("1997-05-01")
    page.get_by_role("button", name="Look").click()
    expect(page.get_by_role("heading", level=2).first).to_contain_text("1 May 1997 to 1 Jul 1997")
    page.get_by_text("Try an edited plan").click()
    page.get_by_label("The whole product.yaml").fill("product: nothing")
    page.get_by_role("button", name="Look").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_label("The whole product.yaml")).to_have_value("product: nothing")


def test_deliveries_are_held_and_go_on_by_whoever_may_when_it_is_confirmed(port: Port, logged_in: LogIn) -> None:
    ledger = port[0].desk.store.ledger
    page = logged_in("product-manager")
    page.goto(f"{PRODUCT}/response")
    page.get_by_text("Hold deliveries, or let").click()
    page.get_by_label("Whose deliveries").select_option("sales")
    form = page.locator("form").filter(has=page.get_by_role("button", name="Pause"))
    form.get_by_label("Why").fill("We look first.")
    form.get_by_role("button", name="Pause").click()
    assert paused(ledger.past(NAME)) == {}, "it was not confirmed"
    form.get_by_label("I am sure").check()
    form.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("status")).to_contain_text("Deliveries are paused")
    assert paused(ledger.past(NAME)) == {"sales": "We look first."}
    card = page.locator("article.alarm-card").filter(has_text="Deliveries to sales are paused")
    card.get_by_label("Why").fill("All is right.")
    card.get_by_label("I am sure").check()
    card.get_by_role("button", name="Resume").click()
    expect(page.get_by_role("status")).to_contain_text("Deliveries go on")
    assert paused(ledger.past(NAME)) == {}
    other = logged_in("sales-lead")
    other.goto(f"{PRODUCT}/response")
    expect(other.get_by_text("Hold deliveries, or let")).to_have_count(0)


def test_the_baseline_takes_over_and_gives_back_and_a_list_in_between_says_so(port: Port, logged_in: LogIn) -> None:
    desk, story = port[0].desk, port[0].story
    page = logged_in("product-manager")

    def answering() -> set[str]:
        return set(standing(desk.store.ledger.past(NAME)).champion.values())

    def list_for_crm() -> Locator:
        desk.do(Advance(product=NAME, to=f"{desk.now(NAME) + timedelta(days=1):%Y-%m-%d}"), someone("night-operator"))
        desk.do(Score(product=NAME, consumer="crm"), someone("night-operator"))
        page.goto(f"{PRODUCT}/deliveries?consumer=crm")
        return page.locator("article.list").first

    page.goto(f"{PRODUCT}/response")
    page.get_by_text("Hold deliveries, or let").click()
    form = page.locator("form").filter(has=page.get_by_role("button", name="Fall back"))
    form.get_by_label("Why").fill("The scores look wrong.")
    form.get_by_label("I am sure").check()
    form.get_by_role("button", name="Fall back").click()
    expect(page.get_by_role("status")).to_contain_text("The baseline answers everybody")
    assert answering() == {story.baseline}
    made = list_for_crm()
    expect(made).to_contain_text("not from the model")
    expect(made).to_contain_text("the simple baseline rule answers in place of the model: The scores look wrong.")
    made.get_by_role("link", name="Details").click()
    expect(page.get_by_text("What answered").locator("xpath=..")).to_contain_text(story.baseline[:12])
    page.goto(f"{PRODUCT}/server")
    expect(page.locator("p.trouble").first).to_contain_text("in place of the model: The scores look wrong.")
    page.goto(f"{PRODUCT}/response")
    card = page.locator("article.alarm-card").filter(has_text="The baseline answers everybody")
    expect(card).to_contain_text("The scores look wrong.")
    card.get_by_label("Why").fill("The feed is mended.")
    card.get_by_label("I am sure").check()
    card.get_by_role("button", name="Let them answer again").click()
    expect(page.get_by_role("status")).to_contain_text("The released candidates answer again")
    expect(page.locator("article.alarm-card")).to_have_count(0)
    assert answering() == {story.model}
    expect(list_for_crm()).not_to_contain_text("not from the model")


def test_what_was_asked_for_and_could_not_be_done_stands_first_with_the_reason(port: Port, logged_in: LogIn) -> None:
    desk = port[0].desk
    failed = AttemptFailed(product=NAME, attempt="retrain", concerns="", reason="The <disk> is full.", trigger="stale")
    desk.store.ledger.append(lambda past: [failed], product=NAME, who="night-operator", at=desk.now(NAME))
    page = logged_in("night-operator")
    page.goto(f"{PRODUCT}/response")
    card = page.locator("article", has=page.get_by_role("heading", name="Asked for, and not done yet"))
    expect(card).to_contain_text(
        "Retraining, which the trigger stale asked for, failed: The <disk> is full. Tried 1 time"
    )
