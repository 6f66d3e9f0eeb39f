"""The budget of sign-ins: no run, and no number of them, brings an account near its lock."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bot.errors import CannotSignIn
from bot.ledger import Ledger
from bot.ledger.signins import BY_HAND, CODES, Ended, Factor

ADMIN, ACCOUNT = "shop.example", "demo"
RIGHT, WRONG, OTHER = SecretStr("right"), SecretStr("wrong"), SecretStr("another wrong one")


@pytest.fixture
def ledger(place: Path | str) -> Iterator[Ledger]:
    with Ledger.open(place) as ledger:
        yield ledger


@pytest.fixture(autouse=True)
def _at_two_in_the_morning(clock: Callable[[float], None]) -> None:
    """It is 2026-03-01 02:00 UTC."""


def tried(ledger: Ledger, secret: SecretStr, how: Ended, factor: Factor = Factor.PASSWORD) -> None:
    number = ledger.sign_ins.begin(ADMIN, ACCOUNT, factor, secret)
    assert number is not None
    ledger.sign_ins.end(number, how)


def refused(ledger: Ledger, secret: SecretStr, factor: Factor = Factor.PASSWORD) -> tuple[str, str]:
    with pytest.raises(CannotSignIn) as refusal:
        ledger.sign_ins.begin(ADMIN, ACCOUNT, factor, secret)
    return str(refusal.value), refusal.value.next_step


def test_a_refused_password_is_never_tried_again(ledger: Ledger) -> None:
    tried(ledger, WRONG, Ended.REFUSED)
    assert refused(ledger, WRONG) == (
        "The Admin refused this password of account demo at 2026-03-01 02:00 UTC, and it is not tried again, because "
        "a few refusals lock the account.",
        "Correct COUNTERMAND_PASSWORD. If it is right and the account was locked: Sign in by hand once: start with "
        "--headed and do it in the browser's window, or sign in elsewhere and then record it with: countermand "
        "signed-in --note TEXT",
    )


def test_another_password_is_tried_once_and_after_two_refusals_none(ledger: Ledger) -> None:
    tried(ledger, WRONG, Ended.REFUSED)
    tried(ledger, OTHER, Ended.REFUSED)
    assert refused(ledger, RIGHT) == (
        "The last 2 passwords for account demo were refused, or interrupted before the Admin answered, since "
        "2026-03-01 02:00 UTC. One more could trigger the CAPTCHA, so no attempt is made.",
        BY_HAND,
    )


def test_a_good_sign_in_begins_the_count_anew(ledger: Ledger) -> None:
    for _ in range(3):
        tried(ledger, WRONG, Ended.REFUSED)
        tried(ledger, RIGHT, Ended.ACCEPTED)


def test_a_person_who_signed_in_begins_the_count_anew(ledger: Ledger) -> None:
    tried(ledger, WRONG, Ended.REFUSED)
    tried(ledger, OTHER, Ended.REFUSED)
    ledger.sign_ins.signed_in_by_hand(ADMIN, ACCOUNT, by="ann", why="unlocked by the administrator")
    tried(ledger, WRONG, Ended.REFUSED)


def test_other_accounts_and_admins_have_budgets_of_their_own(ledger: Ledger) -> None:
    tried(ledger, WRONG, Ended.REFUSED)
    for admin, account in ((ADMIN, "other"), ("other.example", ACCOUNT)):
        assert ledger.sign_ins.begin(admin, account, Factor.PASSWORD, WRONG) is not None


def test_a_try_that_was_cut_off_counts_and_may_be_made_once_more(ledger: Ledger) -> None:
    tried(ledger, RIGHT, Ended.CUT_OFF)
    tried(ledger, RIGHT, Ended.CUT_OFF)
    assert "interrupted before the Admin answered" in refused(ledger, RIGHT)[0]


def test_while_one_tries_nobody_else_does(ledger: Ledger, place: Path | str) -> None:
    number = ledger.sign_ins.begin(ADMIN, ACCOUNT, Factor.PASSWORD, RIGHT)
    with Ledger.open(place) as other:
        assert other.sign_ins.begin(ADMIN, ACCOUNT, Factor.PASSWORD, RIGHT) is None
        assert number is not None
        ledger.sign_ins.end(number, Ended.ACCEPTED)
        assert other.sign_ins.begin(ADMIN, ACCOUNT, Factor.PASSWORD, RIGHT) is not None


def test_a_try_without_an_end_was_cut_off_after_two_minutes(ledger: Ledger, clock: Callable[[float], None]) -> None:
    ledger.sign_ins.begin(ADMIN, ACCOUNT, Factor.PASSWORD, RIGHT)
    clock(119)
    assert ledger.sign_ins.begin(ADMIN, ACCOUNT, Factor.PASSWORD, RIGHT) is None
    clock(1)
    assert ledger.sign_ins.begin(ADMIN, ACCOUNT, Factor.PASSWORD, RIGHT) is not None
    clock(120)
    refused(ledger, RIGHT)


TRY_AND_DIE = """
import os, sys
from pathlib import Path
from pydantic import SecretStr
from bot.ledger import Ledger
from bot.ledger.signins import Factor
sign_ins = Ledger.open(sys.argv[1] if "://" in sys.argv[1] else Path(sys.argv[1])).sign_ins
print(sign_ins.begin("shop.example", "demo", Factor.PASSWORD, SecretStr("right")), flush=True)
os._exit(9)
"""


@pytest.mark.slow("starts a process")
@pytest.mark.skipif(sys.platform == "win32", reason="there, nobody can ask whether a process is gone")
def test_a_try_of_a_process_that_is_gone_was_cut_off(ledger: Ledger, place: Path | str) -> None:
    for expected in ("1\n", "2\n"):
        died = subprocess.run(
            [sys.executable, "-c", TRY_AND_DIE, str(place)], capture_output=True, text=True, check=False
        )
        assert (died.returncode, died.stdout) == (9, expected)
    refused(ledger, RIGHT)


def test_a_code_may_be_refused_more_often_because_one_secret_has_many(ledger: Ledger) -> None:
    for _ in range(CODES):
        tried(ledger, RIGHT, Ended.REFUSED, Factor.CODE)
    assert refused(ledger, RIGHT, Factor.CODE) == (
        "The last 6 codes for account demo were refused, or interrupted before the Admin answered, since 2026-03-01 "
        "02:00 UTC. A few more could block the account, so no attempt is made.",
        BY_HAND,
    )
    tried(ledger, RIGHT, Ended.ACCEPTED)


def test_the_ledger_does_not_hold_what_was_tried(ledger: Ledger, beside: Any) -> None:
    tried(ledger, SecretStr("correct horse battery"), Ended.REFUSED)
    kept = str(beside.rows("SELECT * FROM sign_ins"))
    assert "demo" in kept
    assert not any(form in kept for form in ("correct horse", b"correct horse".hex()))
