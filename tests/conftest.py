"""What all tests share: nothing of the person's own settings, and a browser that is really there."""

import os
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest

from bot.access.find_browser import BrowserChoice, find_browser
from bot.errors import BrowserUnusable

LONG = {
    "test_chaos.py",
    "test_check.py",
    "test_crew.py",
    "test_drift.py",
    "test_qa.py",
    "test_secrets.py",
    "test_wheel.py",
    "test_whole_runs.py",
    "test_workers.py",
}
"""The tests that take longest: they come first, so that none of them is left over while the other processor is idle."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--both-faces", action="store_true", help="Run every test, those with a browser on both faces.")
    parser.addoption("--face", choices=("genuine", "shadow"), help="Run the tests with a browser on this face.")
    parser.addoption("--two-factor", action="store_true", help="The practice Admin asks for two-factor codes.")
    parser.addoption("--every-kill", action="store_true", help="Kill the bot before and after every step.")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without --both-faces, no thorough test runs, and a test that could run on several faces does so only where it is
    marked to; each other one on one of them, always the same one.
    """
    items.sort(key=lambda item: item.path.name not in LONG)
    if config.getoption("--both-faces"):
        return
    faces: dict[tuple[Path, str], set[str]] = {}
    for item in items:
        if (face := _face(item)) is not None:
            faces.setdefault((item.path, _name(item)), set()).add(face)

    def is_left_out(item: pytest.Item) -> bool:
        if item.get_closest_marker("thorough"):
            return not config.getoption("--every-kill")
        face = _face(item)
        if face is None or item.get_closest_marker("both_faces"):
            return False
        its = sorted(faces[item.path, _name(item)])
        return face != its[crc32(_name(item).encode()) % len(its)]

    left_out = [item for item in items if is_left_out(item)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if not is_left_out(item)]


def _name(item: pytest.Item) -> str:
    return getattr(item, "originalname", item.name)


def _face(item: pytest.Item) -> str | None:
    """The face of the practice Admin that it runs on; None where it asks for none."""
    call = getattr(item, "callspec", None)
    return None if call is None or "face" not in call.params else str(call.params["face"])


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
