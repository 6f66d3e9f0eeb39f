"""Those that ``peers.py`` compares: what each is called, and how it is started."""

import importlib.metadata
import os
import platform
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import sync_playwright

from bot import __version__
from bot.browser import VIEWPORT
from bot.findbrowser import find_browser
from kit.environments import NotInstalled, chrome_driver, environment

PEERS = Path(__file__).resolve().parents[1] / "peers"

Settings = dict[str, str | int | bool]


@dataclass(kw_only=True)
class Kind:
    """One of those that are compared."""

    letter: str
    name: str
    version: str
    pictures: str
    """In which form it takes its pictures; empty if it takes none."""
    program: tuple[str, ...]
    """What Python is given to run it; ``{folder}`` stands for the folder that it may write in."""
    requirements: Path | None = None
    """What it needs; None for what this project needs anyway."""
    python: Path = Path(sys.executable)
    trouble: str = ""
    """Why it is not measured, or not any more."""

    @property
    def title(self) -> str:
        """What it is called in tables."""
        return f"({self.letter}) {self.name}"

    def command(self, folder: Path) -> list[str]:
        """What starts it."""
        return [str(self.python), *(word.replace("{folder}", str(folder)) for word in self.program)]


def kinds(letters: str) -> list[Kind]:
    """Those with these letters, installed; what cannot be installed has its trouble noted."""
    bare = f"playwright {importlib.metadata.version('playwright')}"
    robocorp_browser, robot_browser, selenium = (
        PEERS / f"{name}.txt" for name in ("robocorp_browser", "robot_browser", "selenium_chrome")
    )
    every = (
        Kind(
            letter="a",
            name="bare Playwright",
            version=bare,
            pictures="",
            program=(str(PEERS / "playwright_bare.py"),),
        ),
        Kind(
            letter="b",
            name="bare Playwright with screenshots",
            version=bare,
            pictures="PNG",
            program=(str(PEERS / "playwright_bare.py"),),
        ),
        Kind(
            letter="c",
            name="robocorp-browser",
            version=_version(robocorp_browser),
            pictures="PNG, in its log",
            program=(
                *("-m", "robocorp.tasks", "run", str(PEERS / "robocorp_browser.py")),
                *("--output-dir", "{folder}/output"),
            ),
            requirements=robocorp_browser,
        ),
        Kind(
            letter="d",
            name="Robot Framework Browser",
            version=_version(robot_browser),
            pictures="PNG",
            program=(
                *("-m", "robot", "--console", "quiet", "--outputdir", "{folder}/output"),
                str(PEERS / "robot_browser.robot"),
            ),
            requirements=robot_browser,
        ),
        Kind(
            letter="e",
            name="Selenium",
            version=_version(selenium),
            pictures="PNG",
            program=(str(PEERS / "selenium_chrome.py"),),
            requirements=selenium,
        ),
        Kind(
            letter="f",
            name="this bot, complete",
            version=f"countermand {__version__}",
            pictures="JPEG, masked, hashed",
            program=(str(PEERS / "countermand_bot.py"),),
        ),
    )
    chosen = [kind for kind in every if kind.letter in letters]
    for kind in chosen:
        if kind.requirements is not None:
            try:
                kind.python = environment(kind.requirements)
            except (NotInstalled, OSError) as why:
                kind.trouble = f"not installed: {why}"
    return chosen


def settings_for_all(*, driver: bool) -> Settings:
    """The browser that all of them drive, the size of its window, and if it is wanted the Chrome driver."""
    with sync_playwright() as playwright:
        choice = find_browser(os.environ.get("COUNTERMAND_BROWSER"), playwright)
        browser = choice.executable or Path(playwright.chromium.executable_path)
    return {
        "browser": str(browser),
        "driver": str((driver and chrome_driver(browser)) or ""),
        "width": VIEWPORT["width"],
        "height": VIEWPORT["height"],
    }


def machine(settings: Settings) -> str:
    """What this is measured on, and how busy it is already."""
    asked = subprocess.run([str(settings["browser"]), "--version"], capture_output=True, text=True, check=False)
    busy = f"load {os.getloadavg()[0]:.2f}" if hasattr(os, "getloadavg") else "load not known"
    return (
        f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}, "
        f"{Path(str(settings['browser'])).name}: {asked.stdout.strip()}; {busy} before the first order"
    )


def _version(requirements: Path) -> str:
    """The package that a file of requirements is for, and its version: its first line names it."""
    return " ".join(requirements.read_text(encoding="utf-8").partition("\n")[0].split("=="))
