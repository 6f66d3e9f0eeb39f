"""Which browsers of other machines are worked with, and why one is not."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Playwright

from bot.access.browser import launch_options
from bot.access.find_browser import BrowserChoice
from bot.access.remote_browser import PLAYWRIGHT, connect, difference, name_of
from bot.connection import Proxy
from bot.errors import BrowserServerUnusable

CHOICE = BrowserChoice(executable=None, source="a browser")
SECRET = "c2VjcmV0LXBhdGgtbm9ib2R5LW1heS1yZWFkLW9mLWl0"
SERVER = f"ws://127.0.0.1:9323/{SECRET}"


def args_for(*hosts: str, **more: Any) -> list[str]:
    return cast("list[str]", launch_options(CHOICE, allowed_hosts=hosts, **more)["args"])


def line_of(args: list[str], *more: str) -> str:
    """A command line as Chromium tells it: nothing in it is in quotes."""
    return " ".join(["/usr/bin/chromium", "--headless", "--mute-audio", *args, *more, "--no-startup-window"])


OURS = args_for("shop.example", "*.cdn.example")


@pytest.mark.parametrize(
    "args",
    [OURS, args_for("a.example", proxy=Proxy(server="http://proxy.example:3128")), args_for("a.example", fonts=False)],
    ids=["direct", "proxy", "without fonts"],
)
def test_a_browser_that_was_started_with_the_same_arguments_is_fit(args: list[str]) -> None:
    assert difference(line_of(args), args) == ""
    quoted = [f'"{arg}"' if " " in arg else arg for arg in args]  # on Windows
    assert difference(line_of(quoted), args) == ""


@pytest.mark.parametrize(
    ("args", "more", "what"),
    [
        ([], [], "without --disable-client-side-phishing-detection"),
        (OURS[:-1], [], "without --host-resolver-rules"),
        (args_for("shop.example"), [], "with another value of --host-resolver-rules"),
        (args_for("shop.example", "*.cdn.example", "evil.example"), [], "with another value of --host-resolver-rules"),
        (OURS, ["--host-resolver-rules=EXCLUDE *"], "with another value of --host-resolver-rules"),
        (OURS, ["--proxy-server=evil.example:80"], "with another value of --proxy-server"),
        (OURS, ["--ignore-certificate-errors"], "with --ignore-certificate-errors"),
        (OURS, ["--remote-debugging-port=9222"], "with --remote-debugging-port"),
    ],
)
def test_a_browser_that_was_started_with_others_is_not(args: list[str], more: list[str], what: str) -> None:
    assert difference(line_of(args, *more), OURS) == f"its browser was started {what}"


START_IT = "Start it with countermand browser-server, and set COUNTERMAND_BROWSER_SERVER to the address that it names."


@pytest.mark.parametrize(
    ("playwrights_words", "sentence"),
    [
        (
            f"BrowserType.connect: WebSocket error: {SERVER} 409 Conflict\nA worker has this browser.",
            "another worker has its browser. Each worker needs a server of its own: start another one with --port, and "
            "name all of them in COUNTERMAND_BROWSER_SERVER, with spaces between them.",
        ),
        (
            f"BrowserType.connect: WebSocket error: {SERVER} 428 Precondition Required\n1.2.3",
            f"it has Playwright 1.2.3, and this machine {PLAYWRIGHT}. Install the same version of Countermand on both.",
        ),
        (
            f"BrowserType.connect: WebSocket error: {SERVER} 428 Precondition Required\n╔═══╗\n"
            "║ Playwright version mismatch: ║\n║   - server version: v1.2 ║\n║   - client version: v1.65 ║",
            f"it has Playwright 1.2, and this machine {PLAYWRIGHT}. Install the same version of Countermand on both.",
        ),
        (
            f"BrowserType.connect: WebSocket error: {SERVER} 503 Service Unavailable\nThe browser does not start.",
            "its browser does not start. What it says on its machine tells why.",
        ),
        (
            f"BrowserType.connect: WebSocket error: {SERVER} 404 Not Found\nThere is nothing here.",
            f"it does not know the path of this address. {START_IT}",
        ),
        (
            "BrowserType.connect: WebSocket error: connect ECONNREFUSED 127.0.0.1:9323",
            f"nothing listens there. {START_IT}",
        ),
        (
            "BrowserType.connect: WebSocket error: self-signed certificate in certificate chain",
            "this machine does not trust its certificate. Name the file of the authority that signed it in "
            "COUNTERMAND_CERTIFICATE_AUTHORITY.",
        ),
        (
            f"BrowserType.connect: Timeout 60000ms exceeded.\n- <ws connecting> {SERVER}",
            f"it did not answer within 60 seconds. {START_IT}",
        ),
        (
            "BrowserType.connect: WebSocket error: getaddrinfo ENOTFOUND far.example",
            f"there is no connection to it (ENOTFOUND). {START_IT}",
        ),
        (
            f"BrowserType.connect: {SERVER} something new",
            f"there is no connection to it (no reason was given). {START_IT}",
        ),
    ],
)
def test_why_a_server_cannot_be_used_is_said_without_its_path(playwrights_words: str, sentence: str) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PlaywrightError(playwrights_words)

    playwright = cast(Playwright, SimpleNamespace(chromium=SimpleNamespace(connect=refuse)))
    with pytest.raises(BrowserServerUnusable) as refused:
        connect(playwright, [SERVER], args=OURS, allowed_hosts=["shop.example"])
    assert refused.value.message == f"The browser server at 127.0.0.1:9323 cannot be used: {sentence}"
    assert SECRET not in str(refused.value)


def test_a_server_is_named_without_its_path() -> None:
    assert name_of(SERVER) == "127.0.0.1:9323"
    assert name_of(f"wss://far.example/browsers/{SECRET}") == "wss://far.example"


class Far:
    """Servers of which some are free; each tells how its browser was started, and looks for some hosts."""

    def __init__(self, *free: str, args: list[str] = OURS, looks_for: str = "", comes_back_after: int = 0) -> None:
        self.free, self.args, self.looks_for, self.away = free, args, looks_for, comes_back_after
        self.asked: list[str] = []
        self.closed = 0
        self.chromium = self

    def connect(self, server: str, **_: object) -> Any:
        self.asked.append(server)
        self.away -= 1
        if server not in self.free or self.away >= 0:
            raise PlaywrightError(f"WebSocket error: {server} 409 Conflict\nA worker has this browser.")
        line = line_of(self.args)
        session = SimpleNamespace(send=lambda method: {"commandLine": line}, detach=lambda: None)
        page = SimpleNamespace(goto=self._goto)
        context = SimpleNamespace(new_page=lambda: page, close=lambda: None)
        return SimpleNamespace(
            new_browser_cdp_session=lambda: session, new_context=lambda **_: context, close=self._close, server=server
        )

    def _goto(self, url: str, **_: object) -> None:
        became = "ERR_CONNECTION_REFUSED" if self.looks_for and self.looks_for in url else "ERR_NAME_NOT_RESOLVED"
        raise PlaywrightError(f"Page.goto: net::{became} at {url}")

    def _close(self) -> None:
        self.closed += 1


def asked_for(far: Far, *servers: str, hosts: tuple[str, ...] = ("shop.example",), **how: Any) -> Any:
    return connect(cast(Playwright, far), servers, args=OURS, allowed_hosts=hosts, **how)


def test_the_first_server_that_is_free_is_taken() -> None:
    far = Far("ws://c/1", "ws://b/1")
    assert asked_for(far, "ws://a/1", "ws://b/1", "ws://c/1").server == "ws://b/1"
    assert far.asked == ["ws://a/1", "ws://b/1"]


def test_a_server_that_was_lost_is_waited_for() -> None:
    far = Far("ws://a/1", comes_back_after=1)
    assert asked_for(far, "ws://a/1", patience=600).server == "ws://a/1"
    assert far.asked == ["ws://a/1", "ws://a/1"]


SAME_SETTINGS = (
    "Nothing was opened in it. Start it with countermand browser-server, and give it the same COUNTERMAND_ADMIN_URL, "
    "COUNTERMAND_ALLOWED_HOSTS, COUNTERMAND_PROXY, COUNTERMAND_PROXY_BYPASS and COUNTERMAND_FONTS as this machine."
)


@pytest.mark.parametrize(
    ("far", "why"),
    [
        (Far("ws://a/1", args=OURS[1:]), "its browser was started without --disable-client-side-phishing-detection"),
        (Far("ws://a/1", looks_for="localhost"), "its browser looks for localhost, which is not an allowed host"),
        (Far("ws://a/1", looks_for="[::1]"), "its browser looks for [::1], which is not an allowed host"),
        (Far("ws://a/1", looks_for="192.0.2.1"), "its browser looks for 192.0.2.1, which is not an allowed host"),
    ],
)
def test_a_browser_that_is_not_fit_is_left_at_once(far: Far, why: str) -> None:
    with pytest.raises(BrowserServerUnusable) as refused:
        asked_for(far, "ws://a/1")
    assert refused.value.message == f"The browser server at a cannot be used: {why}. {SAME_SETTINGS}"
    assert far.closed == 1


def test_an_allowed_host_may_be_looked_for() -> None:
    far = Far("ws://a/1", looks_for="127.0.0.1")
    assert asked_for(far, "ws://a/1", hosts=("127.0.0.1",)).server == "ws://a/1"
