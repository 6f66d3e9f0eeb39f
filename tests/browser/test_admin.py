"""Waiting for screens among interruptions, acting on exactly one element, and the steps taken."""

from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from log_kit import logged
from loguru import logger
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, Route
from playwright.sync_api import Error as PlaywrightError

import bot.admin.interruptions
from bot.admin import Admin, ReachedStore
from bot.admin.interruptions import LAST_WORD
from bot.cli.wiring import explain
from bot.errors import (
    AccountLost,
    AdminBusy,
    CodeRefused,
    CountermandError,
    ElementAmbiguous,
    ElementMissing,
    EvidenceNotWritten,
    Interrupted,
    InTheWay,
    LeadsElsewhere,
    PageTrouble,
    RunStopped,
    ScreenChanged,
    ScreenNotReached,
    SessionEnded,
)
from bot.evidence.recorder import Recorder
from bot.evidence.store import LocalStore
from bot.pack import Pack, load_pack
from bot.vocabulary import Status

pytestmark = pytest.mark.sampled(4)

URL = "https://shop.example/admin"
ORDER = "112-1215998-3002091"
FACTS = {"order": ORDER, "store_id": "7f"}
START = "<a href='#'>Marketing</a>"
DASHBOARD = "<p>Store Name: {store}</p><h2>Recent orders:</h2>"
DETAILS = (
    "<h2>Order details</h2><table><tr><td>Order number<td>112-1215998-3002091<tr><td>Status<td id=status>{status}"
    "</table>"
    "<script>location.hash = '#/store-details/7f/orders/112-1215998-3002091'</script>"
)
PATIENT = 60
"""Seconds that a test never waits: what is recognised is recognised at once."""


@pytest.fixture(scope="module")
def shipped() -> Pack:
    return load_pack("asc-4.3")


@pytest.fixture(scope="module")
def session(browser: Browser) -> Iterator[BrowserContext]:
    with closing(browser.new_context()) as session:
        yield session


@pytest.fixture
def page(session: BrowserContext) -> Iterator[Page]:
    """A page for each test; making a context for each would take most of the time."""
    with closing(session.new_page()) as page:
        yield page


@pytest.fixture
def pages(page: Page) -> dict[str, Any]:
    """What the server answers for each address: a body, or a status; everything asked for is noted under ``asked``."""
    answers: dict[str, Any] = {"asked": []}

    def answer(route: Route) -> None:
        answers["asked"].append(route.request.url)
        given = answers.get(route.request.url, START)
        status, body = given if isinstance(given, tuple) else (200, given)
        route.fulfill(status=status, content_type="text/html", body=body)

    page.route("**/*", answer)
    return answers


@pytest.fixture
def show(page: Page, pages: dict[str, Any], shipped: Pack) -> Callable[..., Admin]:
    """Opens a page with this markup in the Admin, with that much patience (in seconds)."""

    def open_page(html: str = START, *, patience: float = 0.2, **how: Any) -> Admin:
        pages[URL] = html
        admin = Admin(page, shipped, URL, **{"patience": PATIENT, **how})
        admin.open()
        admin.patience = patience
        return admin

    return open_page


@pytest.fixture
def log() -> Iterator[list[str]]:
    """Everything logged as an error."""
    with logged("ERROR") as lines:
        yield lines


# --- Waiting for a screen ---


def test_a_screen_that_is_open_is_arrived_at(show: Callable[..., Admin]) -> None:
    assert show().arrive("start_page").spec.screen == "start_page"


@pytest.mark.parametrize(
    "script",
    [
        "setTimeout(() => { document.body.innerHTML = start; }, 50)",
        "setTimeout(() => { document.body.innerHTML += '<p>'; document.body.innerHTML += start; }, 50)",
        "setTimeout(() => { location = '/elsewhere'; }, 50)",
        "document.body.innerHTML = start; document.body.style.display = 'none';"
        "setTimeout(() => { document.body.style.display = ''; }, 50)",
    ],
    ids=["drawn later", "drawn in two steps", "another page", "shown later"],
)
def test_a_screen_that_comes_later_is_waited_for(show: Callable[..., Admin], script: str) -> None:
    html = f'<body><script>const start = "{START}"; onload = () => {{ {script} }}</script>'
    assert show(html, patience=PATIENT).arrive("start_page").spec.screen == "start_page"


def test_a_screen_under_a_cover_is_waited_for(show: Callable[..., Admin]) -> None:
    html = START + (
        "<div id=cover class=loading-mask style='position:fixed;inset:0'></div>"
        "<script>setTimeout(() => cover.remove(), 50)</script>"
    )
    admin = show(html, patience=PATIENT)
    admin.arrive("start_page")
    assert admin.page.locator("#cover").count() == 0


@pytest.mark.parametrize(
    "cover",
    [
        "<div class=loading-mask style='position:fixed;inset:0'></div>",
        "<div data-role=spinner>...</div>",
        "<div role=progressbar style='width:9px;height:9px'></div>",
    ],
)
def test_a_cover_that_stays_is_named(show: Callable[..., Admin], cover: str) -> None:
    with pytest.raises(ScreenNotReached) as refused:
        show(START + cover).arrive("start_page")
    assert str(refused.value) == (
        "The Admin's page with the side menu did not appear within 0.2 s: a loading cover stayed over it."
    )


@pytest.mark.parametrize(
    "style", ["display:none", "visibility:hidden", "opacity:0", "width:0;height:0;overflow:hidden"]
)
def test_a_cover_that_nobody_sees_is_none(show: Callable[..., Admin], style: str) -> None:
    show(START + f"<div class=loading-mask style='{style}'>x</div>").arrive("start_page")


def test_the_first_check_that_fails_is_the_message(show: Callable[..., Admin]) -> None:
    with pytest.raises(ScreenNotReached) as refused:
        show("<h2>Order details</h2>").arrive("order_details", **FACTS)
    assert str(refused.value) == (
        "The order's page did not appear within 0.2 s: "
        "The page's address is not that of order 112-1215998-3002091 in this store."
    )
    with pytest.raises(ScreenNotReached) as refused:
        show(DETAILS.replace("Order details", "Details").format(status="Unshipped")).arrive("order_details", **FACTS)
    assert str(refused.value) == (
        "The order's page did not appear within 0.2 s: The headline Order details is not there."
    )


@pytest.mark.parametrize(
    "shown", ["north-us", "nort", "North", "", "north</p><p>Store Name: north", "north</p><p>Store Name: south"]
)
def test_a_dashboard_of_another_store_is_not_arrived_at(show: Callable[..., Admin], shown: str) -> None:
    with pytest.raises(ScreenNotReached) as refused:
        show(DASHBOARD.format(store=shown)).arrive("store_dashboard", store="north")
    assert str(refused.value) == (
        "The store's dashboard did not appear within 0.2 s: The page does not show the dashboard of store north."
    )


@pytest.mark.parametrize("number", ["112-1215998-30020911", "12-1215998-3002091", f"{ORDER}/items", f"{ORDER}?x"])
def test_an_address_that_only_resembles_the_orders_is_another(show: Callable[..., Admin], number: str) -> None:
    html = DETAILS.format(status="Unshipped").replace(f"orders/{ORDER}", f"orders/{number}")
    with pytest.raises(ScreenNotReached):
        show(html).arrive("order_details", **FACTS)


def test_a_label_without_its_value_is_not_drawn_yet(show: Callable[..., Admin]) -> None:
    late = "<script>setTimeout(() => { document.getElementById('status').textContent = 'Unshipped'; }, 50)</script>"
    details = show(DETAILS.format(status="") + late, patience=PATIENT).arrive("order_details", **FACTS)
    assert details.read("status") == {"status": Status.UNSHIPPED}


def test_one_of_several_screens_is_arrived_at(show: Callable[..., Admin]) -> None:
    assert show().arrive_at_one_of("sign_in", "start_page").spec.screen == "start_page"


# --- Interruptions ---

SIGN_IN = (
    "<label>Username <input></label><label for=p>Password</label><input id=p type=password><button>Sign in</button>"
)
AT_ONCE = [
    pytest.param(SIGN_IN, SessionEnded, "The Admin asks to sign in again.", id="sign-in"),
    pytest.param(
        f"<div role=alert>Your current session is terminated.</div>{SIGN_IN}",
        SessionEnded,
        "Someone signed in with the same account elsewhere, and the Admin ended this session.",
        id="session terminated",
    ),
    pytest.param(
        "<p>Error: Authentication failed.</p>",
        SessionEnded,
        "The session has ended; the app says Authentication failed.",
        id="the app's session ended",
    ),
    pytest.param("<h1>404 Error</h1>", InTheWay, "The Admin says 404 Error.", id="unknown page"),
    pytest.param(
        "<p>Sorry, you need permissions to view this content.</p>",
        RunStopped,
        "The Admin says that this account needs permissions to view the page.",
        id="permission missing",
    ),
    pytest.param(
        f"<p>The account sign-in was incorrect or your account is disabled temporarily. Please wait.</p>{SIGN_IN}",
        RunStopped,
        "The Admin refused the user name or password, or the account is locked for a while.",
        id="sign-in refused",
    ),
    pytest.param(
        "<input id=captcha>",
        RunStopped,
        "The Admin asks for the words in a picture (CAPTCHA), which a program cannot read.",
        id="captcha",
    ),
    pytest.param(
        "<input id=tfa_code>",
        RunStopped,
        "The Admin asks for a second factor that a program cannot provide (Authy, Duo Security or a U2F key).",
        id="two-factor of another provider",
    ),
    pytest.param(
        "<label>Authenticator code <input></label><button>Confirm</button>",
        SessionEnded,
        "The Admin asks for a two-factor code.",
        id="two-factor",
    ),
    pytest.param(
        "<div role=dialog>Invalid code</div>", CodeRefused, "The Admin says Invalid code.", id="two-factor code refused"
    ),
    pytest.param(
        "<p>You need to configure Two-Factor Authorization in order to proceed to your store's admin area</p>",
        RunStopped,
        "The Admin requires two-factor authentication, which was never set up for this account.",
        id="two-factor not set up",
    ),
]


@pytest.mark.parametrize(("html", "kind", "message"), AT_ONCE)
def test_an_interruption_is_recognised_at_once(
    show: Callable[..., Admin], html: str, kind: type[CountermandError], message: str
) -> None:
    with pytest.raises(kind) as stopped:
        show(html, patience=PATIENT).arrive("home")
    assert str(stopped.value) == message
    assert stopped.value.next_step != ""


@pytest.mark.parametrize(("html", "kind", "message"), AT_ONCE)
def test_an_interruption_that_nobody_sees_is_none(
    show: Callable[..., Admin], html: str, kind: type[CountermandError], message: str
) -> None:
    with pytest.raises(ScreenNotReached):
        show(f"<div hidden>{html}</div>").arrive("home")


def test_an_interruption_that_comes_later_ends_the_wait(show: Callable[..., Admin]) -> None:
    html = f"<script>setTimeout(() => {{ document.body.innerHTML = `{SIGN_IN}`; }}, 50)</script>"
    with pytest.raises(SessionEnded):
        show(html, patience=PATIENT).arrive("home")


def test_a_message_that_is_there_twice_is_still_an_interruption(show: Callable[..., Admin]) -> None:
    with pytest.raises(SessionEnded):
        show("<p>Authentication failed</p><p>Authentication failed</p>", patience=PATIENT).arrive("home")


def test_a_part_of_the_sign_in_page_is_no_interruption(show: Callable[..., Admin]) -> None:
    with pytest.raises(ScreenNotReached):
        show("<label>Username <input></label><button>Sign in</button>").arrive("home")


def test_the_screen_that_is_waited_for_is_no_interruption(show: Callable[..., Admin]) -> None:
    assert show(SIGN_IN).arrive("sign_in").spec.screen == "sign_in"


def test_an_interruption_that_is_expected_is_none(show: Callable[..., Admin]) -> None:
    with pytest.raises(ScreenNotReached):
        show(SIGN_IN).arrive("home", besides=("sign_in",))


def test_the_screen_wins_over_a_message_on_it(show: Callable[..., Admin]) -> None:
    assert show(START + "<p>Authentication failed</p>").arrive("start_page").spec.screen == "start_page"


BANNER = "<div id=banner>Invalid security or form key. Please refresh the page.</div>"
LASTING = 3
"""Seconds that the pack wants this banner to last."""


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The time as the Admin tells it, in seconds: it passes when a test says so, and a little with each look at it."""
    clock = SimpleNamespace(now=1000.0)

    def look() -> float:
        clock.now += 0.001
        return float(clock.now)

    monkeypatch.setattr(bot.admin.interruptions, "time", SimpleNamespace(monotonic=look))
    return clock


def test_an_interruption_counts_once_it_has_lasted(show: Callable[..., Admin], clock: SimpleNamespace) -> None:
    admin = show(BANNER)
    admin.notice_interruptions()
    clock.now += LASTING - 0.1
    admin.notice_interruptions()
    clock.now += 0.1
    with pytest.raises(InTheWay) as stopped:
        admin.notice_interruptions()
    assert str(stopped.value) == "The Admin says Invalid security or form key, and went to its start page."


def test_an_interruption_that_went_away_begins_to_last_anew(show: Callable[..., Admin], clock: SimpleNamespace) -> None:
    admin = show(BANNER)
    banner = admin.page.locator("#banner")
    admin.notice_interruptions()
    banner.evaluate("(banner) => { banner.hidden = true; }")
    admin.notice_interruptions()
    clock.now += 100
    banner.evaluate("(banner) => { banner.hidden = false; }")
    admin.notice_interruptions()
    clock.now += LASTING
    with pytest.raises(InTheWay):
        admin.notice_interruptions()


def test_an_interruption_before_a_screen_was_reached_does_not_count_after_it(
    show: Callable[..., Admin], clock: SimpleNamespace
) -> None:
    admin = show(START + BANNER)
    admin.notice_interruptions()
    admin.arrive("start_page")
    clock.now += 100
    admin.notice_interruptions()
    clock.now += LASTING
    with pytest.raises(InTheWay):
        admin.notice_interruptions()


def test_an_app_that_does_not_start_is_named(show: Callable[..., Admin], clock: SimpleNamespace) -> None:
    admin = show(f"{START}<div id=root></div>")
    admin.notice_interruptions()
    clock.now += 15
    with pytest.raises(InTheWay) as stopped:
        admin.notice_interruptions()
    assert str(stopped.value) == "The Amazon Sales Channel app has not started; its page stays empty."


def test_an_app_whose_script_cannot_be_loaded_is_named_sooner(
    show: Callable[..., Admin], pages: dict[str, Any], clock: SimpleNamespace
) -> None:
    pages["https://shop.example/app.js"] = (404, "")
    admin = show(f"{START}<div id=root></div><script src=/app.js></script>")
    admin.page.wait_for_load_state()
    admin.notice_interruptions()
    clock.now += 3
    with pytest.raises(InTheWay) as stopped:
        admin.notice_interruptions()
    assert str(stopped.value) == "The Amazon Sales Channel app has not started; its page stays empty."


def test_an_app_is_waited_for_where_only_a_script_of_a_page_before_could_not_be_loaded(
    show: Callable[..., Admin], pages: dict[str, Any], clock: SimpleNamespace
) -> None:
    pages["https://shop.example/app.js"] = (404, "")
    admin = show(f"{START}<div id=root></div><script src=/app.js></script>")
    pages[URL] = f"{START}<div id=root></div>"
    admin.reload()
    admin.page.wait_for_load_state()
    admin.notice_interruptions()
    clock.now += 14
    admin.notice_interruptions()


WINDOW = (
    f"{START}<aside class='modal-popup release-notification-modal _show' style='display: block'>What is new"
    "<button onclick='{act}'><span>Close</span></button></aside>"
)


def test_a_window_that_may_be_closed_is_closed_once_and_that_is_said(show: Callable[..., Admin]) -> None:
    said: list[str] = []
    closing = WINDOW.format(act="this.parentElement.classList.remove(`_show`); this.parentElement.hidden = true")
    closing = closing.replace("style='display: block'", "")
    admin = show(closing, patience=PATIENT, say=said.append)
    assert admin.arrive("start_page").spec.screen == "start_page"
    assert said == ["The Admin showed its release notes; they were closed."]


def test_a_window_that_stays_although_it_was_closed_is_pressed_once_and_named(show: Callable[..., Admin]) -> None:
    admin = show(WINDOW.format(act="window.presses = (window.presses ?? 0) + 1"), patience=PATIENT)
    with pytest.raises(RunStopped) as stopped:
        admin.arrive("start_page")
    assert str(stopped.value) == "A message window of the Admin covers the page."
    assert admin.page.evaluate("window.presses") == 1


def test_a_window_with_two_ways_to_close_it_is_named(show: Callable[..., Admin]) -> None:
    twice = WINDOW.format(act="window.pressed = true").replace("</aside>", "<button>Close</button></aside>")
    admin = show(twice, patience=PATIENT)
    with pytest.raises(RunStopped) as stopped:
        admin.arrive("start_page")
    assert str(stopped.value) == "A message window of the Admin covers the page."
    assert admin.page.evaluate("window.pressed") is None


@pytest.mark.parametrize(
    ("menu", "message"),
    [
        ("", "The Admin's page has no side menu with Marketing for this account."),
        (START, "The Admin's side menu has no Amazon Sales Channel for this account."),
    ],
)
def test_a_menu_without_the_way_is_named_once_somebody_is_signed_in(
    show: Callable[..., Admin], menu: str, message: str
) -> None:
    account = "<div class='admin-user'><a href='#' title='My Account'>bot</a></div>"
    with pytest.raises(RunStopped) as stopped:
        show(menu + account, patience=PATIENT).arrive("home")
    assert str(stopped.value) == message


@pytest.mark.parametrize(
    ("status", "kind", "message"),
    [
        (503, RunStopped, "The Admin is in maintenance, or down (HTTP 503)."),
        (500, InTheWay, "The Admin answered with an error (HTTP 500)."),
        (502, InTheWay, "The Admin answered with an error (HTTP 502)."),
        (429, AdminBusy, "The Admin is busy and turned a request away (HTTP 429)."),
    ],
)
def test_a_server_that_fails_is_recognised_at_once(
    show: Callable[..., Admin], status: int, kind: type[CountermandError], message: str
) -> None:
    with pytest.raises(kind) as stopped:
        show((status, "<h1>Sorry</h1>"), patience=PATIENT).arrive("home")
    assert str(stopped.value) == message


def test_a_server_that_failed_once_is_forgiven(show: Callable[..., Admin], pages: dict[str, Any]) -> None:
    admin = show((503, "<h1>Sorry</h1>"))
    pages[URL] = START
    admin.reload()
    admin.notice_interruptions()


APP = "https://shop.example/admin/channel/amazon/graphql/key/1"
ASKS = f"<script>const ask = (address) => fetch(address, {{ method: 'POST' }}); ask('{APP}')</script>"


def answered(admin: Admin, status: int) -> None:
    """Wait until the browser says that a request of the page was answered so."""
    known = "(status) => performance.getEntriesByType('resource').some((entry) => entry.responseStatus === status)"
    admin.page.wait_for_function(known, arg=status)


@pytest.mark.parametrize(
    ("status", "kind", "message"),
    [
        (500, InTheWay, "The Admin answered a request of its app with an error (HTTP 500)."),
        (502, InTheWay, "The Admin answered a request of its app with an error (HTTP 502)."),
        (503, AdminBusy, "The Admin is busy and turned a request away (HTTP 503)."),
        (429, AdminBusy, "The Admin is busy and turned a request away (HTTP 429)."),
    ],
)
def test_an_app_whose_request_is_answered_by_a_server_in_trouble_is_recognised(
    show: Callable[..., Admin],
    pages: dict[str, Any],
    clock: SimpleNamespace,
    status: int,
    kind: type[CountermandError],
    message: str,
) -> None:
    pages[APP] = (status, "<h1>Sorry</h1>")
    admin = show(ASKS)
    answered(admin, status)
    admin.notice_interruptions()
    clock.now += LAST_WORD
    with pytest.raises(kind) as stopped:
        admin.notice_interruptions()
    assert str(stopped.value) == message


def test_a_request_that_the_app_repeats_with_success_is_forgiven(
    show: Callable[..., Admin], pages: dict[str, Any], clock: SimpleNamespace
) -> None:
    pages[APP] = (502, "x")
    admin = show(ASKS)
    answered(admin, 502)
    admin.notice_interruptions()
    pages[APP] = '{"data": {}}'
    admin.page.evaluate("(address) => ask(address).then((answer) => answer.text())", APP)
    answered(admin, 200)
    clock.now += LAST_WORD
    admin.notice_interruptions()
    clock.now += LAST_WORD
    admin.notice_interruptions()


def test_a_failed_request_is_not_the_apps_last_word_while_a_cover_lies_over_the_page(
    show: Callable[..., Admin], pages: dict[str, Any], clock: SimpleNamespace
) -> None:
    pages[APP] = (502, "x")
    admin = show(f"{ASKS}<div class=loading-mask style='position:fixed;inset:0'></div>")
    answered(admin, 502)
    for _ in range(3):
        admin.notice_interruptions()
        clock.now += LAST_WORD


def test_the_screen_wins_over_a_failed_request_of_its_app(show: Callable[..., Admin], pages: dict[str, Any]) -> None:
    pages[APP] = (502, "x")
    admin = show(START + ASKS)
    answered(admin, 502)
    assert admin.arrive("start_page").spec.screen == "start_page"


def test_a_request_to_somewhere_else_is_none_of_the_app(
    show: Callable[..., Admin], pages: dict[str, Any], clock: SimpleNamespace
) -> None:
    pages["https://shop.example/admin/notifications"] = (502, "x")
    admin = show(ASKS.replace(APP, "https://shop.example/admin/notifications"))
    answered(admin, 502)
    for _ in range(3):
        admin.notice_interruptions()
        clock.now += LAST_WORD


def test_a_failed_request_of_a_page_before_is_forgotten(
    show: Callable[..., Admin], pages: dict[str, Any], clock: SimpleNamespace
) -> None:
    pages[APP] = (502, "x")
    admin = show(ASKS)
    answered(admin, 502)
    admin.notice_interruptions()
    pages[URL] = START
    admin.reload()
    for _ in range(3):
        admin.notice_interruptions()
        clock.now += LAST_WORD


def test_a_frame_that_fails_is_not_the_page(show: Callable[..., Admin], pages: dict[str, Any]) -> None:
    pages["https://shop.example/frame"] = (503, "x")
    admin = show("<iframe src=/frame></iframe>")
    admin.page.frame_locator("iframe").get_by_text("x").wait_for()
    admin.notice_interruptions()


# --- Exactly one element ---


def test_an_element_that_is_not_there_is_named(show: Callable[..., Admin]) -> None:
    with pytest.raises(ElementMissing) as refused:
        show().screen("start_page").one("amazon_sales_channel")
    assert str(refused.value) == (
        "The Admin's page with the side menu: amazon_sales_channel (leads to the extension's home page; under Channels "
        "in the Marketing menu) is not there."
    )


def test_an_element_that_is_there_twice_is_not_used(show: Callable[..., Admin], pages: dict[str, Any]) -> None:
    admin = show(START + "<a href=/one>Amazon Sales Channel</a><a href=/two>Amazon Sales Channel</a>")
    with pytest.raises(ElementAmbiguous) as refused:
        admin.screen("start_page").click("amazon_sales_channel")
    assert str(refused.value) == (
        "The Admin's page with the side menu: amazon_sales_channel (leads to the extension's home page; under Channels "
        "in the Marketing menu) was found 2 times, so none of them was used."
    )
    assert pages["asked"] == [URL]


def test_an_element_that_comes_later_is_waited_for(show: Callable[..., Admin]) -> None:
    late = "<script>setTimeout(() => { document.body.innerHTML += '<a href=#>Amazon Sales Channel</a>'; }, 50)</script>"
    assert show(START + late, patience=PATIENT).screen("start_page").one("amazon_sales_channel").number


def test_an_interruption_instead_of_an_element_is_recognised_at_once(show: Callable[..., Admin]) -> None:
    with pytest.raises(SessionEnded):
        show(SIGN_IN, patience=PATIENT).screen("home").one("banner")


def test_a_value_that_is_not_there_or_there_twice_is_named(show: Callable[..., Admin]) -> None:
    details = show("<p>Status: Shipped</p><p>Status: Unshipped</p>").screen("order_details", **FACTS)
    with pytest.raises(ElementAmbiguous) as twice:
        details.read("status")
    with pytest.raises(ElementMissing) as missing:
        details.read("notes")
    assert (str(twice.value), str(missing.value)) == (
        "The order's page: status (the order's status) was found 2 times, so none of them was used.",
        "The order's page: notes (what happened to the order last) is not there.",
    )


# --- Acting ---


def test_what_commits_cannot_be_clicked(show: Callable[..., Admin]) -> None:
    html = (
        "<div role=dialog>Reason for cancellation <select></select><button onclick='pressed = 1'>Confirm</button></div>"
    )
    admin = show(html)
    with pytest.raises(ValueError, match=r"^confirm commits: only the holder of a permit can press it$"):
        admin.screen("cancel_dialog").click("confirm")
    assert admin.page.evaluate("typeof pressed") == "undefined"


@pytest.mark.parametrize(
    "link",
    [
        "<a href='https://sellercentral.example/order'>Amazon Sales Channel</a>",
        "<a href='//sellercentral.example/order'><span>Amazon Sales Channel</span></a>",
        "<a href='https://shop.example@sellercentral.example/order'>Amazon Sales Channel</a>",
        "<base href='https://sellercentral.example'><a href=/order>Amazon Sales Channel</a>",
    ],
)
def test_a_link_that_leads_elsewhere_is_not_followed(
    show: Callable[..., Admin], pages: dict[str, Any], link: str
) -> None:
    admin = show(START + link)
    with pytest.raises(LeadsElsewhere) as refused:
        admin.screen("start_page").click("amazon_sales_channel")
    assert str(refused.value) == (
        "The Admin's page with the side menu: amazon_sales_channel leads to sellercentral.example, which is not the "
        "Admin; it was not followed."
    )
    assert pages["asked"] == [URL]


@pytest.mark.parametrize(
    "href", ["/next", "https://shop.example/next", "HTTPS://SHOP.EXAMPLE/next", "//cdn.example/next"]
)
def test_a_link_to_an_allowed_host_is_followed(show: Callable[..., Admin], href: str) -> None:
    admin = show(f"{START}<a href='{href}'>Amazon Sales Channel</a>", patience=5, allowed_hosts=("cdn.example",))
    admin.screen("start_page").click("amazon_sales_channel")
    admin.page.wait_for_url("**/next")


def test_a_screen_is_checked_again_before_it_is_acted_on(show: Callable[..., Admin], pages: dict[str, Any]) -> None:
    admin = show(START + "<a href=/next>Amazon Sales Channel</a>")
    start = admin.arrive("start_page")
    admin.page.get_by_text("Marketing").evaluate("(link) => link.remove()")
    for act in (start.click, lambda name: start.fill(name, "x")):
        with pytest.raises(ScreenChanged) as refused:
            act("amazon_sales_channel")
        assert str(refused.value) == (
            "The Admin's page with the side menu has changed unexpectedly: The side menu with Marketing is not there."
        )
    assert pages["asked"] == [URL]


def test_no_secret_is_typed_where_the_admin_has_left_the_encryption(
    show: Callable[..., Admin], pages: dict[str, Any]
) -> None:
    admin = show()
    pages["http://shop.example/admin"] = SIGN_IN
    admin.page.goto("http://shop.example/admin")
    admin.screen("sign_in").fill("username", "bot")
    with pytest.raises(RunStopped) as refused:
        admin.screen("sign_in").fill("password", "s3cret")
    assert (str(refused.value), refused.value.next_step) == (
        "The Admin's sign-in page came over http:// from shop.example, although the Admin's address is https://; "
        "no secret was typed into it.",
        "Ask the shop's administrator why the Admin leaves https://. If that is meant, set COUNTERMAND_ADMIN_URL "
        "and COUNTERMAND_ALLOW_HTTP accordingly.",
    )
    assert admin.page.locator("input").evaluate_all("(fields) => fields.map((field) => field.value)") == ["bot", ""]


def test_what_comes_into_sight_without_a_change_of_the_document_is_noticed(show: Callable[..., Admin]) -> None:
    later = (
        "@keyframes seen { to { visibility: visible } } div { visibility: hidden; animation: seen 1ms 700ms forwards }"
    )
    with pytest.raises(SessionEnded):
        show(f"<style>{later}</style><div>{SIGN_IN}</div>", patience=PATIENT).arrive("home")


def test_a_session_that_ended_on_a_screen_is_said_to_have_ended(show: Callable[..., Admin]) -> None:
    admin = show()
    start = admin.arrive("start_page")
    admin.page.locator("body").evaluate("(body, html) => { body.innerHTML = html; }", SIGN_IN)
    with pytest.raises(SessionEnded):
        start.click("marketing_menu")


# --- Steps ---


def test_a_step_is_announced_and_photographed_when_it_is_done(show: Callable[..., Admin], tmp_path: Path) -> None:
    told: list[str] = []
    recorder = Recorder(LocalStore(tmp_path))
    admin = show(recorder=recorder, on_step=told.append, patience=5)
    for order, step in ((ORDER, "open_store"), (ORDER, "find_order"), ("other", "open_store"), (ORDER, "go_back")):
        recorder.begin(order)
        with admin.step(step):
            pass
    assert told == ["open_store", "find_order", "open_store", "go_back"]
    assert recorder.evidence == (
        f"evidence/{ORDER}/01-open_store.jpg",
        f"evidence/{ORDER}/02-find_order.jpg",
        f"evidence/{ORDER}/03-go_back.jpg",
    )
    assert (tmp_path / recorder.evidence[0]).read_bytes().startswith(b"\xff\xd8")


def test_a_picture_shows_its_step_and_nothing_of_what_comes_after(show: Callable[..., Admin], tmp_path: Path) -> None:
    recorder = Recorder(LocalStore(tmp_path), masked=False)
    admin = show(START, recorder=recorder, patience=5)
    start = admin.arrive("start_page")
    # Every click changes all of the page at once, and once more as soon as the browser has drawn a frame.
    admin.page.get_by_text("Marketing").evaluate("""(link) => {
        let clicks = 0;
        const paint = (green) => { document.body.style.background = `rgb(${40 * clicks}, ${green}, 0)`; };
        link.onclick = () => { clicks += 1; paint(0); requestAnimationFrame(() => paint(200)); };
    }""")
    for _ in range(5):
        with admin.step("open_sales_channel"):
            start.click("marketing_menu")
            admin.page.wait_for_function("() => document.body.style.background.includes('200')")
    colours = [Image.open(tmp_path / file).convert("RGB").getpixel((600, 600)) for file in recorder.evidence]
    assert colours == [pytest.approx((40 * clicks, 200, 0), abs=4) for clicks in range(1, 6)]


def test_a_stopped_run_begins_no_step_before_confirm(show: Callable[..., Admin], tmp_path: Path) -> None:
    told: list[str] = []
    admin = show(stopping=lambda: True, on_step=told.append, recorder=Recorder(LocalStore(tmp_path)))
    with pytest.raises(Interrupted) as stopped, admin.step("open_store"):
        told.append("inside")
    assert (told, str(stopped.value), stopped.value.exit_status) == ([], "Interrupted.", 130)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("pressed", [False, True])
def test_a_run_that_lost_its_account_while_it_was_frozen_begins_no_step_before_confirm(
    show: Callable[..., Admin], monkeypatch: pytest.MonkeyPatch, pressed: bool
) -> None:
    told: list[str] = []
    admin = show(on_step=told.append)
    monkeypatch.setattr(admin.ledger.accounts, "sign_of_life", lambda: ("bot",))
    if pressed:  # then what became of the order is looked at all the same
        admin.attempt.mark_pressed()
        with admin.step("reopen_order"):
            pass
        assert told == ["reopen_order"]
        return
    with pytest.raises(AccountLost) as stopped, admin.step("open_store"):
        told.append("inside")
    assert (told, stopped.value.exit_status) == ([], 3)
    assert str(stopped.value) == (
        "This run was frozen for too long: another run may have signed in as bot in the meantime."
    )


def test_a_stopped_run_goes_on_after_confirm(show: Callable[..., Admin]) -> None:
    told: list[str] = []
    admin = show(stopping=lambda: True, on_step=told.append)
    admin.attempt.mark_pressed()
    with admin.step("reopen_order"):
        told.append("inside")
    assert told == ["reopen_order", "inside"]


def test_what_the_browser_reports_becomes_one_sentence(show: Callable[..., Admin], tmp_path: Path) -> None:
    recorder = Recorder(LocalStore(tmp_path))
    admin = show(recorder=recorder, patience=5)
    with pytest.raises(PageTrouble) as trouble, admin.step("open_store"):
        admin.page.evaluate("() => { throw new Error('lost\\nmore') }")
    assert str(trouble.value) == "The browser failed: Error: lost"
    assert recorder.evidence == (
        "evidence/session/01-open_store-trouble.jpg",
        "evidence/session/02-open_store-trouble.txt",
    )


def test_a_refusal_in_a_step_stays_what_it_is_and_is_photographed(show: Callable[..., Admin], tmp_path: Path) -> None:
    recorder = Recorder(LocalStore(tmp_path), masked=False)
    admin = show("<div role=alert>Nothing here</div>", recorder=recorder)
    with pytest.raises(ScreenNotReached), admin.step("open_store"):
        admin.arrive("home")
    assert (tmp_path / recorder.evidence[1]).read_text(encoding="utf-8") == (
        "Messages on the screen:\nNothing here\n\nThe page (ARIA snapshot):\n- alert: Nothing here"
    )


def test_of_what_is_missing_the_evidence_says_explain(show: Callable[..., Admin], tmp_path: Path) -> None:
    recorder = Recorder(LocalStore(tmp_path), explain=explain)
    details = "<h3>Order details</h3><button>Void Order</button><button>Cancel Orders</button>"
    admin = show(details, recorder=recorder)
    with pytest.raises(ElementMissing), admin.step("open_cancel_dialog"):
        admin.screen("order_details", order=ORDER, store_id="7f").one("cancel_order")
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    assert (tmp_path / recorder.evidence[1]).read_text(encoding="utf-8").partition("\n\n")[0] == (
        "What is there instead:\n"
        "cancel_order (opens the dialog; only there while the order is Unshipped) is not there: the pack looks for a "
        "button named 'Cancel Order'.\n"
        "Of role button there are: Void Order, Cancel Orders.\n"
        'Most likely: button "Cancel Orders", after button "Void Order" (97% similar)\n'
        'Try what button "Cancel Orders" does before it goes into the pack; a control that commits needs commits: '
        "true there.\n"
        "  cancel_order:\n"
        "    role: button\n"
        "    name: Cancel Orders\n"
        "    when:\n"
        "      status: Unshipped\n"
        "    for: opens the dialog; only there while the order is Unshipped\n"
        f"    observed: this Admin, {today}; to be checked by a person"
    )


@pytest.fixture
def unwritable(tmp_path: Path) -> Recorder:
    """A recorder whose folder cannot be made, because a file has its name."""
    (tmp_path / "evidence").write_text("not a folder", encoding="utf-8")
    return Recorder(LocalStore(tmp_path))


def test_no_order_goes_on_without_evidence_before_confirm(show: Callable[..., Admin], unwritable: Recorder) -> None:
    admin = show(recorder=unwritable, patience=5)
    with pytest.raises(EvidenceNotWritten) as refused, admin.step("choose_reason"):
        pass
    reason = refused.value.facts["reason"]
    assert reason
    assert str(refused.value) == f"The evidence could not be written ({reason}), and no order is canceled without it."


def test_lost_evidence_after_confirm_is_logged_and_hides_nothing(
    show: Callable[..., Admin], unwritable: Recorder, log: list[str]
) -> None:
    admin = show(recorder=unwritable, patience=5)
    admin.attempt.mark_pressed()
    with admin.step("reopen_order"):
        pass
    assert [line.partition(": ")[0] for line in log] == ["no picture of step reopen_order, after Confirm"]
    assert unwritable.evidence == ()


def test_lost_evidence_of_a_trouble_hides_no_trouble(show: Callable[..., Admin], unwritable: Recorder) -> None:
    admin = show(recorder=unwritable)
    with pytest.raises(ScreenNotReached), admin.step("open_store"):
        admin.arrive("home")


@pytest.mark.parametrize("pressed", [False, True])
def test_a_page_that_is_gone_has_no_picture(show: Callable[..., Admin], tmp_path: Path, pressed: bool) -> None:
    admin = show(recorder=Recorder(LocalStore(tmp_path)), patience=5)
    if pressed:
        admin.attempt.mark_pressed()
    admin.page.close()
    try:
        with admin.step("open_store"):
            pass
    except EvidenceNotWritten:
        assert not pressed
    else:
        assert pressed


def test_a_closed_page_ends_a_wait(show: Callable[..., Admin]) -> None:
    admin = show(patience=PATIENT)
    admin.page.close()
    with pytest.raises(PageTrouble) as trouble, admin.step("open_store"):
        admin.arrive("home")
    assert str(trouble.value) == "The browser failed: Target page, context or browser has been closed"


def test_a_page_whose_process_has_died_ends_a_wait_at_once(show: Callable[..., Admin]) -> None:
    looks: list[str] = []
    admin = show(patience=5)
    with suppress(PlaywrightError):
        admin.page.goto("chrome://crash")
    sink = logger.add(looks.append, filter="bot.admin", level="DEBUG", format="{message}")
    with pytest.raises(PageTrouble) as trouble, admin.step("open_store"):
        admin.arrive("home")
    logger.remove(sink)
    assert str(trouble.value) == "The browser failed: Target crashed"
    assert looks == ["step open_store\n"]


def test_beginning_again_forgets_the_store_and_opens_the_admin(
    show: Callable[..., Admin], pages: dict[str, Any]
) -> None:
    admin = show()
    admin.store = ReachedStore(name="north")
    admin.begin_again()
    assert admin.store is None
    assert pages["asked"] == [URL, URL]
