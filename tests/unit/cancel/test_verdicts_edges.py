"""How much of a page's own words a result repeats."""

import pytest

from bot.cancel.verdicts import reverted, unknown_status

LONG = "a" * 80


@pytest.mark.parametrize(("words", "shown"), [(LONG, f"'{LONG}'"), (f"{LONG}b", f"'{LONG}... (81 characters)'")])
def test_a_status_that_nobody_knows_is_repeated_up_to_eighty_characters(words: str, shown: str) -> None:
    assert unknown_status(words).message == f"The order's status reads {shown}, which is no status that the pack knows."
    assert reverted("run-1", "then", None, words).message == (
        f"Canceled in run run-1 (then), but it reads {shown} now: Amazon did not keep the cancel."
    )
