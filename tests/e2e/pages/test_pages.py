"""What people see and do on the pages, in a real browser against a real server and store."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from e2e.conftest import PHONE
from e2e.served import Harbour
from playwright.sync_api import Browser, BrowserContext, Page, expect

from shipworthy.sign.words import ReviewGiven, SignOffGiven

Port = tuple[Harbour, str]
LogIn = Callable[[str], Page]
PRODUCT = "/products/next-purchase"
PAGES = ["/", PRODUCT, *(f"{PRODUCT}/{name}" for name in
         ("plan", "quarantine", "sign", "deliveries", "server", "trace", "monitor", "response",
          "incidents", "incidents/incident-2", "ledger"))]  # fmt: skip
# What a screen reader would stumble over: fields without a name, jumps between headings, doubled ids.
TROUBLES = """() => {
  const found = [];
  for (const field of document.querySelectorAll("input:not([type=hidden]), select, textarea"))
    if (!field.labels.length && !field.getAttribute("aria-label")) found.push(`no label: ${field.outerHTML}`);
  let before = 0;
  for (const heading of document.querySelectorAll("h1, h2, h3, h4, h5, h6")) {
    const level = Number(heading.tagName[1]);
    if (level > before + 1) found.push(`h${before} then h${level}: ${heading.textContent}`);
    before = level;
  }
  if (document.querySelectorAll("h1").length !== 1) found.push("not one h1");
  if (document.querySelectorAll("main").length !== 1) found.push("not one main");
  if (!document.documentElement.lang) found.push("no language");
  const ids = [...document.querySelectorAll("[id]")].map(element => element.id);
  for (const id of ids) if (ids.filter(other => other === id).length > 1) found.push(`id twice: ${id}`);
  for (const button of document.querySelectorAll("button, a"))
    if (!button.textContent.trim() && !button.getAttribute("aria-label")) found.push(`no name: ${button.outerHTML}`);
  for (const table of document.querySelectorAll("th"))
    if (!table.scope) found.push(`no scope: ${table.outerHTML}`);
  for (const picture of document.querySelectorAll("svg"))
    if (picture.getAttribute("aria-hidden") !== "true" && !picture.getAttribute("aria-label")) found.push("bare svg");
  for (const named of document.querySelectorAll("[aria-labelledby], [aria-describedby]"))
    for (const name of ["aria-labelledby", "aria-describedby"])
      for (const id of (named.getAttribute(name) || "").split(" ").filter(Boolean))
        if (!document.getElementById(id)) found.push(`${name} of nothing: ${id}`);
  return found;
}"""


def test_somebody_logs_in_sees_what_waits_first_and_logs_out(logged_in: LogIn) -> None:
    page = logged_in("privacy-owner")
    expect(page.get_by_role("heading", level=2).first).to_have_text("Waiting for you")
    expect(page.get_by_role("link", name="Privacy review of the model")).to_be_visible()
    expect(page.get_by_text("1 alarm since 1 Jul 1997. 1 open incident.")).to_be_visible()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_text("You are logged out.")).to_be_visible()
    page.goto(PRODUCT)
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()


def test_a_page_asked_for_before_the_login_comes_after_it(context: BrowserContext, port: Port) -> None:
    page = context.new_page()
    page.goto(f"{PRODUCT}/monitor")
    page.get_by_label("Name").fill("auditor")
    page.get_by_label("Secret").fill(port[0].secrets["auditor"])
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="What the monitors see")).to_be_visible()
    expect(page.get_by_role("heading", name="False alarms: what the plan accepts")).to_be_visible()
    expect(page.get_by_role("row", name="Calibration 0.05 1 0 0 0 1")).to_be_visible()


def test_a_wrong_secret_is_told_as_such(context: BrowserContext) -> None:
    page = context.new_page()
    page.goto("/login")
    page.get_by_label("Name").fill("auditor")
    page.get_by_label("Secret").fill("sw_wrong")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_contain_text("do not belong together")
    expect(page.get_by_label("Name")).to_have_value("auditor")


def test_an_owner_reviews_and_signs_with_the_keyboard_alone(logged_in: LogIn, port: Port) -> None:
    page = logged_in("privacy-owner")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    _tab_to(page, "Privacy review of the model")
    page.keyboard.press("Enter")
    page.wait_for_url("**/sign?candidate=*")
    for text in ("purpose", "minimal"):
        _tab_to_field(page, f"answer.{text}")
        page.keyboard.press("Space")
    for text in ("effect", "retention"):
        _tab_to_field(page, f"answer.{text}")
        page.keyboard.type("It may lead to a call, and anybody can ask not to be called.")
    _tab_to_field(page, "decision")
    page.keyboard.press("Space")
    _tab_to(page, "Give the review")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("Your review is on record.")
    expect(page.get_by_role("group", name="What happens next").get_by_role("link")).to_contain_text("Privacy sign-off")
    expect(page.get_by_text("Your signature covers exactly candidate")).to_contain_text(port[0].story.evidence[:12])
    _tab_to_field(page, "decision")
    page.keyboard.press("Space")
    _tab_to(page, "Sign", exact=True, role="button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("Your signature is on record.")
    past = port[0].desk.store.ledger.past("next-purchase")
    reviews = past.of(ReviewGiven, about=port[0].story.retrained)
    sign_offs = past.of(SignOffGiven, about=port[0].story.retrained)
    for given in (reviews[-1], sign_offs[-1]):
        assert (given.who, given.what.function, given.what.evidence) == (
            "privacy-owner",
            "privacy",
            port[0].story.evidence,
        )


def test_an_approval_that_an_answer_rules_out_comes_back_with_what_was_typed(logged_in: LogIn) -> None:
    page = logged_in("compliance-owner")
    page.goto(f"{PRODUCT}/sign")
    form = page.locator("section.signing form").first
    for group in form.locator("fieldset.question").all():
        group.get_by_role("radio").last.check()
    form.get_by_label("Approve").check()
    form.get_by_label("Reason").fill("A long reason that must not be lost.")
    form.get_by_role("button").click()
    expect(page.get_by_role("alert")).to_contain_text("does not go with an approval")
    expect(page.get_by_label("Reason").first).to_have_value("A long reason that must not be lost.")
    expect(page.locator("fieldset.question input:checked").first).to_be_visible()


def test_an_incident_is_closed_under_a_name(logged_in: LogIn) -> None:
    page = logged_in("technology-owner")
    page.goto(f"{PRODUCT}/incidents")
    page.get_by_text("Close this incident").click()
    page.get_by_label("What caused it").fill("The database of the call centre was full.")
    page.get_by_label("What was fixed").fill("Its disk was enlarged.")
    page.get_by_label("The check that catches it from now on").fill("column purchases.n_cds min between 0 9")
    page.get_by_role("button", name="Sign and close").click()
    expect(page.get_by_role("status")).to_contain_text("closed, under your name")
    expect(page.get_by_text("No incident is open.")).to_be_visible()


def test_past_months_are_tried_on_the_page_of_the_response(logged_in: LogIn) -> None:
    page = logged_in("technology-owner")
    page.goto(f"{PRODUCT}/response")
    page.get_by_role("link", name="What would they have done").click()
    page.get_by_label("From this day on").fill("soon")
    page.get_by_role("button", name="Look").click()
    expect(page.get_by_role("alert")).to_contain_text("'soon' is no moment")
    page.get_by_label("From this day on").fill("1997-10-01")
    page.get_by_role("button", name="Look").click()
    expect(page.get_by_role("row", name="stale-model: retrain")).to_be_visible()


def test_a_closed_incident_is_told_from_beginning_to_end(logged_in: LogIn) -> None:
    page = logged_in("technology-owner")
    page.goto(f"{PRODUCT}/incidents")
    page.get_by_text("The August list came two hours late").click()
    page.get_by_role("link", name="Post-mortem").first.click()
    expect(page.get_by_text("The list waits for the feed.").first).to_be_visible()
    expect(page.get_by_text("Closed and signed")).to_be_visible()


def test_a_consumer_acknowledges_a_delivery(logged_in: LogIn) -> None:
    page = logged_in("sales-lead")
    page.goto(f"{PRODUCT}/deliveries?consumer=sales&state=on+time")
    expect(page.locator("details.ack")).to_have_count(2)
    page.locator("details.ack summary").first.click()
    page.get_by_label("Rows you acted on").first.fill("many")
    page.locator("details.ack").first.get_by_role("button").click()
    expect(page.get_by_role("alert")).to_contain_text("'many' is no number of rows")
    page.locator("details.ack summary").first.click()
    page.get_by_label("Rows you acted on").first.fill("190")
    page.locator("details.ack").first.get_by_role("button").click()
    expect(page.get_by_role("status")).to_contain_text("acknowledged")
    expect(page.locator("details.ack")).to_have_count(1)


def test_the_chart_marks_the_alarm_and_has_a_table_beside_it(logged_in: LogIn) -> None:
    page = logged_in("auditor")
    page.goto(f"{PRODUCT}/monitor")
    chart = page.locator("svg.wide-chart").first
    expect(chart.locator(".alarm")).to_have_count(1)
    expect(chart.locator(".band")).to_have_count(1)
    expect(chart).to_have_attribute("aria-label", "Does what was promised come true? The list of 1997-10-01 promised"
                                    " 27.1% yes; 17.9% came true.")  # fmt: skip
    page.get_by_text("All 6 windows as a table").first.click()
    expect(page.get_by_role("row").filter(has_text="1 Oct 1997").first).to_contain_text("0.271")
    for said in ("Since", "How sure", "Probable cause", "What to do"):
        expect(page.locator(".alarm-card dt", has_text=said)).to_be_visible()
    page.get_by_role("link", name="Calibration: picture and figures").click()
    expect(page.get_by_role("heading", name="Does what was promised come true?")).to_be_in_viewport()


def test_a_monitor_shows_its_limit_its_evidence_and_its_parts(logged_in: LogIn) -> None:
    page = logged_in("auditor")
    page.goto(f"{PRODUCT}/monitor")
    monitor = page.get_by_role("region", name="Are the answers still as good as they were shown to be?")
    monitor.get_by_text("Picture, figures and what is promised").click()
    chart = monitor.locator("svg.wide-chart").first
    expect(chart.locator("path.limit")).to_have_count(1)
    expect(chart.locator(".incident")).to_have_count(1)
    south = monitor.get_by_role("row").filter(has_text="region = south")
    expect(south).to_contain_text("cannot tell: 1,250 more needed")
    expect(monitor.get_by_role("row").filter(has_text="region = north")).to_contain_text("within")
    monitor.get_by_text("Evidence over time").click()
    expect(monitor.get_by_role("img", name="How far the evidence of performance").first).to_be_visible()


def test_of_many_monitors_what_needs_somebody_comes_first_and_the_rest_is_folded(logged_in: LogIn) -> None:
    page = logged_in("night-operator")
    page.goto(f"{PRODUCT}/monitor")
    glance = page.get_by_role("navigation", name="At a glance")
    levels = [text.split()[-1] for text in glance.get_by_role("link").all_inner_texts()]
    places = {"alarm": 0, "note": 1, "run": 2, "quiet": 3}
    assert [places[level] for level in levels] == sorted(places[level] for level in levels)
    assert (levels[0], levels[-1]) == ("alarm", "quiet")
    expect(glance).to_contain_text("1 raised an alarm")
    headings = page.locator("section.monitor[aria-labelledby^=m-]")
    expect(headings).to_have_count(len(levels))
    expect(headings.first.locator("svg.wide-chart").first).to_be_visible()
    expect(headings.last.locator("details.more").first).not_to_have_attribute("open", "")
    glance.get_by_role("link").last.click()
    expect(headings.last.get_by_role("heading").first).to_be_in_viewport()


def test_the_ledger_is_filtered_turned_opened_and_verified(logged_in: LogIn) -> None:
    page = logged_in("auditor")
    page.goto(f"{PRODUCT}/ledger")
    expect(page.locator(".ledger > li")).to_have_count(50)
    page.get_by_role("link", name="Older").click()
    expect(page.locator(".ledger .seq").last).to_have_text("1")
    page.get_by_label("Show").select_option(label="alarm raised (1)")
    page.get_by_role("button", name="Filter").click()
    expect(page.locator(".ledger > li")).to_have_count(1)
    page.locator(".ledger summary").click()
    expect(page.locator(".ledger")).to_contain_text("customers of spring 1997 age")
    page.get_by_role("button", name="Verify the whole chain now").click()
    expect(page.get_by_role("status")).to_contain_text("The whole chain holds")


def test_a_report_is_shown_where_it_can_do_nothing(logged_in: LogIn) -> None:
    page = logged_in("auditor")
    page.goto(f"{PRODUCT}/sign")
    results = page.get_by_role("link", name="all results as a file").get_attribute("href")
    assert results
    assert page.request.get(results).headers["content-type"].startswith("application/json")
    page.get_by_role("link", name="Read the report").click()
    expect(page.get_by_role("heading", name="Proof of the candidate")).to_be_visible()
    assert page.title() == "Proof", "the report's script ran"


def test_nothing_is_wider_than_a_phone(browser: Browser, port: Port) -> None:
    context = browser.new_context(viewport=PHONE, base_url=port[1])  # type: ignore[arg-type]  # a plain dict of sizes
    page = context.new_page()
    page.goto("/login")
    page.get_by_label("Name").fill("validation-owner")
    page.get_by_label("Secret").fill(port[0].secrets["validation-owner"])
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/")
    widths = {}
    for path in ("/login", *PAGES):
        page.goto(path)
        page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        widths[path] = page.evaluate("document.documentElement.scrollWidth")
    context.close()
    assert widths == dict.fromkeys(widths, PHONE["width"])


def test_on_paper_there_is_ink_on_white_the_whole_digest_and_nothing_to_press(browser: Browser, port: Port) -> None:
    sheet = {"width": 718, "height": 1016}
    context = browser.new_context(viewport=sheet, base_url=port[1], color_scheme="dark")  # type: ignore[arg-type]  # a plain dict of sizes
    page = context.new_page()
    page.goto("/login")
    page.get_by_label("Name").fill("legal-owner")
    page.get_by_label("Secret").fill(port[0].secrets["legal-owner"])
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/")
    page.emulate_media(media="print")
    for path in ("sign", "ledger", "incidents/incident-1", "deliveries"):
        page.goto(f"{PRODUCT}/{path}")
        expect(page.locator("main form:visible, main button:visible, nav:visible")).to_have_count(0)
        assert page.evaluate("document.documentElement.scrollWidth") == sheet["width"]
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        cut = "() => [...document.querySelectorAll('.scroll')].some(one => one.scrollWidth > one.clientWidth)"
        assert not page.evaluate(cut), path
    page.goto(f"{PRODUCT}/ledger")
    expect(page.locator(".chain code", has_text=port[0].desk.store.ledger.head().digest)).to_be_visible()
    assert page.evaluate("document.querySelector('.gist').clientWidth") > 300
    context.close()


def test_a_screen_reader_finds_its_way_and_no_page_breaks_its_own_security_policy(logged_in: LogIn) -> None:
    page = logged_in("compliance-owner")
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text))
    troubles = {}
    for path in ("/login", *PAGES):
        page.goto(path)
        troubles[path] = page.evaluate(TROUBLES)
    assert troubles == {path: [] for path in troubles}
    assert refused == []


def test_every_page_of_a_simulated_product_says_so(logged_in: LogIn) -> None:
    page = logged_in("auditor")
    for path in PAGES:
        page.goto(path)
        expect(page.get_by_text("This product lives on replayed time")).to_be_visible()
        expect(page.get_by_text("are simulated, made up")).to_be_visible()


def _tab_to(page: Page, name: str, *, exact: bool = False, role: str = "") -> None:
    _tab_until(
        page,
        f"""element => {{
            const text = element.textContent.trim();
            return ({str(exact).lower()} ? text === {name!r} : text.includes({name!r}))
                && (!{role!r} || element.tagName.toLowerCase() === {role!r});
        }}""",
    )


def _tab_to_field(page: Page, name: str) -> None:
    _tab_until(page, f"element => element.name === {name!r}")


def _tab_until(page: Page, condition: str) -> None:
    for _ in range(120):
        page.keyboard.press("Tab")
        focused = page.evaluate_handle("document.activeElement")
        if page.evaluate(condition, focused):
            outline = page.evaluate("element => getComputedStyle(element).outlineStyle", focused)
            assert outline != "none", "what has the focus does not show it"
            return
    pytest.fail(f"the keyboard never reached {condition}")
