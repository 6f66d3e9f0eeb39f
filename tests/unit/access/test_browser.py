"""How a browser is started, and the words for one that does not start."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Playwright

from bot.access import session
from bot.access.browser import launch, launch_options
from bot.access.find_browser import BrowserChoice
from bot.errors import BrowserDoesNotStart, CannotStart
from bot.identity import is_allowed

CHROME = BrowserChoice(executable=Path("chrome"), source="the installed Chrome at chrome")

posix = pytest.mark.skipif(sys.platform == "win32", reason="there is no root, and no sandbox to go without")


def playwright_that_fails(words: str = "") -> Playwright:
    """A Playwright that starts nothing, and says so in these words."""

    def start(**_options: object) -> None:
        raise PlaywrightError(words)

    return cast("Playwright", SimpleNamespace(chromium=SimpleNamespace(launch=start)))


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
        ("*.straße.example:8443", "EXCLUDE *.xn--strae-oqa.example"),
        ("[0:0::1]", "EXCLUDE ::1, EXCLUDE [::1]"),
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
        ("straße.example", True),
        ("xn--strae-oqa.example", True),
        ("strasse.example", False),
    ],
)
def test_a_host_is_allowed_by_its_name_or_by_the_domain_that_it_is_in(host: str, allowed: bool) -> None:
    assert is_allowed(host, ["Shop.Example.com:8443", "*.example.net", "[::1]:80", "Straße.example"]) is allowed


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
        "a.example，evil.example",
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
    monkeypatch.setenv("PGPASSWORD", "that of the ledger")
    environment = launch_options(CHROME, secrets=["another secret"])["env"]
    assert {"COUNTERMAND_PASSWORD", "PGPASSWORD"} & environment.keys() == set()
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


LIBRARIES = "Install them, as root, with: python -m playwright install-deps chromium."
ANOTHER = "Reinstall it, or name another browser in COUNTERMAND_BROWSER."


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
            "there is no display to open a window on. Leave out --headed, or start it on a desktop.",
        ),
        (
            "BrowserType.launch: Executable doesn't exist at chrome\n╔═╗",
            f"its program file is missing. {ANOTHER}",
        ),
        ("BrowserType.launch: Failed: spawn chrome EACCES", f"this user may not run it. {ANOTHER}"),
        (
            "BrowserType.launch: Failed: spawn chrome ENOEXEC",
            f"its program file is not a program for this system. {ANOTHER}",
        ),
        (
            "BrowserType.launch: Timeout 60000ms exceeded.\nCall log:",
            f"it did not start within 60 seconds. {ANOTHER}",
        ),
        (
            "BrowserType.launch: closed\n- [pid=7] <process did exit: exitCode=1, signal=null>",
            f"it ended at once, with exit status 1. {ANOTHER}",
        ),
        (
            "BrowserType.launch: closed\n- [pid=7] <process did exit: exitCode=null, signal=SIGTRAP>",
            f"it was killed at once, by SIGTRAP. {ANOTHER}",
        ),
        ("BrowserType.launch: Something new.\nCall log:", f"Something new. {ANOTHER}"),
    ],
)
def test_why_it_does_not_start_is_said_in_one_sentence(playwrights_words: str, sentence: str) -> None:
    with pytest.raises(BrowserDoesNotStart) as failed:
        launch(playwright_that_fails(playwrights_words), CHROME, headed=False, allowed_hosts=["localhost"])
    assert failed.value.message == f"The installed Chrome at chrome does not start: {sentence}"
    assert failed.value.exit_status == 2


def test_a_browser_without_windows_says_so_when_one_is_wanted() -> None:
    shell = BrowserChoice(executable=Path("s"), source="Playwright's own headless shell", headless_only=True)
    with pytest.raises(BrowserDoesNotStart) as failed:
        launch(playwright_that_fails(), shell, headed=True, allowed_hosts=[])
    assert failed.value.message == (
        "Playwright's own headless shell does not start: it cannot open a window. "
        "Leave out --headed, or get the full one with: python -m playwright install chromium."
    )


@posix
@pytest.mark.parametrize(
    "words",
    [
        "Chromium sandboxing failed!",
        "FATAL:zygote_host_impl_linux.cc No usable sandbox!",
        "Failed to move to new namespace: Operation not permitted",
        'Check failed: sys_chroot("/proc/self/fdinfo/") == 0',
    ],
)
def test_a_system_that_gives_no_sandbox_is_started_on_without(monkeypatch: pytest.MonkeyPatch, words: str) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    started: list[bool] = []

    def start(*, chromium_sandbox: bool, **_options: object) -> str:
        started.append(chromium_sandbox)
        if chromium_sandbox:
            raise PlaywrightError(f"BrowserType.launch: closed\n{words}")
        return "a browser"

    playwright = cast("Playwright", SimpleNamespace(chromium=SimpleNamespace(launch=start)))
    assert cast("str", launch(playwright, CHROME, headed=False, allowed_hosts=[])) == "a browser"
    assert started == [True, False]


@pytest.mark.parametrize(
    ("words", "kind", "sentence"),
    [
        (
            "Connection closed while reading from the driver",
            CannotStart,
            "Playwright's own program does not start. On Linux a system library is missing, usually libatomic: install "
            "it, as root, with: apt-get install libatomic1.",
        ),
        ("Something new", RuntimeError, "Something new"),
    ],
)
def test_a_library_that_playwrights_own_program_lacks_is_named(
    monkeypatch: pytest.MonkeyPatch, words: str, kind: type[Exception], sentence: str
) -> None:
    @contextmanager
    def does_not_start() -> Iterator[None]:
        raise RuntimeError(words)
        yield

    monkeypatch.setattr(session, "sync_playwright", does_not_start)
    with pytest.raises(kind) as failed, session._playwright():
        pass
    assert str(failed.value) == sentence
