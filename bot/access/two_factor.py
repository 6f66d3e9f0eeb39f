"""Two-factor codes (TOTP): which one may be entered now, computed for the time of the Admin's own clock.

Every 30 seconds, a time step, have one code of six digits. Nothing may count on a code being accepted twice, so each is
used once: the ledger keeps the last used time step of every account, across sign-ins, runs and programs that share
the ledger. It keeps neither codes nor the secret.
"""

import base64
import math
import time
from typing import NamedTuple

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from loguru import logger
from pydantic import SecretStr

from bot.admin import Admin
from bot.errors import CannotSignIn, RunStopped

STEP = 30
"""Seconds that each code is good for."""

SETTLED = 1
"""Seconds into its time step before which a code is not entered: the server's clock is known that well only."""

LEFT = 3
"""Seconds that a code must still be good for, to be entered and arrive in time."""

AHEAD = 1
"""Time steps by which the last used one may be ahead of now, and count. One further ahead was used while a clock was
wrong; waiting for it could take for ever.
"""

LONGEST_WAIT = 120
"""Seconds after which the wait for an unused code is given up: others who share the ledger use them all."""

SKEW = 10
"""Seconds by which the clocks may differ without a word."""


class Turn(NamedTuple):
    """Which code is the next to be entered, and when."""

    step: int
    wait: float
    """Seconds; 0 is now."""


def next_turn(now: float, last: int | None) -> Turn:
    """The next unused time step, at ``now`` in seconds of the server's time, when ``last`` was used last."""
    current = int(now // STEP)
    step = current + (now % STEP > STEP - LEFT)
    if last is not None and step <= last <= current + AHEAD:
        step = last + 1
    return Turn(step, max(0.0, step * STEP + SETTLED - now))


def code_of(secret: SecretStr, step: int) -> str:
    """The code of a time step, for a secret of any length: the Admin's own have about 212 letters, others only 16."""
    letters = secret.get_secret_value()
    key = base64.b32decode(letters + "=" * (-len(letters) % 8))
    return TOTP(key, 6, SHA1(), STEP, enforce_key_length=False).generate(step * STEP).decode()


def fresh_code(admin: Admin, account: str, secret: SecretStr) -> str:
    """A code that was never used, for the Admin's time of now; it counts as used from here on. Waits for one if needed.

    Needs the Admin's clock, which was read when the Admin was opened. A clock of this machine that differs by more
    than ``SKEW`` seconds is warned of.

    Raises:
        RunStopped: others use up every code of this account.
        Interrupted: a person asked to stop during the wait.
        SessionEnded, InTheWay, RunStopped: the Admin showed something else meanwhile.
        LedgerTrouble: it could not be noted that the code is used.
    """
    if abs(admin.server_ahead) > SKEW:
        logger.warning("{} Correct it: two-factor codes are computed for the Admin's time.", skew_words(admin))
    announced = False

    def look() -> str | None:
        nonlocal announced
        last = admin.ledger.codes.last_step(admin.name, account)
        step, wait = next_turn(time.time() + admin.server_ahead, last)
        if not wait and admin.ledger.codes.spend(admin.name, account, step, last=last):
            return code_of(secret, step)
        admin.heed_stop()
        admin.notice_interruptions(besides=("two_factor",))
        if wait and not announced:
            admin.say(f"Waiting {math.ceil(wait)} s for the next two-factor code.")
            announced = True
        return None

    code = admin.until(look, seconds=LONGEST_WAIT)
    if code is None:
        raise RunStopped(
            reason=f"No unused two-factor code of account {account} was free within {LONGEST_WAIT} s.",
            next_step="Give every run that works at the same time an Admin account of its own.",
        )
    return code


def no_secret() -> CannotSignIn:
    """The Admin asks for a code, and there is nothing to compute one from."""
    return CannotSignIn(
        reason="The Admin asks for a two-factor code, and COUNTERMAND_TOTP_SECRET is not set.",
        next_step="Set COUNTERMAND_TOTP_SECRET to the secret that this account's authenticator app was set up with, "
        "or ask an administrator for an account that is exempt from two-factor authentication.",
    )


def codes_refused(admin: Admin) -> CannotSignIn:
    """The Admin refused a code, and a fresh one too."""
    return CannotSignIn(
        reason="The Admin refused two two-factor codes, one after the other (Invalid code).",
        next_step="Check that COUNTERMAND_TOTP_SECRET is this account's secret, and the clock of the Admin's server: "
        f"{skew_words(admin)} No third code was tried, because ten wrong ones block the account.",
    )


def skew_words(admin: Admin) -> str:
    """How this machine's clock and the Admin's differ, as a sentence."""
    seconds = round(abs(admin.server_ahead))
    if not seconds:
        return "This machine's clock agrees with the Admin's."
    return f"This machine's clock is {seconds} s {'behind' if admin.server_ahead > 0 else 'ahead of'} the Admin's."
