"""A browser, and the pages of a store with a year of history."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from e2e.served import Harbour, harbour
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from shipworthy.doors.house import running
from shipworthy.doors.web.app import web

# Without these Chromium looks for its maker's hosts at every start.
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LAPTOP = {"width": 1280, "height": 860}
PHONE = {"width": 375, "height": 812}
PATIENCE = 60_000  # milliseconds: how soon a page is there says nothing on a machine that others use too


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium without a window."""
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=QUIET)
        yield found
        found.close()


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Harbour, str]]:
    """A store with history and the address of its pages, shared by the tests of one file."""
    with harbour(tmp_path_factory.mktemp("store")) as found, running(web(found.desk)) as address:
        yield found, address


@pytest.fixture
def context(browser: Browser, port: tuple[Harbour, str]) -> Iterator[BrowserContext]:
    """A fresh browser profile on a laptop."""
    found = browser.new_context(viewport=LAPTOP, base_url=port[1])  # type: ignore[arg-type]  # a plain dict of sizes
    found.set_default_timeout(PATIENCE)
    yield found
    found.close()


@pytest.fixture
def logged_in(context: BrowserContext, port: tuple[Harbour, str]) -> Callable[[str], Page]:
    """A page on which somebody is logged in."""

    def log_in(person: str) -> Page:
        page = context.new_page()
        page.goto("/login")
        page.get_by_label("Name").fill(person)
        page.get_by_label("Secret").fill(port[0].secrets[person])
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url("**/")
        return page

    return log_in
