"""Finding a browser, and the words for one that does not start."""

import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Playwright

from bot import browser
from bot.browser import BrowserChoice, BrowserDoesNotStart, BrowserUnusable, find_browser, is_allowed, launch_options
from bot.errors import CannotStart, NoBrowser

posix = pytest.mark.skipif(sys.platform == "win32", reason="programs are marked by their mode")
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="browsers are kept so on Linux")


def program(path: Path, exit_status: int = 0) -> Path:
    """A program that answers every call with an exit status."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\nexit {exit_status}\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def playwright_with(own: Path, error: str = "") -> Playwright:
    """A Playwright whose own Chromium belongs at that place, and which starts nothing."""

    def launch(**_options: object) -> None:
        raise PlaywrightError(error)

    return cast("Playwright", SimpleNamespace(chromium=SimpleNamespace(executable_path=str(own), launch=launch)))


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
    assert BrowserChoice(executable=edge, source=f"the installed Edge at {edge}") in list(browser.installed_browsers())


@posix
def test_on_windows_the_program_folders_are_looked_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    for variable in ("PROGRAMFILES", "LOCALAPPDATA"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("PROGRAMFILES(X86)", str(tmp_path))
    chromium = program(tmp_path / "Chromium/Application/chrome.exe")
    chrome = program(tmp_path / "Google/Chrome/Application/chrome.exe")
    edge = program(tmp_path / "Microsoft/Edge/Application/msedge.exe")
    assert [choice.source for choice in browser.installed_browsers()] == [
        f"the installed Chromium at {chromium}",
        f"the installed Chrome at {chrome}",
        f"the installed Edge at {edge}",
    ]


def test_no_browser_at_all_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch, no_playwright: Playwright) -> None:
    monkeypatch.setattr(browser, "installed_browsers", lambda: iter(()))
    with pytest.raises(NoBrowser) as refused:
        find_browser(None, no_playwright)
    assert refused.value.message == NoBrowser(where="").message


CHROME = BrowserChoice(executable=Path("chrome"), source="the installed Chrome at chrome")


def rules_for(*allowed_hosts: str) -> str:
    args = launch_options(CHROME, allowed_hosts=allowed_hosts)["args"]
    (rules,) = [arg.partition("=")[2] for arg in args if arg.startswith("--host-resolver-rules=")]
    return str(rules)


@pytest.mark.parametrize(
    ("host", "rules"),
    [
        ("shop.example.com", "EXCLUDE shop.example.com"),
        (" Shop.Example.com ", "EXCLUDE shop.example.com"),
        ("shop.example.com:8443", "EXCLUDE shop.example.com"),
        ("*.example.com", "EXCLUDE *.example.com"),
        ("localhost", "EXCLUDE localhost"),
        ("127.0.0.1:8000", "EXCLUDE 127.0.0.1"),
        ("::1", "EXCLUDE ::1, EXCLUDE [::1]"),
        ("[::1]:8000", "EXCLUDE ::1, EXCLUDE [::1]"),
        ("bücher.example", "EXCLUDE xn--bcher-kva.example"),
    ],
)
def test_an_allowed_host_is_excluded_from_the_refusal(host: str, rules: str) -> None:
    assert rules_for(host) == f"MAP * ~NOTFOUND, {rules}"


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("shop.example.com", True),
        ("cdn.example.net", True),
        ("a.cdn.example.net", True),
        ("::1", True),
        ("example.net", False),
        ("badexample.net", False),
        ("shop.example.com.evil.example", False),
        ("evil-shop.example.com", False),
        ("", False),
    ],
)
def test_a_host_is_allowed_by_its_name_or_by_the_domain_that_it_is_in(host: str, allowed: bool) -> None:
    assert is_allowed(host, ["Shop.Example.com:8443", "*.example.net", "[::1]:80"]) is allowed


def test_without_allowed_hosts_every_host_is_refused() -> None:
    assert rules_for() == "MAP * ~NOTFOUND"


@pytest.mark.parametrize(
    "host",
    [
        "",
        "*",
        "*.",
        "https://shop.example.com",
        "shop.example.com/admin",
        "a.com, EXCLUDE *",
        "a b",
        "*a.com",
    ],
)
def test_what_is_not_a_host_is_refused(host: str) -> None:
    with pytest.raises(CannotStart) as refused:
        rules_for(host)
    assert refused.value.message == (
        f"{host!r} is not a host that the browser could be allowed to talk to. "
        "Write a name or an address, such as admin.example.com, without https:// and without a path."
    )


def test_the_browser_is_given_none_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTERMAND_PASSWORD", "secret")
    monkeypatch.setenv("LANG", "C.UTF-8")
    monkeypatch.setenv("SHOP_PASSWORD", "another secret")
    environment = launch_options(CHROME, secrets=["another secret"])["env"]
    assert "COUNTERMAND_PASSWORD" not in environment
    assert "SHOP_PASSWORD" not in environment
    assert environment["LANG"] == "C.UTF-8"


def test_no_signal_and_no_proxy_comes_between() -> None:
    options = launch_options(CHROME)
    assert not any(options[signal] for signal in ("handle_sigint", "handle_sigterm", "handle_sighup"))
    assert "--no-proxy-server" in options["args"]


def test_playwrights_own_is_asked_for_by_name_and_another_by_its_file() -> None:
    own = launch_options(BrowserChoice(executable=None, source="Playwright's own Chromium"), headed=True)
    assert (own["channel"], own.get("executable_path"), own["headless"]) == ("chromium", None, False)
    other = launch_options(CHROME)
    assert (other.get("channel"), other["executable_path"], other["headless"]) == (None, Path("chrome"), True)


@posix
@pytest.mark.parametrize(("user", "sandbox"), [(0, False), (1000, True)])
def test_only_root_on_linux_goes_without_the_sandbox(monkeypatch: pytest.MonkeyPatch, user: int, sandbox: bool) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(os, "geteuid", lambda: user)
    assert launch_options(CHROME)["chromium_sandbox"] is sandbox


LIBRARIES = "Get its libraries, as root, with: python -m playwright install-deps chromium."
ANOTHER = "Install it anew, or name another browser in COUNTERMAND_BROWSER."


@pytest.mark.parametrize(
    ("playwrights_words", "sentence"),
    [
        (
            "BrowserType.launch: closed\nerror while loading shared libraries: libnss3.so: cannot open",
            f"the system library libnss3.so is missing. {LIBRARIES}",
        ),
        (
            "BrowserType.launch: \n║ Host system is missing dependencies to run browsers. ║",
            f"system libraries are missing. {LIBRARIES}",
        ),
        (
            "BrowserType.launch: closed\n║ Looks like you launched a headed browser without having a XServer",
            "there is no display to open a window on. Leave --headed away, or start it on a desktop.",
        ),
        (
            "BrowserType.launch: Executable doesn't exist at chrome\n╔═╗",
            f"its program file is not there any more. {ANOTHER}",
        ),
        ("BrowserType.launch: Failed: spawn chrome EACCES", f"this user may not run it. {ANOTHER}"),
        (
            "BrowserType.launch: Failed: spawn chrome ENOEXEC",
            f"its program file is not a program for this system. {ANOTHER}",
        ),
        (
            "BrowserType.launch: Timeout 60000ms exceeded.\nCall log:",
            f"it gave no sign of life within 60 seconds. {ANOTHER}",
        ),
        (
            "BrowserType.launch: closed\n- [pid=7] <process did exit: exitCode=1, signal=null>",
            f"it ended at once, with exit status 1. {ANOTHER}",
        ),
        (
            "BrowserType.launch: closed\n- [pid=7] <process did exit: exitCode=null, signal=SIGTRAP>",
            f"it was ended at once, by SIGTRAP. {ANOTHER}",
        ),
        ("BrowserType.launch: Something new.\nCall log:", f"Something new. {ANOTHER}"),
    ],
)
def test_why_it_does_not_start_is_said_in_one_sentence(playwrights_words: str, sentence: str) -> None:
    with pytest.raises(BrowserDoesNotStart) as failed:
        browser.launch(
            playwright_with(Path("own"), playwrights_words), CHROME, headed=False, allowed_hosts=["localhost"]
        )
    assert failed.value.message == f"The installed Chrome at chrome does not start: {sentence}"
    assert failed.value.exit_status == 2


def test_a_browser_without_windows_says_so_when_one_is_wanted() -> None:
    shell = BrowserChoice(executable=Path("s"), source="Playwright's own headless shell", headless_only=True)
    with pytest.raises(BrowserDoesNotStart) as failed:
        browser.launch(playwright_with(Path("own")), shell, headed=True, allowed_hosts=[])
    assert failed.value.message == (
        "Playwright's own headless shell does not start: it cannot open a window. "
        "Leave --headed away, or get the full one with: python -m playwright install chromium."
    )


@posix
def test_a_system_that_gives_no_sandbox_is_started_on_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    started: list[bool] = []

    def launch(*, chromium_sandbox: bool, **_options: object) -> str:
        started.append(chromium_sandbox)
        if chromium_sandbox:
            raise PlaywrightError("BrowserType.launch: closed\nChromium sandboxing failed!")
        return "a browser"

    playwright = cast("Playwright", SimpleNamespace(chromium=SimpleNamespace(launch=launch)))
    assert cast("str", browser.launch(playwright, CHROME, headed=False, allowed_hosts=[])) == "a browser"
    assert started == [True, False]
