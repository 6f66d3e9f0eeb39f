"""What signing in may try: each secret within the budget that the ledger keeps, then a person.

The Admin locks an account that is signed in to wrongly too often. So every try is written down before it is made, and
counts for all runs and programs that share the ledger: see ``bot.ledger.signins``.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import SecretStr

from bot.admin import Admin
from bot.errors import CannotSignIn, CodeRefused, FormRefused, RunStopped, SignInRefused
from bot.ledger.signins import Ended, Factor

OTHERS_TRY = 60
"""Seconds to wait while another program tries to sign in with the same account."""

A_PERSON = 600
"""Seconds to wait for a person who signs in by hand."""


@contextmanager
def one_try(admin: Admin, factor: Factor, account: str, secret: SecretStr) -> Iterator[None]:
    """Enter a secret, once, inside this block, which ends when the Admin has accepted or refused it.

    Raises:
        CannotSignIn: it may not be tried any more; nothing was entered.
        LedgerTrouble: the try could not be written down; nothing was entered.
    """

    def begin() -> int | None:
        admin.heed_stop()
        return admin.ledger.sign_ins.begin(admin.name, account, factor, secret)

    number = admin.until(begin, seconds=OTHERS_TRY)
    if number is None:
        raise RunStopped(
            reason=f"Another program has been signing in with account {account} for {OTHERS_TRY} s.",
            next_step="Give every program an Admin account of its own, and run the list again.",
        )
    ended = Ended.CUT_OFF
    try:
        yield
        ended = Ended.ACCEPTED
    except (SignInRefused, CodeRefused):
        ended = Ended.REFUSED
        raise
    except FormRefused:
        ended = Ended.NOT_JUDGED
        raise
    except CannotSignIn:  # for another reason: the Admin has gone on past this factor
        ended = Ended.ACCEPTED
        raise
    finally:
        admin.ledger.sign_ins.end(number, ended)


def wait_for_a_person(admin: Admin, account: str, why: CannotSignIn) -> None:
    """Let the person who watches sign in, and continue with that session. Every count of refusals then starts at 0.

    Raises:
        CannotSignIn: nobody did it in time.
        Interrupted: a person asked to stop.
    """
    admin.say(f"{why} Sign in by hand, as {account}, in the browser's window; the run continues from there.")

    def signed_in() -> bool:
        admin.heed_stop()
        return admin.screen("start_page").is_here()

    if not admin.until(signed_in, seconds=A_PERSON):
        raise why
    admin.ledger.sign_ins.signed_in_by_hand(admin.name, account, by="the person at the browser", why=str(why))
