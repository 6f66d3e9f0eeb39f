"""The two decision tables, row by row."""

import pytest

from bot.outcomes import Outcome
from bot.verdicts import Answer, Verdict, after_confirm, before_confirm, pressed_before, unknown_status
from bot.vocabulary import Status

LOOK = (
    "Look the order up in Seller Central. Do not run it again before you know: "
    "if it is still open there, cancel it there."
)
IN_SELLER_CENTRAL = "Cancel it in Seller Central: orders with this status cannot be canceled in the Admin."
RETURN = "It has left: handle it as a return or an exchange in Seller Central."
NOT_CANCELED = [status for status in Status if status is not Status.CANCELED]

# --- Before Confirm ---


def test_only_an_unshipped_order_goes_on() -> None:
    assert [status for status in Status if before_confirm(status) is None] == [Status.UNSHIPPED]


@pytest.mark.parametrize(
    ("status", "next_step"),
    [
        (
            Status.PENDING,
            f"Wait until the payment is verified and the order reads Unshipped, or: {IN_SELLER_CENTRAL}",
        ),
        (
            Status.PENDING_AVAILABILITY,
            f"A pre-order: wait until it can ship and the order reads Unshipped, or: {IN_SELLER_CENTRAL}",
        ),
        (Status.PARTIALLY_SHIPPED, IN_SELLER_CENTRAL),
        (Status.SHIPPED, RETURN),
        (Status.COMPLETED, RETURN),
        (
            Status.ERROR,
            "Resolve what the order's notes say first; then run it again or cancel it in Seller Central.",
        ),
    ],
)
def test_a_status_that_cannot_be_canceled_has_the_manuals_next_step(status: Status, next_step: str) -> None:
    assert before_confirm(status) == Verdict(
        outcome=Outcome.NOT_CANCELABLE,
        message=f"The order's status is {status}; only Unshipped orders can be canceled here.",
        next_step=next_step,
        status_before=status,
    )


def test_a_canceled_order_needs_nothing_more() -> None:
    assert before_confirm(Status.CANCELED) == Verdict(
        outcome=Outcome.ALREADY_CANCELED,
        message="The order was already canceled; nothing was pressed.",
        status_before=Status.CANCELED,
    )


def test_words_that_are_no_status_are_repeated_and_nothing_is_canceled() -> None:
    assert unknown_status("Unshiped") == Verdict(
        outcome=Outcome.NOT_CANCELABLE,
        message="The order's status reads 'Unshiped', which is no status that the pack knows.",
        next_step="Look at the order in the Admin; if the words are right, add them to the statuses in pack.yaml.",
    )


@pytest.mark.parametrize("status", [*Status, None])
@pytest.mark.parametrize("known", [*Outcome, None])
def test_an_earlier_press_is_never_a_success(known: Outcome | None, status: Status | None) -> None:
    verdict = pressed_before("run", "then", known, status)
    expected = Outcome.CANCELED_NOT_SENT if known is Outcome.CANCELED_NOT_SENT else Outcome.UNKNOWN
    assert (verdict.outcome, verdict.status_before, verdict.next_step) == (expected, status, LOOK)


def test_an_earlier_press_says_in_which_run_and_what_came_of_it() -> None:
    earlier = ("20240131-120000", "2024-01-31T12:00:00Z")
    assert pressed_before(*earlier, Outcome.CANCELED_NOT_SENT, Status.CANCELED).message == (
        "Confirm may have been pressed in run 20240131-120000 (2024-01-31T12:00:00Z) and it became canceled_not_sent; "
        "the order now reads Canceled. Nothing was pressed this time."
    )
    assert pressed_before(*earlier, None, None).message == (
        "Confirm may have been pressed in run 20240131-120000 (2024-01-31T12:00:00Z) and what came of it was never "
        "seen; the order now reads something else. Nothing was pressed this time."
    )


# --- After Confirm ---


@pytest.mark.parametrize("status", [*Status, None])
@pytest.mark.parametrize("answer", list(Answer))
def test_only_both_proofs_together_are_a_success(answer: Answer, status: Status | None) -> None:
    expected = Outcome.UNKNOWN
    if status is Status.CANCELED and answer is not Answer.NONE:
        expected = Outcome.CANCELED if answer is Answer.OK else Outcome.CANCELED_NOT_SENT
    verdict = after_confirm(answer, "words", status)
    assert verdict.outcome is expected
    assert verdict.status_after is status
    assert (verdict.next_step == "") is (expected is Outcome.CANCELED)


def test_no_error_and_canceled_is_canceled() -> None:
    assert after_confirm(Answer.OK, "", Status.CANCELED) == Verdict(
        outcome=Outcome.CANCELED,
        message="Canceled: no error was answered and the order's page, opened anew, says Canceled.",
        status_after=Status.CANCELED,
    )


def test_an_error_and_canceled_was_not_sent_to_amazon() -> None:
    assert after_confirm(Answer.ERROR, "Unable to cancel Amazon order", Status.CANCELED) == Verdict(
        outcome=Outcome.CANCELED_NOT_SENT,
        message="The Admin says Canceled but answered with an error (Unable to cancel Amazon order): "
        "Amazon was probably never told.",
        next_step="Cancel it in Seller Central now: the Admin no longer offers to, "
        "and the buyer's order is still open.",
        status_after=Status.CANCELED,
    )


def test_canceled_without_an_answer_is_unknown() -> None:
    assert after_confirm(Answer.NONE, "net::ERR_CONNECTION_RESET", Status.CANCELED) == Verdict(
        outcome=Outcome.UNKNOWN,
        message="The order's page says Canceled, but no answer came (net::ERR_CONNECTION_RESET): "
        "whether Amazon was told is not known.",
        next_step=LOOK,
        status_after=Status.CANCELED,
    )


@pytest.mark.parametrize("status", NOT_CANCELED)
@pytest.mark.parametrize(
    ("answer", "words", "answered"),
    [
        (Answer.OK, "", "no error was answered"),
        (Answer.OK, "ignored", "no error was answered"),
        (Answer.ERROR, "", "an error was answered"),
        (Answer.ERROR, "HTTP 500", "an error was answered (HTTP 500)"),
        (Answer.NONE, "", "no answer came"),
        (Answer.NONE, "cut off", "no answer came (cut off)"),
    ],
)
def test_a_press_after_which_the_page_says_something_else_is_unknown(
    answer: Answer, words: str, answered: str, status: Status
) -> None:
    assert after_confirm(answer, words, status) == Verdict(
        outcome=Outcome.UNKNOWN,
        message=f"Confirm was pressed and {answered}, but the order's page says {status}.",
        next_step=LOOK,
        status_after=status,
    )


def test_a_press_after_which_the_page_cannot_be_read_is_unknown() -> None:
    assert after_confirm(Answer.OK, "", None) == Verdict(
        outcome=Outcome.UNKNOWN,
        message="Confirm was pressed and no error was answered, but the order's page could not be read.",
        next_step=LOOK,
    )
