"""Getting a browser: which ways are tried, in which order, and what is said. Nothing is downloaded here."""

import os
import platform
import shutil
import sys
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import get_browser as getbrowser
import pytest

from bot.access.find_browser import BrowserChoice
from bot.errors import BrowserDoesNotStart, BrowserUnusable, NoBrowser

OWN = BrowserChoice(executable=None, source="Playwright's own Chromium")
CHROME = BrowserChoice(executable=Path("/opt/chrome"), source="the installed Chrome at /opt/chrome")
CHROMIUM = BrowserChoice(executable=Path("/opt/chromium"), source="the installed Chromium at /opt/chromium")
SHELL = BrowserChoice(
    executable=Path("/opt/shell"), source="the installed headless shell at /opt/shell", headless_only=True
)
DOWNLOAD = ["Browser: Downloading Playwright's own Chromium, about 300 MB."]
LOOK = ["Browser: Looking for an installed Chromium, Chrome or Edge."]


class Computer:
    """What a computer has, and what its commands do to that."""

    def __init__(self) -> None:
        self.own: BrowserChoice | None = None
        self.installed: list[BrowserChoice] = []
        self.broken: set[BrowserChoice] = set()
        self.commands: list[tuple[str, ...]] = []
        self.effects: dict[str, Callable[[], str | None]] = {}

    def run(self, command: tuple[str, ...], *, limit: float = 0, **environment: str) -> str | None:
        self.commands.append(command)
        if command[0] == "apt-get":
            assert environment == {"DEBIAN_FRONTEND": "noninteractive"}
        name = next(word for word in ("playwright", "update", "chromium", "chromium-headless-shell") if word in command)
        return self.effects[name]()

    def if_it_starts(self, choice: BrowserChoice | None) -> BrowserChoice | None:
        return None if choice in self.broken else choice

    def find(self, named: str | None) -> BrowserChoice:
        if named:
            return BrowserChoice(executable=Path(named), source=f"the browser at {named}")
        for choice in (self.own, *self.installed):
            if choice is not None:
                return choice
        raise NoBrowser(where="")

    def has(self, own: BrowserChoice | None = None, installed: tuple[BrowserChoice, ...] = ()) -> None:
        self.own = own or self.own
        self.installed = [*installed] or self.installed


@pytest.fixture
def computer(monkeypatch: pytest.MonkeyPatch) -> Computer:
    """A computer with nothing, whose user may install nothing and cannot download."""
    computer = Computer()
    computer.effects["playwright"] = lambda: "no way to the server"
    monkeypatch.setattr(getbrowser, "_run", computer.run)
    monkeypatch.setattr(getbrowser, "_if_it_starts", computer.if_it_starts)
    monkeypatch.setattr(getbrowser, "find_browser", computer.find)
    monkeypatch.setattr(getbrowser, "playwrights_browsers", lambda: iter([computer.own] if computer.own else []))
    monkeypatch.setattr(getbrowser, "installed_browsers", lambda: iter(computer.installed))
    monkeypatch.setattr(getbrowser, "_may_install_debian_packages", lambda: False)
    return computer


def said(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().out.splitlines()


def test_playwrights_own_from_before_is_enough(computer: Computer, capsys: pytest.CaptureFixture[str]) -> None:
    computer.has(own=OWN)
    assert getbrowser.main() == 0
    assert said(capsys) == ["Browser: Playwright's own Chromium starts."]
    assert computer.commands == []


def test_the_download_goes_before_an_installed_one(computer: Computer, capsys: pytest.CaptureFixture[str]) -> None:
    computer.has(installed=(CHROME,))
    computer.effects["playwright"] = lambda: computer.has(own=OWN)
    assert getbrowser.main() == 0
    assert said(capsys) == [*DOWNLOAD, "Browser: Playwright's own Chromium starts."]
    assert computer.commands == [(sys.executable, "-m", "playwright", "install", "chromium")]


def test_an_installed_one_serves_where_the_download_fails(
    computer: Computer, capsys: pytest.CaptureFixture[str]
) -> None:
    computer.has(installed=(CHROME,))
    assert getbrowser.main() == 0
    assert said(capsys) == [
        *DOWNLOAD,
        "Browser: The download did not work: no way to the server.",
        *LOOK,
        "Browser: The installed Chrome at /opt/chrome starts.",
    ]


def test_a_download_without_its_libraries_counts_as_not_working(
    computer: Computer, capsys: pytest.CaptureFixture[str]
) -> None:
    computer.has(installed=(CHROME,))
    computer.effects["playwright"] = lambda: None  # it is there now, but is not found to be able to run
    assert getbrowser.main() == 0
    assert said(capsys) == [
        *DOWNLOAD,
        "Browser: Playwright's own Chromium cannot run here: the system lacks libraries that it needs.",
        *LOOK,
        "Browser: The installed Chrome at /opt/chrome starts.",
    ]


def test_debians_package_serves_where_nothing_else_does(
    computer: Computer, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(getbrowser, "_may_install_debian_packages", lambda: True)
    computer.effects["update"] = lambda: None
    computer.effects["chromium"] = lambda: computer.has(installed=(CHROMIUM,))
    computer.effects["chromium-headless-shell"] = lambda: computer.has(installed=(SHELL, CHROMIUM))
    assert getbrowser.main() == 0
    assert said(capsys) == [
        *DOWNLOAD,
        "Browser: The download did not work: no way to the server.",
        *LOOK,
        "Browser: Running apt-get update.",
        "Browser: Running apt-get install -y --no-install-recommends chromium fonts-liberation.",
        "Browser: Running apt-get install -y --no-install-recommends chromium-headless-shell.",
        *LOOK,
        "Browser: The installed headless shell at /opt/shell starts.",
    ]


def test_a_debian_without_the_headless_shell_goes_on_without(
    computer: Computer, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(getbrowser, "_may_install_debian_packages", lambda: True)
    computer.effects["update"] = lambda: None
    computer.effects["chromium"] = lambda: computer.has(installed=(CHROMIUM,))
    computer.effects["chromium-headless-shell"] = lambda: "Unable to locate package chromium-headless-shell"
    assert getbrowser.main() == 0
    assert said(capsys)[-3:] == [
        "Browser: That did not work: Unable to locate package chromium-headless-shell. It goes on without, more "
        "slowly.",
        *LOOK,
        "Browser: The installed Chromium at /opt/chromium starts.",
    ]


@pytest.mark.parametrize(
    ("trouble", "after"),
    [
        (None, [*LOOK, "Browser: The installed headless shell at /opt/shell starts."]),
        (
            "no way to the server",
            [
                "Browser: That did not work: no way to the server. It goes on without, more slowly.",
                "Browser: The installed Chromium at /opt/chromium starts.",
            ],
        ),
    ],
)
def test_beside_an_installed_one_debians_headless_shell_is_got_if_it_can_be(
    computer: Computer,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    trouble: str | None,
    after: list[str],
) -> None:
    monkeypatch.setattr(getbrowser, "_may_install_debian_packages", lambda: True)
    computer.has(installed=(CHROMIUM,))
    computer.effects["update"] = lambda: None

    def install() -> str | None:
        if trouble is None:
            computer.has(installed=(SHELL, CHROMIUM))
        return trouble

    computer.effects["chromium-headless-shell"] = install
    assert getbrowser.main() == 0
    assert said(capsys) == [
        *DOWNLOAD,
        "Browser: The download did not work: no way to the server.",
        *LOOK,
        "Browser: Its headless shell takes half the time; getting that too.",
        "Browser: Running apt-get update.",
        "Browser: Running apt-get install -y --no-install-recommends chromium-headless-shell.",
        *after,
    ]


def test_a_failing_package_manager_ends_with_the_one_message(
    computer: Computer, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(getbrowser, "_may_install_debian_packages", lambda: True)
    computer.effects["update"] = lambda: "could not resolve the mirror"
    assert getbrowser.main() == 2
    assert said(capsys)[-1] == "Browser: That did not work: could not resolve the mirror."
    assert computer.commands[-1] == ("apt-get", "update")


def test_without_any_way_there_is_one_message(computer: Computer, capsys: pytest.CaptureFixture[str]) -> None:
    assert getbrowser.main() == 2
    assert capsys.readouterr().err == (
        "There is no browser here that starts, and none could be fetched. Do one of these, then try again:\n"
        "  - install Google Chrome, Chromium or Edge in the way that is usual on this computer\n"
        f"  - let the download through: {sys.executable} -m playwright install chromium\n"
        "  - name the program file of a browser in the environment: COUNTERMAND_BROWSER=/path/to/chrome\n"
    )


def test_the_named_one_goes_before_all(
    computer: Computer, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COUNTERMAND_BROWSER", "/my/chrome")
    computer.has(own=OWN)
    assert getbrowser.main() == 0
    assert said(capsys) == [
        "Browser: COUNTERMAND_BROWSER names /my/chrome: seeing whether it starts.",
        "Browser: The browser at /my/chrome starts.",
    ]


def test_a_named_one_that_is_not_there_is_said_and_passed_over(
    computer: Computer, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COUNTERMAND_BROWSER", "/my/chrome")
    monkeypatch.setattr(getbrowser, "find_browser", lambda named: _refuse(named) if named else computer.find(None))
    computer.has(own=OWN)
    assert getbrowser.main() == 0
    assert said(capsys) == [
        "Browser: COUNTERMAND_BROWSER names /my/chrome: seeing whether it starts.",
        "Browser: COUNTERMAND_BROWSER names /my/chrome, but there is no such file. "
        "Name the browser's program file, or leave the setting out to use the one that is found.",
        "Browser: Playwright's own Chromium starts.",
    ]


def _refuse(named: str) -> BrowserChoice:
    raise BrowserUnusable(named=named, why="there is no such file")


def test_one_that_starts_but_would_not_be_picked_must_be_named(
    computer: Computer, capsys: pytest.CaptureFixture[str]
) -> None:
    computer.has(installed=(CHROMIUM, CHROME))
    computer.broken.add(CHROMIUM)
    assert getbrowser.main() == 2
    assert capsys.readouterr().err == (
        "The installed Chrome at /opt/chrome starts, but Countermand would pick the installed Chromium at "
        "/opt/chromium. Set COUNTERMAND_BROWSER=/opt/chrome in the environment and try again.\n"
    )


def test_one_that_does_not_start_says_why(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def launch(*_arguments: object, **_options: object) -> None:
        raise BrowserDoesNotStart(source="The installed Chrome", why="it is ill", advice="Call a doctor.")

    # Playwright does not start twice in a thread, and other tests of this process may have one.
    monkeypatch.setattr(getbrowser, "sync_playwright", nullcontext)
    monkeypatch.setattr(getbrowser, "launch", launch)
    assert getbrowser._if_it_starts(CHROME) is None
    assert said(capsys) == ["Browser: The installed Chrome does not start: it is ill. Call a doctor."]


@pytest.mark.parametrize(
    ("system", "user", "may"),
    [
        ({"ID": "debian"}, 0, True),
        ({"ID": "ubuntu", "ID_LIKE": "debian"}, 0, True),
        ({"ID": "linuxmint", "ID_LIKE": "ubuntu debian"}, 0, True),
        ({"ID": "fedora"}, 0, False),
        ({"ID": "debian"}, 1000, False),
    ],
)
@pytest.mark.skipif(sys.platform == "win32", reason="there is no root")
def test_debian_packages_are_for_root_on_debian(
    monkeypatch: pytest.MonkeyPatch, system: dict[str, str], user: int, may: bool
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(os, "geteuid", lambda: user)
    monkeypatch.setattr(shutil, "which", lambda command: f"/usr/bin/{command}")
    monkeypatch.setattr(platform, "freedesktop_os_release", lambda: system)
    assert getbrowser._may_install_debian_packages() is may


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


def test_a_command_that_works_says_nothing() -> None:
    assert getbrowser._run(python("print('much')")) is None


@pytest.mark.parametrize(
    ("code", "trouble"),
    [
        (
            r"print('\x1b[2mGetting\x1b[22m'); print('Error: no such host.'); print('  at x'); exit(1)",
            "no such host",
        ),
        ("print('E: Unable to locate it'); exit(100)", "Unable to locate it"),
        ("print('one'); print('two'); exit(1)", "two"),
        ("exit(7)", "exit status 7"),
    ],
)
def test_of_a_command_that_fails_its_own_words_are_told(code: str, trouble: str) -> None:
    assert getbrowser._run(python(code)) == trouble


def test_a_command_is_given_what_it_needs_in_its_environment() -> None:
    code = "import os; exit(os.environ['DEBIAN_FRONTEND'] != 'noninteractive')"
    assert getbrowser._run(python(code), DEBIAN_FRONTEND="noninteractive") is None


def test_a_command_that_does_not_end_is_ended() -> None:
    endless = python("input_that_never_comes = __import__('threading').Event().wait()")
    assert getbrowser._run(endless, limit=0) == "it was not done after 0 minutes"
