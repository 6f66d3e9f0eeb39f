"""What is not on a screen is believed to be absent only once the answer that would have brought it arrived whole and
without error: nothing that the app shows, or does not show, proves it.
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route

from bot.admin import Admin
from bot.cancel.endpoint import Answered
from bot.errors import (
    CountermandError,
    InTheWay,
    ListNotRead,
    RunStopped,
    ScreenNotReached,
    SessionEnded,
    StoreNotFound,
    StoreNotRead,
)
from bot.joblist import Job
from bot.pack import load_pack
from flows.open_order import open_dashboard
from flows.spectrum import find_order

URL = "https://shop.example/admin"
APP = f"{URL}/channel/amazon/graphql/key/5f/"
STORE, ORDER, OTHER = "north", "112-1215998-3002091", "112-1215998-3002092"
JOB = Job.model_validate({"order": ORDER, "store": STORE, "reason": "BuyerCanceled"})
SIGN_IN = "<!doctype html><title>Magento Admin</title><form id=login-form><input name='login[username]'></form>"
FAILED = '{"errors":[{"message":"Authentication failed"}]}'
GOOD = '{"data":{"stores":[]}}'

BANNER = "<p>Sell products in the Amazon marketplace</p>"
CARD = f"<div><h3>{STORE}</h3><p>Magento Website</p><button>View Store</button></div>"
QUESTION = "{ method: 'POST', body: JSON.stringify({ query: 'query { stores { name } }' }) }"
ASKS = f"<script>fetch('{APP}', {QUESTION}).then((it) => it.text()).then(%s)</script>"
SILENT = ASKS % "() => {}"
"""An app that asks its endpoint and shows nothing of what it is answered."""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with closing(browser.new_context()) as context:
        yield context.new_page()


Answers = dict[str, Any]


@pytest.fixture
def answers(page: Page) -> Answers:
    """What the server answers for each address: what ``Route.fulfill`` takes, or None for never."""
    given: Answers = {}

    def answer(route: Route) -> None:
        if (said := given.get(route.request.url, {"body": ""})) is not None:
            route.fulfill(**{"content_type": "text/html", **said})

    page.route("**/*", answer)
    return given


@pytest.fixture
def show(page: Page, answers: Answers) -> Callable[..., Admin]:
    def open_page(html: str, patience: float = 30) -> Admin:
        answers[URL] = {"body": html}
        admin = Admin(page, load_pack("asc-4.3"), URL, patience=patience)
        admin.open()
        return admin

    return open_page


def seen(admin: Admin) -> CountermandError:
    """What is said of a store that the home page does not show."""
    with pytest.raises(CountermandError) as told:
        open_dashboard(admin, STORE)
    return told.value


def test_a_store_is_missing_once_its_page_was_answered_well(show: Callable[..., Admin], answers: Answers) -> None:
    answers[APP] = {"body": GOOD, "content_type": "application/json"}
    assert isinstance(seen(show(BANNER + SILENT)), StoreNotFound)


def test_a_store_is_not_missing_if_the_app_was_answered_with_it(show: Callable[..., Admin], answers: Answers) -> None:
    told = f'{{"data":{{"stores":[{{"name":"{STORE}"}}]}}}}'
    answers[APP] = {"body": told, "content_type": "application/json"}
    error = seen(show(BANNER + SILENT))
    assert (type(error), str(error)) == (
        StoreNotRead,
        "The Amazon Sales Channel home page: the app was answered with store 'north', but no card of it was found on "
        "the page, so it cannot be reported as missing.",
    )


def test_a_store_that_only_looks_like_the_missing_one_is_said_to(show: Callable[..., Admin], answers: Answers) -> None:
    answers[APP] = {"body": GOOD, "content_type": "application/json"}
    alike = STORE.replace("o", "&#x43e;")
    error = seen(show(BANNER + CARD.replace(STORE, alike) + SILENT))
    assert (type(error), error.next_step) == (
        StoreNotFound,
        "The home page has another store whose name looks the same (they look alike: U+043E in place of U+006F): if "
        "that one is meant, copy its name from the page into the job list.",
    )


@pytest.mark.parametrize("other", ["Active", "north-us", "nort"])
def test_a_store_is_missing_though_an_answer_has_its_words_elsewhere(
    show: Callable[..., Admin], answers: Answers, other: str
) -> None:
    told = f'{{"data":{{"stores":[{{"name":"{other}","status":"{STORE}"}}]}}}}'
    answers[APP] = {"body": told, "content_type": "application/json"}
    assert isinstance(seen(show(BANNER + SILENT)), StoreNotFound)


@pytest.mark.parametrize(
    ("answer", "kind", "message"),
    [
        pytest.param(
            {"status": 200, "body": FAILED + SIGN_IN, "content_type": "application/json"},
            SessionEnded,
            "The session has ended: the Admin answered its app by asking to sign in.",
            id="session ended",
        ),
        pytest.param(
            {"status": 200, "body": SIGN_IN},
            SessionEnded,
            "The session has ended: the Admin answered its app by asking to sign in.",
            id="sign-in page",
        ),
        pytest.param(
            {"status": 403, "body": FAILED + SIGN_IN, "content_type": "application/json"},
            RunStopped,
            "The Admin refuses this account the data of the Amazon Sales Channel (HTTP 403).",
            id="no permission",
        ),
        pytest.param(
            {"status": 403, "body": "<title>Attention Required!</title>"},
            RunStopped,
            "The Admin, or a firewall in front of it, refused a request of its app (HTTP 403, a page called 'Attention "
            "Required!').",
            id="firewall",
        ),
        pytest.param(
            {"status": 200, "body": '{"errors":[{"message":"Internal server error"}],"data":{"stores":null}}'},
            InTheWay,
            "The Admin answered a request of its app with an error (Internal server error).",
            id="GraphQL error",
        ),
        pytest.param(
            {"status": 200, "body": "<title>Just a moment...</title><p>Checking your browser"},
            InTheWay,
            "The Admin answered a request of its app with something else (it could not be read).",
            id="challenge",
        ),
    ],
)
def test_a_store_is_not_missing_from_a_page_that_was_answered_otherwise(
    show: Callable[..., Admin], answers: Answers, answer: dict[str, Any], kind: type[CountermandError], message: str
) -> None:
    answers[APP] = answer
    error = seen(show(BANNER + SILENT))
    assert (type(error), str(error)) == (kind, message)


def test_a_redirect_to_the_sign_in_page_is_an_ended_session(show: Callable[..., Admin], answers: Answers) -> None:
    # Playwright cannot answer the page with a redirect that the page follows, so a server does.
    admin = show(BANNER)
    admin.wire.endpoint.note_page(Answered(status=200, body=SIGN_IN.encode()))
    admin.wire.endpoint.answered("stores", Answered(status=302, headers={"Location": f"{URL}/auth/login/key/5f/"}))
    error = seen(admin)
    assert (type(error), str(error)) == (
        SessionEnded,
        "The session has ended: the Admin answered its app by asking to sign in.",
    )


def test_a_list_that_takes_its_time_is_waited_for(show: Callable[..., Admin], answers: Answers, page: Page) -> None:
    held: list[Route] = []
    page.route(APP, lambda route: held.append(route))
    draws = ASKS % f"() => {{ document.querySelector('#here').outerHTML = {CARD!r}; }}"
    admin = show(f"{BANNER}<p id=here></p>{draws}")
    home = admin.screen("home", store=STORE)

    def there() -> int:
        # Looked at twice while the answer is on its way; then it comes.
        looked.append(1)
        if len(looked) == 3:
            held[0].fulfill(body=GOOD, content_type="application/json")
        return home.count("store_card")

    looked: list[int] = []
    assert admin.is_absent(home, there) is False


@pytest.mark.parametrize(
    ("html", "why"),
    [
        (BANNER + SILENT, "an answer to a request of its app never came."),
        (BANNER, "its app never asked for its data."),
        (f"{BANNER}<div role=progressbar>Loading</div>", "a loading cover or a spinner stayed in sight."),
        (
            f"{BANNER}<b></b><script>setInterval(() => {{ document.querySelector('b').append('.'); }}, 50)</script>",
            "its app never asked for its data.",
        ),
    ],
    ids=["no answer", "no question", "spinner", "never at rest"],
)
def test_nothing_is_missing_from_a_page_that_has_not_said_all(
    show: Callable[..., Admin], answers: Answers, html: str, why: str
) -> None:
    answers[APP] = None
    error = seen(show(html, patience=1.5))
    assert (type(error), str(error)) == (
        ScreenNotReached,
        f"The Amazon Sales Channel home page did not appear within 1.5 s: {why}",
    )


# --- Lists ---

HEAD = "<tr><th>Purchase Date<th>Order Number<th>Status<th>Buyer's Name<th>Total<th>Order Notes"


def row(order: str, more: str = "") -> str:
    return f"<tr><td>Apr 2<td><a href='#'>{order}</a><td>Unshipped<td>Ada<td>$ 1.00<td>{more}"


@pytest.mark.parametrize(
    ("table", "why"),
    [
        (
            f"{HEAD}{row(OTHER)}<tr><td>Apr 2<td>{ORDER}<i>!</i><td>Unshipped<td>Ada<td>$ 1.00<td>x<td>one too many",
            "1 of its rows cannot be read under the header 'Order Number'.",
        ),
        (
            f"{HEAD.replace('Order Number', 'Number')}{row(OTHER)}",
            "there are order numbers on the page, and no column 'Order Number'.",
        ),
    ],
    ids=["a row that cannot be read", "no such column"],
)
def test_an_order_is_not_missing_from_a_list_that_cannot_be_read(
    show: Callable[..., Admin], answers: Answers, table: str, why: str
) -> None:
    answers[APP] = {"body": GOOD, "content_type": "application/json"}
    admin = show(f"<p>Store Name: {STORE}</p><h2>Recent orders:</h2><table>{table}</table>{SILENT}")
    with pytest.raises(ListNotRead) as told:
        find_order(admin, JOB, admin.screen("store_dashboard", store=STORE))
    assert str(told.value) == (
        f"The store's dashboard: the list cannot be read reliably, so order {ORDER} cannot be reported as missing: "
        f"{why}"
    )


def test_an_order_is_not_missing_from_a_list_whose_column_has_it(show: Callable[..., Admin], answers: Answers) -> None:
    answers[APP] = {"body": GOOD, "content_type": "application/json"}
    no_row = row(ORDER).replace("<tr>", "<tr role=presentation>")
    admin = show(f"<p>Store Name: {STORE}</p><h2>Recent orders:</h2><table>{HEAD}{no_row}</table>{SILENT}")
    with pytest.raises(ListNotRead, match="it stands in the column 'Order Number', and in no row"):
        find_order(admin, JOB, admin.screen("store_dashboard", store=STORE))


def test_an_order_is_not_missing_if_the_app_was_answered_with_it(show: Callable[..., Admin], answers: Answers) -> None:
    told = f'{{"data":{{"store":{{"orders":[{{"number":"{ORDER}"}}]}}}}}}'
    answers[APP] = {"body": told, "content_type": "application/json"}
    admin = show(f"<p>Store Name: {STORE}</p><h2>Recent orders:</h2><table>{HEAD}{row(OTHER)}</table>{SILENT}")
    with pytest.raises(ListNotRead, match="the app was answered with it, and no row of it was found on the page"):
        find_order(admin, JOB, admin.screen("store_dashboard", store=STORE))
