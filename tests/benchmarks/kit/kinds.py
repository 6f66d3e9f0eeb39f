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
from bot.access.browser import VIEWPORT
from bot.access.find_browser import find_browser
from kit.environments import NotInstalled, chrome_driver, environment

PEERS = Path(__file__).resolve().parents[1] / "peers"

Settings = dict[str, str | int | bool]


@dataclass
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
    robocorp = ("-m", "robocorp.tasks", "run", _script("robocorp_browser.py"), "--output-dir", "{folder}/output")
    robot = ("-m", "robot", "--console", "quiet", "--outputdir", "{folder}/output", _script("robot_browser.robot"))
    ours = f"countermand {__version__}"
    every = (
        Kind("a", "bare Playwright", bare, "", (_script("playwright_bare.py"),)),
        Kind("b", "bare Playwright with screenshots", bare, "PNG", (_script("playwright_bare.py"),)),
        _peer("c", "robocorp-browser", "robocorp_browser.txt", "PNG, in its log", robocorp),
        _peer("d", "Robot Framework Browser", "robot_browser.txt", "PNG", robot),
        _peer("e", "Selenium", "selenium_chrome.txt", "PNG", (_script("selenium_chrome.py"),)),
        Kind("f", "this bot, complete", ours, "JPEG, masked, hashed", (_script("countermand_bot.py"),)),
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


def _script(name: str) -> str:
    return str(PEERS / name)


def _peer(letter: str, name: str, needs: str, pictures: str, program: tuple[str, ...]) -> Kind:
    """One of the others; the first line of the file of what it needs is the package and its version."""
    requirements = PEERS / needs
    version = " ".join(requirements.read_text(encoding="utf-8").partition("\n")[0].split("=="))
    return Kind(letter, name, version, pictures, program, requirements)
