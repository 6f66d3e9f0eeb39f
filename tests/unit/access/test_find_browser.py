"""Finding a browser: which one is taken, and what is said where none is found."""

import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from playwright.sync_api import Playwright

from bot.access import find_browser as findbrowser
from bot.access.find_browser import BrowserChoice, find_browser, installed_browsers
from bot.errors import BrowserUnusable, NoBrowser

posix = pytest.mark.skipif(sys.platform == "win32", reason="programs are marked by their mode")
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="browsers are kept so on Linux")


def program(path: Path, exit_status: int = 0) -> Path:
    """A program that answers every call with an exit status."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\nexit {exit_status}\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def playwright_with(own: Path) -> Playwright:
    """A Playwright whose own Chromium belongs at that place."""
    return cast("Playwright", SimpleNamespace(chromium=SimpleNamespace(executable_path=str(own))))


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder where commands are looked for; empty."""
    folder = tmp_path / "commands"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


@pytest.fixture
def no_playwright(tmp_path: Path) -> Playwright:
    return playwright_with(tmp_path / "chromium-1" / "chrome-linux64" / "chrome")


@posix
def test_a_named_program_is_the_choice(tmp_path: Path, no_playwright: Playwright) -> None:
    chrome = program(tmp_path / "chrome")
    assert find_browser(str(chrome), no_playwright) == BrowserChoice(
        executable=chrome, source=f"the browser at {chrome}"
    )


@posix
def test_a_named_command_is_looked_up(commands: Path, no_playwright: Playwright) -> None:
    chrome = program(commands / "my-chrome")
    assert find_browser("my-chrome", no_playwright).executable == chrome


@posix
def test_a_named_program_goes_before_playwrights_own(tmp_path: Path) -> None:
    chrome = program(tmp_path / "chrome")
    own = program(tmp_path / "chromium-1" / "chrome")
    assert find_browser(chrome, playwright_with(own)).executable == chrome


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda path: None, "there is no such file"),
        (lambda path: path.mkdir(), "that is a folder"),
        pytest.param(
            lambda path: path.write_text("text", encoding="utf-8"),
            "that file is not a program, or may not be run",
            marks=posix,
        ),
    ],
)
def test_a_named_thing_that_is_no_program_is_refused(tmp_path: Path, make: Callable[[Path], object], why: str) -> None:
    named = tmp_path / "thing"
    make(named)
    with pytest.raises(BrowserUnusable) as refused:
        find_browser(named)
    assert refused.value.message == (
        f"COUNTERMAND_BROWSER names {named}, but {why}. "
        "Name the browser's program file, or leave the setting out to use the one that is found."
    )
    assert refused.value.exit_status == 2


def test_a_named_command_that_does_not_exist_is_refused(commands: Path) -> None:
    with pytest.raises(BrowserUnusable) as refused:
        find_browser("my-chrome")
    assert refused.value.message == (
        "COUNTERMAND_BROWSER names my-chrome, but there is no such command. "
        "Name the browser's program file, or leave the setting out to use the one that is found."
    )


@linux
@pytest.mark.parametrize("named", [None, "", "  "])
def test_playwrights_own_goes_before_an_installed_one(tmp_path: Path, commands: Path, named: str | None) -> None:
    program(commands / "chromium")
    own = program(tmp_path / "chromium-1" / "chrome-linux64" / "chrome")
    assert find_browser(named, playwright_with(own)) == BrowserChoice(
        executable=None, source="Playwright's own Chromium"
    )


@linux
def test_playwrights_own_without_the_systems_libraries_is_passed_over(tmp_path: Path, commands: Path) -> None:
    chromium = program(commands / "chromium")
    own = program(tmp_path / "chromium-1" / "chrome-linux64" / "chrome", exit_status=127)
    assert find_browser(None, playwright_with(own)).executable == chromium


@linux
def test_the_headless_shell_goes_before_the_full_browser_unless_somebody_looks_on(
    tmp_path: Path, commands: Path
) -> None:
    own = tmp_path / "chromium-1" / "chrome-linux64" / "chrome"
    folder = tmp_path / "chromium_headless_shell-1" / "chrome-headless-shell-linux64"
    shell = program(folder / "chrome-headless-shell")
    choice = BrowserChoice(executable=shell, source="Playwright's own headless shell", headless_only=True)
    assert find_browser(None, playwright_with(own)) == choice
    assert find_browser(None, playwright_with(own), headed=True) == choice  # nothing else is there
    program(own)
    assert find_browser(None, playwright_with(own)) == choice
    assert find_browser(None, playwright_with(own), headed=True) == BrowserChoice(
        executable=None, source="Playwright's own Chromium"
    )


@linux
@pytest.mark.parametrize("command", ["chromium-headless-shell", "chrome-headless-shell"])
def test_an_installed_headless_shell_opens_no_window(commands: Path, no_playwright: Playwright, command: str) -> None:
    shell, chromium = program(commands / command), program(commands / "chromium")
    source = f"the installed headless shell at {shell}"
    assert find_browser(None, no_playwright) == BrowserChoice(executable=shell, source=source, headless_only=True)
    assert find_browser(None, no_playwright, headed=True).executable == chromium
    assert find_browser(command, no_playwright).headless_only


@linux
@pytest.mark.parametrize(
    ("command", "product"),
    [
        ("chromium", "Chromium"),
        ("chromium-browser", "Chromium"),
        ("google-chrome", "Chrome"),
        ("google-chrome-stable", "Chrome"),
        ("microsoft-edge", "Edge"),
    ],
)
def test_an_installed_one_serves_where_playwright_has_none(
    commands: Path, no_playwright: Playwright, command: str, product: str
) -> None:
    installed = program(commands / command)
    assert find_browser(None, no_playwright) == BrowserChoice(
        executable=installed, source=f"the installed {product} at {installed}"
    )


@linux
def test_a_command_that_only_says_how_to_get_a_browser_is_passed_over(
    commands: Path, no_playwright: Playwright
) -> None:
    program(commands / "chromium-browser", exit_status=1)
    chrome = program(commands / "google-chrome")
    assert find_browser(None, no_playwright).executable == chrome


@linux
def test_a_snap_comes_after_every_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_playwright: Playwright
) -> None:
    program(tmp_path / "snap" / "bin" / "chromium")
    edge = program(tmp_path / "bin" / "microsoft-edge")
    monkeypatch.setenv("PATH", os.pathsep.join([str(tmp_path / "snap" / "bin"), str(tmp_path / "bin")]))
    assert find_browser(None, no_playwright).executable == edge


@posix
def test_on_a_mac_the_applications_are_looked_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    edge = program(tmp_path / "Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge")
    assert BrowserChoice(executable=edge, source=f"the installed Edge at {edge}") in list(installed_browsers())


@posix
def test_on_windows_the_program_folders_are_looked_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    for variable in ("PROGRAMFILES", "LOCALAPPDATA"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("PROGRAMFILES(X86)", str(tmp_path))
    chromium = program(tmp_path / "Chromium/Application/chrome.exe")
    chrome = program(tmp_path / "Google/Chrome/Application/chrome.exe")
    edge = program(tmp_path / "Microsoft/Edge/Application/msedge.exe")
    assert [choice.source for choice in installed_browsers()] == [
        f"the installed Chromium at {chromium}",
        f"the installed Chrome at {chrome}",
        f"the installed Edge at {edge}",
    ]


def test_no_browser_at_all_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch, no_playwright: Playwright) -> None:
    monkeypatch.setattr(findbrowser, "installed_browsers", lambda: iter(()))
    with pytest.raises(NoBrowser) as refused:
        find_browser(None, no_playwright)
    assert refused.value.message == NoBrowser(where="").message
