"""What each role finds on the pages: what waits for them, why something does not hold, where an answer comes from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pyarrow as pa
import pytest
from e2e.served import Harbour
from playwright.sync_api import Page, expect

from shipworthy.app.desk import Desk
from shipworthy.app.rights import Identity
from shipworthy.base.fact import What
from shipworthy.data.words import Intake, SnapshotTaken
from shipworthy.deliver.log import answers_table
from shipworthy.deliver.words import AnswersSealed, GuideRead
from shipworthy.model.words import CandidateMade
from shipworthy.plan.words import PlanAdopted
from shipworthy.prove.words import CandidateProven
from shipworthy.release.words import ReleaseStepped, RolledBack, TrialJudged
from shipworthy.respond.words import PeopleTold, TriggerFired
from shipworthy.sign.words import GiveSignOff, RevokeSignOff

Port = tuple[Harbour, str]
LogIn = Callable[[str], Page]
NAME = "next-purchase"
PRODUCT = f"/products/{NAME}"
PAGES = ["/", PRODUCT, *(f"{PRODUCT}/{name}" for name in
         ("plan", "sign", "deliveries", "trace", "monitor", "incidents", "ledger"))]  # fmt: skip


def say(desk: Desk, who: str, *facts: What) -> None:
    """Have facts recorded."""
    at = datetime(1998, 1, 6, tzinfo=UTC)
    desk.store.ledger.append(lambda past: facts, product=NAME, who=who, at=at)


def answered(port: Port) -> str:
    """An answer of the list of October with everything that lies behind one; gives its id."""
    desk, at = port[0].desk, datetime(1997, 10, 1, tzinfo=UTC)
    rows = desk.store.files.put_table(pa.table({"customer_id": ["07", "17", "17"], "n_cds": [1, 2, 3]}))
    snapshot = "5" * 64
    intake = Intake("purchases", 3, 3, {}, {}, rows)
    table = answers_table(
        run=f"{NAME}/sales/1997-10-01T00:00:00+00:00", time=at, as_of=at, candidate=port[0].story.model,
        entities=["07", "17"],
        scores=[0.1, 0.8], decisions=["leave", "call"], reasons=[[], ["<b>freq 9</b> raises the score"]],
        cohorts=["north", "west"], steps=["all", "all"], consumer="sales", inputs_ref="6" * 64,
    )  # fmt: skip
    segment = desk.store.files.put_table(table)
    say(desk, "night-operator", SnapshotTaken(product=NAME, snapshot=snapshot, as_of=at.isoformat(), intakes=[intake],
        checks=[]), AnswersSealed(product=NAME, segment=segment, rows=2, run=f"{NAME}/sales/1997-10-01T00:00:00+00:00",
        as_of=at.isoformat(), candidates={port[0].story.model: 2}, steps={"all": 2}, mean_score={}, snapshot=snapshot,
        features="6" * 64))  # fmt: skip
    return str(table["answer_id"][1])


def test_the_road_shows_a_canary_with_its_share(logged_in: LogIn, port: Port) -> None:
    retrained = port[0].story.retrained
    step = ReleaseStepped(
        product=NAME, candidate=retrained, step="canary", cohorts=[], replaces="", gate="", role="model", share=0.05
    )
    say(port[0].desk, "product-manager", step)
    page = logged_in("product-manager")
    page.goto(PRODUCT)
    expect(page.get_by_role("row", name="canary: 5% of everybody")).to_contain_text(f"model {retrained[:12]}")
    back = RolledBack(product=NAME, candidate=retrained, to="", reason="It was only shown.")
    say(port[0].desk, "product-manager", back)
    page.reload()
    expect(page.get_by_text("canary: 5% of everybody")).to_have_count(0)


def test_an_auditor_traces_a_delivered_row_to_everything_behind_it(logged_in: LogIn, port: Port) -> None:
    answer = answered(port)
    page = logged_in("auditor")
    page.goto(f"{PRODUCT}/deliveries")
    page.get_by_label("Answer id").fill(f" {answer} ")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="17: call")).to_be_visible()
    expect(page.get_by_text("<b>freq 9</b> raises the score")).to_be_visible()
    titles = page.locator(".way h3").all_text_contents()
    assert titles == [
        "What was known", "What was promised", "By which code", "What answered", "How it was proven",
        "Who reviewed and signed it", "How it was released", "What was answered", "Where it was brought",
    ]  # fmt: skip
    expect(page.locator(".way")).to_contain_text("purchases: 2 rows (rows 2, 3")
    expect(page.locator(".way")).to_contain_text("Privacy sign-off by privacy-owner: approve")
    page.locator(".way li", has_text="What was promised").get_by_role("link").click()
    expect(page.locator(".ledger .asked-for")).to_contain_text("Plan adopted")
    expect(page.locator(".ledger .asked-for details")).to_have_attribute("open", "")


def test_an_answer_that_does_not_exist_is_told_as_such(logged_in: LogIn) -> None:
    page = logged_in("auditor")
    response = page.goto(f"{PRODUCT}/trace?answer=%3Cscript%3Ealert(1)%3C/script%3E")
    assert response
    assert response.status == 404
    expect(page.get_by_role("alert")).to_contain_text("There is no answer")
    expect(page.get_by_label("Answer id")).to_have_value("<script>alert(1)</script>")
    page.goto(f"{PRODUCT}/sign?candidate=none")
    expect(page.locator("main")).to_contain_text("What to do: Choose one")
    page.get_by_role("link", name=f"Back to {NAME}").click()
    expect(page.get_by_role("heading", name="The road")).to_be_visible()


def test_what_waits_is_shown_first_to_whom_it_waits_for(logged_in: LogIn, port: Port) -> None:
    page = logged_in("sales-lead")
    page.get_by_role("link", name="Confirm that 2 deliveries arrived").click()
    expect(page.get_by_role("heading", name="Deliveries")).to_be_visible()
    page.get_by_role("button", name="Log out").click()
    page = logged_in("night-operator")
    expect(page.get_by_role("link", name="Look at the alarm")).to_be_visible()
    expect(page.get_by_role("link", name="Close the open incident")).to_have_count(0)
    page.get_by_role("button", name="Log out").click()
    page = logged_in("technology-owner")
    page.get_by_role("link", name="Close the open incident").click()
    expect(page.get_by_role("heading", name="Incidents")).to_be_visible()


def test_who_was_told_of_something_is_asked_to_look_after_it_until_somebody_does(logged_in: LogIn, port: Port) -> None:
    cause = "late/sales/1998-01-05"
    fired = TriggerFired(
        product=NAME, trigger="late-list", cause=cause, action="notify", outcome="told legal",
        text="the list of 1998-01-05 is 3 hours late. The feed did not come, and nobody knows why it has stopped.",
    )  # fmt: skip
    told = PeopleTold(product=NAME, message="m1", to="legal", subject="Late", route="file:out", trigger="late-list",
                      cause=cause, action="notify")  # fmt: skip
    say(port[0].desk, "night-operator", fired, told)
    page = logged_in("legal-owner")
    page.get_by_role("link", name="Say who looks after it: The list of 1998-01-05 is 3 hours late").click()
    card = page.locator("article", has=page.get_by_role("heading", name="The list of 1998-01-05 is 3 hours late"))
    expect(card).to_contain_text("nobody knows why it has stopped")
    card.get_by_role("button", name="I look after it").click()
    expect(page.get_by_role("status")).to_contain_text("It is yours")
    page.goto("/")
    expect(page.get_by_role("link", name="Say who looks after it")).to_have_count(0)


def test_a_consumer_reads_the_guide_and_is_asked_again_when_it_changes(logged_in: LogIn, port: Port) -> None:
    page = logged_in("sales-lead")
    page.get_by_role("link", name="Read the guide for sales").click()
    expect(page.get_by_role("heading", name="The call list, for the sales team", level=2)).to_be_visible()
    expect(page.locator("article strong", has_text="What not to do.")).to_be_visible()
    page.get_by_role("button", name="I have read it").click()
    expect(page.get_by_role("status")).to_contain_text("on record")
    expect(page.get_by_role("button", name="I have read it")).to_have_count(0)
    (read,) = port[0].desk.store.ledger.past(NAME).of(GuideRead)
    guide = port[0].desk.store.root / read.what.guide
    assert (read.who, port[0].desk.store.files.get(read.what.digest)) == ("sales-lead", guide.read_bytes())
    page.goto("/")
    expect(page.get_by_role("link", name="Read the guide for sales")).to_have_count(0)
    guide.write_text(guide.read_text() + "\n<b>New</b> since May.\n")
    page.goto("/")
    page.get_by_role("link", name="Read the guide for sales").click()
    expect(page.get_by_text("<b>New</b> since May.")).to_be_visible()


def test_a_consumer_sees_their_own_lists_first(logged_in: LogIn) -> None:
    page = logged_in("crm-lead")
    page.goto(f"{PRODUCT}/deliveries")
    of = page.get_by_label("For", exact=True)
    expect(of).to_have_value("crm")
    expect(page.locator(".line-of h2")).to_have_count(1)
    of.select_option(label="everybody")
    page.get_by_role("button", name="Show").click()
    expect(page.locator(".line-of h2").last).to_contain_text("sales")


def test_the_plan_has_its_contents_first_and_keeps_the_names_that_people_gave(logged_in: LogIn) -> None:
    page = logged_in("compliance-owner")
    page.goto(f"{PRODUCT}/plan")
    page.get_by_role("navigation", name="Parts of the plan").get_by_role("link", name="What comes in").click()
    expect(page.get_by_role("heading", name="What comes in")).to_be_in_viewport()
    columns = page.get_by_role("region", name="What comes in").locator("dt code")
    assert {"purchases", "customer_id", "dollar_value"} <= set(columns.all_inner_texts())
    expect(page.get_by_text("10, 80", exact=True)).to_be_visible()


def test_after_a_signature_it_is_said_what_happens_next(logged_in: LogIn, port: Port) -> None:
    page = logged_in("technology-owner")
    page.goto(f"{PRODUCT}/sign")
    expect(page.get_by_text("May this model answer")).to_contain_text("Which customers will buy")
    expect(page.get_by_role("row").filter(has_text="Performance")).to_contain_text("at least 0.650")
    page.get_by_label("Approve").check()
    page.get_by_role("button", name="Sign", exact=True).click()
    expect(page.get_by_role("status")).to_have_text("Your signature is on record.")
    after = page.get_by_role("group", name="What happens next")
    expect(after).to_contain_text("privacy-owner the privacy review")
    expect(after).not_to_contain_text("technology")


def test_a_rejection_a_withdrawal_and_new_evidence_say_why_the_gate_is_shut(logged_in: LogIn, port: Port) -> None:
    desk, candidate = port[0].desk, port[0].story.retrained
    command = {"product": NAME, "candidate": candidate}
    desk.do(
        GiveSignOff(**command, function="technology", decision="reject", reason="The <disk> is full."),
        Identity("technology-owner"),
    )
    desk.do(RevokeSignOff(**command, function="business", reason="Wrong list."), Identity("business-owner"))
    page = logged_in("business-owner")
    page.goto(f"{PRODUCT}/sign")
    expect(page.get_by_text("the technology sign-off (rejected: The <disk> is full.)")).to_be_visible()
    expect(page.get_by_text("What you gave before does not hold")).to_contain_text("revoked: Wrong list.")
    proof = desk.store.ledger.past(NAME).of(CandidateProven, about=candidate)[-1].what
    say(desk, "data-scientist", replace(proof, evidence="7" * 64))
    page.get_by_role("button", name="Log out").click()
    page = logged_in("legal-owner")
    page.goto(f"{PRODUCT}/sign")
    expect(page.get_by_text("What you gave before does not hold").first).to_contain_text(
        "void: the evidence has changed since"
    )
    say(desk, "data-scientist", proof)


def test_the_marks_of_the_chart_are_told_in_words(logged_in: LogIn) -> None:
    page = logged_in("product-manager")
    page.goto(f"{PRODUCT}/monitor")
    marks = page.locator(".marks li")
    expect(marks.filter(has_text="28 Apr 1997")).to_contain_text("released to all")
    expect(marks.filter(has_text="alarm")).to_contain_text(
        "1 Oct 1997, alarm: The list of 1997-10-01 promised 27.1% yes"
    )


def test_who_may_not_close_an_incident_is_told_who_may(logged_in: LogIn) -> None:
    page = logged_in("auditor")
    page.goto(f"{PRODUCT}/incidents")
    expect(
        page.get_by_text("Closing an incident is a signature: it is for an owner of a function to give")
    ).to_be_visible()
    expect(page.locator("main form")).to_have_count(0)


def test_an_incident_about_data_names_its_source_and_is_given_to_somebody(logged_in: LogIn) -> None:
    page = logged_in("night-operator")
    page.goto(f"{PRODUCT}/incidents")
    page.get_by_text("Open an incident").click()
    page.get_by_label("What is wrong").fill("A week of purchases is missing")
    page.get_by_label("The source whose data is suspect").fill("purchases")
    page.get_by_role("button", name="Open", exact=True).click()
    card = page.locator("article", has_text="A week of purchases is missing")
    expect(card).to_contain_text("nothing is learnt from data until this is closed")
    card.get_by_text("Change its severity or owner").click()
    card.get_by_label("Who looks after it").fill("data-scientist")
    card.get_by_role("button", name="Change").click()
    expect(card).to_contain_text("with data-scientist")


def test_older_deliveries_are_reached_page_by_page(logged_in: LogIn) -> None:
    page = logged_in("auditor")
    page.goto(f"{PRODUCT}/deliveries?skip=4")
    expect(page.locator("article.list")).to_have_count(12)
    expect(page.get_by_role("link", name="Older")).to_be_visible()
    page.get_by_role("link", name="Newer").click()
    expect(page.locator("article.list")).to_have_count(12)
    expect(page.get_by_role("link", name="Newer")).to_have_count(0)
    page.goto(f"{PRODUCT}/deliveries?skip=99999999999999999999")
    expect(page.locator("article.list")).to_have_count(12)


@pytest.mark.parametrize("path", PAGES)
def test_whatever_the_keyboard_reaches_shows_it(logged_in: LogIn, path: str) -> None:
    page = logged_in("legal-owner")
    page.goto(path)
    assert page.locator("[tabindex]:not([tabindex='0']):not([tabindex='-1'])").count() == 0
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_in_viewport()
    for _ in range(30):
        page.keyboard.press("Tab")
        shown = page.evaluate(
            "() => { const style = getComputedStyle(document.activeElement);"
            " return document.activeElement === document.body || style.outlineStyle !== 'none'; }"
        )
        assert shown, page.evaluate("document.activeElement.outerHTML")


def test_owners_are_asked_about_a_challenger_once_its_trial_shows_that_it_pays(logged_in: LogIn, port: Port) -> None:
    desk, story, mine = port[0].desk, port[0].story, "9" * 64
    past = desk.store.ledger.past(NAME)
    values = {**past.of(PlanAdopted)[-1].what.plan}
    values["respond"] = {**values["respond"], "retraining": {"cost": 500, "value": 20, "decisions": 20_000}}
    adopted = replace(past.of(PlanAdopted)[-1].what, version=2, plan=values, digest="8" * 64)
    asked = next(fact for fact in past.of(TriggerFired) if fact.what.action == "retrain")
    made = past.of(CandidateMade, about=story.retrained)[-1].what
    made = replace(made, candidate=mine, plan_version=2, parent=story.model, notes={"cause": asked.digest})
    proof = past.of(CandidateProven, about=story.retrained)[-1].what
    say(desk, "night-operator", adopted, made, replace(proof, candidate=mine))
    page = logged_in("privacy-owner")
    review = page.get_by_role("link", name=f"Privacy review of the model {mine[:12]}")
    expect(review).to_have_count(0)
    page.goto(f"{PRODUCT}/sign")
    expect(page.locator("main")).to_contain_text("Nobody is asked to sign this candidate yet.")
    expect(page.locator("main")).to_contain_text(f"It is on trial beside {story.model[:12]}, on past answers")
    expect(page.get_by_role("button", name="Give the review")).to_be_visible()
    judged = TrialJudged(
        product=NAME, candidate=mine, against=story.model, step="proposed", window="1997-10-01T00:00:00+00:00",
        verdict="promote", harm=False, text="It pays.", guarantee="", numbers={"rows": 400}, state={},
    )  # fmt: skip
    say(desk, "night-operator", judged)
    page.goto("/")
    review.click()
    expect(page.get_by_text("You are asked for:")).to_be_visible()
