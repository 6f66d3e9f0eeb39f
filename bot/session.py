"""A browser session for a run: the browser started, a fresh page on demand, everything closed at the end."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self
from urllib.parse import urlsplit

from loguru import logger
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, Request, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from bot.browser import BrowserChoice, find_browser, launch, new_context
from bot.keptsession import KeptSession
from bot.settings import Settings


class BrowserSession:
    """One browser and one context; the Admin's session cookie lives in it. Make it with ``browser_session``."""

    def __init__(
        self,
        playwright: Playwright,
        choice: BrowserChoice,
        hosts: tuple[str, ...],
        headed: bool,
        kept: KeptSession | None = None,
    ) -> None:
        self._playwright = playwright
        self._choice = choice
        self._hosts = hosts
        self._headed = headed
        self._kept = kept
        self._browser: Browser | None = None
        self._context: BrowserContext | None = None
        self.blocked: dict[str, int] = {}
        """Requests to hosts that are not allowed, by host."""

    def start(self) -> Self:
        """Start the browser, so that a machine that cannot is known before anything else is done."""
        self._browser = launch(self._playwright, self._choice, headed=self._headed, allowed_hosts=self._hosts)
        self._context = self._watched(new_context(self._browser, signed_in=self._kept.load() if self._kept else None))
        return self

    def fresh_page(self) -> Page:
        """A new page in the same session; a browser that died is started anew.

        The pages before it are closed with the profile that they were in: driver and browser remember every request
        of a profile as long as it is there, and grow with it.
        """
        if self._browser is None or self._context is None or not self._browser.is_connected():
            logger.warning("the browser is started anew")
            self.start()
        elif self._context.pages:
            signed_in = self._context.storage_state()
            self._context.close()
            self._context = self._watched(new_context(self._browser, signed_in=signed_in))
        if self._context is None:
            raise RuntimeError("the session was not started")
        return self._context.new_page()

    def keep(self) -> None:
        """Keep the Admin's session as it is now, for a browser that is started anew and for the next run."""
        if self._kept is not None and self._context is not None:
            self._kept.save(self._context.storage_state())

    def close(self) -> None:
        """Close the browser."""
        if self._browser is not None:
            self._browser.close()

    def _watched(self, context: BrowserContext) -> BrowserContext:
        context.on("requestfailed", self._note_blocked)
        context.on("page", self._refuse_second_page)
        return context

    def _note_blocked(self, request: Request) -> None:
        host = urlsplit(request.url).hostname or ""
        if host and host not in self._hosts:
            if host not in self.blocked:
                logger.info("blocked a request to {}: it is not an allowed host", host)
            self.blocked[host] = self.blocked.get(host, 0) + 1

    def _refuse_second_page(self, page: Page) -> None:
        if page.opener() is not None:
            logger.warning("the page opened a window of its own; it was closed")
            page.close()


@contextmanager
def browser_session(
    settings: Settings, *, headed: bool = False, kept: KeptSession | None = None
) -> Iterator[BrowserSession]:
    """A started browser that may talk to the Admin's host and the allowed ones only.

    With ``kept`` it goes on with the session that was kept there, and can keep its own.

    Raises:
        NoBrowser, CannotStart: there is none, or it does not start.
    """
    with sync_playwright() as playwright:
        choice = find_browser(settings.browser, playwright, headed=headed)
        hosts = (settings.host, *settings.allowed_hosts)
        session = BrowserSession(playwright, choice, hosts, headed, kept).start()
        try:
            yield session
        finally:
            try:
                session.close()
            except PlaywrightError as error:
                logger.debug("the browser was gone already: {}", error.message)
