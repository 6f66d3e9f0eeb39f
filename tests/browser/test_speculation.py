"""What a page has Chromium fetch before anyone goes there: nothing, however it asks for it.

No such request can be held, so no rule may ever be followed. A server counts what arrives; a page that is opened last
proves that it would have counted a guess, too.
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from playwright.sync_api import Browser, Page

from bot.cancel.speculation import refuse_speculation

RULES = '<script type="speculationrules">{{"prefetch": [{{"urls": ["{0}"], "eagerness": "immediate"}}]}}</script>'
GUESSED = "/order_cancel_save/id/1"

MAKE = """(address) => {
    const rules = document.createElement('script');
    rules.type = 'speculationrules';
    rules.textContent = JSON.stringify({ prefetch: [{ urls: [address], eagerness: 'immediate' }] });
    return rules;
}"""
BY_SCRIPT = {
    "appended": "(rules) => document.head.append(rules)",
    "in a box": "(rules) => { const box = document.createElement('p'); box.append(rules); document.body.append(box); }",
    "shadow root": """(rules) => {
        const box = document.body.appendChild(document.createElement('div'));
        box.attachShadow({ mode: 'closed' }).append(rules);
    }""",
    "written": "(rules) => { document.open(); document.write(`${rules.outerHTML}<p>x`); document.close(); }",
    "text later": """(rules) => {
        const text = rules.textContent;
        rules.textContent = '';
        document.head.append(rules);
        rules.append(text);
    }""",
    "prerendered": """(rules) => {
        rules.textContent = rules.textContent.replace('prefetch', 'prerender');
        document.head.append(rules);
    }""",
}
DELIVERED = {
    "in the page": "/with-rules",
    "in a header": "/with-header",
    "in a shadow root": "/in-shadow-root",
    "in one of two shadow roots": "/in-two-shadow-roots",
}
SHADOW_ROOT = '<section><template shadowrootmode="open">{0}</template></section>'


class Server(ThreadingHTTPServer):
    """Serves pages, some with rules, and knows which addresses were asked for."""

    daemon_threads = True

    def __init__(self) -> None:
        self.asked: list[str] = []
        asked = self.asked

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(self.path)
                kind, body = "text/html", f"<!doctype html><title>x</title>{RULES.format(GUESSED)}<p>x"
                if self.path == "/rules.json":
                    kind, body = "application/speculationrules+json", f'{{"prefetch": [{{"urls": ["{GUESSED}"]}}]}}'
                elif self.path.startswith("/in-"):
                    inner = SHADOW_ROOT.format(RULES.format(GUESSED))
                    inner = SHADOW_ROOT.format(inner) if "two" in self.path else inner
                    body = f"<!doctype html><title>x</title>{inner}<p>x"
                elif self.path != "/with-rules":
                    body = "<!doctype html><title>x</title><p>x"
                self.send_response(200)
                self.send_header("Content-Type", kind)
                if self.path == "/with-header":
                    self.send_header("Speculation-Rules", '"/rules.json"')
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_: object) -> None:
                """Nothing."""

        super().__init__(("127.0.0.1", 0), Handler)

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_port}{path}"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server() as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield server
        server.shutdown()


Guesses = Callable[[Page, Server, str], list[str]]


def by_script(page: Page, server: Server, how: str) -> None:
    page.goto(server.url("/"))
    page.evaluate(f"([address]) => ({BY_SCRIPT[how]})(({MAKE})(address))", [server.url(GUESSED)])


def delivered(page: Page, server: Server, how: str) -> None:
    page.goto(server.url(DELIVERED[how]))


WAYS = [*((by_script, how) for how in BY_SCRIPT), *((delivered, how) for how in DELIVERED)]


def guessed(page: Page, server: Server, act: Callable[[Page, Server, str], None], how: str) -> bool:
    """Whether an address was asked for that nobody went to, until some later ones were answered."""
    del server.asked[:]
    act(page, server, how)
    for _ in range(20):  # each a round trip through the browser's network, behind which a guess is not
        page.evaluate("(address) => fetch(address).then((it) => it.status)", server.url("/later"))
    return GUESSED in server.asked


@pytest.mark.parametrize(("act", "how"), WAYS, ids=[how for _, how in WAYS])
def test_nothing_is_fetched_by_a_guess(
    browser: Browser, server: Server, act: Callable[[Page, Server, str], None], how: str
) -> None:
    with closing(browser.new_page()) as page:
        refuse_speculation(page)
        assert not guessed(page, server, act, how)


def test_without_the_refusal_chromium_follows_them(browser: Browser, server: Server) -> None:
    followed = []
    for act, how in WAYS:
        with closing(browser.new_page()) as page:
            followed.append((how, guessed(page, server, act, how)))
    assert [how for how, was in followed if not was] == []
