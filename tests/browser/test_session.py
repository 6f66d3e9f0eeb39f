"""The browser of a run: what a fresh page takes with it, and what becomes of a browser that died."""

from collections.abc import Callable, Iterator

import pytest
from log_kit import logged
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page, Playwright, Route

import bot.access.session
from bot.access.find_browser import BrowserChoice
from bot.access.session import BrowserSession, SessionOptions

pytestmark = pytest.mark.sampled(4)

PAGE = "http://127.0.0.1/"


@pytest.fixture
def session(playwright: Playwright, browser_choice: BrowserChoice) -> Iterator[BrowserSession]:
    session = BrowserSession(playwright, browser_choice, SessionOptions(hosts=("127.0.0.1",))).start()
    yield session
    session.close()


def test_a_fresh_page_goes_on_with_the_session_and_the_old_one_is_gone(session: BrowserSession) -> None:
    old = session.fresh_page()
    old.context.add_cookies([{"name": "admin", "value": "signed-in", "url": PAGE}])
    new = session.fresh_page()
    assert [(cookie["name"], cookie["value"]) for cookie in new.context.cookies(PAGE)] == [("admin", "signed-in")]
    assert (old.is_closed(), new.context.pages) == (True, [new])


def test_a_browser_that_died_is_started_anew(session: BrowserSession) -> None:
    old = session.fresh_page()
    died = old.context.browser
    assert died is not None
    died.close()
    new = session.fresh_page()
    assert (old.is_closed(), new.is_closed(), new.context.browser is died) == (True, False, False)


# --- What a page may not do ---


@pytest.fixture
def open_page(session: BrowserSession) -> Callable[[str], Page]:
    """Opens a page with this markup, of the one host that may be talked to."""

    def open_page(html: str) -> Page:
        page = session.fresh_page()

        def answer(route: Route) -> None:
            route.fulfill(content_type="text/html", body=html if route.request.url == PAGE else "<p>another")

        page.context.route(f"{PAGE}**", answer)
        page.goto(PAGE)
        return page

    return open_page


@pytest.fixture
def warnings() -> Iterator[list[str]]:
    with logged() as lines:
        yield lines


def test_requests_to_other_hosts_are_blocked_and_counted_in_every_way_to_make_them(
    session: BrowserSession, open_page: Callable[[str], Page]
) -> None:
    page = open_page("<img src=https://image.example/1><img src=https://image.example/2>")
    page.evaluate(
        """async () => {
            await fetch("https://fetch.example/").catch(() => {});
            navigator.sendBeacon("https://beacon.example/", "words");
            await new Promise((done) => { new WebSocket("wss://socket.example/").onerror = done; });
            await new Promise((done) => { new EventSource("https://events.example/").onerror = done; });
            const frame = document.body.appendChild(document.createElement("iframe"));
            frame.src = "https://frame.example/";
            await new Promise((done) => { frame.onload = done; });
        }"""
    )
    page.wait_for_function("() => [...document.images].every((image) => image.complete)")
    assert session.blocked == {
        "image.example": 2,
        "fetch.example": 1,
        "beacon.example": 1,
        "socket.example": 1,
        "events.example": 1,
        "frame.example": 1,
    }


def test_a_page_that_asks_for_ever_new_hosts_makes_no_endless_list(
    session: BrowserSession, open_page: Callable[[str], Page], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bot.access.session, "HOSTS", 2)
    page = open_page("")
    page.evaluate(
        """async () => {
            for (const name of ["a", "b", "c", "d", "a"]) await fetch(`https://${name}.example/`).catch(() => {});
        }"""
    )
    assert session.blocked == {"a.example": 2, "b.example": 1, "other hosts": 2}


@pytest.mark.parametrize(
    "leave",
    [
        "() => { location.href = 'https://sellercentral.example/' }",
        "() => { document.body.innerHTML = '<a href=https://sellercentral.example/>'; document.links[0].click() }",
        "() => { document.body.innerHTML = '<form action=https://sellercentral.example/ method=post>'; "
        "document.forms[0].submit() }",
        "() => { document.head.innerHTML = '<meta http-equiv=refresh content=0;url=https://sellercentral.example/>' }",
    ],
    ids=["address", "link", "form", "refresh"],
)
def test_a_page_that_leads_itself_elsewhere_gets_nowhere(
    session: BrowserSession, open_page: Callable[[str], Page], leave: str
) -> None:
    page = open_page("<p>the Admin")
    with page.expect_event("requestfailed"):
        page.evaluate(leave)
    assert session.blocked == {"sellercentral.example": 1}


def test_an_answer_that_sends_the_browser_elsewhere_is_not_followed(session: BrowserSession) -> None:
    page = session.fresh_page()
    page.route(
        PAGE, lambda route: route.fulfill(status=302, headers={"Location": "https://sellercentral.example/orders"})
    )
    with pytest.raises(PlaywrightError, match="ERR_NAME_NOT_RESOLVED"):
        page.goto(PAGE)
    assert session.blocked == {"sellercentral.example": 1}


@pytest.mark.parametrize(
    "link",
    [
        "<a href=/new target=_blank>open</a>",
        "<a href=/new target=_blank rel=noopener>open</a>",
        "<button onclick='window.open(\"/new\")'>open</button>",
        '<button onclick=\'window.open("https://elsewhere.example/", "", "noopener")\'>open</button>',
    ],
)
def test_a_new_window_is_closed_and_said(open_page: Callable[[str], Page], warnings: list[str], link: str) -> None:
    page = open_page(link)
    with page.context.expect_page() as opened:
        page.get_by_text("open").click()
    if not opened.value.is_closed():
        opened.value.wait_for_event("close")
    assert page.context.pages == [page]
    assert (page.url, warnings) == (PAGE, ["the page opened a window of its own; it was closed"])


@pytest.mark.parametrize(
    ("ask", "answer"), [("alert('Sure?')", None), ("confirm('Sure?')", False), ("prompt('Sure?', 'yes')", None)]
)
def test_a_dialog_of_the_browser_is_answered_with_no_and_said(
    open_page: Callable[[str], Page], warnings: list[str], ask: str, answer: bool | None
) -> None:
    assert open_page("").evaluate(ask) is answer
    kind = ask.partition("(")[0]
    assert warnings == [f"the page opened a dialog of the browser ({kind}: Sure?); it was dismissed"]


def test_a_page_that_does_not_want_to_be_left_is_left(open_page: Callable[[str], Page], warnings: list[str]) -> None:
    page = open_page("<p>the Admin<script>onbeforeunload = (event) => event.preventDefault()</script>")
    page.get_by_text("the Admin").click()  # only then may a page ask
    page.goto(f"{PAGE}next")
    assert (page.url, warnings) == (f"{PAGE}next", [])


def test_a_file_that_a_page_offers_is_not_downloaded(open_page: Callable[[str], Page], warnings: list[str]) -> None:
    page = open_page("<a href='data:text/plain,words' download='orders.csv'>export</a>")
    with page.expect_download() as offered:
        page.get_by_text("export").click()
    assert offered.value.failure() is not None
    assert warnings == ["the page offered a file (orders.csv); it was not downloaded"]


def test_every_permission_that_a_page_asks_for_is_refused(open_page: Callable[[str], Page]) -> None:
    page = open_page("")
    names = ["geolocation", "notifications", "camera", "microphone", "clipboard-read", "midi", "local-fonts"]
    asked = page.evaluate(
        "async (names) => Promise.all(names.map(async (name) => (await navigator.permissions.query({name})).state))",
        names,
    )
    assert asked == ["denied"] * len(names)
    assert page.evaluate("() => Notification.requestPermission()") == "denied"
    place = "() => new Promise((done) => navigator.geolocation.getCurrentPosition(done, (error) => done(error.code)))"
    assert page.evaluate(place) == 1  # PERMISSION_DENIED
    assert page.evaluate("() => navigator.clipboard.readText().catch((error) => error.name)") == "NotAllowedError"
