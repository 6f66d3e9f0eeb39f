"""The wire at both its ends: what it asks of the browser and of Playwright's client, and how it reads their answers."""

import base64
import json
from collections.abc import Callable
from fnmatch import fnmatchcase
from types import SimpleNamespace
from typing import Any, cast

import pytest
from log_kit import logged
from playwright.sync_api import Error as PlaywrightError

from bot.cancel.cancels import Allowed, Sent, Way
from bot.cancel.endpoint import Answered
from bot.cancel.held import HeldByChromium
from bot.cancel.wire import Passage, Wire, cancels_an_order, question_of
from bot.errors import HttpClientBlocked, PageTrouble

URL = "https://shop.example/admin"
APP = "channel/amazon/graphql"
ENDPOINT = f"{URL}/{APP}/key/5f/"
SAVE = f"{URL}/channel/amazon/order_cancel_save/id/17/"
ORDER = "112-1215998-3002091"
MUTATION = f'mutation {{ cancelOrder(orderId: "{ORDER}", uuid: "7f", reason: "r") {{ uuid }} }}'
CANCEL = {"query": MUTATION}
LOOK = {"query": "query { stores { name } }"}
GOOD = b'{"data":{}}'


class Session:
    """Chromium's own interception, as the wire speaks to it."""

    def __init__(self, **answers: Any) -> None:
        self.said: list[tuple[str, Any]] = []
        self.heard: dict[str, Callable[[dict[str, Any]], None]] = {}
        self.answers = answers

    def on(self, event: str, act: Callable[[dict[str, Any]], None]) -> None:
        self.heard[event] = act

    def send(self, command: str, told: Any = None) -> Any:
        self.said.append((command, told))
        answer = self.answers.get(command.partition(".")[2], {})
        if isinstance(answer, Exception):
            raise answer
        return answer

    def pauses(self, url: str, body: object = None, **more: Any) -> list[tuple[str, Any]]:
        """Have a request wait, and give what became of it."""
        del self.said[:]
        content = [] if body is None else [{"bytes": base64.b64encode(json.dumps(body).encode()).decode()}]
        headers = {"Content-Type": "application/json"}
        request = {"url": url, "method": "POST", "headers": headers, "hasPostData": bool(content)}
        event = {"requestId": "7", "request": request | {"postDataEntries": content}} | more
        with logged("ERROR"):
            self.heard["Fetch.requestPaused"](event)
        return self.said


LET_OUT = [("Fetch.continueRequest", {"requestId": "7"})]
STOPPED = [("Fetch.failRequest", {"requestId": "7", "errorReason": "BlockedByClient"})]


class Page:
    """A page of a Chromium, or of another browser where there is no session."""

    def __init__(self, session: Session | None, browser: object = None) -> None:
        self.main_frame = object()
        self.context = SimpleNamespace(new_cdp_session=self._new_session, browser=browser)
        self.heard: dict[str, Callable[[Any], None]] = {}
        self.routed: list[tuple[Callable[[str], bool], Callable[[Any], None]]] = []
        self._session = session
        self._sessions = iter([Session(), session])  # the first takes care of speculation rules only

    def add_init_script(self, script: str) -> None:
        """Nothing."""

    def _new_session(self, page: object) -> Session:
        assert page is self
        if self._session is None:
            raise PlaywrightError("CDP session is only available in Chromium")
        return next(self._sessions) or self._session

    def on(self, event: str, act: Callable[[Any], None]) -> None:
        self.heard[event] = act

    def route(self, which: Callable[[str], bool], act: Callable[[Any], None]) -> None:
        self.routed.append((which, act))


@pytest.fixture
def wire() -> Wire:
    return Wire(URL, endpoint=APP)


def watched(wire: Wire, session: Session | None, browser: object = None) -> Page:
    page = Page(session, browser)
    wire.watch(cast(Any, page))
    return page


def passage(**changed: Any) -> Passage:
    permit = cast(Allowed, SimpleNamespace(order=ORDER, store_id="7f", row_id="17", merchant_id="3"))
    how: dict[str, Any] = {
        "permit": permit,
        "reasons": ("r",),
        "page": None,
        "patience": 15,
        "still_ours": lambda: True,
    }
    return Passage(**how | changed)


# --- Which requests are held ----------------------------------------------------------------------------------------

IN_CAPITALS = {SAVE.replace("order_cancel_save", other) for other in ("Order_Cancel_Save", "ORDER_CANCEL_SAVE")}
SENT = {"Request": {ENDPOINT, SAVE, f"{URL}/sales/order/cancel/order_id/7/", *IN_CAPITALS}}
HEARD = {"Response": {ENDPOINT, SAVE, f"{URL}/auth/login/key/7/"}}
ELSEWHERE = (f"{URL}/dashboard", f"{URL}/sales/order/view/order_id/7", f"{URL}/static/app.js")


def patterns(session: Session) -> list[tuple[str, str]]:
    (asked,) = [told for command, told in session.said if command == "Fetch.enable"]
    return [(one["urlPattern"], one["requestStage"]) for one in asked["patterns"]]


def held(session: Session, stage: str, url: str) -> bool:
    """Whether Chromium was asked to hold what goes to an address, or comes from it: its patterns are case-sensitive."""
    return any(of == stage and fnmatchcase(url, pattern) for pattern, of in patterns(session))


def holds(session: Session, wanted: dict[str, set[str]]) -> None:
    for stage in ("Request", "Response"):
        for url in wanted.get(stage, ()):
            assert held(session, stage, url), (stage, url)
        assert not any(held(session, stage, url) for url in ELSEWHERE)
    assert {stage for _, stage in patterns(session)} == set(wanted)


def test_a_page_has_its_requests_and_their_answers_held(wire: Wire) -> None:
    session = Session()
    watched(wire, session)
    holds(session, SENT | HEARD)
    assert ("Page.enable", None) in session.said


def test_where_the_whole_browser_is_looked_at_a_page_has_only_its_answers_held(wire: Wire) -> None:
    everywhere, session = Session(), Session()
    browser = SimpleNamespace(new_browser_cdp_session=lambda: everywhere)
    wire.guard_browser(cast(Any, browser))
    watched(wire, session, browser)
    holds(everywhere, SENT)
    holds(session, HEARD)


def test_a_page_of_another_browser_than_the_guarded_one_is_looked_at_whole(wire: Wire) -> None:
    session = Session()
    wire.guard_browser(cast(Any, SimpleNamespace(new_browser_cdp_session=Session)))
    watched(wire, session, browser=object())
    assert {stage for _, stage in patterns(session)} == {"Request", "Response"}


def test_without_an_app_what_is_held_is_the_known_ways_and_those_of_the_pack() -> None:
    session = Session()
    watched(Wire(URL, ways=[Way(address="shop/undo")]), session)
    ways = {"*?hop/?ndo*", "*shop/UNDO*", "*?hannel/?mazon/?raphql*", "*channel/amazon/GRAPHQL*"}
    ways |= {"*?hannel/?mazon/?rder_?ancel_?ave*", "*channel/amazon/ORDER_CANCEL_SAVE*"}
    sent, heard = {"*?ales/?rder/?ancel*", "*sales/order/CANCEL*"}, {"*?uth/?ogin*", "*auth/LOGIN*"}
    assert sorted(patterns(session)) == sorted(
        [*((one, "Request") for one in ways | sent), *((one, "Response") for one in ways | heard)]
    )


def test_an_address_that_a_pack_writes_with_capitals_is_held_without_them_too() -> None:
    session = Session()
    watched(Wire(URL, ways=[Way(address="Shop/Undo")]), session)
    assert held(session, "Request", f"{URL}/shop/undo/7")


# --- What Chromium holds --------------------------------------------------------------------------------------------


def test_what_cancels_nothing_goes_on(wire: Wire) -> None:
    session = Session()
    watched(wire, session)
    assert session.pauses(ENDPOINT, LOOK) == LET_OUT
    assert wire.endpoint.is_waiting


def test_what_is_not_the_apps_is_not_waited_for(wire: Wire) -> None:
    session = Session()
    watched(wire, session)
    assert session.pauses(f"{URL}/elsewhere/") == LET_OUT
    assert not wire.endpoint.is_waiting


def test_a_cancel_that_nobody_pressed_fails_in_the_browser(wire: Wire) -> None:
    session = Session()
    watched(wire, session)
    assert session.pauses(ENDPOINT, CANCEL) == STOPPED
    assert session.pauses(SAVE) == STOPPED
    assert session.pauses(f"{URL}/sales/order/cancel/order_id/3/") == STOPPED
    assert session.pauses(f"{URL}/sales%2Forder%2Fcancel/order_id/3/") == STOPPED


@pytest.mark.parametrize("entries", [[], [{"bytes": "e30="}, {}]])
def test_a_body_that_the_browser_does_not_give_whole_is_stopped_as_unreadable(
    wire: Wire, entries: list[dict[str, str]]
) -> None:
    session = Session()
    watched(wire, session)
    request = {"url": ENDPOINT, "method": "POST", "headers": {}, "hasPostData": True, "postDataEntries": entries}
    assert session.pauses(ENDPOINT, request=request) == STOPPED
    assert wire.take_stopped() == (
        f"the page sent something to /admin/{APP} that may cancel an order, which was stopped: its body is not there "
        "to be read"
    )


def test_a_body_in_several_pieces_is_read_as_one(wire: Wire) -> None:
    session = Session()
    watched(wire, session)
    whole = json.dumps(CANCEL).encode()
    entries = [{"bytes": base64.b64encode(part).decode()} for part in (whole[:9], whole[9:])]
    request = {"url": ENDPOINT, "method": "POST", "headers": {}, "hasPostData": True, "postDataEntries": entries}
    assert session.pauses(ENDPOINT, request=request) == STOPPED
    assert wire.take_stopped() == (
        f"the page sent a cancel of order {ORDER} although nothing was pressed, which was stopped"
    )


NOBODY_PRESSED = "the page sent a cancel although nothing was pressed, which was stopped"


def test_a_link_that_cancels_is_read_although_it_has_no_body(wire: Wire) -> None:
    session = Session()
    watched(wire, session)
    with logged("ERROR") as lines:
        assert session.pauses(SAVE) == STOPPED
    assert (lines, wire.take_stopped()) == ([NOBODY_PRESSED], NOBODY_PRESSED)


@pytest.mark.parametrize("key", ["", "key/5f/"])
def test_what_cannot_be_read_is_told_with_its_address_and_without_its_key(wire: Wire, key: str) -> None:
    session = Session()
    watched(wire, session)
    assert session.pauses(f"{SAVE}{key}", {}) == STOPPED
    told = wire.take_stopped()
    assert told.startswith("the page sent something to /admin/channel/amazon/order_cancel_save/id/17")
    assert told.endswith(" that may cancel an order, which was stopped: its body is of the type application/json")
    assert "5f" not in told


def test_a_request_whose_page_has_gone_meanwhile_is_no_trouble(wire: Wire) -> None:
    session = Session(continueRequest=PlaywrightError("Target closed"))
    watched(wire, session)
    assert session.pauses(ENDPOINT, LOOK) == LET_OUT


def test_the_answer_to_a_cancel_reaches_the_page_without_what_the_client_has_kept(wire: Wire) -> None:
    session, headers = Session(), {"X-Kept": "1", "Set-Cookie": "a=b", "Content-Encoding": "br", "Connection": "close"}
    watched(wire, session)
    answer = SimpleNamespace(
        status=200,
        headers_array=[{"name": name, "value": value} for name, value in headers.items()],
        body=lambda: GOOD,
        dispose=lambda: None,
    )
    client = SimpleNamespace(fetch=lambda url, **how: answer)
    page = SimpleNamespace(context=SimpleNamespace(request=client))
    with wire.open_for(passage(page=page)):
        assert session.pauses(ENDPOINT, CANCEL) == [
            (
                "Fetch.fulfillRequest",
                {
                    "requestId": "7",
                    "responseCode": 200,
                    "responseHeaders": [{"name": "X-Kept", "value": "1"}],
                    "body": base64.b64encode(GOOD).decode(),
                },
            )
        ]


# --- What Chromium is answered --------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoded", [True, False])
def test_an_answer_of_the_app_is_read_and_goes_on(wire: Wire, encoded: bool) -> None:
    body = base64.b64encode(GOOD).decode() if encoded else GOOD.decode()
    session = Session(getResponseBody={"body": body, "base64Encoded": encoded})
    watched(wire, session)
    session.pauses(ENDPOINT, LOOK)
    said = session.pauses(ENDPOINT, LOOK, responseStatusCode=200, responseHeaders=[{"name": "A", "value": "b"}])
    assert said == [("Fetch.getResponseBody", {"requestId": "7"}), *LET_OUT]
    assert (wire.endpoint.good_answers, wire.endpoint.is_waiting, wire.endpoint.trouble) == (1, False, None)


@pytest.mark.parametrize(("status", "body"), [(299, GOOD), (300, b""), (399, b""), (400, GOOD)])
def test_an_answer_is_given_whole_but_for_the_body_that_a_redirect_does_not_have(status: int, body: bytes) -> None:
    session = Session(getResponseBody={"body": GOOD.decode(), "base64Encoded": False})
    headers = [{"name": "A", "value": "b"}]
    event = {"requestId": "7", "responseStatusCode": status, "responseHeaders": headers}
    held = HeldByChromium(cast(Any, session), event)
    assert held.answered() == Answered(status=status, headers={"A": "b"}, body=body)
    assert bool(session.said) is bool(body)


@pytest.mark.parametrize(
    ("answered", "body", "words"),
    [
        ({"responseErrorReason": "ConnectionReset"}, {}, "the connection failed (ConnectionReset)"),
        ({"responseStatusCode": 302}, {}, "it leads to another address (HTTP 302)"),
        (
            {"responseStatusCode": 302, "responseHeaders": [{"name": "Location", "value": "/auth/login/"}]},
            {},
            "the session has ended; the Admin asks to sign in",
        ),
        ({"responseStatusCode": 200}, PlaywrightError("x: net::ERR_ABORTED aborted"), "the answer broke off"),
        ({"responseStatusCode": 500}, {"body": "", "base64Encoded": False}, "HTTP 500"),
    ],
)
def test_trouble_with_an_answer_of_the_app_is_heard(
    wire: Wire, answered: dict[str, Any], body: Any, words: str
) -> None:
    session = Session(getResponseBody=body)
    watched(wire, session)
    assert session.pauses(ENDPOINT, LOOK, **answered)[-1:] == LET_OUT
    assert wire.endpoint.trouble is not None
    assert wire.endpoint.trouble.words == words


def test_a_sign_in_page_that_came_in_the_background_is_kept(wire: Wire) -> None:
    page = '<form id="login-form">'
    session = Session(getResponseBody={"body": page, "base64Encoded": False})
    watched(wire, session)
    session.pauses(f"{URL}/elsewhere/", responseStatusCode=200)
    assert wire.endpoint.sign_in_page == ""
    session.pauses(f"{URL}/auth/login/", responseStatusCode=200)
    assert wire.endpoint.sign_in_page == page


def test_the_answer_to_what_the_browser_itself_sent_is_the_cancels_and_only_the_first(wire: Wire) -> None:
    wire.sent_by = "browser"
    session = Session(getResponseBody={"body": GOOD.decode(), "base64Encoded": False})
    watched(wire, session)
    allowed = passage()
    with wire.open_for(allowed):
        session.pauses(ENDPOINT, LOOK, responseStatusCode=200)
        assert (allowed.answered, wire.endpoint.good_answers) == (None, 1)
        session.pauses(ENDPOINT, CANCEL)
        session.pauses(ENDPOINT, LOOK, responseStatusCode=200)
        assert (allowed.answered, wire.endpoint.good_answers) == (None, 2)
        session.pauses(ENDPOINT, CANCEL, responseStatusCode=200)
        session.pauses(ENDPOINT, CANCEL, responseStatusCode=500)
    assert allowed.answered == Answered(status=200, body=GOOD)
    assert (wire.endpoint.good_answers, wire.endpoint.trouble) == (2, None)


def test_the_answer_to_a_packs_own_way_to_cancel_is_the_cancels_too() -> None:
    own = Way(address="shop/cancel", mutation="stopOrder", order="number", store="shop", reason="why")
    wire = Wire(URL, endpoint=APP, ways=[own], sent_by="browser")
    session = Session(getResponseBody={"body": GOOD.decode(), "base64Encoded": False})
    watched(wire, session)
    cancel = {"query": f'mutation {{ stopOrder(number: "{ORDER}", shop: "7f", why: "r") {{ a }} }}'}
    allowed = passage()
    with wire.open_for(allowed):
        assert session.pauses(f"{URL}/shop/cancel/", cancel) == LET_OUT
        session.pauses(f"{URL}/shop/cancel/", cancel, responseStatusCode=200)
    assert allowed.answered == Answered(status=200, body=GOOD)


def test_a_page_that_is_opened_begins_with_nothing_heard_and_a_frame_in_it_does_not(wire: Wire) -> None:
    session = Session(getResponseBody={"body": "", "base64Encoded": False})
    watched(wire, session)
    session.pauses(ENDPOINT, LOOK, responseStatusCode=500)
    session.heard["Page.frameNavigated"]({"frame": {"parentId": "1"}})
    assert wire.endpoint.trouble is not None
    session.heard["Page.frameNavigated"]({"frame": {}})
    assert wire.endpoint.trouble is None


def request_of(url: str, body: bytes | None = None, **more: Any) -> Any:
    return SimpleNamespace(method="POST", url=url, headers={"a": "b"}, post_data_buffer=body, **more)


def test_a_request_that_the_page_ended_itself_is_not_waited_for(wire: Wire) -> None:
    session = Session()
    page = watched(wire, session)
    session.pauses(ENDPOINT, LOOK)
    page.heard["requestfailed"](request_of(f"{URL}/elsewhere/", json.dumps(LOOK).encode()))
    assert wire.endpoint.is_waiting
    page.heard["requestfailed"](request_of(ENDPOINT, json.dumps(LOOK).encode()))
    assert not wire.endpoint.is_waiting


def test_a_page_that_is_watched_begins_with_nothing_heard(wire: Wire) -> None:
    wire.endpoint.answered("stores", Answered(status=500))
    watched(wire, Session())
    assert wire.endpoint.trouble is None


# --- Any other browser ----------------------------------------------------------------------------------------------


class Route:
    def __init__(self, request: Any) -> None:
        self.request, self.became = request, cast(Any, None)

    def fallback(self) -> None:
        self.became = "let out"

    def abort(self, why: str) -> None:
        self.became = why

    def fulfill(self, **how: Any) -> None:
        self.became = how


def routed(page: Page, request: Any) -> Any:
    ((which, act),) = page.routed
    assert which(request.url)
    route = Route(request)
    with logged("ERROR"):
        act(route)
    return route.became


def test_any_browser_has_the_same_requests_held(wire: Wire) -> None:
    page = watched(wire, None)
    ((which, _),) = page.routed
    assert [which(url) for url in (ENDPOINT, SAVE, f"{URL}/sales/order/cancel/", f"{URL}/auth/login/")] == [
        *(True, True, True),
        False,
    ]
    assert routed(page, request_of(ENDPOINT, json.dumps(LOOK).encode())) == "let out"
    assert routed(page, request_of(ENDPOINT, json.dumps(CANCEL).encode())) == "blockedbyclient"
    wire.take_stopped()
    assert routed(page, request_of(SAVE)) == "blockedbyclient"
    assert wire.take_stopped() == NOBODY_PRESSED


def test_in_any_browser_a_request_whose_page_has_gone_meanwhile_is_no_trouble(wire: Wire) -> None:
    def gone(*_: object) -> Any:
        raise PlaywrightError("Target page, context or browser has been closed")

    page = watched(wire, None)
    ((_, act),) = page.routed
    act(SimpleNamespace(request=request_of(ENDPOINT, json.dumps(LOOK).encode()), fallback=gone))
    page.heard["requestfinished"](request_of(ENDPOINT, json.dumps(LOOK).encode(), response=gone))
    assert wire.endpoint.trouble is None


def test_any_browser_is_given_the_clients_answer(wire: Wire) -> None:
    page = watched(wire, None)
    headers = [{"name": "X-Kept", "value": "1"}, {"name": "set-cookie", "value": "a=b"}]
    answer = SimpleNamespace(status=200, headers_array=headers, body=lambda: GOOD, dispose=lambda: None)
    client = SimpleNamespace(context=SimpleNamespace(request=SimpleNamespace(fetch=lambda url, **how: answer)))
    with wire.open_for(passage(page=client)):
        became = routed(page, request_of(ENDPOINT, json.dumps(CANCEL).encode()))
    assert became == {"status": 200, "headers": {"X-Kept": "1"}, "body": GOOD}


def heard_from(url: str, status: int | None, body: bytes | None = b"", location: str = "") -> Any:
    """A request that was answered so; with None as its body nobody can read one, as it is with redirects."""

    def read() -> bytes:
        if body is None:
            raise PlaywrightError("Response body is unavailable for redirect responses")
        return body

    response = None if status is None else SimpleNamespace(status=status, headers={"location": location}, body=read)
    return request_of(url, json.dumps(LOOK).encode(), response=lambda: response)


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (heard_from(ENDPOINT, None), "no answer came"),
        (heard_from(ENDPOINT, 300, None), "it leads to another address (HTTP 300)"),
        (heard_from(ENDPOINT, 399, None), "it leads to another address (HTTP 399)"),
        (heard_from(ENDPOINT, 302, None, "/auth/login/"), "the session has ended; the Admin asks to sign in"),
        (heard_from(ENDPOINT, 400, b"<title>No</title>"), "HTTP 400, a page called 'No'"),
        (heard_from(ENDPOINT, 299, b'{"errors":["odd"]}'), "odd"),
    ],
)
def test_any_browser_is_heard_when_a_request_has_ended(wire: Wire, request_: Any, words: str) -> None:
    page = watched(wire, None)
    page.heard["requestfinished"](heard_from(f"{URL}/elsewhere/", 500))
    assert wire.endpoint.trouble is None
    page.heard["requestfinished"](request_)
    assert wire.endpoint.trouble is not None
    assert wire.endpoint.trouble.words == words


def test_in_any_browser_a_new_page_begins_with_nothing_heard_and_its_frames_and_data_do_not(wire: Wire) -> None:
    page = watched(wire, None)
    page.heard["requestfinished"](heard_from(ENDPOINT, 500))
    for navigates, frame in ((False, page.main_frame), (True, object())):
        page.heard["request"](SimpleNamespace(is_navigation_request=lambda yes=navigates: yes, frame=frame))
        assert wire.endpoint.trouble is not None
    page.heard["request"](SimpleNamespace(is_navigation_request=lambda: True, frame=page.main_frame))
    assert wire.endpoint.trouble is None


# --- Whether the client gets through --------------------------------------------------------------------------------


class Client:
    def __init__(self, status: int) -> None:
        self.status = status
        self.asked: list[dict[str, Any]] = []
        self.disposed = 0

    def fetch(self, url: str, **how: Any) -> Any:
        self.asked.append({"url": url, **how})
        return SimpleNamespace(status=self.status, headers_array=[], body=lambda: b"", dispose=self._dispose)

    def _dispose(self) -> None:
        self.disposed += 1


def page_of(client: Client, url: str = f"{URL}/#/a", **more: Any) -> Any:
    scripts = {"() => navigator.userAgent": "Browser 1"}
    return SimpleNamespace(context=SimpleNamespace(request=client), url=url, evaluate=scripts.__getitem__, **more)


def test_the_open_page_is_asked_for_as_the_browser_asks(wire: Wire) -> None:
    client = Client(200)
    wire.try_out(page_of(client), 15)
    assert client.asked == [
        {
            "url": f"{URL}/",
            "method": "GET",
            "headers": {
                "User-Agent": "Browser 1",
                "Accept": "text/html,application/xhtml+xml,*/*;q=0.8",
                "Connection": "close",
            },
            "data": None,
            "timeout": 15_000,
            "fail_on_status_code": False,
            "max_redirects": 0,
            "max_retries": 0,
        }
    ]
    assert client.disposed == 1


@pytest.mark.parametrize("url", [URL, f"{URL}#/a", f"{URL}#/a#b"])
def test_the_open_page_is_asked_for_without_what_follows_its_first_hash(wire: Wire, url: str) -> None:
    client = Client(200)
    wire.try_out(page_of(client, url), 15)
    assert [asked["url"] for asked in client.asked] == [URL]


@pytest.mark.parametrize("url", ["http://shop.example/admin", "https://shop.example/admin"])
def test_where_the_admin_is_not_encrypted_its_pages_may_be_so_or_not(url: str) -> None:
    client = Client(200)
    Wire("http://shop.example/admin").try_out(page_of(client, url), 15)
    assert [asked["url"] for asked in client.asked] == [url]


def test_each_profile_is_tried_by_itself(wire: Wire) -> None:
    first, second = Client(200), Client(200)
    wire.try_out(page_of(first), 15)
    wire.try_out(page_of(second), 15)
    assert (len(first.asked), len(second.asked)) == (1, 1)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (299, None),
        (300, PageTrouble),
        (399, PageTrouble),
        (400, HttpClientBlocked),
        (499, HttpClientBlocked),
        (500, PageTrouble),
    ],
)
def test_what_each_status_of_the_open_page_means(wire: Wire, status: int, kind: type[Exception] | None) -> None:
    client = Client(status)
    page = page_of(client)
    if kind is None:
        wire.try_out(page, 15)
        return
    for _ in range(2):  # a try that failed is no reason not to try again
        with pytest.raises(kind, match=f"HTTP {status}"):
            wire.try_out(page, 15)
    assert len(client.asked) == 2


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://ann:secret@elsewhere.example:8443/a", "https://elsewhere.example:8443"),
        ("http://shop.example/admin", "http://shop.example"),
    ],
)
def test_a_page_that_is_not_the_admins_is_told_without_its_secrets(wire: Wire, url: str, origin: str) -> None:
    with pytest.raises(PageTrouble) as told:
        wire.try_out(page_of(Client(200), url), 15)
    assert str(told.value) == (f"The browser failed: the page that is open comes from {origin}, not from the Admin")


@pytest.mark.parametrize(
    ("said", "plain"),
    [
        ("fetch: Timeout 15000ms exceeded.\nCall log:", "nothing was answered in time"),
        ("fetch: connect ECONNREFUSED ::1:443", "the connection was refused, so nothing was sent"),
        ("fetch: getaddrinfo ENOTFOUND h", "there is no address for the host's name, so nothing was sent"),
        ("fetch: connect EHOSTUNREACH", "there is no way to the host, so nothing was sent"),
        ("fetch: read ECONNRESET", "the connection was reset"),
        ("fetch: something: else\nmore", "something: else"),
        ("something else", "something else"),
    ],
)
def test_what_the_client_says_is_told_in_words(wire: Wire, said: str, plain: str) -> None:
    def fetch(url: str, **how: Any) -> Any:
        raise PlaywrightError(said)

    with pytest.raises(PageTrouble) as told:
        wire.try_out(page_of(cast(Any, SimpleNamespace(fetch=fetch))), 15)
    assert str(told.value) == (f"The browser failed: the page that is open could not be asked for again ({plain})")


# --- In words and by themselves -------------------------------------------------------------------------------------


def test_a_link_or_a_script_that_cancels_on_a_visit_is_known() -> None:
    wire = Wire(URL, endpoint=APP)
    assert wire.names_a_cancel(f"location.href = '{SAVE}'")
    assert not wire.names_a_cancel(ENDPOINT)


def test_a_request_that_cancels_or_cannot_be_read_is_known() -> None:
    own = [Way(address="shop/undo", order="number")]
    assert cancels_an_order(request_of(ENDPOINT, b"{"))
    assert cancels_an_order(request_of(SAVE))
    assert cancels_an_order(request_of(f"{URL}/shop/undo/"), own)
    assert not cancels_an_order(request_of(f"{URL}/shop/undo/"))


def test_a_question_is_all_that_is_asked() -> None:
    def question(method: str = "POST", url: str = f"{ENDPOINT}?a=1", body: bytes | None = b"b\xff") -> str:
        return question_of(Sent(method=method, url=url, headers={}, body=body))

    assert question() == "POST a=1 b\ufffd"
    assert question(body=None) == "POST a=1 "


def test_a_reason_to_stop_is_told_once_and_the_first_one_stays_with_the_press(wire: Wire) -> None:
    session = Session()
    watched(wire, session)
    session.pauses(ENDPOINT, CANCEL)
    session.pauses(ENDPOINT, CANCEL)
    assert wire.take_stopped().count("although nothing was pressed") == 1
    allowed = passage(reasons=("another",))
    with wire.open_for(allowed):
        session.pauses(ENDPOINT, CANCEL)
        session.pauses(SAVE)
    assert allowed.stopped.endswith("gives the reason 'r'")
    assert wire.take_stopped() == ""
