"""The browser of a run: what a fresh page takes with it, and what becomes of a browser that died."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Playwright

from bot.browser import BrowserChoice
from bot.session import BrowserSession

PAGE = "http://127.0.0.1/"


@pytest.fixture
def session(playwright: Playwright, browser_choice: BrowserChoice) -> Iterator[BrowserSession]:
    session = BrowserSession(playwright, browser_choice, ("127.0.0.1",), headed=False).start()
    yield session
    session.close()


def test_a_fresh_page_goes_on_with_the_session_and_the_old_one_is_gone(session: BrowserSession) -> None:
    old = session.fresh_page()
    old.context.add_cookies([{"name": "admin", "value": "signed-in", "url": PAGE}])
    new = session.fresh_page()
    assert [(cookie["name"], cookie["value"]) for cookie in new.context.cookies(PAGE)] == [("admin", "signed-in")]
    assert (old.is_closed(), new.context.pages) == (True, [new])


def test_a_browser_that_died_is_started_anew(session: BrowserSession) -> None:
    old = session.fresh_page()
    died = old.context.browser
    assert died is not None
    died.close()
    new = session.fresh_page()
    assert (old.is_closed(), new.is_closed(), new.context.browser is died) == (True, False, False)
