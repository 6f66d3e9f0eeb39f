"""What a result says where a page's own words are long, or its answer was not understood."""

import pytest

from bot.cancel.verdicts import LOOK_IN_SELLER_CENTRAL, after_confirm, pressed_before, reverted, unknown_status
from bot.outcomes import Answer, Outcome
from bot.vocabulary import Status

LONG = "a" * 80


@pytest.mark.parametrize(("words", "shown"), [(LONG, f"'{LONG}'"), (f"{LONG}b", f"'{LONG}... (81 characters)'")])
def test_a_status_that_nobody_knows_is_repeated_up_to_eighty_characters(words: str, shown: str) -> None:
    assert (
        unknown_status(words).message == f"The order's status reads {shown}, which is not a status that the pack knows."
    )
    assert reverted("run-1", "then", None, words).message == (
        f"Canceled in run run-1 (then), but it reads {shown} now: Amazon did not keep the cancel."
    )


def test_an_answer_that_could_not_be_understood_is_no_proof() -> None:
    canceled = after_confirm(Answer.UNCLEAR, "a page", Status.CANCELED)
    assert (canceled.outcome, canceled.next_step) == (Outcome.UNKNOWN, LOOK_IN_SELLER_CENTRAL)
    assert canceled.message == (
        "The order's page says Canceled, but the answer could not be understood (a page): whether Amazon was told is "
        "not known."
    )
    assert after_confirm(Answer.UNCLEAR, "a page", Status.UNSHIPPED).message == (
        "Confirm was pressed and the answer could not be understood (a page), but the order's page says Unshipped."
    )


def test_an_order_is_pressed_again_unless_it_was_seen_to_read_canceled_meanwhile() -> None:
    assert pressed_before("run-1", "then", None, "", Status.UNSHIPPED, settled=True) is None


@pytest.mark.parametrize(("words", "said"), [("", ""), ("HTTP 500", " (HTTP 500)")])
def test_an_error_is_told_with_its_words_where_there_are_any(words: str, said: str) -> None:
    verdict = pressed_before("run-1", "then", Answer.ERROR, words, Status.CANCELED, settled=True)
    assert verdict is not None
    assert verdict.message == (
        "Confirm was pressed, or about to be, in run run-1 (then); the Admin says Canceled but answered with an "
        f"error{said}: Amazon was probably never told."
    )
    assert (verdict.status_before, verdict.status_after) == (Status.CANCELED, Status.CANCELED)
    proved = pressed_before("run-1", "then", Answer.OK, words, Status.CANCELED, settled=True)
    assert proved is not None
    assert (proved.status_before, proved.status_after) == (Status.CANCELED, Status.CANCELED)


def test_a_status_that_nobody_knows_is_something_else() -> None:
    verdict = pressed_before("run-1", "then", Answer.OK, "", None, settled=True)
    assert verdict is not None
    assert verdict.message == (
        "Confirm was pressed, or about to be, in run run-1 (then), what came of it was never proved, and the order now "
        "reads something else. Nothing was pressed this time."
    )
