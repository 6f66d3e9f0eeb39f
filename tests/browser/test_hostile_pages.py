"""Pages that change under the hand, lie, or hold words that mean something else there: nothing wrong is pressed."""

import errno
import os
import shutil
import sqlite3
from pathlib import Path

import pytest
from practice_kit import (
    CANCELED,
    LOOK,
    MAKE_ROOM,
    NOT_FOLLOWED,
    AtStep,
    Cancels,
    MakeJob,
    Verdicts,
    arrived,
    failed,
    refused,
)

from bot.admin import Admin
from bot.cancel.endpoint import Answered
from bot.cancel.verdicts import Verdict
from bot.evidence.recorder import Recorder
from bot.evidence.store import LocalStore
from bot.ledger import Ledger
from bot.outcomes import Outcome
from bot.sandbox import Sandbox
from bot.vocabulary import Status
from flows.open_order import open_order, open_store

one_face = pytest.mark.face("spectrum", only=True)
"""For what has nothing to do with how a page is marked up."""

pytestmark = pytest.mark.sampled(3)

REWRITE = """([before, after]) => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        if (node.data.trim() === before) node.data = after;
    }
}"""
"""Writes other words wherever a piece of text is ``before``."""


# --- The page changes between one look and the next ---------------------------------------------------------------


def test_a_status_that_changes_while_the_dialog_is_open_stops_the_cancel(
    verdicts: Verdicts, job: MakeJob, sandbox: Sandbox, admin: Admin, at_step: AtStep
) -> None:
    at_step["press_confirm"] = lambda: admin.page.evaluate(REWRITE, ["Unshipped", "Shipped"])
    assert verdicts(job("unshipped_recent"), attempts=3) == [
        refused("The order's status has become 'Shipped'; only Unshipped can be canceled.")
    ]
    assert "cancelOrder" not in sandbox.journal.operations


@one_face
def test_an_address_that_changes_while_the_dialog_is_open_stops_the_cancel(
    verdicts: Verdicts, job: MakeJob, sandbox: Sandbox, admin: Admin, at_step: AtStep
) -> None:
    move = "(number) => history.replaceState(null, '', location.href.replace(/[^/]+$/, number))"
    at_step["press_confirm"] = lambda: admin.page.evaluate(move, "112-1215998-3002089")
    assert verdicts(job("unshipped_recent"), attempts=3) == [
        refused("The page's address is that of order 112-1215998-3002089, not 112-1215998-3002091.")
    ]
    assert "cancelOrder" not in sandbox.journal.operations


@one_face
def test_an_imported_order_whose_address_proves_nothing_is_refused(
    verdicts: Verdicts, job: MakeJob, sandbox: Sandbox, admin: Admin, at_step: AtStep
) -> None:
    at_step["press_confirm"] = lambda: admin.page.evaluate("() => history.replaceState(null, '', '#/order')")
    assert verdicts(job("imported"), attempts=3) == [
        refused(
            f"The page shows order {sandbox.shop.example('imported').commerce_number!r} "
            "and nothing on it proves that this is 111-1071022-7105009."
        )
    ]
    assert "cancelOrder" not in sandbox.journal.operations


def test_a_reason_that_does_not_stay_chosen_stops_the_cancel(
    verdicts: Verdicts, job: MakeJob, sandbox: Sandbox, admin: Admin, at_step: AtStep
) -> None:
    choose_another = """() => {
        const select = document.querySelector('dialog select');
        if (select) select.value = 'NoInventory';
        else document.querySelector('[role$=dialog] [aria-haspopup=listbox] span').textContent = 'No Inventory';
    }"""
    at_step["press_confirm"] = lambda: admin.page.evaluate(choose_another)
    assert verdicts(job("unshipped_recent"), attempts=3) == [
        refused("The dialog shows the reason 'No Inventory', not 'Buyer Canceled'.")
    ]
    assert "cancelOrder" not in sandbox.journal.operations


@one_face
def test_a_total_that_is_not_the_one_in_the_list_is_refused(
    verdicts: Verdicts, job: MakeJob, sandbox: Sandbox, admin: Admin, at_step: AtStep
) -> None:
    at_step["open_cancel_dialog"] = lambda: admin.page.evaluate(REWRITE, ["121.80", "21.80"])
    assert verdicts(job("unshipped_recent"), attempts=3) == [
        refused("The order's page says a total of '21.80', the list that led to it '$ 121.80'.")
    ]
    assert "cancelOrder" not in sandbox.journal.operations


def test_a_status_that_stands_there_twice_is_not_believed(
    verdicts: Verdicts, job: MakeJob, sandbox: Sandbox, admin: Admin, at_step: AtStep
) -> None:
    add = "() => document.getElementById('root').append(Object.assign(document.createElement('p'), "
    at_step["open_cancel_dialog"] = lambda: admin.page.evaluate(add + "{ textContent: 'Status: Unshipped' }))")
    assert verdicts(job("unshipped_recent")) == [
        failed("The order's page has changed unexpectedly: The page does not say the order's status.")
    ]
    assert "cancelReasons" not in sandbox.journal.operations


# --- More on the page than there should be ------------------------------------------------------------------------


def test_a_second_cancel_order_button_leaves_both_alone(
    verdicts: Verdicts, job: MakeJob, sandbox: Sandbox, admin: Admin, at_step: AtStep
) -> None:
    double = """() => {
        const button = [...document.querySelectorAll('button')].find((each) => each.textContent === 'Cancel Order');
        button.after(button.cloneNode(true));
    }"""
    at_step["open_cancel_dialog"] = lambda: admin.page.evaluate(double)
    assert verdicts(job("unshipped_recent")) == [
        failed(
            "The order's page: cancel_order (opens the dialog; only there while the order is Unshipped) was found "
            "2 times, so none of them was used."
        )
    ]
    assert "cancelReasons" not in sandbox.journal.operations


def test_buttons_with_like_names_are_never_pressed(
    verdicts: Verdicts, job: MakeJob, cancels: Cancels, admin: Admin, at_step: AtStep
) -> None:
    admin.page.evaluate("() => sessionStorage.removeItem('pressed')")
    decoys = """() => {
        const decoy = (label) => {
            const button = document.createElement('button');
            button.textContent = label;
            button.addEventListener('click', () => sessionStorage.setItem('pressed', label));
            document.getElementById('root').prepend(button);
        };
        ['Cancel', 'Confirm', 'Confirm all', 'Cancel Order now', 'Cancel Orders', 'OK'].forEach(decoy);
        addEventListener('beforeunload', (event) => event.preventDefault());
    }"""
    at_step["open_cancel_dialog"] = lambda: admin.page.evaluate(decoys)
    order = job("imported")
    assert verdicts(order) == [CANCELED]
    assert cancels() == arrived(order)
    assert admin.page.evaluate("() => sessionStorage.getItem('pressed')") is None


def test_a_box_that_lies_over_confirm_keeps_it_from_being_pressed(
    verdicts: Verdicts, job: MakeJob, sandbox: Sandbox, admin: Admin, at_step: AtStep
) -> None:
    cover = """() => {
        const box = document.createElement('div');
        box.style = 'position: fixed; inset: 0; z-index: 99999';
        document.querySelector('section[role$=dialog], dialog').append(box);
    }"""

    def lay_it() -> None:
        admin.page.evaluate(cover)
        admin.patience = 2

    at_step["press_confirm"] = lay_it
    assert verdicts(job("unshipped_recent")) == [
        failed("The cancel dialog: something covers confirm (cancels the order; cannot be undone).")
    ]
    assert "cancelOrder" not in sandbox.journal.operations


def test_an_order_number_that_leads_to_seller_central_is_not_followed(
    verdicts: Verdicts, job: MakeJob, sandbox: Sandbox, admin: Admin, at_step: AtStep
) -> None:
    lead_away = """() => document.querySelectorAll('#root a').forEach((link) => {
        if (/^[0-9-]{19}$/.test(link.textContent)) link.href = 'https://sellercentral.example/' + link.textContent;
    })"""
    at_step["open_order"] = lambda: admin.page.evaluate(lead_away)
    assert verdicts(job("unshipped_recent")) == [
        failed(
            "The store's dashboard: order_link leads to sellercentral.example, which is not the Admin; "
            "it was not followed.",
            NOT_FOLLOWED,
        )
    ]
    assert "orderDetails" not in sandbox.journal.operations


# --- Words that mean something else in this place -----------------------------------------------------------------


@one_face
@pytest.mark.parametrize("words", ["Unable to cancel Amazon order", "The order has been canceled."])
def test_notes_that_read_like_an_answer_are_none(
    verdicts: Verdicts, job: MakeJob, cancels: Cancels, sandbox: Sandbox, words: str
) -> None:
    sandbox.shop.example("unshipped_recent").notes = words
    order = job("unshipped_recent")
    assert verdicts(order) == [CANCELED]
    assert cancels() == arrived(order)


@pytest.mark.thorough
def test_names_and_notes_that_read_like_messages_of_the_admin_are_none(
    job: MakeJob, sandbox: Sandbox, admin: Admin
) -> None:
    order = sandbox.shop.example("unshipped_recent")
    order.buyer = "404 Error"
    order.notes = (
        "Authentication failed. Your current session is terminated. Sorry, you need permissions to view this content. "
        "The account sign-in was incorrect or your account is disabled temporarily."
    )
    admin.reload()
    open_store(admin, order.store)
    admin.notice_interruptions()
    open_order(admin, job("unshipped_recent"))
    admin.notice_interruptions()


@pytest.mark.thorough
def test_buyers_may_be_called_anything(verdicts: Verdicts, job: MakeJob, cancels: Cancels, sandbox: Sandbox) -> None:
    names = {
        "111-1071022-7105018": "",
        "111-1071022-7105016": "<b>Robert</b>'); DROP TABLE orders;--",
        "111-1071022-7105014": "Anne  Status: Canceled " + "Long" * 40,
        "111-1071022-7105009": "עומר O’Brien \u202eabc",
    }
    for number, words in names.items():
        sandbox.shop.order("asc-v2-2.3-magentocommerce", number).buyer = words
    jobs = [job("imported", order=number) for number in names]
    assert verdicts(*jobs) == [CANCELED] * len(jobs)
    assert cancels() == arrived(*jobs)


def test_a_status_that_the_pack_has_no_word_for_is_not_guessed(
    verdicts: Verdicts, job: MakeJob, sandbox: Sandbox, admin: Admin
) -> None:
    # The page rewrites itself, as one in another language, or of a later version, would read.
    watch = f"() => new MutationObserver(() => ({REWRITE})(['Unshipped', 'Not yet shipped'])).observe("
    admin.page.add_init_script(f"({watch}document, {{ childList: true, subtree: true }}))()")
    admin.reload()
    assert verdicts(job("unshipped_recent")) == [
        Verdict(
            outcome=Outcome.NOT_CANCELABLE,
            message="The order's status reads 'Not yet shipped', which is not a status that the pack knows.",
            next_step="Look at the order in the Admin; if the words are right, add them to the statuses in pack.yaml.",
        )
    ]
    assert "cancelReasons" not in sandbox.journal.operations


# --- Answers that are not what they seem --------------------------------------------------------------------------


@one_face
@pytest.mark.parametrize(
    ("answer", "message"),
    [
        pytest.param(
            Answered(status=200, body=b'{"data": {"cancelOrder": {"uuid": "7f"}}}'),
            "Confirm was pressed and no error was answered, but the order's page says Unshipped.",
            id="a yes",
        ),
        pytest.param(
            Answered(status=502, body=b"Bad gateway"),
            "Confirm was pressed and an error was answered (HTTP 502), but the order's page says Unshipped.",
            id="HTTP 502",
        ),
        pytest.param(
            Answered(status=200, headers={"content-type": "text/html"}, body=b"<html>Please sign in</html>"),
            "Confirm was pressed and the answer could not be understood (a page in place of data), "
            "but the order's page says Unshipped.",
            id="a page",
        ),
    ],
)
def test_an_answer_alone_proves_nothing(
    verdicts: Verdicts,
    job: MakeJob,
    cancels: Cancels,
    admin: Admin,
    monkeypatch: pytest.MonkeyPatch,
    answer: Answered,
    message: str,
) -> None:
    # Something between this machine and the Admin answers, and the cancel never arrives.
    monkeypatch.setattr(admin.wire, "_send", lambda *_: answer)
    monkeypatch.setattr(admin.wire, "try_out", lambda *_: None)
    assert verdicts(job("unshipped_recent"), attempts=3) == [
        Verdict(
            outcome=Outcome.UNKNOWN,
            message=message,
            next_step=LOOK,
            status_before=Status.UNSHIPPED,
            status_after=Status.UNSHIPPED,
        )
    ]
    assert cancels() == []


# --- What cannot be written down ----------------------------------------------------------------------------------


@one_face
def test_without_evidence_nothing_is_pressed(
    verdicts: Verdicts, job: MakeJob, sandbox: Sandbox, admin: Admin, tmp_path: Path
) -> None:
    order = job("unshipped_recent")
    admin.recorder = Recorder(LocalStore(tmp_path))
    admin.recorder.begin(order.order)
    (tmp_path / "evidence").touch()  # a file where a folder must be
    why = os.strerror(errno.ENOTDIR)
    assert verdicts(order) == [
        failed(
            f"The evidence could not be written ({why}), and no order is canceled without it.",
            MAKE_ROOM,
        )
    ]
    assert "cancelReasons" not in sandbox.journal.operations


@one_face
def test_evidence_that_is_lost_after_confirm_hides_no_outcome(
    verdicts: Verdicts, job: MakeJob, cancels: Cancels, admin: Admin, at_step: AtStep, tmp_path: Path
) -> None:
    def lose_it() -> None:
        shutil.rmtree(tmp_path / "evidence")
        (tmp_path / "evidence").touch()

    order = job("unshipped_recent")
    admin.recorder = Recorder(LocalStore(tmp_path))
    admin.recorder.begin(order.order)
    at_step["press_confirm"] = lose_it
    assert verdicts(order) == [CANCELED]
    assert cancels() == arrived(order)


@one_face
def test_an_intent_that_cannot_be_written_keeps_confirm_from_being_pressed(
    verdicts: Verdicts, job: MakeJob, sandbox: Sandbox, admin: Admin, at_step: AtStep, tmp_path: Path
) -> None:
    def damage_it() -> None:
        with sqlite3.connect(file) as connection:
            connection.execute("DROP TABLE intents")
        connection.close()

    file = tmp_path / "ledger.sqlite"
    at_step["press_confirm"] = damage_it
    with Ledger.open(file) as admin.ledger:
        (verdict,) = verdicts(job("unshipped_recent"), attempts=3)
    assert verdict == Verdict(
        outcome=Outcome.FAILED,
        message=f"The ledger {file} cannot be used: no such table: intents. If another program holds it, "
        "end that one; if it is damaged, move it away and keep it: it is the only memory of what was pressed.",
    )
    assert "cancelOrder" not in sandbox.journal.operations
