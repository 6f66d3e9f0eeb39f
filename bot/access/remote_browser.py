"""A browser on another machine, which ``countermand browser-server`` serves there.

Whatever a browser may talk to was settled when it was started. So one that was started elsewhere is asked: with what,
and for hosts that it must not find. It is not worked with unless it was started as this machine would have started it.
"""

import re
import time
from collections.abc import Collection, Sequence
from importlib.metadata import version
from threading import Event
from typing import Final
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Playwright
from playwright.sync_api import Error as PlaywrightError

from bot.access.browser import START_LIMIT
from bot.errors import BrowserServerUnusable
from bot.identity import is_allowed

PLAYWRIGHT: Final = version("playwright")
"""The version here; both machines need the same, but for its last number."""

COMES_BACK_SECONDS = 60.0
"""How long a server that was lost may take to come back."""

FORBIDDEN: Final = ("localhost", "127.0.0.1", "[::1]", "192.0.2.1")
"""Hosts that every browser finds, by name or because they are addresses, unless it was told that there are none."""

_PORT = 4096
"""One that no browser refuses by itself."""

_NEVER: Final = (
    "--disable-web-security",
    "--host-rules",
    "--ignore-certificate-errors",
    "--ignore-certificate-errors-spki-list",
    "--load-extension",
    "--remote-debugging-address",
    "--remote-debugging-port",
    "--unsafely-treat-insecure-origin-as-secure",
)
"""With these a browser would talk to others, or listen to them, or believe them."""

_NO_CONNECTION: Final = re.compile(r"\b(ENOTFOUND|EHOSTUNREACH|ENETUNREACH|ECONNRESET|ETIMEDOUT|socket hang up)\b")

_START_IT = "Start it with countermand browser-server, and set COUNTERMAND_BROWSER_SERVER to the address that it names."
_SAME_SETTINGS = (
    "Nothing was opened in it. Start it with countermand browser-server, and give it the same COUNTERMAND_ADMIN_URL, "
    "COUNTERMAND_ALLOWED_HOSTS, COUNTERMAND_PROXY, COUNTERMAND_PROXY_BYPASS and COUNTERMAND_FONTS as this machine."
)


def connect(
    playwright: Playwright,
    servers: Sequence[str],
    *,
    args: Sequence[str],
    allowed_hosts: Collection[str],
    patience: float = 0,
) -> Browser:
    """A browser of the first of these servers that is free; it was started with the ``args``, as one here would be.

    Waits up to ``patience`` seconds for one that is away or not free yet.

    Raises:
        BrowserServerUnusable: none can be used, or what it serves is not fit.
    """
    end = time.monotonic() + patience
    while True:
        for server in servers:
            try:
                browser = playwright.chromium.connect(server, timeout=START_LIMIT)
            except PlaywrightError as error:
                trouble = _trouble(server, error.message)
                continue
            try:
                _make_sure(browser, server, args, allowed_hosts)
            except BaseException:
                browser.close()
                raise
            return browser
        if time.monotonic() >= end:
            raise trouble
        Event().wait(1)


def name_of(server: str) -> str:
    """What a server is called where people read it: without the path, which is a secret."""
    parts = urlsplit(server)
    return parts.netloc if parts.scheme == "ws" else f"{parts.scheme}://{parts.netloc}"


def _make_sure(browser: Browser, server: str, args: Sequence[str], allowed_hosts: Collection[str]) -> None:
    """Make sure that a browser was started with these arguments, and that it does not find what is forbidden.

    Raises:
        BrowserServerUnusable: it was started in another way.
    """
    unfit = ""
    try:
        session = browser.new_browser_cdp_session()
        line = str(session.send("SystemInfo.getInfo")["commandLine"])
        session.detach()
        unfit = difference(line, args) or _found(browser, allowed_hosts)
    except (KeyError, PlaywrightError) as error:
        unfit = f"it does not say how it was started ({str(error).splitlines()[0]})"
    if unfit:
        raise BrowserServerUnusable(server=name_of(server), why=unfit, advice=_SAME_SETTINGS)


def difference(command_line: str, args: Sequence[str]) -> str:
    """What tells a browser's command line from one with these arguments, as half a sentence; empty if nothing does."""
    found: dict[str, set[str]] = {}
    for switch in re.split(r'\s+"?(?=--)', command_line)[1:]:
        name, _, value = switch.strip().partition("=")  # on Windows some are in quotes
        found.setdefault(name.rstrip('"'), set()).add(value.strip('"'))
    for arg in args:
        name, _, value = arg.partition("=")
        if name not in found:
            return f"its browser was started without {name}"
        if found[name] != {value}:
            return f"its browser was started with another value of {name}"
    if wrong := [name for name in _NEVER if name in found]:
        return f"its browser was started with {wrong[0]}"
    return ""


def _found(browser: Browser, allowed_hosts: Collection[str]) -> str:
    """Which forbidden host a browser finds, as half a sentence; empty if none."""
    context = browser.new_context(service_workers="block", accept_downloads=False)
    try:
        page = context.new_page()
        for host in FORBIDDEN:
            if is_allowed(host, allowed_hosts):
                continue
            try:
                page.goto(f"http://{host}:{_PORT}/", timeout=10_000)
                became = "it was opened"
            except PlaywrightError as error:
                became = error.message.splitlines()[0]
            if "ERR_NAME_NOT_RESOLVED" not in became:
                return f"its browser looks for {host}, which is not an allowed host"
    finally:
        context.close()
    return ""


def _trouble(server: str, playwrights_words: str) -> BrowserServerUnusable:
    why, advice = _reason(playwrights_words)
    return BrowserServerUnusable(server=name_of(server), why=why, advice=advice)


def _reason(playwrights_words: str) -> tuple[str, str]:
    """Why nobody was let in and what to do, picked from Playwright's words, which repeat the address."""
    status = re.search(r"WebSocket error: \S+ (\d{3})\b[^\n]*\n?([^\n]*)", playwrights_words)
    if status and status[1] == "409":
        return (
            "another worker has its browser",
            "Each worker needs a server of its own: start another one with --port, and name all of them in "
            "COUNTERMAND_BROWSER_SERVER, with spaces between them.",
        )
    if status and status[1] == "428":
        theirs = re.search(r"\d+\.\d+(\.\d+)?", status[2] + playwrights_words.partition("server version")[2])
        has = f"Playwright {theirs[0]}" if theirs else "another version of Playwright"
        return f"it has {has}, and this machine {PLAYWRIGHT}", "Install the same version of Countermand on both."
    if status and status[1] == "503":
        return "its browser does not start", "What it says on its machine tells why."
    if status and status[1] in {"400", "403", "404"}:
        return "it does not know the path of this address", _START_IT
    if "ECONNREFUSED" in playwrights_words:
        return "nothing listens there", _START_IT
    if re.search(r"certificate|self.signed|\bCERT_|UNABLE_TO_", playwrights_words):
        return (
            "this machine does not trust its certificate",
            "Name the file of the authority that signed it in COUNTERMAND_CERTIFICATE_AUTHORITY.",
        )
    if re.search(r"Timeout \d+ms exceeded", playwrights_words):
        return f"it did not answer within {START_LIMIT // 1000} seconds", _START_IT
    known = _NO_CONNECTION.search(playwrights_words)
    return f"there is no connection to it ({known[1] if known else 'no reason was given'})", _START_IT
