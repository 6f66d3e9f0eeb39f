"""People at a console, each in a browser of their own; and a check that they look at."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

from bot.checks.check.model import ScreenReport
from bot.checks.check.outcome import CheckOutcome


def people_at(
    address: str, browser: Browser, is_complaint: Callable[[ConsoleMessage], bool], patience: float = 30_000
) -> Iterator[Callable[..., Page]]:
    """Gives pages of the person with a name; in the end, what the browser complained of fails the test.

    Needs the console's address, and the milliseconds for which a page waits for what it is to show.
    """
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def enter(name: str = "", **how: object) -> Page:
        headers = {"X-Forwarded-User": name} if name else {}
        context = browser.new_context(base_url=address, extra_http_headers=headers, **how)  # type: ignore[arg-type]  # as Playwright has them
        context.set_default_timeout(patience)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if is_complaint(said) else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield enter
    for context in contexts:
        context.close()
    assert complaints == []


def check_of(admin: str, screen: ScreenReport, number: int = 21405) -> CheckOutcome:
    """A check of an Admin that found this of one screen, the later the higher its number."""
    return CheckOutcome(
        check=f"20260301-{number:06}-a1b2",
        admin=admin,
        account="bot",
        pack="asc-4.3",
        baselines="baselines",
        started_at=datetime(2026, 3, 1, tzinfo=UTC),
        seconds=1,
        version="0.1.0",
        screens=(screen,),
    )
