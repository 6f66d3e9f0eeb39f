"""What all tests share: nothing of the person's own settings, and a browser that is really there."""

import os
import zlib
from pathlib import Path
from typing import Any

import pytest
from environment_kit import personal

from bot.access.find_browser import BrowserChoice, find_browser
from bot.errors import BrowserUnusable

LONG = {
    "test_chaos.py",
    "test_check.py",
    "test_conformance.py",
    "test_documents.py",
    "test_drift.py",
    "test_machines.py",
    "test_qa.py",
    "test_secrets.py",
    "test_wheel.py",
    "test_whole_runs.py",
    "test_workers.py",
}
"""The tests that take longest: they come first, so that none of them is left over while the other processor is idle."""

MEMORY = Path("/dev/shm")
ENOUGH = 1024**3
"""Bytes: the folders of tests that passed are removed at once, so that few are there at a time."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--every-face", action="store_true", help="Run every test, those with a browser on every face.")
    parser.addoption(
        "--face", choices=("spectrum", "plain", "shadow"), help="Run the tests with a browser on this face."
    )
    parser.addoption("--two-factor", action="store_true", help="The practice Admin asks for two-factor codes.")
    parser.addoption("--sample", action="store_true", help="Of the tests marked sampled, take those of this seed only.")
    parser.addoption("--every-kill", action="store_true", help="Kill the bot before and after every step.")


def pytest_configure(config: pytest.Config) -> None:
    """The folders of tests lie in memory where there is room: a ledger is flushed to disk at every step."""
    if MEMORY.is_dir() and os.access(MEMORY, os.W_OK):
        there = os.statvfs(MEMORY)
        if there.f_bavail * there.f_frsize >= ENOUGH and not there.f_flag & os.ST_NOEXEC:
            os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without --every-face, no thorough test runs, and a test that could run on every face of the practice Admin runs
    on the one that its mark names, or on the usual one. With --sample, a sampled test is taken by one run of several.
    """
    items.sort(key=lambda item: item.path.name not in LONG)
    if unexplained := [item.nodeid for item in items if any(not mark.args for mark in item.iter_markers("slow"))]:
        raise pytest.UsageError(f"marked slow without a reason: {', '.join(unexplained)}")
    kept: list[pytest.Item] = []
    left_out: list[pytest.Item] = []
    for item in items:
        (left_out if _is_left_out(item) else kept).append(item)
    config.hook.pytest_deselected(items=left_out)
    items[:] = kept


def _is_left_out(item: pytest.Item) -> bool:
    every_face = item.config.getoption("--every-face")
    if item.get_closest_marker("thorough") and not every_face:
        return not item.config.getoption("--every-kill")
    if item.config.getoption("--sample") and not every_face and not _is_in_sample(item):
        return True
    face = _face_to_choose(item)
    if face is None:
        return False
    marked = item.get_closest_marker("face")
    only = marked is not None and marked.kwargs.get("only", False)
    named = marked.args if marked is not None else ("spectrum", "plain") if _is_on_both(item) else ("spectrum",)
    return face not in named and (only or not every_face)


def _is_in_sample(item: pytest.Item) -> bool:
    """Whether this run's turn has come to take the test: its seed says so, the one that also shuffles the tests."""
    marked = item.get_closest_marker("sampled")
    if marked is None:
        return True
    (one_in,) = marked.args
    seed = item.config.getoption("randomly_seed", 0)
    which = marked.kwargs.get("together", item.nodeid)
    return zlib.crc32(f"{seed} {which}".encode()) % int(one_in) == 0


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    seed = config.getoption("randomly_seed", None)
    if seed is not None:
        sample = ", and took the tests marked sampled by it" if config.getoption("--sample") else ""
        terminalreporter.write_line(f"The run had the seed {seed}{sample}: make test SEED={seed}")


def _is_on_both(item: pytest.Item) -> bool:
    return item.get_closest_marker("both_faces") is not None


def _face_to_choose(item: pytest.Item) -> str | None:
    """The face that it would run on; None where it uses no practice Admin, or names its face as a parameter."""
    call = getattr(item, "callspec", None)
    if call is None or "face" not in call.params:
        return None
    if any("face" in mark.args[0] for mark in item.iter_markers("parametrize")):
        return None
    return str(call.params["face"])


@pytest.fixture(autouse=True)
def _nobody_elses_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test runs in an empty folder, where no ``.env`` lies, and without the caller's environment.

    A test that wants settings sets them with ``monkeypatch.setenv``, or writes a ``.env`` beside itself.
    """
    for name in personal(os.environ):
        monkeypatch.delenv(name)
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
