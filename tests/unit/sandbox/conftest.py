"""A visitor of the practice Admin without a browser, and a practice Admin to visit."""

import json
import re
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html import unescape
from http.cookiejar import CookieJar
from typing import Any
from urllib.parse import urlencode, urljoin

import pytest

from bot.sandbox import Face, Order, Sandbox


@dataclass(frozen=True)
class Answer:
    status: int
    url: str
    text: str

    @property
    def banners(self) -> list[str]:
        return [unescape(words) for words in re.findall(r'data-ui-id="messages-message-\w+">([^<]*)<', self.text)]

    def link(self, words: str) -> str:
        """The address of the link with these words."""
        found = re.search(rf'<a href="([^"]+)"[^>]*>(?:<span>)?{re.escape(words)}<', self.text)
        assert found, f"no link {words!r} at {self.url}"
        return found[1]


@dataclass
class Visitor:
    """Somebody with a cookie jar of their own."""

    sandbox: Sandbox
    endpoint: str = ""
    patience: float = 300
    """Seconds to wait for an answer."""
    opener: urllib.request.OpenerDirector = field(
        default_factory=lambda: urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(CookieJar())
        )
    )

    def ask(self, path: str = "", data: bytes | None = None, headers: dict[str, str] | None = None) -> Answer:
        request = urllib.request.Request(urljoin(self.sandbox.url, path), data, headers or {})
        try:
            with self.opener.open(request, timeout=self.patience) as response:
                return Answer(response.status, response.url, response.read().decode())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.url or "", error.read().decode())

    def sign_in(self, account: str = "", password: str = "", path: str = "", picture: str = "") -> Answer:
        form_key = re.search(r'name="form_key" type="hidden" value="([^"]+)"', self.ask(path).text)
        assert form_key
        form = {
            "form_key": form_key[1],
            "login[username]": account or self.sandbox.username,
            "login[password]": password or self.sandbox.password,
            "captcha[backend_login]": picture,
        }
        return self.ask(path, urlencode(form).encode())

    def open_channel(self) -> Answer:
        page = self.ask(self.ask().link("Amazon Sales Channel"))
        endpoint = re.search(r'data-graphql-endpoint="([^"]+)"', page.text)
        assert endpoint
        self.endpoint = endpoint[1]
        return page

    def post(self, operation: str, order: Order | None = None, **variables: Any) -> Answer:
        """How the data endpoint answers."""
        if order:
            uuid = self.sandbox.shop.store(order.store).uuid
            variables = {"uuid": uuid, "orderId": order.number} | variables
        body = {"operationName": operation, "query": "", "variables": variables}
        return self.ask(self.endpoint, json.dumps(body).encode(), {"Content-Type": "application/json"})

    def call(self, operation: str, order: Order | None = None, **variables: Any) -> dict[str, Any]:
        """What the data endpoint answers, errors included."""
        answer = self.post(operation, order, **variables)
        assert answer.status == 200
        found: dict[str, Any] = json.loads(answer.text)
        return found


@pytest.fixture(scope="session")
def _served() -> Iterator[Sandbox]:
    with Sandbox(face=Face.PLAIN) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(_served: Sandbox) -> Sandbox:
    _served.reset()
    return _served


@pytest.fixture
def new_visitor(sandbox: Sandbox) -> Callable[[], Visitor]:
    return lambda: Visitor(sandbox)


@pytest.fixture
def visitor(new_visitor: Callable[[], Visitor]) -> Visitor:
    """Somebody who is not signed in."""
    return new_visitor()


@pytest.fixture
def clerk(visitor: Visitor) -> Visitor:
    """Somebody who is signed in and has the Amazon Sales Channel page open."""
    visitor.sign_in()
    visitor.open_channel()
    return visitor
