"""The wire: the last guard before a cancel leaves this machine, and the channel by which it leaves once.

Every request that could cancel an order is held in the browser and read (``bot.cancel.requests``). One that is not
exactly what the permit in force allows is stopped; without a permit every one is. The one that matches is not sent by
the browser: Chromium sends a request again by itself, on a new connection, when a server cuts a kept-alive connection
after it has read the request, or answers 408 or 421, and reports one request. So it is sent by Playwright's own HTTP
client, with the browser's cookies, on a connection of its own, without any retry and without following a redirect; the
page gets that client's answer as its own.

What the app's endpoint answers is heard on the same wire, on every page, from its beginning (``bot.cancel.endpoint``).
"""

import base64
import re
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol
from urllib.parse import unquote, urlsplit

from loguru import logger
from playwright.sync_api import Browser, CDPSession, Page, Request, Route
from playwright.sync_api import Error as PlaywrightError

from bot.cancel.endpoint import Answered, Endpoint, http_words
from bot.cancel.requests import Allowed, Cancel, Sent, Unreadable, Way, cancels_in, with_known
from bot.errors import NotLetThrough, PageTrouble, SessionEnded
from bot.identity import host_of, is_allowed
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

_CLIENTS_WORDS = {
    "Timeout": "nothing was answered in time",
    "socket hang up": "the connection was closed without an answer",
    "ECONNREFUSED": "the connection was refused, so nothing was sent",
    "ENOTFOUND": "there is no address for the host's name, so nothing was sent",
    "EHOSTUNREACH": "there is no way to the host, so nothing was sent",
    "ENETUNREACH": "there is no way to the host, so nothing was sent",
    "aborted": "the answer broke off",
    "ECONNRESET": "the connection was reset",
    "EPIPE": "the connection was reset",
}
"""What the client says of a connection -> what that means."""

_THE_CLIENTS_OWN = frozenset({"cookie", "content-length", "connection", "host", "accept-encoding"})
"""Headers of the page's request that the client writes itself."""

_OF_THE_WAY = frozenset({"content-encoding", "content-length", "transfer-encoding", "connection", "keep-alive"})
"""Headers of an answer that say how it traveled: the client has unpacked it."""


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
        sent_by: SentBy = "client",
    ) -> None:
        self.endpoint = Endpoint()
        """What was heard of the app's endpoint since the page was opened."""
        self.sent_by = sent_by
        self._url = url
        self._hosts = {host_of(url), *allowed_hosts}
        self._ways = with_known(ways)
        self._app = Way(address=endpoint) if endpoint else None
        self._stopped: list[str] = []
        self._passage: Passage | None = None
        self._browser: Browser | None = None
        self._tried: object = None

    # --- Looking on ---

    def guard_browser(self, browser: Browser) -> None:
        """Look at what every page of a browser sends, and every window that a page opens.

        Needs a Chromium that nobody else uses.
        """
        self._listen(browser.new_browser_cdp_session(), "Request")
        self._browser = browser

    def watch(self, page: Page) -> None:
        """Hear what this page is answered, and look at what it sends, unless its whole browser is looked at."""
        self.endpoint.begins()
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
            held = _HeldByChromium(session, event)
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
                self._look_at(_HeldByRoute(route))

        def hear(request: Request) -> None:
            if self._is_apps(request.url):
                with suppress(PlaywrightError):
                    self._note_answer(*_as_heard(request))

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
            NotLetThrough: it does not get through: another certificate store, a firewall that knows browsers only.
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
                raise NotLetThrough(why=answered.trouble)
            raise PageTrouble(reason=f"the page that is open could not be asked for again ({answered.trouble})")
        if answered.is_sign_in_page:
            raise SessionEnded(reason="The session has ended; the Admin asks to sign in.")
        if answered.status >= 500 or 300 <= answered.status < 400:
            raise PageTrouble(reason=f"the page that is open was answered with {http_words(answered)} when asked again")
        if answered.status >= 400:
            raise NotLetThrough(why=http_words(answered))
        self._tried = page.context

    def _look_at(self, held: "_Held") -> None:
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

    def _stop(self, held: "_Held", why: str) -> None:
        logger.error("{}", why)
        if self._passage is not None and not self._passage.left:
            self._passage.stopped = self._passage.stopped or why
        else:
            self._stopped.append(why)
        held.stop()

    def _send(self, page: Page, sent: Sent, patience: float) -> Answered:
        """Send a request once, with the session of the page, and wait for the whole answer."""
        headers = {name: value for name, value in sent.headers.items() if name.lower() not in _THE_CLIENTS_OWN}
        try:
            # A connection of its own: on a kept one nobody could tell whether a cut came before or after the request.
            answer = page.context.request.fetch(
                sent.url,
                method=sent.method,
                headers={**headers, "Connection": "close"},
                data=sent.body or None,
                timeout=patience * 1000,
                fail_on_status_code=False,
                max_redirects=0,
                max_retries=0,
            )
            try:
                body = answer.body()
                return Answered(
                    status=answer.status,
                    headers={one["name"]: one["value"] for one in answer.headers_array},
                    body=body,
                )
            finally:
                answer.dispose()
        except PlaywrightError as trouble:
            return Answered(trouble=_plain(trouble))

    # --- What is answered ---

    def _hear(self, held: "_HeldByChromium") -> None:
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
        """A page can end its own requests, which nobody answers then."""
        if self._is_apps(request.url):
            self.endpoint.given_up(question_of(_as_sent(request)))

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
        return bool(cancels_in(_as_sent(request), with_known(ways)))
    except Unreadable:
        return True


def question_of(sent: Sent) -> str:
    """What tells one request to the endpoint from another: all that is asked."""
    return f"{sent.method} {urlsplit(sent.url).query} {(sent.body or b'').decode(errors='replace')}"


class _Held(Protocol):
    """A request that waits in the browser for what becomes of it."""

    def sent(self) -> Sent: ...

    def let_out(self) -> None: ...

    def stop(self) -> None: ...

    def give(self, answered: Answered) -> None: ...


class _HeldByChromium:
    """A request, or its answer, that Chromium's own interception holds."""

    def __init__(self, session: CDPSession, event: dict[str, Any]) -> None:
        self._session, self._event = session, event

    def sent(self) -> Sent:
        request = self._event["request"]
        entries = request.get("postDataEntries", [])
        body: bytes | None = b""
        if request.get("hasPostData"):
            whole = bool(entries) and all("bytes" in entry for entry in entries)
            body = b"".join(base64.b64decode(entry["bytes"]) for entry in entries) if whole else None
        return Sent(method=request["method"], url=request["url"], headers=request["headers"], body=body)

    def answered(self) -> Answered:
        if "responseErrorReason" in self._event:
            return Answered(trouble=f"the connection failed ({self._event['responseErrorReason']})")
        status = int(self._event["responseStatusCode"])
        headers = {one["name"]: one["value"] for one in self._event.get("responseHeaders", [])}
        if 300 <= status < 400:  # the browser gives no body of a redirect
            return Answered(status=status, headers=headers)
        try:
            said = self._session.send("Fetch.getResponseBody", {"requestId": self._event["requestId"]})
        except PlaywrightError as trouble:  # the connection was cut within the answer
            return Answered(trouble=_plain(trouble))
        body = base64.b64decode(said["body"]) if said["base64Encoded"] else str(said["body"]).encode()
        return Answered(status=status, headers=headers, body=body)

    def let_out(self) -> None:
        self._session.send("Fetch.continueRequest", {"requestId": self._event["requestId"]})

    def stop(self) -> None:
        told = {"requestId": self._event["requestId"], "errorReason": "BlockedByClient"}
        self._session.send("Fetch.failRequest", told)

    def give(self, answered: Answered) -> None:
        # The client has kept the cookies in the browser's profile already.
        headers = [
            {"name": name, "value": value}
            for name, value in answered.headers.items()
            if name.lower() not in _OF_THE_WAY | {"set-cookie"}
        ]
        told = {
            "requestId": self._event["requestId"],
            "responseCode": answered.status,
            "responseHeaders": headers,
            "body": base64.b64encode(answered.body).decode(),
        }
        self._session.send("Fetch.fulfillRequest", told)


class _HeldByRoute:
    """A request that Playwright's own interception holds, in any browser."""

    def __init__(self, route: Route) -> None:
        self._route = route

    def sent(self) -> Sent:
        return _as_sent(self._route.request)

    def let_out(self) -> None:
        self._route.fallback()

    def stop(self) -> None:
        self._route.abort("blockedbyclient")

    def give(self, answered: Answered) -> None:
        headers = {
            name: value for name, value in answered.headers.items() if name.lower() not in _OF_THE_WAY | {"set-cookie"}
        }
        self._route.fulfill(status=answered.status, headers=headers, body=answered.body)


def _as_sent(request: Request) -> Sent:
    return Sent(method=request.method, url=request.url, headers=request.headers, body=request.post_data_buffer or b"")


def _as_heard(request: Request) -> tuple[Sent, Answered]:
    response = request.response()
    if response is None:
        return _as_sent(request), Answered(trouble="no answer came")
    status = response.status
    body = b"" if 300 <= status < 400 else response.body()
    return _as_sent(request), Answered(status=status, headers=response.headers, body=body)


def _spellings(address: str) -> tuple[str, str]:
    """Patterns for an address as it is or with capitals, and with its action in capitals: the Admin minds no case in an
    action's name, and Chromium's patterns do.
    """
    any_first_letter = re.sub(r"(?<![A-Za-z])[A-Za-z]", "?", address)
    folder, _, action = address.rpartition("/")
    return any_first_letter, f"{folder}/{action.upper()}"


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _where(sent: Sent) -> str:
    return urlsplit(sent.url).path.partition("/key/")[0]


def _plain(trouble: PlaywrightError) -> str:
    """What an error of the client means, in words; its first line where that is not known."""
    first = trouble.message.strip().splitlines()[0]
    words = first.partition(": ")[2] or first
    return next((plain for known, plain in _CLIENTS_WORDS.items() if known in words), words)
