"""Reaching the Admin: opening its address, and saying in plain words why that did not lead to an Admin."""

import re
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import NamedTuple, Self

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Request, Response
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from bot.admin.admin import Admin
from bot.admin.handshake import wants_client_certificate
from bot.admin.in_front import (
    LONGEST_TEXT,
    Seen,
    asks_for_password,
    proxy_asks_for_password,
    refuses,
    signs_in_with,
    single_sign_on,
    stands_there,
)
from bot.admin.screen import Screen, first_here
from bot.errors import CountermandError, NotReached, ScreenNotReached, Unreachable
from bot.identity import host_and_port, host_of
from bot.wording import first_line

FIRST_SCREENS = ("sign_in", "start_page", "two_factor")
"""The screens of an Admin that its address may lead to."""


class Cause(NamedTuple):
    """What an error of the browser's network means, and what to do; ``{admin}`` is the host, with a port if unusual."""

    reason: str
    next_step: str


_CHECK_ADDRESS = "Check COUNTERMAND_ADMIN_URL: scheme, host and port."
_ASK_FOR_CERTIFICATE = "Ask the server's administrator for a certificate that browsers accept."
_ASK_FOR_NETWORK = (
    "Check that this machine may reach it: VPN, firewall, the shop's list of allowed addresses. If it is reached "
    "through a proxy, set COUNTERMAND_PROXY."
)
_NOT_HTTPS = Cause("{admin} answers, but does not speak HTTPS as browsers do.", _CHECK_ADDRESS)
_CUT = Cause("{admin} closed the connection without an answer.", _ASK_FOR_NETWORK)
_TIME_OUT = Cause("{admin} did not answer in time.", _ASK_FOR_NETWORK)
_NO_NETWORK = Cause("There is no way from this machine to {admin}.", _ASK_FOR_NETWORK)
_WANTS_CERTIFICATE = Cause(
    "{admin} wants a certificate from the browser (TLS client certificate).",
    "Name one that the server trusts in COUNTERMAND_CLIENT_CERTIFICATE, or ask the server's administrator for a way in "
    "without one from this machine.",
)
_PROXY = Cause(
    "The proxy could not be used to reach {admin} ({error}).",
    "Check COUNTERMAND_PROXY: scheme, host and port, and whether the proxy lets this machine reach the shop.",
)
_OTHER_CERTIFICATE = Cause(
    "The certificate of {admin} is not one that browsers accept ({error}).", _ASK_FOR_CERTIFICATE
)

CAUSES: dict[str, Cause] = {
    "ERR_NAME_NOT_RESOLVED": Cause(
        "There is no address for the name {host} (DNS).",
        "Check the host in COUNTERMAND_ADMIN_URL, and whether this machine needs a VPN to know the name.",
    ),
    "ERR_CONNECTION_REFUSED": Cause("{admin} refused the connection: nothing listens there.", _CHECK_ADDRESS),
    "ERR_UNSAFE_PORT": Cause("Browsers refuse to use the port of {admin}.", _CHECK_ADDRESS),
    "ERR_CONNECTION_TIMED_OUT": _TIME_OUT,
    "ERR_TIMED_OUT": _TIME_OUT,
    "ERR_CONNECTION_RESET": _CUT,
    "ERR_CONNECTION_CLOSED": _CUT,
    "ERR_CONNECTION_ABORTED": _CUT,
    "ERR_EMPTY_RESPONSE": _CUT,
    "ERR_SOCKET_NOT_CONNECTED": _CUT,
    "ERR_ADDRESS_UNREACHABLE": _NO_NETWORK,
    "ERR_INTERNET_DISCONNECTED": _NO_NETWORK,
    "ERR_NETWORK_ACCESS_DENIED": _NO_NETWORK,
    "ERR_CONNECTION_FAILED": _NO_NETWORK,
    "ERR_SSL_PROTOCOL_ERROR": _NOT_HTTPS,
    "ERR_SSL_VERSION_OR_CIPHER_MISMATCH": Cause(
        "{admin} offers only outdated encryption (TLS), which browsers refuse.",
        "Ask the server's administrator for TLS 1.2 or newer.",
    ),
    "ERR_INVALID_HTTP_RESPONSE": Cause("{admin} answers, but does not speak HTTP.", _CHECK_ADDRESS),
    "ERR_SSL_CLIENT_AUTH_CERT_NEEDED": _WANTS_CERTIFICATE,
    "ERR_BAD_SSL_CLIENT_AUTH_CERT": _WANTS_CERTIFICATE,
    "ERR_CERT_DATE_INVALID": Cause(
        "The certificate of {admin} has expired, or is not valid yet.",
        "Check this machine's date; if it is right, ask the server's administrator to renew the certificate.",
    ),
    "ERR_CERT_AUTHORITY_INVALID": Cause(
        "The certificate of {admin} is self-signed, or of an authority that this machine does not know.",
        "If it is from an authority of your own, name that authority's file (PEM) in "
        "COUNTERMAND_CERTIFICATE_AUTHORITY, or add it to this machine's trust store; or have the shop's server use a "
        "certificate of a known authority.",
    ),
    "ERR_CERT_COMMON_NAME_INVALID": Cause(
        "The certificate of {admin} is made out to another name.",
        "Use in COUNTERMAND_ADMIN_URL the name that the certificate is for, or ask for one for this name.",
    ),
    "ERR_CERT_REVOKED": Cause("The certificate of {admin} was revoked.", _ASK_FOR_CERTIFICATE),
    "ERR_TOO_MANY_REDIRECTS": Cause(
        "{admin} sends the browser around in a circle, last to {address}.",
        "Use in COUNTERMAND_ADMIN_URL the address that a person's browser ends up at.",
    ),
    "ERR_PROXY_CONNECTION_FAILED": _PROXY,
    "ERR_TUNNEL_CONNECTION_FAILED": _PROXY,
    "ERR_SOCKS_CONNECTION_FAILED": _PROXY,
    "ERR_PROXY_CERTIFICATE_INVALID": _PROXY,
    "ERR_NETWORK_CHANGED": Cause("This machine's network changed while {admin} was asked.", _ASK_FOR_NETWORK),
    "ERR_BLOCKED_BY_CLIENT": Cause(
        "The browser was kept from {admin}: with a client certificate it reaches only usual ports of allowed hosts.",
        "Add the host to COUNTERMAND_ALLOWED_HOSTS, or use in COUNTERMAND_ADMIN_URL the address that it leads to.",
    ),
}
"""The errors of the browser's network that people meet, by Chromium's name."""


BROWSERS_OWN_PAGE = 2000
"""Milliseconds that the browser's own page of an error may take to come."""

CUT = re.compile("ERR_CONNECTION_(RESET|CLOSED|ABORTED)|ERR_EMPTY_RESPONSE|ERR_SOCKET_NOT_CONNECTED")
"""Errors of a connection that the other side ended without a word."""

PASSING = re.compile(f"{CUT.pattern}|ERR_(CONNECTION_)?TIMED_OUT|ERR_NETWORK_CHANGED|ERR_HTTP2_PROTOCOL_ERROR")
"""Errors that may have passed by the next attempt."""


def reach(admin: Admin) -> Screen:
    """Open the Admin's address, and be on the first screen of an Admin.

    Raises:
        NotReached: the address leads nowhere, or to something that is not an Admin; recognized at once.
        CannotSignIn: it leads to something where a person can sign in, and a program cannot.
        Unreachable: the server did not answer; it may the next time.
        RunStopped, InTheWay: the Admin is in maintenance, or something else that is known.
    """
    with Approach(admin) as approach:
        approach.open()
        return approach.come_to(*FIRST_SCREENS)


class Approach:
    """The way to a screen of the Admin, while nothing is known of what the address leads to.

    It hears what becomes of the page's own requests, which a page that failed does not tell.
    """

    def __init__(self, admin: Admin) -> None:
        self._admin = admin
        self._failed: tuple[str, str] = ("", "")
        self._answer: Response | None = None
        self.sent = False
        """Whether the page has sent a form since."""
        self._leaving = False

    def __enter__(self) -> Self:
        self._heard = {"requestfailed": self._note_failed, "response": self._note_answer, "request": self._note_request}
        for event, note in self._heard.items():
            self._admin.page.on(event, note)  # type: ignore[call-overload]
        return self

    def __exit__(self, *_: object) -> None:
        for event, note in self._heard.items():
            self._admin.page.remove_listener(event, note)

    def open(self) -> None:
        """Open the Admin's address.

        Raises:
            NotReached, Unreachable: with the address that failed, which a redirect may have led to.
        """
        try:
            self._admin.open()
        except PlaywrightTimeout as trouble:
            raise self._not_reached("ERR_TIMED_OUT", "") from trouble
        except PlaywrightError as trouble:
            with suppress(PlaywrightError):  # the browser's own page is on its way, and is what a picture should show
                self._admin.page.wait_for_url("chrome-error:**", timeout=BROWSERS_OWN_PAGE, wait_until="commit")
            named = re.search(r"net::(ERR_\w+)", trouble.message)
            if named is None:
                raise NotReached(f"The browser could not open it: {first_line(trouble)}.", _CHECK_ADDRESS) from trouble
            raise self._not_reached(named[1], self._failed[0]) from trouble

    def leaves(self) -> None:
        """Told that the page which is open now is about to be left, so that nothing on it is news."""
        self._admin.page.evaluate(_MARK)
        self._leaving = True

    def has_left(self) -> bool:
        """Whether another page is open than the one that was to be left."""
        return not self._admin.page.evaluate(_IS_MARKED)

    def come_to(self, *names: str, besides: Collection[str] = (), at_rest: Callable[[], None] | None = None) -> Screen:
        """Wait until one of these screens is open; what stands there instead is named as soon as that is certain.

        Args:
            names: the screens.
            besides: interruptions that are no interruption here.
            at_rest: asked about a page at rest that is not one of them, in place of saying what stands there.

        Raises:
            ScreenNotReached: nothing certain came of it in time.
            NotReached, CannotSignIn, RunStopped, Technical: something else stands there.
        """
        admin = self._admin
        screens = [admin.screen(name) for name in names]

        def look() -> Screen | None:
            if self._leaving and not self.has_left():
                return None
            here = first_here(screens)
            if here is None:
                self._refuse_what_is_certain()
                admin.notice_interruptions(besides=(*names, *besides))
                if _is_finished(admin) and all(screen.failing_check() for screen in screens):
                    if at_rest is None:
                        raise stands_there(self._seen(), admin.pack.sign_in_title)
                    at_rest()
            return here

        here = admin.until(look)
        if here is None:
            if at_rest is None and admin.page.evaluate(_IS_COMPLETE) and screens[0].failing_check():
                raise stands_there(self._seen(), admin.pack.sign_in_title)
            failing = screens[0].failing_check()
            why = screens[0].told(failing) if failing else "a loading cover stayed over it."
            raise screens[0].blamed(ScreenNotReached(screen=screens[0].spec.title, seconds=admin.patience, why=why))
        admin.was_reached = True
        return here

    def _refuse_what_is_certain(self) -> None:
        """Raise for a page that no program gets past, and for the browser's own in place of one that failed."""
        page = self._admin.page
        if page.url.startswith("chrome-error:"):
            raise self._not_reached(self._failed[1] or "ERR_FAILED", self._failed[0])
        if (known := refuses(self._seen())) is not None:
            raise known

    def _not_reached(self, error: str, failed_at: str) -> CountermandError:
        """The error for an address that did not open; ``failed_at`` is where it had led to by then, if anywhere."""
        admin, host = self._admin, host_of(failed_at)
        if host and not admin.may_talk_to(host):
            if (name := single_sign_on(failed_at)) is not None:
                return signs_in_with(name, failed_at, reachable=False)
            return NotReached(
                f"The Admin's address leads on to {host_and_port(failed_at)}, which is not an allowed host.",
                "If the Admin lives there, put that address into COUNTERMAND_ADMIN_URL; "
                "if it only passes through, add the host to COUNTERMAND_ALLOWED_HOSTS.",
            )
        if error in {"ERR_INVALID_AUTH_CREDENTIALS", "ERR_UNEXPECTED_PROXY_AUTH", "ERR_PROXY_AUTH_UNSUPPORTED"}:
            answer = self._answer
            if error != "ERR_INVALID_AUTH_CREDENTIALS" or (answer is not None and answer.status == 407):
                return proxy_asks_for_password()
            challenge = answer.headers.get("www-authenticate", "") if answer is not None else ""
            return asks_for_password(host_and_port(failed_at or admin.url), challenge)
        if CUT.fullmatch(error) and not admin.options.behind_proxy and wants_client_certificate(failed_at or admin.url):
            error = "ERR_BAD_SSL_CLIENT_AUTH_CERT"
        cause = why_not(error, failed_at or admin.url)
        if PASSING.fullmatch(error) or admin.was_reached:
            return Unreachable(*cause)
        return NotReached(*cause)

    def _seen(self) -> Seen:
        """What the page that is open is like."""
        page, answer = self._admin.page, self._answer
        seen = page.evaluate(_LOOK, LONGEST_TEXT)
        return Seen(
            url=page.url,
            status=seen.pop("status") or (answer.status if answer is not None else 0),
            headers=answer.headers if answer is not None else {},
            **seen,
        )

    def _is_the_pages(self, request: Request) -> bool:
        return request.is_navigation_request() and request.frame == self._admin.page.main_frame

    def _note_request(self, request: Request) -> None:
        if self._is_the_pages(request) and request.method == "POST":
            self.sent = True

    def _note_failed(self, request: Request) -> None:
        if self._is_the_pages(request):
            self._failed = (request.url, (request.failure or "").removeprefix("net::"))

    def _note_answer(self, answer: Response) -> None:
        if self._is_the_pages(answer.request):
            self._answer = answer


def why_not(error: str, url: str) -> Cause:
    """What Chromium's ``error`` means for the address ``url``, in plain words."""
    cause = CAUSES.get(error)
    if cause is None and error.startswith("ERR_CERT_"):
        cause = _OTHER_CERTIFICATE
    if cause is None and error.startswith(("ERR_SSL_", "ERR_TLS_")):
        cause = _NOT_HTTPS
    if cause is None:
        cause = Cause("The browser could not open {admin}: {error}.", _CHECK_ADDRESS)
    address = url.partition("?")[0].partition("#")[0].partition("/key/")[0]
    told = cause.reason.format(admin=host_and_port(url), host=host_of(url), error=error, address=address)
    return Cause(told, cause.next_step)


def _is_finished(admin: Admin) -> bool:
    """Whether the page has loaded whole and come to rest."""
    return bool(admin.page.evaluate(_IS_COMPLETE)) and admin.quiet()


_IS_COMPLETE = "() => document.readyState === 'complete'"
_MARK = "() => { window[Symbol.for('countermand leaves')] = true; }"
_IS_MARKED = "() => window[Symbol.for('countermand leaves')] === true"
_LOOK = """(longest) => ({
    status: performance.getEntriesByType("navigation")[0]?.responseStatus ?? 0,
    title: document.title,
    text: (document.body?.innerText ?? "").slice(0, longest),
    language: document.documentElement.lang,
    sign_in_form: document.querySelector('[name="login[username]"]') !== null,
    admin_frame: document.querySelector("nav.admin__menu, .admin-user") !== null,
})"""
"""What ``Seen`` is made of."""
