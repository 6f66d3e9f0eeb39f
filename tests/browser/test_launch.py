"""A real browser, started as the program starts it: what it can reach and what it looks like."""

import http.server
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Playwright
from playwright.sync_api import Error as PlaywrightError

from bot.access.browser import launch, new_context
from bot.access.find_browser import BrowserChoice, find_browser
from bot.errors import BrowserDoesNotStart

pytestmark = pytest.mark.sampled(4)

IMAGE = b"""<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>"""
PAGE = """<!doctype html><title>hosts</title>
<img id="own" src="/own.svg">
<img id="named" src="http://localhost:{port}/named.svg">
<img id="address" src="http://127.0.0.2:{port}/address.svg">
<img id="elsewhere" src="http://images.example.com/elsewhere.svg">"""
LOADED = "() => Object.fromEntries([...document.images].map(image => [image.id, image.naturalWidth > 0]))"


class Site(http.server.ThreadingHTTPServer):
    """A site on every loopback address that remembers what it was asked for."""

    def __init__(self) -> None:
        super().__init__(("0.0.0.0" if sys.platform.startswith("linux") else "127.0.0.1", 0), Answer)
        self.asked_for: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Answer(http.server.BaseHTTPRequestHandler):
    """The page, or an image that may be kept in the cache."""

    server: Site

    def do_GET(self) -> None:
        self.server.asked_for.append(self.path)
        is_image = self.path.endswith(".svg")
        body = IMAGE if is_image else PAGE.format(port=self.server.server_port).encode()
        self.send_response(200)
        self.send_header("Content-Type", "image/svg+xml" if is_image else "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "max-age=3600" if is_image else "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        """Nothing: the test reads ``asked_for``."""


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def browser_for_one_host(playwright: Playwright, browser_choice: BrowserChoice) -> Iterator[Browser]:
    # The port is not looked at, so any will do.
    browser = launch(playwright, browser_choice, headed=False, allowed_hosts=["127.0.0.1:8000"])
    yield browser
    browser.close()


@pytest.fixture
def one_host(browser_for_one_host: Browser) -> Iterator[Page]:
    """A page that may talk to 127.0.0.1 only."""
    context = new_context(browser_for_one_host)
    yield context.new_page()
    context.close()


def test_only_the_allowed_host_is_reached(one_host: Page, site: Site) -> None:
    one_host.goto(site.url)
    loaded = one_host.evaluate(LOADED)
    assert loaded == {"own": True, "named": False, "address": False, "elsewhere": False}
    assert [path for path in site.asked_for if path.endswith(".svg")] == ["/own.svg"]


def test_several_allowed_hosts_are_reached(playwright: Playwright, browser_choice: BrowserChoice, site: Site) -> None:
    browser = launch(playwright, browser_choice, headed=False, allowed_hosts=["127.0.0.1", "localhost"])
    page = new_context(browser).new_page()
    page.goto(site.url)
    loaded = page.evaluate(LOADED)
    browser.close()
    assert loaded == {"own": True, "named": True, "address": False, "elsewhere": False}


def test_a_page_elsewhere_cannot_be_opened(one_host: Page, site: Site) -> None:
    with pytest.raises(PlaywrightError, match="ERR_NAME_NOT_RESOLVED"):
        one_host.goto(f"http://localhost:{site.server_port}/")
    assert site.asked_for == []


def test_a_proxy_of_the_system_is_not_used(
    playwright: Playwright, browser_choice: BrowserChoice, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Were it used, it would be asked for the page, and would answer.
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, site.url)
    browser = launch(playwright, browser_choice, headed=False, allowed_hosts=["127.0.0.1"])
    with pytest.raises(PlaywrightError, match="ERR_NAME_NOT_RESOLVED"):
        new_context(browser).new_page().goto("http://shop.example.com/")
    browser.close()
    assert site.asked_for == []


def test_peer_connections_find_no_way_out(one_host: Page, site: Site) -> None:
    one_host.goto(site.url)
    candidates = one_host.evaluate(
        """async () => {
            const connection = new RTCPeerConnection();
            const found = [];
            const done = new Promise(resolve => {
                connection.onicecandidate =
                    event => event.candidate ? found.push(event.candidate.candidate) : resolve();
            });
            connection.createDataChannel("any");
            await connection.setLocalDescription(await connection.createOffer());
            await done;
            return found;
        }"""
    )
    assert candidates == []


def test_the_cache_serves_what_was_loaded_before(one_host: Page, site: Site) -> None:
    one_host.goto(site.url)
    one_host.goto(site.url)
    assert site.asked_for.count("/own.svg") == 1


ASK_FOR_FONT = """() => {
    const font = new FontFace("Icons", "url(/icons.woff2)");
    return Promise.race([font.load().catch(() => 0), new Promise((done) => setTimeout(done, 500))]).then(() => 0);
}"""


@pytest.mark.parametrize("fonts", [True, False])
def test_fonts_are_loaded_unless_they_are_not_wanted(
    playwright: Playwright, browser_choice: BrowserChoice, site: Site, fonts: bool
) -> None:
    with launch(playwright, browser_choice, headed=False, allowed_hosts=["127.0.0.1"], fonts=fonts) as browser:
        page = browser.new_page()
        page.goto(site.url)
        page.evaluate(ASK_FOR_FONT)
        assert ("/icons.woff2" in site.asked_for) is fonts


def test_pages_look_the_same_on_every_machine(one_host: Page, site: Site) -> None:
    one_host.goto(site.url)
    seen: dict[str, Any] = one_host.evaluate(
        """async () => ({
            size: [innerWidth, innerHeight],
            scale: devicePixelRatio,
            language: navigator.language,
            still: matchMedia("(prefers-reduced-motion: reduce)").matches,
            light: matchMedia("(prefers-color-scheme: light)").matches,
            notifications: (await navigator.permissions.query({name: "notifications"})).state,
            position: (await navigator.permissions.query({name: "geolocation"})).state,
        })"""
    )
    assert seen == {
        "size": [1440, 1000],
        "scale": 1,
        "language": "en-US",
        "still": True,
        "light": True,
        "notifications": "denied",
        "position": "denied",
    }


def test_a_download_is_refused(one_host: Page, site: Site) -> None:
    one_host.goto(site.url)
    with one_host.expect_download() as started:
        one_host.evaluate(
            "() => Object.assign(document.createElement('a'), {href: '/own.svg', download: 'x.svg'}).click()"
        )
    with pytest.raises(PlaywrightError, match="accept_downloads"):
        started.value.path()


@pytest.mark.skipif(sys.platform == "win32", reason="programs are marked by their mode")
def test_a_program_that_is_no_browser_does_not_start(playwright: Playwright, tmp_path: Path) -> None:
    program = tmp_path / "browser"
    program.write_text("#!/bin/sh\nexit 3\n", encoding="utf-8")
    program.chmod(0o755)
    with pytest.raises(BrowserDoesNotStart) as failed:
        launch(playwright, find_browser(program), headed=False, allowed_hosts=[])
    assert failed.value.message == (
        f"The browser at {program} does not start: it ended at once, with exit status 3. "
        "Reinstall it, or name another browser in COUNTERMAND_BROWSER."
    )


def test_the_page_of_pytest_playwright_starts_too(page: Page) -> None:
    page.set_content("<h1>Amazon Sales Channel</h1>")
    assert page.get_by_role("heading").inner_text() == "Amazon Sales Channel"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads what a process was started with")
def test_the_browser_process_has_no_password(
    playwright: Playwright, browser_choice: BrowserChoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COUNTERMAND_PASSWORD", "secret of this test")
    browser = launch(playwright, browser_choice, headed=False, allowed_hosts=[])
    environments = [
        environment
        for process in Path("/proc").glob("[0-9]*")
        if (environment := _environment(process)) and "--remote-debugging-pipe" in _command(process)
    ]
    browser.close()
    assert environments
    assert not any("secret of this test" in environment for environment in environments)


def _environment(process: Path) -> str:
    try:
        return (process / "environ").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""  # somebody else's, or it has ended


def _command(process: Path) -> str:
    try:
        return (process / "cmdline").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
