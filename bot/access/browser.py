"""Starts a browser so that it can only talk to the hosts that it may talk to.

What the browser may talk to is settled in its resolver of host names: every name, and every literal
address, that is not allowed is answered with "no such host". Routing requests through this program instead
would switch off the browser's HTTP cache. A proxy would resolve the names itself and so go around that
rule, which is why none is used but the one that the settings name, and that one for the allowed hosts only
(``bot.access.proxy_rules``).
"""

import os
import re
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any, cast

from loguru import logger
from playwright.sync_api import Browser, BrowserContext, Playwright, StorageState, ViewportSize
from playwright.sync_api import Error as PlaywrightError

from bot.access.find_browser import BrowserChoice
from bot.access.gate import ShownCertificate
from bot.access.proxy_rules import for_the_client, proxy_rules
from bot.access.trust_store import home_in
from bot.connection import Proxy
from bot.errors import BrowserDoesNotStart, CannotStart
from bot.identity import host_patterns

START_LIMIT = 60_000
"""How long a browser may take to start, in milliseconds."""

VIEWPORT: ViewportSize = {"width": 1440, "height": 1000}
"""The size of the page, in CSS pixels: wide enough that the Admin folds nothing away."""

_QUIET = (
    # Playwright itself already silences updates, sync, background networking and the first-run pages.
    "--disable-client-side-phishing-detection",
    "--disable-domain-reliability",
    "--dns-prefetch-disable",
    "--no-pings",
    # A scheme without a network, so that Chromium asks Google nothing about the forms of a page. With a client
    # certificate Playwright's own proxy resolves that name, so the rules for the browser's resolver would not stop it.
    "--autofill-server-url=about:blank",
    # Peer-to-peer connections resolve no names: without a proxy this leaves them no way out at all.
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",  # what the headless shell calls it
)

_NO_PROXY = (
    "--no-proxy-server",
    "--proxy-server=direct://",  # the headless shell knows no other way to say it
)

_NOT_FOR_BROWSERS = ("COUNTERMAND_", "PGPASS", "PGSERVICE", "PGSSL")
"""What names of variables begin with that a browser is not given."""

_NO_FONTS = ("--disable-remote-fonts",)


def launch_options(
    choice: BrowserChoice,
    *,
    headed: bool = False,
    allowed_hosts: Collection[str] = (),
    secrets: Collection[str] = (),
    fonts: bool = True,
    proxy: Proxy | None = None,
    home: Path | None = None,
) -> dict[str, Any]:
    """The arguments of Playwright's ``launch`` for this browser: see ``launch``."""
    resolved = [*allowed_hosts, proxy.host] if proxy else allowed_hosts
    rules = ["MAP * ~NOTFOUND", *(f"EXCLUDE {pattern}" for pattern in host_patterns(resolved))]
    way = (f"--proxy-pac-url={proxy_rules(proxy, allowed_hosts)}",) if proxy else _NO_PROXY
    options: dict[str, Any] = {
        "headless": not headed,
        "args": [*_QUIET, *way, *(() if fonts else _NO_FONTS), "--host-resolver-rules=" + ", ".join(rules)],
        "chromium_sandbox": not _is_root_on_linux(),
        "timeout": START_LIMIT,
        # A browser has no use for this program's settings, or for the way to its ledger: passwords are among them.
        "env": home_in(
            {
                name: value
                for name, value in os.environ.items()
                if not name.upper().startswith(_NOT_FOR_BROWSERS) and value not in secrets
            },
            home,
        ),
        # Ctrl-C is answered by this program, which closes the browser when the order in hand is safe.
        "handle_sigint": False,
        "handle_sigterm": False,
        "handle_sighup": False,
    }
    if choice.executable is None:
        options["channel"] = "chromium"  # or Playwright would take its headless shell
    else:
        options["executable_path"] = choice.executable
    if proxy is not None:
        options["proxy"] = for_the_client(proxy)
    return options


def launch(
    playwright: Playwright,
    choice: BrowserChoice,
    *,
    headed: bool,
    allowed_hosts: Collection[str],
    secrets: Collection[str] = (),
    fonts: bool = True,
    proxy: Proxy | None = None,
    home: Path | None = None,
) -> Browser:
    """Start the browser, able to talk to ``allowed_hosts`` only, and told none of the ``secrets``.

    Without ``fonts`` it loads none that a page brings. With a ``proxy`` it reaches those hosts through that; with a
    ``home`` that is its home folder.

    A host is a name, a literal address, or ``*.`` and a domain, with or without a port, which is not looked
    at. The browser keeps its sandbox, except where Chromium cannot have one: for root, and on a Linux that
    gives it none, which is logged.

    Raises:
        BrowserDoesNotStart: with the reason and what to do about it.
        CannotStart: an allowed host is not a host.
    """
    if headed and choice.headless_only:
        raise BrowserDoesNotStart(
            source=_capital(choice.source),
            why="it cannot open a window",
            advice="Leave out --headed, or get the full one with: python -m playwright install chromium.",
        )
    if proxy is not None and choice.headless_only:
        raise BrowserDoesNotStart(
            source=_capital(choice.source),
            why="it cannot be told which hosts a proxy is for",
            advice="Get the full one with: python -m playwright install chromium.",
        )
    _refuse_missing_temporary_folder()
    options = launch_options(
        choice, headed=headed, allowed_hosts=allowed_hosts, secrets=secrets, fonts=fonts, proxy=proxy, home=home
    )
    try:
        return playwright.chromium.launch(**options)
    except PlaywrightError as error:
        if not (options["chromium_sandbox"] and lacks_sandbox(error.message)):
            raise does_not_start(choice, error.message) from error
    logger.warning("This system gives the browser no sandbox. It starts without one, for the allowed hosts only.")
    try:
        return playwright.chromium.launch(**{**options, "chromium_sandbox": False})
    except PlaywrightError as error:
        raise does_not_start(choice, error.message) from error


def new_context(
    browser: Browser,
    *,
    viewport: ViewportSize = VIEWPORT,
    locale: str = "en-US",
    signed_in: StorageState | None = None,
    certificates: list[ShownCertificate] | None = None,
) -> BrowserContext:
    """A fresh browser profile that keeps nothing, downloads nothing and looks the same on every machine.

    With ``signed_in``, another profile's cookies, it goes on with the session that one had. The ``certificates`` are
    what servers are shown that ask for one.
    """
    context = browser.new_context(
        viewport=viewport,
        device_scale_factor=1,
        locale=locale,
        color_scheme="light",
        reduced_motion="reduce",
        permissions=[],
        accept_downloads=False,
        service_workers="block",
        strict_selectors=True,
        storage_state=signed_in,
        client_certificates=cast("Any", certificates),
    )
    if certificates:  # the gate sees no web sockets, and the browser then checks no server's certificate itself
        context.route_web_socket(re.compile(""), lambda socket: socket.close())
    return context


def _refuse_missing_temporary_folder() -> None:
    """The browser keeps its profile in the folder for temporary files, and would be blamed if that is missing."""
    names = ("TEMP", "TMP") if os.name == "nt" else ("TMPDIR", "TMP", "TEMP")
    name = next((name for name in names if os.environ.get(name)), None)
    if name is None:
        return
    folder = Path(os.environ[name])
    why = "does not exist" if not folder.exists() else "is not a folder" if not folder.is_dir() else ""
    if not why and not os.access(folder, os.W_OK | os.X_OK):
        why = "cannot be written to"
    if why:
        raise CannotStart(
            reason=f"The folder for temporary files, {folder} (the variable {name}), {why}, and the browser needs one. "
            f"Make it, or set {name} to a folder that you may write to."
        )


def _is_root_on_linux() -> bool:
    return sys.platform.startswith("linux") and os.geteuid() == 0


def lacks_sandbox(playwrights_words: str) -> bool:
    """Whether a browser did not start because this system gives it no sandbox."""
    # The last two: a container whose profile of system calls forbids what the sandbox is made of.
    signs = ("sandboxing failed", "No usable sandbox", "Failed to move to new namespace", "sys_chroot")
    return any(sign in playwrights_words for sign in signs)


def does_not_start(choice: BrowserChoice, playwrights_words: str) -> BrowserDoesNotStart:
    """The error for a browser that did not start, in plain words; it keeps Playwright's own as the fact ``words``."""
    why, advice = _reason(playwrights_words)
    return BrowserDoesNotStart(source=_capital(choice.source), why=why, advice=advice, words=playwrights_words)


def _reason(playwrights_words: str) -> tuple[str, str]:
    """Why a start failed and what to do, picked from Playwright's pages of words."""
    libraries = "Install them, as root, with: python -m playwright install-deps chromium."
    another = "Reinstall it, or name another browser in COUNTERMAND_BROWSER."
    if library := re.search(r"error while loading shared libraries: ([^\s:]+)", playwrights_words):
        return f"the system library {library[1]} is missing", libraries
    if "Host system is missing dependencies" in playwrights_words:
        return "system libraries are missing", libraries
    if re.search(r"XServer|[Mm]issing X server|cannot open display|ozone_platform", playwrights_words):
        return "there is no display to open a window on", "Leave out --headed, or start it on a desktop."
    if re.search(r"Executable doesn't exist|\bENOENT\b", playwrights_words):
        return "its program file is missing", another
    if re.search(r"\bEACCES\b|\bEPERM\b", playwrights_words):
        return "this user may not run it", another
    if re.search(r"\bENOEXEC\b|\bEFTYPE\b|\bUNKNOWN\b|Exec format error", playwrights_words):
        return "its program file is not a program for this system", another
    if re.search(r"Timeout \d+ms exceeded", playwrights_words):
        return f"it did not start within {START_LIMIT // 1000} seconds", another
    if ended := re.search(r"<process did exit: exitCode=(\d+)", playwrights_words):
        return f"it ended at once, with exit status {ended[1]}", another
    if ended := re.search(r"<process did exit: exitCode=\w+, signal=(\w+)", playwrights_words):
        return f"it was killed at once, by {ended[1]}", another
    return playwrights_words.partition("\n")[0].removeprefix("BrowserType.launch: ").rstrip("."), another


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
