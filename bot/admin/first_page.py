"""Reaching the Admin: opening its address, and saying in plain words why that did not lead to an Admin."""

import re
from typing import NamedTuple

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Request
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from bot.admin.admin import Admin
from bot.admin.screen import Screen, first_here
from bot.errors import NotReached
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
    "Check that this machine may reach it: VPN, firewall, the shop's list of allowed addresses. No proxy is used."
)
_NOT_HTTPS = Cause("{admin} answers, but does not speak HTTPS as browsers do.", _CHECK_ADDRESS)
_CUT = Cause("{admin} closed the connection without an answer.", _ASK_FOR_NETWORK)
_TIME_OUT = Cause("{admin} did not answer in time.", _ASK_FOR_NETWORK)
_NO_NETWORK = Cause("There is no way from this machine to {admin}.", _ASK_FOR_NETWORK)
_WANTS_CERTIFICATE = Cause(
    "{admin} wants a certificate from the browser (TLS client certificate), which this program does not have.",
    "Ask the server's administrator for a way in without one from this machine.",
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
        "Have the shop's server use a certificate of a known authority, or add its authority to this machine's trust "
        "store (on Linux the browser's: certutil -d sql:$HOME/.pki/nssdb).",
    ),
    "ERR_CERT_COMMON_NAME_INVALID": Cause(
        "The certificate of {admin} is made out to another name.",
        "Use in COUNTERMAND_ADMIN_URL the name that the certificate is for, or ask for one for this name.",
    ),
    "ERR_CERT_REVOKED": Cause("The certificate of {admin} was revoked.", _ASK_FOR_CERTIFICATE),
    "ERR_TOO_MANY_REDIRECTS": Cause(
        "{admin} sends the browser around in a circle.",
        "Use in COUNTERMAND_ADMIN_URL the address that a person's browser ends up at.",
    ),
    "ERR_INVALID_AUTH_CREDENTIALS": Cause(
        "{admin} asks for a password of its own before the Admin's (HTTP authentication).",
        "Ask the server's administrator for a way in without it from this machine.",
    ),
}
"""The errors of the browser's network that people meet, by Chromium's name."""


def reach(admin: Admin) -> Screen:
    """Open the Admin's address, and be on the first screen of an Admin.

    Raises:
        NotReached: the address leads nowhere, or to something that is not an Admin; recognised at once.
        RunStopped, InTheWay: the Admin is in maintenance, or something else that is known.
    """
    failed: list[str] = []

    def note(request: Request) -> None:
        if request.is_navigation_request() and request.frame == admin.page.main_frame:
            failed.append(request.url)

    admin.page.on("requestfailed", note)
    try:
        admin.open()
    except PlaywrightTimeout as trouble:
        raise _not_reached(admin, "ERR_TIMED_OUT", "") from trouble
    except PlaywrightError as trouble:
        named = re.search(r"net::(ERR_\w+)", trouble.message)
        if named is None:
            raise NotReached(f"The browser could not open it: {first_line(trouble)}.", _CHECK_ADDRESS) from trouble
        raise _not_reached(admin, named[1], failed[-1] if failed else "") from trouble
    finally:
        admin.page.remove_listener("requestfailed", note)
    return _first_screen(admin)


def why_not(error: str, url: str) -> Cause:
    """What Chromium's ``error`` means for the address ``url``, in plain words."""
    cause = CAUSES.get(error)
    if cause is None and error.startswith("ERR_CERT_"):
        cause = _OTHER_CERTIFICATE
    if cause is None and error.startswith(("ERR_SSL_", "ERR_TLS_")):
        cause = _NOT_HTTPS
    if cause is None:
        cause = Cause("The browser could not open {admin}: {error}.", _CHECK_ADDRESS)
    told = cause.reason.format(admin=host_and_port(url), host=host_of(url), error=error)
    return Cause(told, cause.next_step)


def _not_reached(admin: Admin, error: str, failed_at: str) -> NotReached:
    """The error for an address that did not open; ``failed_at`` is where it had led to by then, if anywhere."""
    host = host_of(failed_at)
    if host and not admin.may_talk_to(host):
        return NotReached(
            f"The Admin's address leads on to {host}, which is not an allowed host.",
            "If the Admin lives there, put that address into COUNTERMAND_ADMIN_URL; "
            "if it only passes through, add the host to COUNTERMAND_ALLOWED_HOSTS.",
        )
    return NotReached(*why_not(error, failed_at or admin.url))


def _first_screen(admin: Admin) -> Screen:
    screens = [admin.screen(name) for name in FIRST_SCREENS]

    def look() -> Screen | None:
        here = first_here(screens)
        if here is None:
            admin.notice_interruptions(besides=FIRST_SCREENS)
            if _is_finished(admin) and all(screen.failing_check() for screen in screens):
                raise _not_an_admin(admin)
        return here

    here = admin.until(look)
    if here is None:
        raise _not_an_admin(admin)
    return here


def _is_finished(admin: Admin) -> bool:
    """Whether the page has loaded whole and come to rest."""
    return bool(admin.page.evaluate("() => document.readyState === 'complete'")) and admin.quiet()


def _not_an_admin(admin: Admin) -> NotReached:
    status, title = admin.page.evaluate(
        "() => [performance.getEntriesByType('navigation')[0]?.responseStatus ?? 0, document.title]"
    )
    where = host_and_port(admin.page.url)
    if status == 404:
        reason = f"{where} answers, but has no page at this address (HTTP 404)."
    elif status >= 400:
        reason = f"{where} answers, but refuses to show the page (HTTP {status})."
    else:
        called = f", but with a page called {title!r}" if title else ""
        reason = f"{where} answers{called}, which is not an Admin's sign-in page in {admin.pack.sign_in_title}."
    return NotReached(
        reason,
        "Open COUNTERMAND_ADMIN_URL in a browser: it must show the Admin's sign-in page, in "
        f"{admin.pack.sign_in_title}. Many shops have an Admin address of their own; "
        "the shop's administrator knows it.",
    )
