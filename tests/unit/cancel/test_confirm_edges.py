"""Confirm, at its edges: what the page said before, whose order it is, and the page that answers a form."""

import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
from log_kit import logged
from playwright.sync_api import Error as PlaywrightError
from pressing_kit import CANCEL_PAGE, HOST, ORDER, FakeAdmin, answer, heard, press, said

import bot.cancel.confirm
import bot.cancel.wire
from bot.cancel.confirm import ANSWER_SHOWS, Heard, await_answer, conclude
from bot.cancel.endpoint import Answered
from bot.cancel.page import AdminPage
from bot.cancel.verdicts import Verdict
from bot.cancel.wire import FRESH_SECONDS
from bot.errors import LedgerTrouble
from bot.ledger import Ledger
from bot.outcomes import Answer, Outcome
from bot.vocabulary import Status

MOVED = Answered(status=302, headers={"Location": "/admin/channel/amazon/index/"})
"""How a form is answered: by another page."""
NOTHING = (Answer.NONE, "nothing was answered in time")


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    with Ledger.in_memory() as ledger:
        yield ledger


@pytest.fixture
def admin(ledger: Ledger) -> FakeAdmin:
    return FakeAdmin(ledger)


@pytest.fixture
def classic(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> FakeAdmin:
    """An Admin where a page answers; its clock goes on only while it waits for that page."""
    admin = FakeAdmin(ledger, CANCEL_PAGE)
    monkeypatch.setattr(bot.cancel.confirm, "time", SimpleNamespace(time=time.time, monotonic=lambda: admin.seconds))
    return admin


def awaited(admin: FakeAdmin, known: Heard) -> tuple[Answer, str]:
    return await_answer(cast(AdminPage, admin), known)


def broken(*_: object) -> bool:
    raise LedgerTrouble(ledger="in memory", reason="disk I/O error")


# --- The press ------------------------------------------------------------------------------------------------------


def test_the_passage_is_for_the_page_that_is_open_and_waits_as_long_as_the_admin_does(admin: FakeAdmin) -> None:
    with press(admin):
        pass
    (passage,) = admin.wire.passages
    assert passage.page is cast(Any, admin)
    assert passage.patience == 15


def test_the_press_is_in_the_trail_with_its_intent(admin: FakeAdmin) -> None:
    with press(admin) as known:
        pass
    assert admin.noted == {"intent": known.intent}
    assert [intent.intent for intent in admin.ledger.intents.waiting()] == [known.intent]


def test_an_intent_is_as_old_as_the_moment_before_it_was_written(
    admin: FakeAdmin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bot.cancel.confirm, "time", SimpleNamespace(time=lambda: 1000.0))
    monkeypatch.setattr(bot.cancel.wire, "time", SimpleNamespace(time=lambda: 1000.0 + FRESH_SECONDS))
    with press(admin):
        assert admin.attempt.pressed
    assert admin.wire.passages[0].begun == 1000.0


def test_whose_order_it_is_is_asked_of_the_ledger_for_this_order_of_this_admin(
    admin: FakeAdmin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admin.ledger.claims, "holds", lambda *asked: asked != (HOST, ORDER))
    with press(admin):
        assert not admin.wire.passages[0].still_ours()


def test_why_nothing_may_leave_is_logged_where_the_ledger_cannot_be_asked(
    admin: FakeAdmin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admin.ledger.claims, "holds", broken)
    with press(admin), logged("ERROR") as lines:
        admin.wire.passages[0].still_ours()
    assert lines == ["before the cancel could leave: The ledger in memory cannot be used: disk I/O error"]


def test_trouble_of_the_browser_in_the_press_is_logged(admin: FakeAdmin) -> None:
    admin.click_trouble = PlaywrightError("Locator.click: the page crashed\nCall log: ...")
    with logged("ERROR") as lines, press(admin):
        pass
    assert lines == ["pressing Confirm ended with: the page crashed"]


# --- What the page said before the press ----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["error", "success"])
def test_words_from_before_the_press_are_no_answer_to_it(admin: FakeAdmin, kind: str) -> None:
    admin.on_screen = {kind: ["It is  done"]}
    with press(admin) as known:
        assert awaited(admin, known) == NOTHING


@pytest.mark.parametrize(("kind", "answered"), [("error", (Answer.ERROR, "It is done")), ("success", (Answer.OK, ""))])
def test_the_same_words_a_second_time_are_an_answer(admin: FakeAdmin, kind: str, answered: tuple[Answer, str]) -> None:
    admin.on_screen = {kind: ["It is done"]}
    with press(admin) as known:
        admin.on_screen = {kind: ["It is done", "It is done"]}
        assert awaited(admin, known) == answered


def test_one_look_waits_for_an_error_and_for_the_end_of_the_dialog(admin: FakeAdmin) -> None:
    answer(admin)
    assert admin.looked_for == [(("answer", {"some": ["error"]}), ("cancel_dialog", {"never": ["confirm"]}))]
    assert admin.moment == ANSWER_SHOWS


@pytest.mark.parametrize(
    ("arrived", "shows", "told"),
    [
        ({"data": {"cancelOrder": {"uuid": "7f"}}}, {"error": ["Not now"]}, (Answer.ERROR, "Not now")),
        ({"data": {"cancelOrder": {"uuid": "7f"}}}, {}, (Answer.OK, "")),
        ({"errors": [{"message": "Refused"}]}, {}, (Answer.ERROR, "Refused")),
    ],
)
def test_an_answer_that_arrives_while_the_page_is_looked_at_is_held_against_the_page_as_it_is_then(
    admin: FakeAdmin, arrived: object, shows: dict[str, list[str]], told: tuple[Answer, str]
) -> None:
    known = heard(admin)
    admin.dialog_open = True

    def arrive() -> None:
        known.passage.answered = said(arrived)
        admin.on_screen, admin.dialog_open = shows, False

    admin.once_looked_at = arrive
    assert awaited(admin, known) == told
    assert len(admin.looked_for) == 2


def test_an_answer_that_was_there_before_is_looked_at_once(admin: FakeAdmin) -> None:
    assert answer(admin, said({"data": {"cancelOrder": {"uuid": "7f"}}})) == (Answer.OK, "")
    assert len(admin.looked_for) == 1


def test_an_error_is_told_although_the_dialog_is_still_open(admin: FakeAdmin) -> None:
    admin.dialog_open = True
    admin.on_screen = {"error": ["No"], "success": ["Yes"]}
    assert answer(admin, said({"data": {"cancelOrder": {"uuid": "7f"}}})) == (Answer.ERROR, "No")


def test_an_error_on_the_wire_is_told_at_once_although_the_dialog_stays_open(admin: FakeAdmin) -> None:
    admin.dialog_open = True
    assert answer(admin, said({"errors": [{"message": "Not sent"}]})) == (Answer.ERROR, "Not sent")
    assert admin.was_seen_at_once


def test_an_error_on_the_wire_is_told_with_its_spaces_mended(admin: FakeAdmin) -> None:
    assert answer(admin, said({"errors": [{"message": "Not\n  sent"}]})) == (Answer.ERROR, "Not sent")


def test_an_answer_on_the_wire_is_not_taken_for_words_of_the_page(admin: FakeAdmin) -> None:
    admin.on_screen = {"messages": ["Please wait"]}
    assert answer(admin, said({"data": {"cancelOrder": {"uuid": "7f"}}})) == (Answer.OK, "")


# --- The page that answers a form -----------------------------------------------------------------------------------


def test_the_page_that_came_says_that_the_order_was_canceled(classic: FakeAdmin) -> None:
    classic.on_screen = {"success": ["Submitted to Amazon"]}
    known = heard(classic, MOVED)
    known.page_came = True
    assert (awaited(classic, known), classic.seconds) == ((Answer.OK, ""), 0)


def test_the_page_that_came_says_why_it_was_not(classic: FakeAdmin) -> None:
    classic.on_screen = {"error": ["Unable to cancel"], "success": ["Submitted to Amazon"]}
    known = heard(classic, MOVED)
    known.page_came = True
    assert awaited(classic, known) == (Answer.ERROR, "Unable to cancel")


@pytest.mark.parametrize(
    ("words", "told"), [(["Please\n wait", "Really"], "Please wait Really"), ([], "")], ids=["words", "no words"]
)
def test_a_page_that_came_and_says_neither_is_not_understood(classic: FakeAdmin, words: list[str], told: str) -> None:
    classic.on_screen = {"messages": words}
    known = heard(classic, MOVED)
    known.page_came = True
    assert awaited(classic, known) == (Answer.UNCLEAR, told)


def test_a_page_that_never_comes_to_rest_gives_no_answer(classic: FakeAdmin) -> None:
    classic.is_quiet = False
    known = heard(classic, MOVED)
    known.page_came = True
    assert awaited(classic, known) == NOTHING


def test_while_the_cancel_page_is_open_its_words_are_no_answer(classic: FakeAdmin) -> None:
    classic.dialog_open = True
    classic.on_screen = {"success": ["Submitted to Amazon"]}
    known = heard(classic, MOVED)
    known.page_came = True
    assert awaited(classic, known) == NOTHING


def test_the_page_is_waited_for_until_it_comes(classic: FakeAdmin) -> None:
    """The answer that leads to it is not enough, and neither is a page before the answer."""
    classic.on_screen = {"success": ["Submitted to Amazon"]}
    known = heard(classic)

    def as_time_passes(seconds: float) -> None:
        known.page_came = seconds >= 0.5
        known.passage.answered = MOVED if seconds >= 1 else None

    classic.as_time_passes = as_time_passes
    assert (awaited(classic, known), classic.seconds) == ((Answer.OK, ""), 1.0)


def test_an_answer_is_not_the_page_that_it_leads_to(classic: FakeAdmin) -> None:
    classic.on_screen = {"success": ["Submitted to Amazon"]}
    known = heard(classic, MOVED)

    def as_time_passes(seconds: float) -> None:
        known.page_came = seconds >= 0.5

    classic.as_time_passes = as_time_passes
    assert (awaited(classic, known), classic.seconds) == ((Answer.OK, ""), 0.5)


def test_a_page_that_does_not_come_in_time_gives_no_answer(classic: FakeAdmin) -> None:
    """Words of the page that is still there are not those of the page that should have come."""
    classic.patience = 0.6
    classic.on_screen = {"success": ["Submitted to Amazon"], "messages": ["Submitted to Amazon"]}
    assert answer(classic, MOVED) == NOTHING
    assert classic.seconds == pytest.approx(0.6)


@pytest.mark.parametrize(
    ("answered", "told"),
    [
        (Answered(status=400), (Answer.ERROR, "HTTP 400")),
        (Answered(status=404), (Answer.ERROR, "HTTP 404")),
        (Answered(trouble="the connection was reset"), (Answer.NONE, "the connection was reset")),
    ],
)
def test_a_form_that_was_refused_or_not_answered_leads_to_no_page(
    classic: FakeAdmin, answered: Answered, told: tuple[Answer, str]
) -> None:
    known = heard(classic, answered)
    known.page_lost = "net::ERR_ABORTED"  # which is how the browser tells of it
    assert (awaited(classic, known), classic.seconds) == (told, 0)


def test_a_page_that_was_lost_on_its_way_is_told(classic: FakeAdmin) -> None:
    known = heard(classic, MOVED)
    known.page_lost = "net::ERR_CONNECTION_RESET"
    assert (awaited(classic, known), classic.seconds) == ((Answer.NONE, "net::ERR_CONNECTION_RESET"), 0)


def test_a_form_that_was_not_let_out_is_not_waited_for(classic: FakeAdmin) -> None:
    assert (answer(classic, stopped="it names order 7"), classic.seconds) == ((Answer.NONE, "it names order 7"), 0)


def test_a_browser_that_dies_while_the_page_is_waited_for_gives_no_answer(classic: FakeAdmin) -> None:
    def as_time_passes(seconds: float) -> None:
        raise PlaywrightError("Page.wait_for_event: Target page has been closed")

    classic.as_time_passes = as_time_passes
    assert answer(classic, MOVED) == (Answer.NONE, "the browser ended before an answer came")


def test_the_page_is_heard_to_come_or_to_be_lost(classic: FakeAdmin) -> None:
    def lost(failure: str | None, *, frame: Any = classic.main_frame, navigates: bool = True) -> None:
        asked = SimpleNamespace(is_navigation_request=lambda: navigates, frame=frame, failure=failure)
        classic.listeners["requestfailed"](asked)

    with press(classic) as known:
        assert (known.page_came, known.page_lost) == (False, "")
        lost("a picture", navigates=False)
        lost("a frame", frame=object())
        assert known.page_lost == ""
        lost("net::ERR_CONNECTION_RESET")
        assert known.page_lost == "net::ERR_CONNECTION_RESET"
        lost(None)
        assert known.page_lost == "the connection was cut"
        classic.listeners["domcontentloaded"](classic)
        assert known.page_came


# --- The conclusion -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("outcome", [Outcome.UNKNOWN, Outcome.CANCELED_NOT_SENT])
def test_an_order_in_doubt_that_read_canceled_is_kept_as_seen(admin: FakeAdmin, outcome: Outcome) -> None:
    known = heard(admin)
    verdict = Verdict(outcome=outcome, message="", status_after=Status.CANCELED)
    conclude(cast(AdminPage, admin), known, verdict)
    assert admin.ledger.intents.was_seen(known.intent, Status.CANCELED)


@pytest.mark.parametrize(
    ("outcome", "status"),
    [(Outcome.CANCELED, Status.CANCELED), (Outcome.UNKNOWN, Status.UNSHIPPED), (Outcome.UNKNOWN, None)],
)
def test_nothing_else_is_kept_as_a_later_look(admin: FakeAdmin, outcome: Outcome, status: Status | None) -> None:
    known = heard(admin)
    conclude(cast(AdminPage, admin), known, Verdict(outcome=outcome, message="", status_after=status))
    assert [intent.looked_at for intent in admin.ledger.intents.of_run(admin.ledger.runs.current)] == [""]
    assert not admin.ledger.intents.was_seen(known.intent, Status.CANCELED)


def test_a_look_that_cannot_be_kept_is_said_and_hides_no_outcome(
    admin: FakeAdmin, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = heard(admin)
    monkeypatch.setattr(admin.ledger.intents, "note_look", broken)
    verdict = Verdict(outcome=Outcome.UNKNOWN, message="", status_after=Status.CANCELED)
    with logged("ERROR") as lines:
        conclude(cast(AdminPage, admin), known, verdict)
    assert lines == ["after Confirm: The ledger in memory cannot be used: disk I/O error"]
    assert admin.said == ["The ledger in memory cannot be used: disk I/O error"]
    assert [intent.outcome for intent in admin.ledger.intents.waiting()] == [Outcome.UNKNOWN]
