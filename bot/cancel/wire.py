"""The wire: the last guard before a cancel leaves this machine, and the channel by which it leaves once.

Every request that could cancel an order is held in the browser and read (``bot.cancel.requests``). One that is not
exactly what the permit in force allows is stopped; without a permit every one is. The one that matches is not sent by
the browser: Chromium sends a request again by itself, on a new connection, when a server cuts a kept-alive connection
after it has read the request, or answers 408 or 421, and reports one request. So it is sent by Playwright's own HTTP
client, with the browser's cookies, on a connection of its own, without any retry and without following a redirect; the
page gets that client's answer as its own.

What the app's endpoint answers is heard on the same wire, on every page, from its beginning (``bot.cancel.endpoint``).
"""

import re
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

from loguru import logger
from playwright.sync_api import Browser, CDPSession, Page, Request, Route
from playwright.sync_api import Error as PlaywrightError

from bot.cancel.cancels import Allowed, Cancel, Sent, Unreadable, Way, with_known
from bot.cancel.endpoint import Answered, Endpoint, http_words
from bot.cancel.held import Held, HeldByChromium, HeldByRoute, as_heard, as_sent
from bot.cancel.requests import cancels_in
from bot.cancel.sending import send_once
from bot.cancel.speculation import refuse_speculation
from bot.errors import HttpClientBlocked, PageTrouble, SessionEnded
from bot.identity import host_of, is_allowed, origin_of
from bot.pack import commerce

SentBy = Literal["client", "browser"]

FRESH_SECONDS = 30.0
"""How old an intent may be when its cancel leaves: by far less than what recovery waits before it believes that a press
never arrived, and more than a ledger that is in use needs to write it."""

_SENT_ONCE_MORE = (307, 308)
"""Redirects after which a browser sends the same request once more, to the new address."""

_SIGN_IN = "auth/login"
"""Part of the address of the sign-in page that background requests are sent to."""

_NOT_TRUSTED = re.compile(r"certificate|self.signed|\bCERT_|\bSSL\b|\bTLS\b|UNABLE_TO_", re.IGNORECASE)
"""What the client says where it does not trust the server that the browser trusts."""


@dataclass(kw_only=True)
class Passage:
    """The one cancel that may leave now, and what became of it."""

    permit: Allowed
    reasons: Collection[str]
    """The words that may stand for the permit's reason on the wire."""
    page: Page
    patience: float
    """Seconds to wait for the answer."""
    still_ours: Callable[[], bool]
    """Asked right before the cancel leaves: whether the order is still this run's to cancel."""
    begun: float = field(default_factory=time.time)  # a clock that goes on while the computer sleeps
    left: bool = False
    """Whether the cancel was let out. Nothing else is from then on."""
    stopped: str = ""
    """Why a request that would cancel was not let out, as a sentence without its end; empty if none was stopped."""
    answered: Answered | None = None
    """What came back; None while nothing has."""

    @property
    def is_fresh(self) -> bool:
        """Whether so little time has passed that nobody can have concluded yet that it was never sent."""
        return 0 <= time.time() - self.begun <= FRESH_SECONDS


class Wire:
    """Looks at what the pages of one Admin send, and hears what its endpoint answers.

    Args:
        url: the Admin's address: a cancel is sent to its host only, or to one of ``allowed_hosts``, and never at http://
            where the Admin's own address is https://.
        ways: how the pack's screens cancel an order, besides the ways that are always known.
        endpoint: part of the address that the app's own requests go to; empty where the pages have no app.
        headers: go with what the client sends to the Admin's own address, as with what the browser sends there.
        sent_by: ``client``, so that a cancel is sent exactly once; ``browser`` only where a firewall lets nothing else
            through: then the browser itself may send it twice.
    """

    def __init__(
        self,
        url: str,
        *,
        ways: Collection[Way] = (),
        endpoint: str = "",
        allowed_hosts: Collection[str] = (),
        headers: Mapping[str, str] | None = None,
        sent_by: SentBy = "client",
    ) -> None:
        self.endpoint = Endpoint()
        """What was heard of the app's endpoint since the page was opened."""
        self.sent_by = sent_by
        self._url = url
        self._hosts = {host_of(url), *allowed_hosts}
        self._headers = headers or {}
        self._ways = with_known(ways)
        self._app = Way(address=endpoint) if endpoint else None
        self._stopped: list[str] = []
        self._passage: Passage | None = None
        self._browser: Browser | None = None
        self._tried: object = None

    # --- Looking on ---

    def guard_browser(self, browser: Browser) -> None:
        """Look at what every page of a browser sends, and every window that a page opens.

        Needs a Chromium of its own.
        """
        self._listen(browser.new_browser_cdp_session(), "Request")
        self._browser = browser

    def watch(self, page: Page) -> None:
        """Hear what this page is answered, and look at what it sends, unless its whole browser is looked at."""
        self.endpoint.begins()
        refuse_speculation(page)
        page.on("requestfailed", self._note_failed)
        try:
            session = page.context.new_cdp_session(page)
        except PlaywrightError:  # not Chromium: the same, at the price of the browser's cache
            self._watch_any_browser(page)
            return
        session.on("Page.frameNavigated", self._note_document)
        session.send("Page.enable")
        guarded = self._browser is not None and self._browser is page.context.browser
        self._listen(session, *(("Response",) if guarded else ("Request", "Response")))

    def _listen(self, session: CDPSession, *stages: str) -> None:
        def paused(event: dict[str, Any]) -> None:
            held = HeldByChromium(session, event)
            with suppress(PlaywrightError):  # what is not answered stays where it is when its page has gone meanwhile
                if "responseStatusCode" in event or "responseErrorReason" in event:
                    self._hear(held)
                else:
                    self._look_at(held)

        session.on("Fetch.requestPaused", paused)
        patterns = [
            {"urlPattern": f"*{spelled}*", "requestStage": stage}
            for stage in stages
            for address in self._addresses(answers=stage == "Response")
            for spelled in _spellings(address)
        ]
        if patterns:  # unlike a route these are asked for such addresses only, and leave the browser its cache
            session.send("Fetch.enable", {"patterns": patterns})

    def _addresses(self, *, answers: bool) -> list[str]:
        """Parts of the addresses whose requests, or whose answers, are looked at."""
        addresses = [way.address for way in self._ways]
        if self._app is not None:
            addresses.append(self._app.address)
        return list(dict.fromkeys([*addresses, _SIGN_IN if answers else commerce.ADDRESS.strip("/")]))

    def _watch_any_browser(self, page: Page) -> None:
        addresses = self._addresses(answers=False)

        def look_at(route: Route) -> None:
            with suppress(PlaywrightError):
                self._look_at(HeldByRoute(route))

        def hear(request: Request) -> None:
            if self._is_apps(request.url):
                with suppress(PlaywrightError):
                    self._note_answer(*as_heard(request))

        def begin(request: Request) -> None:
            if request.is_navigation_request() and request.frame == page.main_frame:
                self.endpoint.begins()

        page.route(lambda url: any(address.lower() in url.lower() for address in addresses), look_at)
        page.on("request", begin)
        page.on("requestfinished", hear)

    # --- What is sent ---

    @contextmanager
    def open_for(self, passage: Passage) -> Iterator[None]:
        """Let the one cancel out that the passage allows, while the block runs; afterwards none."""
        self._passage = passage
        try:
            yield
        finally:
            self._passage = None

    def names_a_cancel(self, words: str) -> bool:
        """Whether a script or a link names an address that cancels an order on a mere visit."""
        return any(not way.mutation and way.address in words for way in self._ways)

    def take_stopped(self) -> str:
        """Why a request that would cancel was stopped although nothing was pressed; empty if none was since the last
        time.
        """
        stopped, self._stopped = self._stopped, []
        return "; ".join(dict.fromkeys(stopped))

    def try_out(self, page: Page, patience: float) -> None:
        """Make sure that the client by which a cancel would leave gets through, by asking for the page that is open.

        Asked once for each profile of the browser, before anything is pressed.

        Raises:
            HttpClientBlocked: it does not get through: another certificate store, a firewall that knows browsers only.
            SessionEnded, PageTrouble: it was asked to sign in, or the server failed.
        """
        if self.sent_by == "browser" or self._tried is page.context:
            return
        if not self._is_the_admins(page.url):
            raise PageTrouble(reason=f"the page that is open comes from {_origin(page.url)}, not from the Admin")
        agent = page.evaluate("() => navigator.userAgent")
        accept = "text/html,application/xhtml+xml,*/*;q=0.8"
        answered = self._send(
            page,
            Sent(
                method="GET", url=page.url.partition("#")[0], headers={"User-Agent": agent, "Accept": accept}, body=b""
            ),
            patience,
        )
        if answered.trouble:
            if _NOT_TRUSTED.search(answered.trouble):
                raise HttpClientBlocked(why=answered.trouble)
            raise PageTrouble(reason=f"the page that is open could not be asked for again ({answered.trouble})")
        if answered.is_sign_in_page:
            raise SessionEnded(reason="The session has ended; the Admin asks to sign in.")
        if answered.status >= 500 or 300 <= answered.status < 400:
            raise PageTrouble(reason=f"the page that is open was answered with {http_words(answered)} when asked again")
        if answered.status >= 400:
            raise HttpClientBlocked(why=http_words(answered))
        self._tried = page.context

    def _look_at(self, held: Held) -> None:
        """Decide about a request: nothing that cancels is let out but by the passage that is open."""
        sent = held.sent()
        if commerce.ADDRESS in unquote(urlsplit(sent.url).path).lower():
            logger.error("the page sent the Commerce order's own cancel, which was stopped")
            held.stop()
            return
        try:
            cancels = cancels_in(sent, self._ways)
        except Unreadable as wrong:
            what = f"the page sent something to {_where(sent)} that may cancel an order"
            self._stop(held, f"{what}, which was stopped: {wrong}")
            return
        if not cancels:
            if self._is_apps(sent.url):
                self.endpoint.asked(question_of(sent))
            held.let_out()
            return
        passage = self._passage
        why = self._why_not(sent, cancels, passage)
        if why or passage is None:
            self._stop(held, why)
            return
        passage.left = True
        if self.sent_by == "browser":
            held.let_out()
            return
        passage.answered = answered = self._send(passage.page, sent, passage.patience)
        if answered.trouble or answered.status in _SENT_ONCE_MORE:
            held.stop()
        else:
            held.give(answered)

    def _why_not(self, sent: Sent, cancels: list[Cancel], passage: Passage | None) -> str:
        """Why these cancels are not let out, as a sentence without its end; empty if they are."""
        if passage is None:
            orders = ", ".join(sorted({cancel.order for cancel in cancels if cancel.order}))
            of_which = f" of order {orders}" if orders else ""
            return f"the page sent a cancel{of_which} although nothing was pressed, which was stopped"
        if passage.left:
            return "the page sent the cancel a second time, which was stopped"
        if len(cancels) > 1:
            return f"the page sent {len(cancels)} cancels in one request, which was stopped"
        (cancel,) = cancels
        if cancel.order not in {None, passage.permit.order}:
            return f"the page sent a cancel of order {cancel.order}, which was stopped"
        if difference := cancel.differs_from(passage.permit, passage.reasons):
            return f"the page sent another cancel than the one that was permitted, which was stopped: it {difference}"
        if sent.method != "POST":
            return f"the page sent the cancel by {sent.method} and not as its forms and its app do; it was stopped"
        if not self._is_the_admins(sent.url):
            return f"the page sent the cancel to {_origin(sent.url)}, which is not the Admin; it was stopped"
        if not passage.is_fresh or not passage.still_ours():
            return "the program stood still before the cancel could leave, so it was stopped"
        return ""

    def _stop(self, held: Held, why: str) -> None:
        logger.error("{}", why)
        if self._passage is not None and not self._passage.left:
            self._passage.stopped = self._passage.stopped or why
        else:
            self._stopped.append(why)
        held.stop()

    def _send(self, page: Page, sent: Sent, patience: float) -> Answered:
        if self._headers and origin_of(sent.url) == origin_of(self._url):
            ours = {name.lower() for name in self._headers}
            others = {name: value for name, value in sent.headers.items() if name.lower() not in ours}
            sent = replace(sent, headers={**others, **self._headers})
        return send_once(page.context.request, sent, patience)

    # --- What is answered ---

    def _hear(self, held: HeldByChromium) -> None:
        answered = held.answered()
        held.let_out()
        self._note_answer(held.sent(), answered)

    def _note_answer(self, sent: Sent, answered: Answered) -> None:
        passage = self._passage
        if passage is not None and passage.left and self._cancels(sent):
            if passage.answered is None:  # else it is the client's, on its way to the page
                passage.answered = answered
        elif self._is_apps(sent.url):
            self.endpoint.answered(question_of(sent), answered)
        elif _SIGN_IN in sent.url:
            self.endpoint.note_page(answered)

    def _cancels(self, sent: Sent) -> bool:
        try:
            return bool(cancels_in(sent, self._ways))
        except Unreadable:
            return True

    def _note_failed(self, request: Request) -> None:
        """A page can end its own requests, which get no answer then."""
        if self._is_apps(request.url):
            self.endpoint.given_up(question_of(as_sent(request)))

    def _note_document(self, event: dict[str, Any]) -> None:
        if "parentId" not in event["frame"]:
            self.endpoint.begins()

    def _is_the_admins(self, url: str) -> bool:
        """Whether an address is on a host that the browser may talk to, and as encrypted as the Admin's own."""
        schemes = {"https", urlsplit(self._url).scheme}
        return urlsplit(url).scheme in schemes and is_allowed(host_of(url), self._hosts)

    def _is_apps(self, url: str) -> bool:
        return self._app is not None and self._app.is_at(url)


def cancels_an_order(request: Request, ways: Collection[Way] = ()) -> bool:
    """Whether a request of a page would cancel an order, or may, because it cannot be read."""
    try:
        return bool(cancels_in(as_sent(request), with_known(ways)))
    except Unreadable:
        return True


def question_of(sent: Sent) -> str:
    """What tells one request to the endpoint from another: all that is asked."""
    return f"{sent.method} {urlsplit(sent.url).query} {(sent.body or b'').decode(errors='replace')}"


def _spellings(address: str) -> tuple[str, str]:
    """Patterns for an address as it is or with capitals, and with its action in capitals: the Admin minds no case in an
    action's name, and Chromium's patterns do not.
    """
    any_first_letter = re.sub(r"(?<![A-Za-z])[A-Za-z]", "?", address)
    folder, _, action = address.rpartition("/")
    return any_first_letter, f"{folder}/{action.upper()}"


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _where(sent: Sent) -> str:
    return urlsplit(sent.url).path.partition("/key/")[0]
