"""How a page is kept from guessing, without a browser: what is asked of Chromium, and what becomes of each file."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page

from bot.cancel.speculation import TAKE_RULES_OUT, refuse_speculation


class Session:
    """A page's line to Chromium."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self.called: dict[str, Callable[[dict[str, Any]], None]] = {}
        self.is_gone = False

    def on(self, event: str, call: Callable[[dict[str, Any]], None]) -> None:
        self.called[event] = call

    def send(self, method: str, told: dict[str, Any]) -> None:
        self.sent.append((method, told))
        if self.is_gone:
            raise PlaywrightError("Target page, context or browser has been closed")

    def paused(self, **event: Any) -> tuple[str, dict[str, Any]]:
        self.called["Fetch.requestPaused"]({"requestId": "7", **event})
        return self.sent[-1]


def page_with(session: Session | None) -> tuple[Page, list[str]]:
    scripts: list[str] = []

    def line(of: object) -> Session:
        if session is None:
            raise PlaywrightError("CDP session is only available in Chromium")
        assert of is page
        return session

    page = SimpleNamespace(add_init_script=scripts.append, context=SimpleNamespace(new_cdp_session=line))
    return cast(Page, page), scripts


@pytest.fixture
def session() -> Session:
    session = Session()
    page, scripts = page_with(session)
    refuse_speculation(page)
    assert scripts == [TAKE_RULES_OUT]
    return session


def test_only_files_of_no_kind_that_pages_are_made_of_are_held(session: Session) -> None:
    held = {"urlPattern": "*", "resourceType": "Other", "requestStage": "Response"}
    assert session.sent == [("Fetch.enable", {"patterns": [held]})]


@pytest.mark.parametrize(
    "headers",
    [
        [{"name": "Content-Type", "value": "application/speculationrules+json"}],
        [
            {"name": "X", "value": "y"},
            {"name": "content-TYPE", "value": "Application/SpeculationRules+JSON; charset=utf-8"},
        ],
    ],
)
def test_a_file_of_rules_is_not_loaded(session: Session, headers: list[dict[str, str]]) -> None:
    refused = {"requestId": "7", "errorReason": "BlockedByClient"}
    assert session.paused(responseHeaders=headers) == ("Fetch.failRequest", refused)


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"responseHeaders": [{"name": "Content-Type", "value": "image/x-icon"}]},
        {"responseHeaders": [{"name": "X", "value": "application/speculationrules+json"}]},
    ],
)
def test_any_other_file_is_loaded(session: Session, event: dict[str, Any]) -> None:
    assert session.paused(**event) == ("Fetch.continueRequest", {"requestId": "7"})


def test_a_page_that_has_gone_meanwhile_is_no_trouble(session: Session) -> None:
    session.is_gone = True
    session.paused()


def test_in_another_browser_rules_are_taken_out_of_pages_only() -> None:
    page, scripts = page_with(None)
    refuse_speculation(page)
    assert scripts == [TAKE_RULES_OUT]
