"""A browser session for a run: the browser started, a fresh page on demand, everything closed at the end."""

from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from loguru import logger
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Dialog,
    Download,
    Page,
    Playwright,
    StorageState,
    sync_playwright,
)
from playwright.sync_api import Error as PlaywrightError

from bot.access.browser import launch, launch_options, new_context
from bot.access.find_browser import BrowserChoice, find_browser
from bot.access.gate import Gate, ShownCertificate, certificates_for
from bot.access.remote_browser import COMES_BACK_SECONDS, connect, name_of
from bot.access.saved_session import SavedSession
from bot.access.trust_store import driver_environment, home_with
from bot.cancel.wire import Wire
from bot.connection import Proxy
from bot.errors import BrowserServerUnusable, CannotStart, RunStopped
from bot.identity import host_of, is_allowed
from bot.settings import Settings
from bot.wording import harmless

HOSTS = 50
"""How many blocked hosts are counted apart: a page can make up any number of them."""

OTHER_HOSTS = "other hosts"

MOST_WORDS = 200
"""Characters of a page's own words that are logged."""


@dataclass(frozen=True, kw_only=True)
class SessionOptions:
    """What a browser session may do, and what it is told."""

    hosts: tuple[str, ...]
    """The hosts that the browser may talk to."""
    headed: bool = False
    """Whether the browser can be seen."""
    fonts: bool = True
    """Whether it loads the fonts that a page brings."""
    secrets: Collection[str] = ()
    """What the browser must not find in its environment."""
    saved: SavedSession | None = None
    """Where the session is read from and saved to."""
    wire: Wire | None = None
    """Looks at every request that could cancel an order."""
    gate: Gate | None = None
    """Lets requests pass, with what the Admin's server asks for."""
    proxy: Proxy | None = None
    """What the allowed hosts are reached through."""
    home: Path | None = None
    """The browser's home folder, where it is not the person's own."""
    certificates: list[ShownCertificate] | None = None
    """What servers are shown that ask the browser who it is."""
    servers: tuple[str, ...] = ()
    """Where browsers on other machines are served; where there are none, the browser is started here."""


class BrowserSession:
    """One browser and one context; the Admin's session cookie lives in it. Make it with ``browser_session``."""

    def __init__(
        self,
        playwright: Playwright,
        choice: BrowserChoice,
        options: SessionOptions,
        blocked: dict[str, int] | None = None,
    ) -> None:
        self._playwright = playwright
        self._choice = choice
        self._options = options
        self._browser: Browser | None = None
        self._context: BrowserContext | None = None
        self._opening = False
        self.blocked: dict[str, int] = {} if blocked is None else blocked
        """Requests to hosts that are not allowed, by host; those beyond ``HOSTS`` hosts together."""

    def start(self) -> Self:
        """Start the browser, so that a machine that cannot is known before anything else is done.

        Raises:
            BrowserDoesNotStart, BrowserServerUnusable: it cannot be had.
            RunStopped: the browser of another machine was lost, and does not come back.
        """
        options = self._options
        self._browser = self._remote() if options.servers else self._started_here()
        if options.gate is not None:
            options.gate.guard(self._browser)
        if options.wire is not None:
            options.wire.guard_browser(self._browser)
        signed_in = options.saved.load() if options.saved is not None else None
        self._context = self._new_context(self._browser, signed_in)
        return self

    def _started_here(self) -> Browser:
        options = self._options
        return launch(
            self._playwright,
            self._choice,
            headed=options.headed,
            allowed_hosts=options.hosts,
            secrets=options.secrets,
            fonts=options.fonts,
            proxy=options.proxy,
            home=options.home,
        )

    def _remote(self) -> Browser:
        options, is_back = self._options, self._browser is not None
        told = launch_options(
            self._choice,
            headed=options.headed,
            allowed_hosts=options.hosts,
            fonts=options.fonts,
            proxy=options.proxy,
        )
        try:
            return connect(
                self._playwright,
                options.servers,
                args=told["args"],
                allowed_hosts=options.hosts,
                patience=COMES_BACK_SECONDS if is_back else 0,
            )
        except BrowserServerUnusable as trouble:
            if is_back:  # with none in the middle of a list, the orders that are left can only fail
                raise RunStopped(reason=str(trouble)) from trouble
            raise

    def fresh_page(self) -> Page:
        """A new page in the same session; a browser that died is started again.

        The pages before it are closed with the profile that they were in: driver and browser remember every request
        of a profile as long as it is there, and grow with it.
        """
        if self._browser is None or self._context is None or not _is_there(self._browser, self._options):
            logger.warning("the browser is started again")
            self.start()
        elif self._context.pages:
            signed_in = self._context.storage_state()
            self._context.close()
            self._context = self._new_context(self._browser, signed_in)
        if self._context is None:
            raise RuntimeError("the session was not started")
        self._opening = True  # a page that comes while this is not so was opened by another page
        try:
            return self._context.new_page()
        finally:
            self._opening = False

    def second_page(self) -> Page:
        """A page beside those that are open, in the same profile."""
        if self._context is None:
            raise RuntimeError("the session was not started")
        self._opening = True
        try:
            return self._context.new_page()
        finally:
            self._opening = False

    def save(self) -> None:
        """Save the Admin's session as it is now, for a browser that is started again and for the next run."""
        if self._options.saved is not None and self._context is not None:
            self._options.saved.save(self._context.storage_state())

    def close(self) -> None:
        """Close the browser."""
        if self._browser is not None:
            self._browser.close()

    def _new_context(self, browser: Browser, signed_in: StorageState | None) -> BrowserContext:
        context = new_context(browser, signed_in=signed_in, certificates=self._options.certificates)
        context.on("requestfailed", lambda request: self._note_blocked(request.url))
        context.on("dialog", _refuse_dialog)
        context.on("page", self._watch_or_refuse)
        return context

    def _watch_or_refuse(self, page: Page) -> None:
        if not self._opening:
            logger.warning("the page opened a window of its own; it was closed")
            with _gone_by_now():
                page.close()
            return
        page.on("download", _tell_of_download)
        page.on("websocket", lambda socket: self._note_blocked(socket.url))

    def _note_blocked(self, url: str) -> None:
        """Count a request that failed, or a connection that may yet, if its host is why it does."""
        host = host_of(url)
        if not host or is_allowed(host, self._options.hosts):
            return
        if host not in self.blocked and len(self.blocked) >= HOSTS:
            host = OTHER_HOSTS
        if host not in self.blocked:
            logger.info("blocked a request to {}: it is not an allowed host", host)
        self.blocked[host] = self.blocked.get(host, 0) + 1


def _is_there(browser: Browser, options: SessionOptions) -> bool:
    """Whether a browser still lives. One on another machine is asked: that its connection is cut is heard late."""
    if browser.is_connected() and options.servers:
        try:
            browser.new_browser_cdp_session().detach()
        except PlaywrightError:
            return False
    return browser.is_connected()


@contextmanager
def _gone_by_now() -> Iterator[None]:
    """What a page opened may be gone with it before it is answered."""
    try:
        yield
    except PlaywrightError as error:
        logger.debug("it was gone already: {}", error.message)


def _refuse_dialog(dialog: Dialog) -> None:
    """Answer a dialog of the browser's own, which would hold the page up, with no; a page may always be left."""
    if dialog.type == "beforeunload":
        logger.info("the page asked not to be left, and was left")
        with _gone_by_now():
            dialog.accept()
        return
    words = harmless(dialog.message)[:MOST_WORDS]
    logger.warning("the page opened a dialog of the browser ({}: {}); it was dismissed", dialog.type, words)
    with _gone_by_now():
        dialog.dismiss()


def _tell_of_download(download: Download) -> None:
    name = harmless(download.suggested_filename)[:MOST_WORDS]
    logger.warning("the page offered a file ({}); it was not downloaded", name)


def browser_for(settings: Settings, playwright: Playwright | None = None, *, headed: bool = False) -> BrowserChoice:
    """The browser that a session would start or ask for: with a proxy one that can be told which hosts that is for.

    Raises:
        NoBrowser, BrowserUnusable: no browser can be used.
    """
    if settings.browser_servers:
        if headed:
            raise CannotStart(
                reason="A browser on another machine cannot be seen here: leave out --headed, or "
                "COUNTERMAND_BROWSER_SERVER."
            )
        servers = " or ".join(map(name_of, settings.browser_servers))
        return BrowserChoice(executable=None, source=f"the browser of the server at {servers}")
    return find_browser(settings.browser, playwright, headed=headed or settings.proxy is not None)


@contextmanager
def browser_session(
    settings: Settings,
    *,
    headed: bool = False,
    saved: SavedSession | None = None,
    blocked: dict[str, int] | None = None,
    wire: Wire | None = None,
) -> Iterator[BrowserSession]:
    """A started browser that may talk to the Admin's host and the allowed ones only.

    With ``saved`` it goes on with the session that was saved there, and can save its own. In ``blocked`` it counts the
    requests to other hosts. With a ``wire``, every request of it that could cancel an order is looked at there.

    Raises:
        NoBrowser, CannotStart: there is no browser, or it does not start.
    """
    connection = settings.connection
    hosts = (settings.host, *settings.allowed_hosts)
    certificate = connection.client_certificate
    with ExitStack() as stack:
        home = stack.enter_context(home_with(connection.authority))
        # What sends a cancel trusts the authorities that this machine trusts, as browsers do.
        with driver_environment(connection.authority):
            playwright = stack.enter_context(_playwright())
        choice = browser_for(settings, playwright, headed=headed)
        options = SessionOptions(
            hosts=hosts,
            headed=headed,
            fonts=settings.fonts,
            secrets=[*connection.secrets, *(secret for account in settings.pool for secret in account.secrets)],
            saved=saved,
            wire=wire,
            gate=Gate(settings.admin_url, connection.plain_headers, hosts, closed=certificate is not None),
            proxy=connection.proxy,
            home=home,
            certificates=certificates_for(settings.admin_url, certificate, hosts) if certificate else None,
            servers=settings.browser_servers,
        )
        session = BrowserSession(playwright, choice, options, blocked).start()
        try:
            yield session
        finally:
            try:
                session.close()
            except PlaywrightError as error:
                logger.debug("the browser was gone already: {}", error.message)


@contextmanager
def _playwright() -> Iterator[Playwright]:
    """Playwright, whose own program needs a library that small systems lack.

    Raises:
        CannotStart: that program does not start.
    """
    with ExitStack() as stack:
        try:
            playwright = stack.enter_context(sync_playwright())
        except Exception as error:  # Playwright has no class of its own for this
            if "reading from the driver" not in str(error):
                raise
            raise CannotStart(
                reason="Playwright's own program does not start. On Linux a system library is missing, usually "
                "libatomic: install it, as root, with: apt-get install libatomic1."
            ) from error
        yield playwright
