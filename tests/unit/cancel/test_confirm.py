from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
from loguru import logger
from playwright.sync_api import Error as PlaywrightError

import bot.cancel.confirm
from bot.admin import Admin
from bot.cancel.confirm import FRESH_SECONDS, PRESS_SECONDS, Heard, await_answer, conclude, press_confirm
from bot.cancel.guard import Permit
from bot.cancel.verdicts import Answer, Verdict
from bot.errors import LedgerTrouble, PressedBefore, RunStopped, StoodStill
from bot.ledger import Event, Ledger
from bot.outcomes import Outcome
from bot.pack import load_pack
from bot.vocabulary import Reason

ORDER = "112-1215998-3002091"
HOST = "shop.example"
PACK = load_pack("asc-4.3")
ADDRESS = f"https://shop.example/{PACK.info.cancel_request.address}"
BODY = f'{{"query": "mutation {{ {PACK.info.cancel_request.body}(uuid: 1) }}"}}'
TROUBLE = "The ledger in memory cannot be used: disk I/O error"


class FakeRequest:
    """A request on the wire, and what came back."""

    def __init__(
        self,
        said: object = None,
        *,
        status: int = 200,
        url: str = ADDRESS,
        body: str | None = BODY,
        method: str = "POST",
    ) -> None:
        self.url, self.post_data, self.method = url, body, method
        self.failure: str | None = None
        self.status, self.ok = status, status < 400
        self.said = said

    def response(self) -> "FakeRequest | None":
        return None if self.said is None else self

    def json(self) -> object:
        if isinstance(self.said, Exception):
            raise self.said
        return self.said


class FakeAdmin:
    """An Admin whose page, ledger and screens write down, in one list, what is asked of them."""

    def __init__(self, ledger: Ledger) -> None:
        self.did: list[str] = []
        self.ledger = ledger
        self.host = HOST
        self.pack = PACK
        self.page = self
        self.pressed = False
        self.asked: list[str] = []
        self.may_commit: Callable[[str], None] = self.asked.append
        self.listeners: dict[str, Callable[[FakeRequest], None]] = {}
        self.watched: Callable[[str], bool] = lambda _: False
        self.handler: Callable[[Any], None] = lambda _: None
        self.said: list[str] = []
        self.click_trouble: BaseException | None = None
        self.on_screen: dict[str, list[str]] = {}
        self.dialog_open = False
        self.looks: int = 1

    def note(self, event: Event, **told: object) -> None:
        self.did.append(f"note {event}")

    # The page:

    def on(self, event: str, listener: Callable[[FakeRequest], None]) -> None:
        self.listeners[event] = listener

    def route(self, watched: Callable[[str], bool], handler: Callable[[Any], None]) -> None:
        self.watched, self.handler = watched, handler

    def unroute(self, watched: Callable[[str], bool], handler: Callable[[Any], None]) -> None:
        assert (self.watched, self.handler) == (watched, handler)
        self.watched, self.handler = (lambda _: False), (lambda _: None)

    def remove_listener(self, event: str, listener: Callable[[FakeRequest], None]) -> None:
        assert self.listeners.pop(event) is listener

    # The screens and their elements:

    def screen(self, name: str, **facts: str) -> Any:
        return SimpleNamespace(
            one=lambda element: self,
            the_only=lambda element: self,
            find=lambda element: SimpleNamespace(all_inner_texts=lambda: self._texts(element)),
            count=lambda element: int(self.dialog_open) if name == "cancel_dialog" else len(self._texts(element)),
            is_busy=lambda: False,
        )

    def click(self, timeout: float, no_wait_after: bool) -> None:
        waiting = [intent.order for intent in self.ledger.intents.waiting()]
        self.did.append(f"click within {timeout:g} ms, in the ledger: {waiting}, pressed: {self.pressed}")
        if self.click_trouble:
            raise self.click_trouble

    def _texts(self, element: str) -> list[str]:
        return self.on_screen.get(element, [])

    # The Admin:

    def until(self, look: Callable[[], Any]) -> Any:
        return look()

    def say(self, remark: str) -> None:
        self.said.append(remark)


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    with Ledger.in_memory() as ledger:
        yield ledger


@pytest.fixture
def admin(ledger: Ledger) -> FakeAdmin:
    return FakeAdmin(ledger)


def permit() -> Permit:
    return cast(Permit, SimpleNamespace(order=ORDER, store="Nordwind UK", reason=Reason.BUYER_CANCELED))


def press(admin: FakeAdmin) -> Any:
    return press_confirm(cast(Admin, admin), permit())


def answer(admin: FakeAdmin, *requests: FakeRequest, lost: str = "", press_trouble: str = "") -> tuple[Answer, str]:
    intent = admin.ledger.intents.write(HOST, permit())
    heard = Heard(intent=intent, lost=lost, press_trouble=press_trouble)
    heard.answers.extend(cast(Any, requests))
    return await_answer(cast(Admin, admin), heard)


# --- The press ---


def test_the_intent_is_in_the_ledger_and_the_order_counts_as_pressed_before_the_press(admin: FakeAdmin) -> None:
    with press(admin):
        pass
    assert admin.did == [
        f"click within {PRESS_SECONDS * 1000:g} ms, in the ledger: ['{ORDER}'], pressed: True",
        "note pressed",
    ]


def test_an_order_whose_confirm_was_never_settled_is_not_pressed(admin: FakeAdmin) -> None:
    admin.ledger.intents.write(HOST, permit())
    with pytest.raises(PressedBefore), press(admin):
        pass
    assert (admin.did, admin.pressed, admin.listeners) == ([], False, {})


def test_nothing_is_pressed_when_the_intent_cannot_be_written(
    admin: FakeAdmin, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> int:
        raise LedgerTrouble(ledger="in memory", reason="disk I/O error")

    monkeypatch.setattr(admin.ledger.intents, "write", broken)
    with pytest.raises(LedgerTrouble), press(admin):
        pass
    assert (admin.did, admin.pressed, admin.listeners) == ([], False, {})


def test_trouble_of_the_browser_in_the_press_is_kept_and_not_raised(admin: FakeAdmin) -> None:
    logger.remove()
    admin.click_trouble = PlaywrightError("Locator.click: the page crashed\nCall log: ...")
    with press(admin) as heard:
        assert heard.press_trouble == "the page crashed"
    assert (admin.did[1:], admin.pressed) == (["note pressed"], True)


@pytest.mark.parametrize("seconds", [FRESH_SECONDS + 1, -1])
def test_a_run_that_stood_still_after_its_intent_or_whose_clock_was_set_does_not_press(
    admin: FakeAdmin, monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    times = iter([1000.0, 1000.0 + seconds])
    monkeypatch.setattr(bot.cancel.confirm, "time", SimpleNamespace(time=lambda: next(times)))
    with pytest.raises(StoodStill), press(admin):
        pass
    assert (admin.did, admin.pressed, admin.listeners) == ([], False, {})
    assert [intent.order for intent in admin.ledger.intents.waiting()] == [ORDER]


def test_whoever_made_the_admin_is_asked_before_anything_is_written_or_pressed(admin: FakeAdmin) -> None:
    def refuse(order: str) -> None:
        assert order == ORDER
        assert admin.ledger.intents.waiting() == []
        raise RunStopped(reason="Not here.")

    admin.may_commit = refuse
    with pytest.raises(RunStopped, match="Not here"), press(admin):
        pass
    assert (admin.did, admin.pressed, admin.listeners) == ([], False, {})
    assert admin.ledger.intents.waiting() == []


def test_an_interrupt_in_the_press_leaves_the_intent_open(admin: FakeAdmin) -> None:
    admin.click_trouble = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt), press(admin):
        pass
    assert ([intent.order for intent in admin.ledger.intents.waiting()], admin.pressed) == ([ORDER], True)
    assert admin.listeners == {}


def test_nobody_listens_after_the_block(admin: FakeAdmin) -> None:
    with press(admin):
        assert set(admin.listeners) == {"requestfinished", "requestfailed"}
    assert admin.listeners == {}


def test_the_cancel_request_is_heard(admin: FakeAdmin) -> None:
    request = FakeRequest({})
    with press(admin) as heard:
        admin.listeners["requestfinished"](request)
    assert (heard.answers, heard.lost) == ([request], "")


@pytest.mark.parametrize(
    "request_",
    [
        FakeRequest({}, method="GET"),
        FakeRequest({}, url="https://shop.example/elsewhere"),
        FakeRequest({}, body='{"query": "orders"}'),
        FakeRequest({}, body=None),
    ],
    ids=["not a POST", "another address", "another body", "no body"],
)
def test_other_requests_are_not_taken_for_it(admin: FakeAdmin, request_: FakeRequest) -> None:
    with press(admin) as heard:
        for listener in admin.listeners.values():
            listener(request_)
    assert (heard.answers, heard.lost) == ([], "")


@pytest.mark.parametrize(
    ("failure", "lost"), [("net::ERR_CONNECTION_RESET", "net::ERR_CONNECTION_RESET"), (None, "the connection was cut")]
)
def test_a_cancel_request_that_is_cut_off_is_lost(admin: FakeAdmin, failure: str | None, lost: str) -> None:
    request = FakeRequest()
    request.failure = failure
    with press(admin) as heard:
        admin.listeners["requestfailed"](request)
    assert heard.lost == lost


class FakeRoute:
    """A request that is about to leave the browser."""

    def __init__(self, body: str | None) -> None:
        self.request = FakeRequest(body=body)
        self.went = ""

    def abort(self, why: str) -> None:
        self.went = f"stopped: {why}"

    def fallback(self) -> None:
        self.went = "on"


OTHER = "112-1215998-3002099"


@pytest.mark.parametrize(
    ("body", "went", "stopped"),
    [
        (f"mutation cancelOrder {ORDER}", "on", ""),
        ("mutation cancelOrder 4711", "on", ""),
        (f"query orderDetails {OTHER}", "on", ""),
        (None, "on", ""),
        (
            f"mutation cancelOrder {OTHER}",
            "stopped: blockedbyclient",
            f"the page sent a cancel of order {OTHER}, which was stopped",
        ),
        (
            f"mutation cancelOrder {ORDER} cancelOrder {OTHER}",
            "stopped: blockedbyclient",
            f"the page sent a cancel of order {OTHER}, which was stopped",
        ),
    ],
)
def test_a_cancel_of_another_order_does_not_leave_the_browser(
    admin: FakeAdmin, body: str | None, went: str, stopped: str
) -> None:
    route = FakeRoute(body)
    with press(admin) as heard:
        assert admin.watched(ADDRESS)
        assert not admin.watched("https://shop.example/elsewhere")
        admin.handler(route)
    assert (route.went, heard.stopped) == (went, stopped)
    assert not admin.watched(ADDRESS)


# --- The answer ---

DATA = {"data": {"cancelOrder": True}}


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (FakeRequest(DATA), (Answer.OK, "")),
        (
            FakeRequest({"errors": [{"message": "Unable to cancel Amazon order"}]}),
            (Answer.ERROR, "Unable to cancel Amazon order"),
        ),
        (FakeRequest(DATA | {"errors": [{"message": "Not sent"}]}), (Answer.ERROR, "Not sent")),
        (FakeRequest({"errors": "broken"}), (Answer.ERROR, "broken")),
        (FakeRequest({"errors": [7]}), (Answer.ERROR, "7")),
        (FakeRequest(DATA, status=500), (Answer.ERROR, "HTTP 500")),
        (FakeRequest({"data": None}), (Answer.UNCLEAR, "it says neither yes nor no")),
        (FakeRequest({"ajaxExpired": 1}), (Answer.UNCLEAR, "it says neither yes nor no")),
        (FakeRequest([]), (Answer.UNCLEAR, "it says neither yes nor no")),
        (FakeRequest(ValueError("no JSON")), (Answer.UNCLEAR, "it could not be read")),
        (FakeRequest(PlaywrightError("no body")), (Answer.UNCLEAR, "it could not be read")),
    ],
)
def test_the_answer_on_the_wire_is_understood(
    admin: FakeAdmin, request_: FakeRequest, expected: tuple[Answer, str]
) -> None:
    assert answer(admin, request_) == expected


def test_an_error_on_the_screen_wins_over_a_yes_on_the_wire(admin: FakeAdmin) -> None:
    admin.on_screen = {"error": ["Unable to  cancel\nAmazon order"], "success": ["Done"]}
    assert answer(admin, FakeRequest(DATA)) == (Answer.ERROR, "Unable to cancel Amazon order")


def test_an_error_on_the_wire_wins_over_a_yes_on_the_screen(admin: FakeAdmin) -> None:
    admin.on_screen = {"success": ["Done"]}
    assert answer(admin, FakeRequest({"errors": [{"message": "Not sent"}]})) == (Answer.ERROR, "Not sent")


def test_a_yes_on_the_screen_counts_when_the_wire_said_nothing(admin: FakeAdmin) -> None:
    admin.on_screen = {"success": ["Done"]}
    assert answer(admin) == (Answer.OK, "")


def test_a_yes_on_the_screen_does_not_count_when_the_answer_was_lost(admin: FakeAdmin) -> None:
    admin.on_screen = {"success": ["Done"]}
    assert answer(admin, lost="net::ERR_CONNECTION_RESET") == (Answer.NONE, "net::ERR_CONNECTION_RESET")


def test_an_answer_that_arrived_counts_although_the_dialog_stayed_open(admin: FakeAdmin) -> None:
    admin.dialog_open = True
    assert answer(admin, FakeRequest(DATA)) == (Answer.OK, "")


def test_a_yes_on_the_screen_does_not_count_while_the_dialog_is_open(admin: FakeAdmin) -> None:
    admin.dialog_open = True
    admin.on_screen = {"success": ["Done"]}
    assert answer(admin) == (Answer.NONE, "nothing was answered in time")


def test_words_that_are_neither_yes_nor_no_are_told(admin: FakeAdmin) -> None:
    admin.on_screen = {"messages": ["Please \n wait", "Really"]}
    assert answer(admin) == (Answer.UNCLEAR, "Please wait Really")


def test_without_any_answer_the_trouble_of_the_press_is_told(admin: FakeAdmin) -> None:
    assert answer(admin, press_trouble="the page crashed") == (Answer.NONE, "the page crashed")


def test_a_browser_that_cannot_look_any_more_gives_no_answer(admin: FakeAdmin, monkeypatch: pytest.MonkeyPatch) -> None:
    def dead(look: object) -> None:
        raise PlaywrightError("Page.evaluate: Target page has been closed")

    monkeypatch.setattr(admin, "until", dead)
    assert answer(admin, FakeRequest(DATA)) == (Answer.NONE, "Target page has been closed")


def test_a_long_answer_is_cut_before_it_is_kept(admin: FakeAdmin) -> None:
    said = "A" * 1_000 + "... (10,000,000 characters)"
    assert answer(admin, FakeRequest({"errors": [{"message": "A" * 10_000_000}]})) == (Answer.ERROR, said)
    assert [intent.answer_words for intent in admin.ledger.intents.waiting()] == [said]


def test_the_answer_is_in_the_ledger(admin: FakeAdmin) -> None:
    answer(admin, FakeRequest({"errors": [{"message": "Unable to cancel Amazon order"}]}))
    assert [intent.answer_words for intent in admin.ledger.intents.waiting()] == ["Unable to cancel Amazon order"]


# --- The conclusion ---


def test_canceled_settles_the_intent(admin: FakeAdmin) -> None:
    heard = Heard(intent=admin.ledger.intents.write(HOST, permit()))
    conclude(cast(Admin, admin), heard, Verdict(outcome=Outcome.CANCELED, message="So it is."))
    assert admin.ledger.intents.waiting() == []


def test_a_doubt_leaves_the_intent_open(admin: FakeAdmin) -> None:
    heard = Heard(intent=admin.ledger.intents.write(HOST, permit()))
    conclude(cast(Admin, admin), heard, Verdict(outcome=Outcome.UNKNOWN, message="Nobody knows."))
    assert [intent.outcome for intent in admin.ledger.intents.waiting()] == [Outcome.UNKNOWN]


def test_a_ledger_that_fails_after_the_press_is_said_and_hides_no_answer(
    admin: FakeAdmin, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise LedgerTrouble(ledger="in memory", reason="disk I/O error")

    logger.remove()
    monkeypatch.setattr(admin.ledger.intents, "note_answer", broken)
    assert answer(admin, FakeRequest(DATA)) == (Answer.OK, "")
    assert admin.said == [TROUBLE]


def test_a_ledger_that_fails_at_the_conclusion_is_said_and_leaves_the_intent_open(
    admin: FakeAdmin, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise LedgerTrouble(ledger="in memory", reason="disk I/O error")

    logger.remove()
    heard = Heard(intent=admin.ledger.intents.write(HOST, permit()))
    monkeypatch.setattr(admin.ledger.intents, "conclude", broken)
    conclude(cast(Admin, admin), heard, Verdict(outcome=Outcome.CANCELED, message="So it is."))
    assert (admin.said, [intent.order for intent in admin.ledger.intents.waiting()]) == ([TROUBLE], [ORDER])


# --- The form of a cancel page ---


@pytest.mark.parametrize(
    ("url", "body", "named"),
    [
        ("https://shop.example/channel/amazon/order_cancel_index/id/17/key/ab/", "reason=NoInventory", True),
        ("https://shop.example/channel/amazon/order_cancel_save", "id=17&reason=NoInventory", True),
        ("https://shop.example/channel/amazon/order_cancel_save", "reason=NoInventory&order_id=17", True),
        ("https://shop.example/channel/amazon/order_cancel_index/id/18/key/ab/", "reason=NoInventory", False),
        ("https://shop.example/channel/amazon/order_cancel_index/id/17/id/18/", "reason=NoInventory", False),
        ("https://shop.example/channel/amazon/order_cancel_save", "id=17&id=18&reason=NoInventory", False),
        ("https://shop.example/channel/amazon/order_cancel_save", "reason=NoInventory", False),
        ("https://shop.example/channel/amazon/order_cancel_index/id/170/", "reason=NoInventory", False),
    ],
)
def test_a_form_is_sent_for_the_row_of_the_permit_alone(url: str, body: str, named: bool) -> None:
    request = cast(Any, FakeRequest(url=url, body=body))
    assert bot.cancel.confirm._names_row(request, "17") is named
    assert bot.cancel.confirm._names_row(request, "") is False


@pytest.mark.parametrize(
    ("status", "answered"),
    [(200, None), (302, None), (404, (Answer.ERROR, "HTTP 404")), (500, (Answer.ERROR, "HTTP 500"))],
)
def test_the_answer_to_a_form_can_only_be_known_to_have_failed_on_the_wire(
    status: int, answered: tuple[Answer, str] | None
) -> None:
    assert bot.cancel.confirm._answer_of_form(cast(Any, FakeRequest("a page", status=status))) == answered
