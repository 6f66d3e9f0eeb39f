"""Finds a browser on this machine.

The one named in ``COUNTERMAND_BROWSER`` comes first, then Playwright's own, then an installed Chromium,
Chrome or Edge. Where nobody looks on, Chromium's headless shell goes before the full browser: the same engine
without a window starts in a third of the time and needs about 30 % less of the processor. With ``--headed`` it is
the full browser.
"""

import itertools
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Playwright, sync_playwright

from bot.errors import BrowserUnusable, NoBrowser
from bot.files import at_home

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
        NoBrowser: no browser was found.
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


def _playwrights_program() -> Path:
    with sync_playwright() as playwright:
        return Path(playwright.chromium.executable_path)


def _named_browser(named: str) -> BrowserChoice:
    try:
        program = at_home(named)
    except ValueError as unknown:
        raise BrowserUnusable(named=named, why=str(unknown)) from None
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
