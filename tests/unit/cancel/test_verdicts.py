"""The three decision tables, row by row."""

from itertools import product
from pathlib import Path

import pytest

from bot.cancel.verdicts import (
    Verdict,
    after_confirm,
    before_confirm,
    pressed_before,
    reverted,
    reverted_by_its_notes,
    still_canceled,
    unknown_status,
)
from bot.outcomes import Answer, Outcome
from bot.vocabulary import Status

LOOK = (
    "Look the order up in Seller Central. Do not run it again before you know: "
    "if it is still open there, cancel it there."
)
IN_SELLER_CENTRAL = "in Seller Central: orders with this status cannot be canceled in the Admin."
RETURN = "It has already shipped: handle it as a return or an exchange in Seller Central."
NOT_CANCELED = [status for status in Status if status is not Status.CANCELED]

# --- Before Confirm ---


def test_only_an_unshipped_order_goes_on() -> None:
    assert [status for status in Status if before_confirm(status) is None] == [Status.UNSHIPPED]


@pytest.mark.parametrize(
    ("status", "next_step"),
    [
        (
            Status.PENDING,
            f"Wait until the payment is verified and the order reads Unshipped, or cancel it {IN_SELLER_CENTRAL}",
        ),
        (
            Status.PENDING_AVAILABILITY,
            f"A pre-order: wait until it can ship and the order reads Unshipped, or cancel it {IN_SELLER_CENTRAL}",
        ),
        (Status.PARTIALLY_SHIPPED, f"Cancel it {IN_SELLER_CENTRAL}"),
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
        message="The order's status reads 'Unshiped', which is not a status that the pack knows.",
        next_step="Look at the order in the Admin; if the words are right, add them to the statuses in pack.yaml.",
    )


# --- After a crash: the recovery table ---

EARLIER = ("20240131-120000", "2024-01-31T12:00:00Z")
PRESSED = "Confirm was pressed, or about to be, in run 20240131-120000 (2024-01-31T12:00:00Z)"


def recovered(
    answer: Answer | None, status: Status | None, *, settled: bool = True, was_canceled: bool = False
) -> Verdict | None:
    return pressed_before(*EARLIER, answer, "words", status, settled=settled, was_canceled=was_canceled)


# The table in the docs, whose words are spelled out here.

Case = tuple[Answer | None, Status | None, bool, bool]
"""The answer, the status that the page reads, whether the recovery time is over, whether it read Canceled before."""

ANYTIME = {True, False}
ANSWERS: dict[str, set[Answer | None]] = {
    "no error": {Answer.OK},
    "an error": {Answer.ERROR},
    "no answer": {None, Answer.NONE},
    "no answer, or one that could not be understood": {None, Answer.NONE, Answer.UNCLEAR},
    "no error, an error, or one that could not be understood": {Answer.OK, Answer.ERROR, Answer.UNCLEAR},
    "any or none": {None, *Answer},
}
UNSHIPPED: set[Status | None] = {Status.UNSHIPPED}
READS: dict[str, tuple[set[Status | None], set[bool], set[bool]]] = {
    "Canceled": ({Status.CANCELED}, ANYTIME, ANYTIME),
    "Unshipped": (UNSHIPPED, ANYTIME, {False}),
    "Unshipped, within the recovery time": (UNSHIPPED, {False}, {False}),
    "Unshipped, reopened after the recovery time": (UNSHIPPED, {True}, {False}),
    "Unshipped, but seen to read Canceled before": (UNSHIPPED, ANYTIME, {True}),
    "Shipped or Completed": ({Status.SHIPPED, Status.COMPLETED}, ANYTIME, ANYTIME),
    "anything else, or unreadable": (
        {None, Status.PENDING, Status.PENDING_AVAILABILITY, Status.PARTIALLY_SHIPPED, Status.ERROR},
        ANYTIME,
        ANYTIME,
    ),
}


def rows_in_the_docs() -> list[list[str]]:
    text = (Path(__file__).resolve().parents[3] / "docs" / "recovery.md").read_text(encoding="utf-8")
    lines = text.partition("| answer in the ledger |")[2].partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def cases(answers: str, reads: str) -> list[Case]:
    return list(product(ANSWERS[answers], *READS[reads]))


@pytest.mark.parametrize("row", rows_in_the_docs(), ids=lambda row: f"{row[0]} - {row[1]}")
def test_every_row_of_the_table_in_the_docs_is_what_is_concluded(row: list[str]) -> None:
    answers, reads, concluded, again = row
    for answer, status, settled, was_canceled in cases(answers, reads):
        verdict = recovered(answer, status, settled=settled, was_canceled=was_canceled)
        if verdict is None:
            assert (again, concluded) == (
                "yes, with a new permit",
                "the request never arrived; the ledger says so",
            )
        else:
            assert (again, concluded.partition(":")[0]) == ("no", f"`{verdict.outcome}`")


def test_every_combination_is_in_exactly_one_row_of_the_table_in_the_docs() -> None:
    named = [case for answers, reads, *_ in rows_in_the_docs() for case in cases(answers, reads)]
    every = list(product([None, *Answer], [None, *Status], ANYTIME, ANYTIME))
    assert len(named) == len(every)
    assert set(named) == set(every)


@pytest.mark.parametrize("settled", [True, False])
@pytest.mark.parametrize("status", [*Status, None])
@pytest.mark.parametrize("answer", [*Answer, None])
def test_only_one_row_of_the_recovery_table_lets_an_order_be_pressed_again(
    answer: Answer | None, status: Status | None, settled: bool
) -> None:
    never_arrived = answer in {None, Answer.NONE} and status is Status.UNSHIPPED and settled
    assert (recovered(answer, status, settled=settled) is None) is never_arrived


@pytest.mark.parametrize("settled", [True, False])
@pytest.mark.parametrize("status", [*Status, None])
@pytest.mark.parametrize("answer", [*Answer, None])
def test_only_a_recorded_answer_and_canceled_together_are_a_success(
    answer: Answer | None, status: Status | None, settled: bool
) -> None:
    verdict = recovered(answer, status, settled=settled)
    both = answer is Answer.OK and status is Status.CANCELED
    assert (verdict is not None and verdict.outcome.is_success) is both


@pytest.mark.parametrize(
    ("answer", "status", "outcome"),
    [
        (Answer.OK, Status.CANCELED, Outcome.CANCELED),
        (Answer.ERROR, Status.CANCELED, Outcome.CANCELED_NOT_SENT),
        (Answer.NONE, Status.CANCELED, Outcome.UNKNOWN),
        (Answer.UNCLEAR, Status.CANCELED, Outcome.UNKNOWN),
        (Answer.UNCLEAR, Status.UNSHIPPED, Outcome.UNKNOWN),
        (None, Status.CANCELED, Outcome.UNKNOWN),
        (Answer.OK, Status.UNSHIPPED, Outcome.UNKNOWN),
        (Answer.ERROR, Status.UNSHIPPED, Outcome.UNKNOWN),
        (None, Status.SHIPPED, Outcome.NOT_CANCELABLE),
        (Answer.OK, Status.COMPLETED, Outcome.NOT_CANCELABLE),
        (None, Status.PENDING, Outcome.UNKNOWN),
        (None, Status.PARTIALLY_SHIPPED, Outcome.UNKNOWN),
        (None, Status.ERROR, Outcome.UNKNOWN),
        (None, None, Outcome.UNKNOWN),
    ],
)
def test_every_row_of_the_recovery_table(answer: Answer | None, status: Status | None, outcome: Outcome) -> None:
    verdict = recovered(answer, status)
    assert verdict is not None
    assert (verdict.outcome, verdict.status_before) == (outcome, status)
    assert verdict.message.startswith(PRESSED)


def test_a_press_of_a_moment_ago_is_not_taken_for_lost_before_the_settle_time_is_over() -> None:
    assert recovered(None, Status.UNSHIPPED, settled=False) == Verdict(
        outcome=Outcome.UNKNOWN,
        message=f"{PRESSED}, what came of it was never proved, and the order now reads Unshipped. "
        "Nothing was pressed this time.",
        next_step="Its request may still arrive: run the list once COUNTERMAND_RECOVER_AFTER (300 seconds unless "
        "set) is over since then, and that run settles it.",
        status_before=Status.UNSHIPPED,
    )


@pytest.mark.parametrize("settled", [True, False])
@pytest.mark.parametrize("answer", [*Answer, None])
def test_an_order_that_read_canceled_after_the_press_is_never_taken_for_one_that_was_not_reached(
    answer: Answer | None, settled: bool
) -> None:
    assert recovered(answer, Status.UNSHIPPED, settled=settled, was_canceled=True) == Verdict(
        outcome=Outcome.UNKNOWN,
        message=f"{PRESSED}, the order read Canceled after that, and it reads Unshipped now: an import from Amazon "
        "has undone it, and whether Amazon was told is not known. Nothing was pressed this time.",
        next_step=LOOK,
        status_before=Status.UNSHIPPED,
    )


def test_an_error_that_was_recorded_is_told_again() -> None:
    verdict = recovered(Answer.ERROR, Status.CANCELED)
    assert verdict is not None
    assert verdict.message == (
        f"{PRESSED}; the Admin says Canceled but answered with an error (words): Amazon was probably never told."
    )
    assert verdict.next_step == (
        "Cancel it in Seller Central now: the Admin no longer offers to, and the buyer's order is still open."
    )


# --- Looking again later ---


def test_an_order_that_still_reads_canceled_needs_nobody() -> None:
    assert still_canceled(*EARLIER) == Verdict(
        outcome=Outcome.ALREADY_CANCELED,
        message="Canceled in run 20240131-120000 (2024-01-31T12:00:00Z), and it still reads Canceled.",
        status_before=Status.CANCELED,
    )


def test_an_order_that_the_next_import_brought_back_is_said_so() -> None:
    assert reverted(*EARLIER, Status.UNSHIPPED, "Unshipped") == Verdict(
        outcome=Outcome.REVERTED,
        message="Canceled in run 20240131-120000 (2024-01-31T12:00:00Z), but it reads Unshipped now: "
        "Amazon did not keep the cancel.",
        next_step="Look the order up in Seller Central, and cancel it there if it is still open; then: countermand "
        "resolve, --as canceled. To have it canceled here again: countermand resolve, --as not-canceled.",
        status_before=Status.UNSHIPPED,
    )


def test_an_order_that_was_brought_back_with_a_status_unknown_to_the_pack_is_told_in_the_pages_words() -> None:
    verdict = reverted(*EARLIER, None, "Refused")
    assert (verdict.message, verdict.status_before) == (
        "Canceled in run 20240131-120000 (2024-01-31T12:00:00Z), but it reads 'Refused' now: "
        "Amazon did not keep the cancel.",
        None,
    )


def test_an_unshipped_order_whose_notes_tell_of_a_cancel_was_reverted() -> None:
    assert reverted_by_its_notes() == Verdict(
        outcome=Outcome.REVERTED,
        message="The order reads Unshipped, but its notes say that it was canceled before: Amazon did not keep that "
        "cancel. Nothing was pressed.",
        next_step="Look the order up in Seller Central, and cancel it there if it is still open. This ledger knows "
        "nothing of the earlier cancel: ask who else cancels orders here.",
        status_before=Status.UNSHIPPED,
    )


# --- After Confirm ---


@pytest.mark.parametrize("status", [*Status, None])
@pytest.mark.parametrize("answer", list(Answer))
def test_only_both_proofs_together_are_a_success(answer: Answer, status: Status | None) -> None:
    expected = Outcome.UNKNOWN
    if status is Status.CANCELED and answer in {Answer.OK, Answer.ERROR}:
        expected = Outcome.CANCELED if answer is Answer.OK else Outcome.CANCELED_NOT_SENT
    verdict = after_confirm(answer, "words", status)
    assert verdict.outcome is expected
    assert verdict.status_after is status
    assert (verdict.next_step == "") is (expected is Outcome.CANCELED)


def test_no_error_and_canceled_is_canceled() -> None:
    assert after_confirm(Answer.OK, "", Status.CANCELED) == Verdict(
        outcome=Outcome.CANCELED,
        message="Canceled in the Admin: no error was answered, and the order's page, opened again, says Canceled. "
        "The Admin tells Amazon later.",
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
