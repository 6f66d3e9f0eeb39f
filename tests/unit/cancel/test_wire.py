"""What leaves and what does not, decided without a browser: requests are held by hand, and the client is a fake."""

import json
from types import SimpleNamespace
from typing import Any, cast

import pytest
from log_kit import logged
from playwright.sync_api import Error as PlaywrightError

import bot.cancel.wire
from bot.cancel.cancels import Allowed, Sent
from bot.cancel.endpoint import Answered
from bot.cancel.wire import FRESH_SECONDS, Passage, Wire
from bot.errors import HttpClientBlocked, PageTrouble, SessionEnded

URL = "https://shop.example/admin"
ENDPOINT = f"{URL}/channel/amazon/graphql/key/5f/"
SAVE = f"{URL}/channel/amazon/order_cancel_save/key/5f/"
ORDER, OTHER = "112-1215998-3002091", "112-1215998-3002099"
VARIABLES = {"uuid": "7f", "orderId": ORDER, "reason": "BuyerCanceled"}
MUTATION = "mutation cancelOrder($uuid: String!, $orderId: String!, $reason: String!) "
MUTATION += "{ cancelOrder(uuid: $uuid, orderId: $orderId, reason: $reason) { uuid } }"
GOOD = Answered(status=200, body=b'{"data":{"cancelOrder":{"uuid":"7f"}}}')


class Held:
    """A request that waits for what becomes of it."""

    def __init__(self, sent: Sent) -> None:
        self._sent = sent
        self.became: object = None

    def sent(self) -> Sent:
        return self._sent

    def let_out(self) -> None:
        self.became = "let out"

    def stop(self) -> None:
        self.became = "stopped"

    def give(self, answered: Answered) -> None:
        self.became = answered


class Client:
    """Playwright's own client, as the wire asks it."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def fetch(self, url: str, **how: Any) -> Any:
        self.asked.append((url, how))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        headers = [{"name": name, "value": value} for name, value in answer.headers.items()]
        return SimpleNamespace(
            status=answer.status, headers_array=headers, body=lambda: answer.body, dispose=lambda: None
        )


def page_with(client: Client, url: str = URL) -> Any:
    return SimpleNamespace(context=SimpleNamespace(request=client), url=url, evaluate=lambda script: "Browser 1")


def asked(body: object, *, url: str = ENDPOINT, method: str = "POST") -> Held:
    content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Content-Type": "application/json", "Cookie": "admin=1", "Referer": URL, "Accept-Encoding": "br"}
    return Held(Sent(method=method, url=url, headers=headers, body=content))


def cancel(**changed: Any) -> Held:
    return asked({"operationName": "cancelOrder", "query": MUTATION, "variables": VARIABLES | changed})


def passage(client: Client, **changed: Any) -> Passage:
    permit = cast(Allowed, SimpleNamespace(order=ORDER, store_id="7f", row_id="17", merchant_id="3"))
    how: dict[str, Any] = {
        "permit": permit,
        "reasons": ("BuyerCanceled", "Buyer Canceled"),
        "page": page_with(client),
        "patience": 15,
        "still_ours": lambda: True,
    }
    return Passage(**how | changed)


@pytest.fixture
def wire() -> Wire:
    return Wire(URL, endpoint="channel/amazon/graphql")


def looked_at(wire: Wire, *held: Held) -> list[object]:
    with logged("ERROR"):
        for one in held:
            wire._look_at(one)
    return [one.became for one in held]


def test_what_cancels_nothing_is_let_out_and_its_answer_waited_for(wire: Wire) -> None:
    assert looked_at(wire, asked({"query": "query { stores { name } }"})) == ["let out"]
    assert wire.endpoint.is_waiting
    assert wire.take_stopped() == ""


def test_a_cancel_may_go_to_another_host_that_is_allowed() -> None:
    wire = Wire(URL, endpoint="channel/amazon/graphql", allowed_hosts=["www.shop.example"])
    held = asked({"query": MUTATION, "variables": VARIABLES}, url=ENDPOINT.replace("shop.", "www.shop."))
    with wire.open_for(passage(Client(GOOD))):
        assert looked_at(wire, held) == [GOOD]


def test_the_permitted_cancel_is_sent_by_the_client_once_without_a_retry_or_a_redirect(wire: Wire) -> None:
    client = Client(GOOD)
    allowed = passage(client)
    with wire.open_for(allowed):
        assert looked_at(wire, cancel()) == [GOOD]
    ((url, how),) = client.asked
    assert url == ENDPOINT
    assert how == {
        "method": "POST",
        "headers": {"Content-Type": "application/json", "Referer": URL, "Connection": "close"},
        "data": cancel().sent().body,
        "timeout": 15_000,
        "fail_on_status_code": False,
        "max_redirects": 0,
        "max_retries": 0,
    }
    assert (allowed.left, allowed.answered, allowed.stopped) == (True, GOOD, "")


def test_a_cancel_is_let_out_once_only(wire: Wire) -> None:
    client = Client(GOOD)
    allowed = passage(client)
    with wire.open_for(allowed):
        assert looked_at(wire, cancel(), cancel()) == [GOOD, "stopped"]
    assert len(client.asked) == 1
    assert wire.take_stopped() == "the page sent the cancel a second time, which was stopped"
    assert looked_at(wire, cancel()) == ["stopped"]


def test_without_a_press_no_cancel_leaves(wire: Wire) -> None:
    visit = asked(b"", url=SAVE.replace("/key/", "/id/17/key/"), method="GET")
    assert looked_at(wire, cancel(), visit) == ["stopped", "stopped"]
    assert wire.take_stopped() == (
        f"the page sent a cancel of order {ORDER} although nothing was pressed, which was stopped; the page sent a "
        "cancel although nothing was pressed, which was stopped"
    )
    assert wire.take_stopped() == ""


def test_every_order_of_a_cancel_that_nobody_pressed_is_named(wire: Wire) -> None:
    assert looked_at(wire, asked(TWO)) == ["stopped"]
    assert wire.take_stopped() == (
        f"the page sent a cancel of order {ORDER}, {OTHER} although nothing was pressed, which was stopped"
    )


OTHER_CANCEL = "the page sent another cancel than the one that was permitted, which was stopped: it "
TWO = {"query": f'mutation {{ a: cancelOrder(orderId: "{ORDER}") {{ a }} b: cancelOrder(orderId: "{OTHER}") {{ b }} }}'}


@pytest.mark.parametrize(
    ("held", "why"),
    [
        (cancel(orderId=OTHER), f"the page sent a cancel of order {OTHER}, which was stopped"),
        (cancel(reason="NoInventory"), f"{OTHER_CANCEL}gives the reason 'NoInventory'"),
        (cancel(reason=None), f"{OTHER_CANCEL}gives the reason none"),
        (cancel(uuid="8e"), f"{OTHER_CANCEL}names store '8e'"),
        (asked(TWO), "the page sent 2 cancels in one request, which was stopped"),
        (
            asked(b"", url=SAVE.replace("/key/", "/id/17/key/"), method="GET"),
            f"{OTHER_CANCEL}gives the reason none",
        ),
        (
            asked(b"", url=SAVE.replace("/key/", "/id/17/reason/BuyerCanceled/key/"), method="GET"),
            "the page sent the cancel by GET and not as its forms and its app do; it was stopped",
        ),
        (
            asked(b"{"),
            "the page sent something to /admin/channel/amazon/graphql that may cancel an order, which was stopped: its "
            "body is not JSON",
        ),
        (
            asked({"query": MUTATION, "variables": VARIABLES}, url=ENDPOINT.replace("https:", "http:")),
            "the page sent the cancel to http://shop.example, which is not the Admin; it was stopped",
        ),
        (
            asked({"query": MUTATION, "variables": VARIABLES}, url=ENDPOINT.replace("shop.", "shop2.")),
            "the page sent the cancel to https://shop2.example, which is not the Admin; it was stopped",
        ),
    ],
    ids=[
        "order",
        "reason",
        "no reason",
        "store",
        "two at once",
        "a visit",
        "all in a visit",
        "unreadable",
        "host",
        "readable",
    ],
)
def test_what_the_permit_does_not_allow_is_stopped_and_told(wire: Wire, held: Held, why: str) -> None:
    client = Client()
    allowed = passage(client)
    with wire.open_for(allowed):
        assert looked_at(wire, held) == ["stopped"]
    assert (allowed.stopped, allowed.left, client.asked) == (why, False, [])


@pytest.mark.parametrize("seconds", [FRESH_SECONDS + 1, -1])
def test_a_program_that_stood_still_lets_nothing_out(
    wire: Wire, monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    client = Client()
    allowed = passage(client, begun=1000.0)
    monkeypatch.setattr(bot.cancel.wire, "time", SimpleNamespace(time=lambda: 1000.0 + seconds))
    with wire.open_for(allowed):
        assert looked_at(wire, cancel()) == ["stopped"]
    assert allowed.stopped == "the program stood still before the cancel could leave, so it was stopped"


def test_an_order_that_another_run_has_taken_over_is_not_canceled(wire: Wire) -> None:
    client = Client()
    allowed = passage(client, still_ours=lambda: False)
    with wire.open_for(allowed):
        assert looked_at(wire, cancel()) == ["stopped"]
    assert (client.asked, allowed.left) == ([], False)


def test_a_connection_that_is_cut_is_told_and_the_page_gets_no_answer(wire: Wire) -> None:
    allowed = passage(Client(PlaywrightError("APIRequestContext.fetch: socket hang up (ECONNRESET)\nCall log: ...")))
    with wire.open_for(allowed):
        assert looked_at(wire, cancel()) == ["stopped"]
    assert allowed.answered == Answered(trouble="the connection was closed without an answer")
    assert allowed.left


@pytest.mark.parametrize("status", [307, 308])
def test_a_redirect_that_would_send_the_cancel_once_more_is_not_given_to_the_page(wire: Wire, status: int) -> None:
    allowed = passage(Client(Answered(status=status, headers={"Location": "/elsewhere"})))
    with wire.open_for(allowed):
        assert looked_at(wire, cancel()) == ["stopped"]
    assert allowed.answered is not None
    assert allowed.answered.status == status


@pytest.mark.parametrize("action", ["sales/order/cancel", "sales/order/Cancel"])
def test_the_commerce_orders_own_cancel_never_leaves_and_is_logged(wire: Wire, action: str) -> None:
    held = asked(b"form_key=1", url=f"{URL}/{action}/order_id/33/key/5f/")
    with wire.open_for(passage(Client())), logged("ERROR") as lines:
        wire._look_at(held)
    assert held.became == "stopped"
    assert lines == ["the page sent the Commerce order's own cancel, which was stopped"]


def test_the_browser_sends_it_where_that_is_set(wire: Wire) -> None:
    wire.sent_by = "browser"
    client = Client()
    allowed = passage(client)
    with wire.open_for(allowed):
        assert looked_at(wire, cancel()) == ["let out"]
        wire._note_answer(cancel().sent(), GOOD)
    assert (client.asked, allowed.answered) == ([], GOOD)


def test_unless_it_is_told_that_the_browser_sends_a_cancel_the_client_does() -> None:
    assert Wire(URL).sent_by == "client"


# --- The headers that a firewall asks for ---

HEADERS = {"X-Gate": "open", "referer": "https://gate.example/"}


def headers_sent(admin_url: str, to: str) -> dict[str, str]:
    """What the client sends with the permitted cancel, from the page of an Admin with that address."""
    client = Client(GOOD)
    wire = Wire(admin_url, endpoint="channel/amazon/graphql", allowed_hosts=["www.shop.example"], headers=HEADERS)
    with wire.open_for(passage(client)):
        looked_at(wire, asked({"query": MUTATION, "variables": VARIABLES}, url=to))
    ((_, how),) = client.asked
    sent: dict[str, str] = how["headers"]
    return sent


@pytest.mark.parametrize("admin_url", [URL, "https://shop.example:443/admin", "https://SHOP.Example/admin"])
def test_the_firewalls_headers_go_with_the_cancel_in_place_of_the_pages_own(admin_url: str) -> None:
    assert headers_sent(admin_url, ENDPOINT) == {
        "Content-Type": "application/json",
        "X-Gate": "open",
        "referer": "https://gate.example/",
        "Connection": "close",
    }


@pytest.mark.parametrize(
    ("admin_url", "to"),
    [
        (URL, ENDPOINT.replace("shop.", "www.shop.")),
        (URL, ENDPOINT.replace(".example", ".example:8443")),
        (URL.replace("https:", "http:"), ENDPOINT),
    ],
    ids=["host", "port", "scheme"],
)
def test_the_firewalls_headers_go_to_the_admins_own_address_only(admin_url: str, to: str) -> None:
    assert headers_sent(admin_url, to) == {
        "Content-Type": "application/json",
        "Referer": URL,
        "Connection": "close",
    }


def test_the_firewalls_headers_go_with_the_question_whether_the_client_gets_through() -> None:
    client = Client(Answered(status=200))
    Wire(URL, headers={"X-Gate": "open", "user-agent": "Browser 2"}).try_out(page_with(client), 15)
    ((_, how),) = client.asked
    assert how["headers"] == {
        "Accept": "text/html,application/xhtml+xml,*/*;q=0.8",
        "X-Gate": "open",
        "user-agent": "Browser 2",
        "Connection": "close",
    }


# --- Whether it gets through ---


def test_the_client_is_tried_once_for_each_profile(wire: Wire) -> None:
    client = Client(Answered(status=200))
    page = page_with(client, f"{URL}/channel/amazon/index/key/5f/#/store-details/7f")
    for _ in range(2):
        wire.try_out(page, 15)
    ((url, how),) = client.asked
    assert (url, how["method"], how["headers"]["User-Agent"]) == (
        f"{URL}/channel/amazon/index/key/5f/",
        "GET",
        "Browser 1",
    )


@pytest.mark.parametrize(
    ("answer", "kind", "message"),
    [
        (
            PlaywrightError("APIRequestContext.fetch: self-signed certificate in certificate chain"),
            HttpClientBlocked,
            "The client that sends a cancel exactly once cannot reach the Admin (self-signed certificate "
            "in certificate chain). Nothing was pressed.",
        ),
        (
            Answered(status=403, body=b"<title>Attention Required!</title>"),
            HttpClientBlocked,
            "The client that sends a cancel exactly once cannot reach the Admin (HTTP 403, a page called "
            "'Attention Required!'). Nothing was pressed.",
        ),
        (
            PlaywrightError("APIRequestContext.fetch: Timeout 15000ms exceeded."),
            PageTrouble,
            "The browser failed: the page that is open could not be asked for again (nothing was answered in time)",
        ),
        (
            Answered(status=502),
            PageTrouble,
            "The browser failed: the page that is open was answered with HTTP 502 when asked again",
        ),
        (
            Answered(status=302, headers={"location": f"{URL}/auth/login/key/5f/"}),
            SessionEnded,
            "The session has ended; the Admin asks to sign in.",
        ),
    ],
    ids=["certificate", "firewall", "time", "server", "session"],
)
def test_what_keeps_the_client_out_is_told_before_anything_is_pressed(
    wire: Wire, answer: Any, kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind) as told:
        wire.try_out(page_with(Client(answer)), 15)
    assert (type(told.value), str(told.value)) == (kind, message)


def test_where_the_browser_sends_nothing_is_tried(wire: Wire) -> None:
    wire.sent_by = "browser"
    wire.try_out(page_with(Client()), 15)


def test_a_page_of_another_host_is_not_asked_for(wire: Wire) -> None:
    client = Client()
    with pytest.raises(PageTrouble):
        wire.try_out(page_with(client, "https://elsewhere.example/"), 15)
    assert client.asked == []
