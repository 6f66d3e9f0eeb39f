"""Finds a browser on this machine and starts it so that it can only talk to the hosts that it may talk to.

The one named in ``COUNTERMAND_BROWSER`` comes first, then Playwright's own, then an installed Chromium,
Chrome or Edge. Where nobody looks on, Chromium's headless shell goes before the full browser: the same engine
without a window starts in a third of the time and needs about 30 % less of the processor. With ``--headed`` it is
the full browser.

What the browser may talk to is settled in its resolver of host names: every name, and every literal
address, that is not allowed is answered with "no such host". Routing requests through this program instead
would switch off the browser's HTTP cache. A proxy would resolve the names itself and so go around that
rule, which is why none is used, not even the system's.
"""

import itertools
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loguru import logger
from playwright.sync_api import Browser, BrowserContext, Playwright, StorageState, ViewportSize, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from bot.errors import CannotStart, NoBrowser

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
    "--no-proxy-server",
    "--proxy-server=direct://",  # the headless shell knows no other way to say it
    # Peer-to-peer connections resolve no names: without a proxy this leaves them no way out at all.
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",  # what the headless shell calls it
)

_NO_FONTS = ("--disable-remote-fonts",)

_SHELL_COMMANDS = ("chromium-headless-shell", "chrome-headless-shell")
_COMMANDS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "microsoft-edge",
    "microsoft-edge-stable",
)
_MAC_PROGRAMS = (
    "Chromium.app/Contents/MacOS/Chromium",
    "Google Chrome.app/Contents/MacOS/Google Chrome",
    "Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
)
_WINDOWS_PROGRAMS = (
    "Chromium/Application/chrome.exe",
    "Google/Chrome/Application/chrome.exe",
    "Microsoft/Edge/Application/msedge.exe",
)
_HOST = re.compile(r"(\*\.)?[a-z0-9_]([a-z0-9._-]*[a-z0-9_])?|[0-9a-f]*:[0-9a-f:.]+")


class BrowserUnusable(CannotStart):
    """COUNTERMAND_BROWSER names {named}, but {why}. Name the browser's program file, or leave the setting out
    to use the one that is found.
    """


class BrowserDoesNotStart(CannotStart):
    """{source} does not start: {why}. {advice}"""


@dataclass(frozen=True, kw_only=True)
class BrowserChoice:
    """A browser on this machine, found but not started."""

    executable: Path | None
    """Its program file; None is Playwright's own Chromium, whose place Playwright knows."""
    source: str
    """What to call it when talking to people."""
    headless_only: bool = False
    """Whether it cannot open a window."""


def find_browser(
    named: str | Path | None, playwright: Playwright | None = None, *, headed: bool = False
) -> BrowserChoice:
    """The browser to use: the one ``named``, else Playwright's own, else an installed one.

    ``named`` is the value of ``COUNTERMAND_BROWSER``: a program file or a command, or nothing. Without a
    ``playwright`` that already runs, one is started for the question and stopped again; no browser is.
    With ``headed``, one that cannot open a window comes last.

    Raises:
        BrowserUnusable: ``named`` is not a program.
        NoBrowser: there is none.
    """
    if named is not None and str(named).strip():
        return _named_browser(str(named).strip())
    choices: Iterator[BrowserChoice] = itertools.chain(playwrights_browsers(playwright), installed_browsers())
    if headed:
        choices = iter(sorted(choices, key=lambda choice: choice.headless_only))
    choice = next(choices, None)
    if choice is None:
        raise NoBrowser(where="")
    return choice


def playwrights_browsers(playwright: Playwright | None = None) -> Iterator[BrowserChoice]:
    """Playwright's own headless shell and its full Chromium, as far as they are there and can run."""
    # Playwright starts once in a thread, and the caller's may have one that it did not hand over.
    if playwright is None:
        with ThreadPoolExecutor(max_workers=1) as thread:
            own = thread.submit(_playwrights_program).result()
    else:
        own = Path(playwright.chromium.executable_path)
    # The headless shell is kept in a folder beside Chromium's.
    revision = next((part for part in own.parents if part.name.startswith("chromium-")), None)
    if revision is not None:
        folder = revision.with_name(revision.name.replace("chromium-", "chromium_headless_shell-"))
        for shell in sorted(folder.glob("chrome-headless-shell-*/chrome-headless-shell*")):
            if shell.stem == "chrome-headless-shell" and _can_run(shell):
                yield BrowserChoice(executable=shell, source="Playwright's own headless shell", headless_only=True)
    if _can_run(own):
        yield BrowserChoice(executable=None, source="Playwright's own Chromium")


def installed_browsers() -> Iterator[BrowserChoice]:
    """Every Chromium, Chrome and Edge that is installed where this system installs them, the best first."""
    for program in _installed_programs():
        if _can_run(program):
            yield BrowserChoice(
                executable=program,
                source=f"the installed {_product(program)} at {program}",
                headless_only=program.stem in _SHELL_COMMANDS,
            )


def launch_options(
    choice: BrowserChoice,
    *,
    headed: bool = False,
    allowed_hosts: Collection[str] = (),
    secrets: Collection[str] = (),
    fonts: bool = True,
) -> dict[str, Any]:
    """The arguments of Playwright's ``launch`` for this browser: see ``launch``."""
    rules = ["MAP * ~NOTFOUND", *(f"EXCLUDE {pattern}" for pattern in _host_patterns(allowed_hosts))]
    options: dict[str, Any] = {
        "headless": not headed,
        "args": [*_QUIET, *(() if fonts else _NO_FONTS), "--host-resolver-rules=" + ", ".join(rules)],
        "chromium_sandbox": not _is_root_on_linux(),
        "timeout": START_LIMIT,
        # A browser has no use for this program's settings, and passwords are among them.
        "env": {
            name: value
            for name, value in os.environ.items()
            if not name.upper().startswith("COUNTERMAND_") and value not in secrets
        },
        # Ctrl-C is answered by this program, which closes the browser when the order in hand is safe.
        "handle_sigint": False,
        "handle_sigterm": False,
        "handle_sighup": False,
    }
    if choice.executable is None:
        options["channel"] = "chromium"  # or Playwright would take its headless shell
    else:
        options["executable_path"] = choice.executable
    return options


def launch(
    playwright: Playwright,
    choice: BrowserChoice,
    *,
    headed: bool,
    allowed_hosts: Collection[str],
    secrets: Collection[str] = (),
    fonts: bool = True,
) -> Browser:
    """Start the browser, able to talk to ``allowed_hosts`` only, and told none of the ``secrets``.

    Without ``fonts`` it loads none that a page brings.

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
            advice="Leave --headed away, or get the full one with: python -m playwright install chromium.",
        )
    options = launch_options(choice, headed=headed, allowed_hosts=allowed_hosts, secrets=secrets, fonts=fonts)
    try:
        return playwright.chromium.launch(**options)
    except PlaywrightError as error:
        if not (options["chromium_sandbox"] and _lacks_sandbox(error.message)):
            raise _does_not_start(choice, error) from error
    logger.warning("This system gives the browser no sandbox. It starts without, for the allowed hosts only.")
    try:
        return playwright.chromium.launch(**{**options, "chromium_sandbox": False})
    except PlaywrightError as error:
        raise _does_not_start(choice, error) from error


def is_allowed(host: str, allowed_hosts: Collection[str]) -> bool:
    """Whether a browser that was started with these ``allowed_hosts`` can talk to ``host``, a name without a port."""
    patterns = _host_patterns(allowed_hosts)
    return any(host.endswith(pattern[1:]) if pattern.startswith("*.") else host == pattern for pattern in patterns)


def new_context(
    browser: Browser,
    *,
    viewport: ViewportSize = VIEWPORT,
    locale: str = "en-US",
    signed_in: StorageState | None = None,
) -> BrowserContext:
    """A fresh browser profile that keeps nothing, downloads nothing and looks the same on every machine.

    With ``signed_in``, another profile's cookies, it goes on with the session that one had.
    """
    return browser.new_context(
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
    )


def _playwrights_program() -> Path:
    with sync_playwright() as playwright:
        return Path(playwright.chromium.executable_path)


def _named_browser(named: str) -> BrowserChoice:
    program = Path(named).expanduser()
    if program.name == named:  # a bare name is a command
        found = shutil.which(named)
        if found is None and not program.exists():
            raise BrowserUnusable(named=named, why="there is no such command")
        program = Path(found or named)
    why = ""
    if not program.exists():
        why = "there is no such file"
    elif program.is_dir():
        why = "that is a folder"
    elif not os.access(program, os.X_OK):
        why = "that file is not a program, or may not be run"
    if why:
        raise BrowserUnusable(named=named, why=why)
    return BrowserChoice(
        executable=program.absolute(), source=f"the browser at {program}", headless_only=program.stem in _SHELL_COMMANDS
    )


def _installed_programs() -> list[Path]:
    if sys.platform == "darwin":
        folders = [Path("/Applications"), Path.home() / "Applications"]
        return [folder / program for program in _MAC_PROGRAMS for folder in folders]
    if sys.platform == "win32":
        variables = ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")
        folders = [Path(os.environ[variable]) for variable in variables if os.environ.get(variable)]
        return [folder / program for program in _WINDOWS_PROGRAMS for folder in folders]
    found = [Path(path) for command in (*_SHELL_COMMANDS, *_COMMANDS) if (path := shutil.which(command))]
    # A snap sees a part of the file system only, and Playwright keeps profiles elsewhere: better any other.
    found.sort(key=lambda program: "snap" in program.parts)
    return [*found, Path("/snap/bin/chromium")]


def _can_run(program: Path) -> bool:
    """Whether it is there and, on Linux, its libraries are too."""
    if not program.is_file() or not os.access(program, os.X_OK):
        return False
    if not sys.platform.startswith("linux"):
        return True  # on Windows, asking Chrome for its version would open a window
    # Ubuntu has a chromium-browser that only says how to get one, and Playwright's download comes without the
    # system's libraries: both answer this question with a failure.
    try:
        asked = subprocess.run([program, "--version"], capture_output=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return asked.returncode == 0


def _product(program: Path) -> str:
    name = program.stem.lower()
    if name in _SHELL_COMMANDS:
        return "headless shell"
    if "edge" in name:
        return "Edge"
    is_chromium = "chromium" in name or "Chromium" in program.parts
    return "Chromium" if is_chromium else "Chrome"


def _host_patterns(hosts: Collection[str]) -> list[str]:
    patterns: list[str] = []
    for given in hosts:
        host = given.strip().lower()
        if bracketed := re.fullmatch(r"\[([^]]*)](:\d+)?", host):
            host = bracketed[1]
        elif host.count(":") == 1:
            host = re.sub(r":\d+$", "", host)
        if not host.isascii():
            host = host.encode("idna").decode()
        if not _HOST.fullmatch(host):
            raise CannotStart(
                reason=f"{given!r} is not a host that the browser could be allowed to talk to. "
                "Write a name or an address, such as admin.example.com, without https:// and without a path."
            )
        patterns.extend([host, f"[{host}]"] if ":" in host else [host])
    return list(dict.fromkeys(patterns))


def _is_root_on_linux() -> bool:
    return sys.platform.startswith("linux") and os.geteuid() == 0


def _lacks_sandbox(playwrights_words: str) -> bool:
    return "sandboxing failed" in playwrights_words or "No usable sandbox" in playwrights_words


def _does_not_start(choice: BrowserChoice, error: PlaywrightError) -> BrowserDoesNotStart:
    why, advice = _reason(error.message)
    return BrowserDoesNotStart(source=_capital(choice.source), why=why, advice=advice)


def _reason(playwrights_words: str) -> tuple[str, str]:
    """Why a start failed and what to do, picked from Playwright's pages of words."""
    libraries = "Get its libraries, as root, with: python -m playwright install-deps chromium."
    another = "Install it anew, or name another browser in COUNTERMAND_BROWSER."
    if library := re.search(r"error while loading shared libraries: ([^\s:]+)", playwrights_words):
        return f"the system library {library[1]} is missing", libraries
    if "Host system is missing dependencies" in playwrights_words:
        return "system libraries are missing", libraries
    if re.search(r"XServer|[Mm]issing X server|cannot open display|ozone_platform", playwrights_words):
        return "there is no display to open a window on", "Leave --headed away, or start it on a desktop."
    if re.search(r"Executable doesn't exist|\bENOENT\b", playwrights_words):
        return "its program file is not there any more", another
    if re.search(r"\bEACCES\b|\bEPERM\b", playwrights_words):
        return "this user may not run it", another
    if re.search(r"\bENOEXEC\b|\bEFTYPE\b|\bUNKNOWN\b|Exec format error", playwrights_words):
        return "its program file is not a program for this system", another
    if re.search(r"Timeout \d+ms exceeded", playwrights_words):
        return f"it gave no sign of life within {START_LIMIT // 1000} seconds", another
    if ended := re.search(r"<process did exit: exitCode=(\d+)", playwrights_words):
        return f"it ended at once, with exit status {ended[1]}", another
    if ended := re.search(r"<process did exit: exitCode=\w+, signal=(\w+)", playwrights_words):
        return f"it was ended at once, by {ended[1]}", another
    return playwrights_words.partition("\n")[0].removeprefix("BrowserType.launch: ").rstrip("."), another


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
