import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from types import SimpleNamespace
from typing import Any, cast

import pytest
from loguru import logger
from playwright.sync_api import Error as PlaywrightError

import bot.cancel.confirm
import bot.cancel.wire
from bot.cancel.answers import answer_to_form
from bot.cancel.attempt import Attempt
from bot.cancel.confirm import PRESS_SECONDS, Heard, await_answer, conclude, press_confirm
from bot.cancel.endpoint import Answered
from bot.cancel.guard import Permit
from bot.cancel.page import AdminPage
from bot.cancel.verdicts import Verdict
from bot.cancel.wire import FRESH_SECONDS, Passage
from bot.errors import LedgerTrouble, NotLetThrough, PressedBefore, RunStopped, StoodStill
from bot.ledger import Event, Ledger
from bot.outcomes import Answer, Outcome
from bot.pack import load_pack
from bot.vocabulary import Reason

ORDER = "112-1215998-3002091"
HOST = "shop.example"
PACK = load_pack("asc-4.3")
TROUBLE = "The ledger in memory cannot be used: disk I/O error"


class FakeWire:
    """A wire that keeps the passages that it was opened for."""

    def __init__(self, admin: "FakeAdmin") -> None:
        self._admin = admin
        self.passages: list[Passage] = []
        self.open = False
        self.trouble: Exception | None = None

    def try_out(self, page: object, patience: float) -> None:
        self._admin.did.append("the client was tried")
        if self.trouble:
            raise self.trouble

    @contextmanager
    def open_for(self, passage: Passage) -> Iterator[None]:
        self.passages.append(passage)
        self.open = True
        try:
            yield
        finally:
            self.open = False


class FakeAdmin:
    """An Admin whose page, ledger and screens write down, in one list, what is asked of them."""

    def __init__(self, ledger: Ledger) -> None:
        self.did: list[str] = []
        self.ledger = ledger
        self.name = HOST
        self.pack = PACK
        self.page = self
        self.attempt = Attempt(order=ORDER)
        self.asked: list[str] = []
        self.may_commit: Callable[[str], None] = self.asked.append
        self.patience = 15.0
        self.wire = FakeWire(self)
        self.main_frame = object()
        self.listeners: dict[str, Callable[[Any], None]] = {}
        self.said: list[str] = []
        self.click_trouble: BaseException | None = None
        self.on_screen: dict[str, list[str]] = {}
        self.dialog_open = False
        self.looks: int = 1

    def note(self, event: Event, **told: object) -> None:
        self.did.append(f"note {event}")

    # The page:

    def on(self, event: str, listener: Callable[[Any], None]) -> None:
        self.listeners[event] = listener

    def remove_listener(self, event: str, listener: Callable[[Any], None]) -> None:
        assert self.listeners.pop(event) is listener

    # The screens and their elements:

    def screen(self, name: str, **facts: str) -> Any:
        return SimpleNamespace(
            one=lambda element: self,
            the_only=lambda element: self,
            find=lambda element: SimpleNamespace(all_inner_texts=lambda: self._texts(element)),
            words=lambda *elements: [self._texts(element) for element in elements],
            count=lambda element: int(self.dialog_open) if name == "cancel_dialog" else len(self._texts(element)),
            is_busy=lambda: False,
        )

    def click(self, timeout: float, no_wait_after: bool) -> None:
        waiting = [intent.order for intent in self.ledger.intents.waiting()]
        told = f"in the ledger: {waiting}, pressed: {self.attempt.pressed}, let out: {self.wire.open}"
        self.did.append(f"click within {timeout:g} ms, {told}")
        if self.click_trouble:
            raise self.click_trouble

    def _texts(self, element: str) -> list[str]:
        return self.on_screen.get(element, [])

    # The Admin:

    def at_once(self, *screens: Any) -> AbstractContextManager[None]:
        return nullcontext()

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
    return press_confirm(cast(AdminPage, admin), permit())


def heard(admin: FakeAdmin, answered: Answered | None = None, *, stopped: str = "", press_trouble: str = "") -> Heard:
    """What is known after a press."""
    passage = Passage(
        permit=permit(),
        reasons=(),
        page=cast(Any, None),
        patience=15,
        still_ours=lambda: True,
        left=answered is not None,
        stopped=stopped,
        answered=answered,
    )
    return Heard(intent=admin.ledger.intents.write(HOST, permit()), passage=passage, press_trouble=press_trouble)


def answer(admin: FakeAdmin, *answered: Answered, stopped: str = "", press_trouble: str = "") -> tuple[Answer, str]:
    known = heard(admin, *answered, stopped=stopped, press_trouble=press_trouble)
    return await_answer(cast(AdminPage, admin), known)


def said(what: object, status: int = 200) -> Answered:
    return Answered(status=status, body=json.dumps(what).encode())


# --- The press ---


def test_the_intent_is_in_the_ledger_and_the_order_counts_as_pressed_before_the_press(admin: FakeAdmin) -> None:
    with press(admin):
        pass
    assert admin.did == [
        "the client was tried",
        f"click within {PRESS_SECONDS * 1000:g} ms, in the ledger: ['{ORDER}'], pressed: True, let out: True",
        "note pressed",
    ]
    assert not admin.wire.open


def test_the_wire_lets_out_what_the_permit_allows_by_code_or_label(admin: FakeAdmin) -> None:
    with press(admin):
        pass
    (passage,) = admin.wire.passages
    assert (passage.permit.order, passage.reasons) == (ORDER, ("BuyerCanceled", "Buyer Canceled"))
    assert passage.still_ours()


def test_nothing_is_written_or_pressed_where_the_cancel_would_not_get_through(admin: FakeAdmin) -> None:
    admin.wire.trouble = NotLetThrough(why="self-signed certificate")
    with pytest.raises(NotLetThrough), press(admin):
        pass
    assert (admin.did, admin.attempt.pressed, admin.ledger.intents.waiting()) == (["the client was tried"], False, [])


def test_an_order_whose_confirm_was_never_settled_is_not_pressed(admin: FakeAdmin) -> None:
    admin.ledger.intents.write(HOST, permit())
    with pytest.raises(PressedBefore), press(admin):
        pass
    assert (admin.did, admin.attempt.pressed, admin.listeners) == (["the client was tried"], False, {})


def test_nothing_is_pressed_when_the_intent_cannot_be_written(
    admin: FakeAdmin, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> int:
        raise LedgerTrouble(ledger="in memory", reason="disk I/O error")

    monkeypatch.setattr(admin.ledger.intents, "write", broken)
    with pytest.raises(LedgerTrouble), press(admin):
        pass
    assert (admin.did, admin.attempt.pressed, admin.listeners) == (["the client was tried"], False, {})


def test_trouble_of_the_browser_in_the_press_is_kept_and_not_raised(admin: FakeAdmin) -> None:
    logger.remove()
    admin.click_trouble = PlaywrightError("Locator.click: the page crashed\nCall log: ...")
    with press(admin) as known:
        assert known.press_trouble == "the page crashed"
    assert (admin.did[2:], admin.attempt.pressed) == (["note pressed"], True)


@pytest.mark.parametrize("seconds", [FRESH_SECONDS + 1, -1])
def test_a_run_that_stood_still_after_its_intent_or_whose_clock_was_set_does_not_press(
    admin: FakeAdmin, monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    monkeypatch.setattr(bot.cancel.confirm, "time", SimpleNamespace(time=lambda: 1000.0))
    monkeypatch.setattr(bot.cancel.wire, "time", SimpleNamespace(time=lambda: 1000.0 + seconds))
    with pytest.raises(StoodStill), press(admin):
        pass
    assert (admin.did, admin.attempt.pressed, admin.listeners) == (["the client was tried"], False, {})
    assert [intent.order for intent in admin.ledger.intents.waiting()] == [ORDER]


def test_whoever_made_the_admin_is_asked_before_anything_is_written_or_pressed(admin: FakeAdmin) -> None:
    def refuse(order: str) -> None:
        assert order == ORDER
        assert admin.ledger.intents.waiting() == []
        raise RunStopped(reason="Not here.")

    admin.may_commit = refuse
    with pytest.raises(RunStopped, match="Not here"), press(admin):
        pass
    assert (admin.did, admin.attempt.pressed, admin.listeners) == ([], False, {})
    assert admin.ledger.intents.waiting() == []


def test_an_interrupt_in_the_press_leaves_the_intent_open(admin: FakeAdmin) -> None:
    admin.click_trouble = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt), press(admin):
        pass
    assert ([intent.order for intent in admin.ledger.intents.waiting()], admin.attempt.pressed) == ([ORDER], True)
    assert admin.listeners == {}


def test_nobody_listens_after_the_block(admin: FakeAdmin) -> None:
    with press(admin):
        assert set(admin.listeners) == {"domcontentloaded", "requestfailed"}
    assert admin.listeners == {}


def test_a_claim_that_cannot_be_looked_up_is_not_ours(admin: FakeAdmin, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> bool:
        raise LedgerTrouble(ledger="in memory", reason="disk I/O error")

    logger.remove()
    monkeypatch.setattr(admin.ledger.claims, "holds", broken)
    with press(admin):
        assert not admin.wire.passages[0].still_ours()


# --- The answer ---

DATA = {"data": {"cancelOrder": {"uuid": "7f"}}}


@pytest.mark.parametrize(
    ("answered", "expected"),
    [
        (said(DATA), (Answer.OK, "")),
        (said({"data": {"cancelOrder": None}}), (Answer.OK, "")),
        (
            said({"errors": [{"message": "Unable to cancel Amazon order"}]}),
            (Answer.ERROR, "Unable to cancel Amazon order"),
        ),
        (said(DATA | {"errors": [{"message": "Not sent"}]}), (Answer.ERROR, "Not sent")),
        (said({"errors": "broken"}), (Answer.ERROR, "broken")),
        (said({"errors": [7]}), (Answer.ERROR, "7")),
        (said(DATA, status=500), (Answer.ERROR, "HTTP 500")),
        (said(DATA, status=503), (Answer.ERROR, "HTTP 503")),
        (said({"data": None}), (Answer.UNCLEAR, "it says neither yes nor no")),
        (said({"data": {"cancelOrder": False}}), (Answer.UNCLEAR, "it says neither yes nor no")),
        (said({"ajaxExpired": 1}), (Answer.ERROR, "the session has ended; the Admin asks to sign in")),
        (said("yes"), (Answer.UNCLEAR, "it could not be read")),
        (Answered(status=200, body=b"OK"), (Answer.UNCLEAR, "it could not be read")),
        (Answered(trouble="the connection was reset"), (Answer.NONE, "the connection was reset")),
        (Answered(status=307, headers={"Location": "/x"}), (Answer.UNCLEAR, "it leads to another address (HTTP 307)")),
    ],
)
def test_the_answer_on_the_wire_is_understood(
    admin: FakeAdmin, answered: Answered, expected: tuple[Answer, str]
) -> None:
    assert answer(admin, answered) == expected


def test_an_error_on_the_screen_wins_over_a_yes_on_the_wire(admin: FakeAdmin) -> None:
    admin.on_screen = {"error": ["Unable to  cancel\nAmazon order"], "success": ["Done"]}
    assert answer(admin, said(DATA)) == (Answer.ERROR, "Unable to cancel Amazon order")


def test_an_error_on_the_wire_wins_over_a_yes_on_the_screen(admin: FakeAdmin) -> None:
    admin.on_screen = {"success": ["Done"]}
    assert answer(admin, said({"errors": [{"message": "Not sent"}]})) == (Answer.ERROR, "Not sent")


def test_a_yes_on_the_screen_counts_when_the_wire_said_nothing(admin: FakeAdmin) -> None:
    admin.on_screen = {"success": ["Done"]}
    assert answer(admin) == (Answer.OK, "")


def test_a_yes_on_the_screen_does_not_count_when_the_answer_was_lost(admin: FakeAdmin) -> None:
    admin.on_screen = {"success": ["Done"]}
    assert answer(admin, Answered(trouble="the connection was reset")) == (
        Answer.NONE,
        "the connection was reset",
    )


def test_why_the_cancel_did_not_leave_is_told(admin: FakeAdmin) -> None:
    admin.on_screen = {"success": ["Done"]}
    assert answer(admin, stopped="the page sent two") == (Answer.NONE, "the page sent two")


def test_an_answer_that_arrived_counts_although_the_dialog_stayed_open(admin: FakeAdmin) -> None:
    admin.dialog_open = True
    assert answer(admin, said(DATA)) == (Answer.OK, "")


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
    assert answer(admin, said(DATA)) == (Answer.NONE, "Target page has been closed")


def test_a_long_answer_is_cut_before_it_is_kept(admin: FakeAdmin) -> None:
    kept = "A" * 1_000 + "... (10,000,000 characters)"
    assert answer(admin, said({"errors": [{"message": "A" * 10_000_000}]})) == (Answer.ERROR, kept)
    assert [intent.answer_words for intent in admin.ledger.intents.waiting()] == [kept]


def test_the_answer_is_in_the_ledger(admin: FakeAdmin) -> None:
    answer(admin, said({"errors": [{"message": "Unable to cancel Amazon order"}]}))
    assert [intent.answer_words for intent in admin.ledger.intents.waiting()] == ["Unable to cancel Amazon order"]


# --- The conclusion ---


def test_canceled_settles_the_intent(admin: FakeAdmin) -> None:
    known = heard(admin)
    conclude(cast(AdminPage, admin), known, Verdict(outcome=Outcome.CANCELED, message="So it is."))
    assert admin.ledger.intents.waiting() == []


def test_a_doubt_leaves_the_intent_open(admin: FakeAdmin) -> None:
    known = heard(admin)
    conclude(cast(AdminPage, admin), known, Verdict(outcome=Outcome.UNKNOWN, message="Nobody knows."))
    assert [intent.outcome for intent in admin.ledger.intents.waiting()] == [Outcome.UNKNOWN]


def test_a_ledger_that_fails_after_the_press_is_said_and_hides_no_answer(
    admin: FakeAdmin, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise LedgerTrouble(ledger="in memory", reason="disk I/O error")

    logger.remove()
    monkeypatch.setattr(admin.ledger.intents, "note_answer", broken)
    assert answer(admin, said(DATA)) == (Answer.OK, "")
    assert admin.said == [TROUBLE]


def test_a_ledger_that_fails_at_the_conclusion_is_said_and_leaves_the_intent_open(
    admin: FakeAdmin, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise LedgerTrouble(ledger="in memory", reason="disk I/O error")

    logger.remove()
    known = heard(admin)
    monkeypatch.setattr(admin.ledger.intents, "conclude", broken)
    conclude(cast(AdminPage, admin), known, Verdict(outcome=Outcome.CANCELED, message="So it is."))
    assert (admin.said, [intent.order for intent in admin.ledger.intents.waiting()]) == ([TROUBLE], [ORDER])


# --- The form of a cancel page ---


@pytest.mark.parametrize(
    ("answered", "expected"),
    [
        (Answered(status=200, body=b"a page"), None),
        (Answered(status=302, headers={"Location": "/admin/channel/amazon/index/key/1/#/store-details/7f"}), None),
        (Answered(status=404), (Answer.ERROR, "HTTP 404")),
        (
            Answered(status=403, body=b"<title>Attention Required! &amp; so on</title>"),
            (Answer.ERROR, "HTTP 403, a page called 'Attention Required! & so on'"),
        ),
        (
            Answered(status=302, headers={"location": "https://shop.example/admin/admin/auth/login/key/1/"}),
            (Answer.ERROR, "the session had ended, and the Admin asked to sign in"),
        ),
        (
            Answered(status=200, body=b'<form id="login-form"><input name="login[username]">'),
            (Answer.ERROR, "the session had ended, and the Admin asked to sign in"),
        ),
        (
            Answered(status=307, headers={"Location": "/x"}),
            (Answer.UNCLEAR, "it leads to another address (HTTP 307), which was not followed"),
        ),
        (Answered(trouble="the answer broke off"), (Answer.NONE, "the answer broke off")),
    ],
)
def test_the_answer_to_a_form_can_only_be_known_to_have_failed_on_the_wire(
    answered: Answered, expected: tuple[Answer, str] | None
) -> None:
    assert answer_to_form(answered) == expected
