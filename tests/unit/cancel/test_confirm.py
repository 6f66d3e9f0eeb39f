from collections.abc import Iterator
from types import SimpleNamespace
from typing import cast

import pytest
from loguru import logger
from playwright.sync_api import Error as PlaywrightError
from pressing_kit import HOST, ORDER, FakeAdmin, answer, heard, permit, press, said

import bot.cancel.confirm
import bot.cancel.wire
from bot.cancel.answers import answer_to_form
from bot.cancel.confirm import PRESS_SECONDS, conclude
from bot.cancel.endpoint import Answered
from bot.cancel.page import AdminPage
from bot.cancel.verdicts import Verdict
from bot.cancel.wire import FRESH_SECONDS
from bot.errors import HttpClientBlocked, IntentExpired, LedgerTrouble, PressedBefore, RunStopped, ScreenChanged
from bot.ledger import Ledger
from bot.outcomes import Answer, Outcome

TROUBLE = "The ledger in memory cannot be used: disk I/O error"


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    with Ledger.in_memory() as ledger:
        yield ledger


@pytest.fixture
def admin(ledger: Ledger) -> FakeAdmin:
    return FakeAdmin(ledger)


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
    admin.wire.trouble = HttpClientBlocked(why="self-signed certificate")
    with pytest.raises(HttpClientBlocked), press(admin):
        pass
    assert (admin.did, admin.attempt.pressed, admin.ledger.intents.waiting()) == (["the client was tried"], False, [])


def test_another_confirm_than_the_permits_is_not_pressed_and_no_intent_is_written(admin: FakeAdmin) -> None:
    admin.confirm += 1
    with pytest.raises(ScreenChanged) as refused, press(admin):
        pass
    assert (
        str(refused.value) == "The cancel dialog has changed unexpectedly: Confirm is not the button that was checked."
    )
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
    with pytest.raises(IntentExpired), press(admin):
        pass
    assert (admin.did, admin.attempt.pressed, admin.listeners) == (["the client was tried"], False, {})
    assert [intent.order for intent in admin.ledger.intents.waiting()] == [ORDER]


def test_the_code_that_made_the_admin_is_asked_before_anything_is_written_or_pressed(admin: FakeAdmin) -> None:
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
    def dead(look: object, **more: object) -> None:
        raise PlaywrightError("Page.evaluate: Target page has been closed")

    monkeypatch.setattr(admin, "until", dead)
    assert answer(admin, said(DATA)) == (Answer.NONE, "the browser ended before an answer came")


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
