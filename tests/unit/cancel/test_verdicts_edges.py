"""What a result says where a page's own words are long, or its answer was not understood."""

import pytest

from bot.cancel.verdicts import LOOK_IN_SELLER_CENTRAL, after_confirm, reverted, unknown_status
from bot.outcomes import Answer, Outcome
from bot.vocabulary import Status

LONG = "a" * 80


@pytest.mark.parametrize(("words", "shown"), [(LONG, f"'{LONG}'"), (f"{LONG}b", f"'{LONG}... (81 characters)'")])
def test_a_status_that_nobody_knows_is_repeated_up_to_eighty_characters(words: str, shown: str) -> None:
    assert unknown_status(words).message == f"The order's status reads {shown}, which is no status that the pack knows."
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
