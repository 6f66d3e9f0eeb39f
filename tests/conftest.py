"""What all tests share: nothing of the person's own settings, and a browser that is really there."""

import os
from pathlib import Path
from typing import Any

import pytest

from bot.browser import BrowserChoice, BrowserUnusable, find_browser


@pytest.fixture(autouse=True)
def _nobody_elses_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test runs in an empty folder, where no ``.env`` lies, and without the caller's environment.

    A test that wants settings sets them with ``monkeypatch.setenv``, or writes a ``.env`` beside itself.
    """
    for name in list(os.environ):
        if name.upper().startswith("COUNTERMAND_"):
            monkeypatch.delenv(name)
    # These change how the command line draws what it says.
    for name in (
        "CLICOLOR_FORCE",
        "COLUMNS",
        "FORCE_COLOR",
        "GITHUB_ACTIONS",
        "LINES",
        "NO_COLOR",
        "PY_COLORS",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def browser_choice() -> BrowserChoice:
    """The browser that the tests use: the one in COUNTERMAND_BROWSER if it is one, else the one found.

    That variable says where a browser is on this computer, nothing about a shop, so here it counts.
    """
    # Session fixtures run before the fixture above takes the variable away.
    try:
        return find_browser(os.environ.get("COUNTERMAND_BROWSER"))
    except BrowserUnusable:
        return find_browser(None)


@pytest.fixture(scope="session")
def base_url(pytestconfig: pytest.Config) -> str | None:
    """What pytest-playwright's fixture of this name gives, in the form that pytest 9 does not warn about."""
    return pytestconfig.getoption("--base-url") or pytestconfig.getini("base_url") or None


@pytest.fixture(scope="session")
def browser_type_launch_args(
    browser_type_launch_args: dict[str, Any], request: pytest.FixtureRequest
) -> dict[str, Any]:
    """What pytest-playwright starts its ``page`` with: the same browser, unless its options name another."""
    asked_for = request.config.getoption("--browser") or ["chromium"]
    if asked_for != ["chromium"] or not browser_type_launch_args.keys().isdisjoint({"channel", "executable_path"}):
        return browser_type_launch_args
    choice: BrowserChoice = request.getfixturevalue("browser_choice")
    where = {"channel": "chromium"} if choice.executable is None else {"executable_path": choice.executable}
    return {**where, **browser_type_launch_args}
