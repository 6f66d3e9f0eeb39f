"""The second factor of the practice Admin's accounts: which codes it takes, and when it blocks an account."""

import base64
import time
from collections import Counter
from collections.abc import Callable
from typing import Literal

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from bot.sandbox.faults import Faults

INTERVAL = 30
"""Seconds that a code is good for."""
TRIES = 10
"""Wrong codes in a row that block an account."""
BLOCKED = 300
"""Seconds for which it is blocked."""

Verdict = Literal["accepted", "wrong", "used", "blocked"]


class TwoFactor:
    """Checks codes. The secret is a switch, the same one for every account; what was used belongs to it.

    ``clock`` tells the seconds since 1970.
    """

    def __init__(self, faults: Faults, clock: Callable[[], float] = time.time) -> None:
        self._faults = faults
        self._clock = clock
        self.clear()

    @property
    def asked_for(self) -> bool:
        """Whether a password is not enough."""
        faults = self._faults
        refused = faults.two_factor_not_set_up or faults.two_factor_denied
        return bool(faults.two_factor or refused or faults.two_factor_provider)

    def now(self) -> float:
        """The server's time, in seconds since 1970."""
        return self._clock() + self._faults.clock_ahead_ms / 1000

    def check(self, account: str, code: str) -> Verdict:
        """Take the code of the current time step, once."""
        whose = (account, self._faults.two_factor)
        now = self.now()
        if self._blocked_until.get(whose, 0) > now:
            return "blocked"
        step = int(now // INTERVAL)
        secret = self._faults.two_factor
        key = base64.b32decode(secret + "=" * (-len(secret) % 8))
        totp = TOTP(key, 6, SHA1(), INTERVAL, enforce_key_length=False)  # secrets of 80 bits are legal
        right = totp.generate(step * INTERVAL).decode() == code
        if right and (self._faults.two_factor_codes_again or self._used.get(whose) != step):
            self._used[whose] = step
            self._failures.pop(whose, None)
            return "accepted"
        self._failures[whose] += 1
        if self._failures[whose] >= TRIES:
            del self._failures[whose]
            self._blocked_until[whose] = now + BLOCKED
        return "used" if right else "wrong"

    def clear(self) -> None:
        """Forget what was used, and every wrong code."""
        self._used: dict[tuple[str, str], int] = {}
        self._failures: Counter[tuple[str, str]] = Counter()
        self._blocked_until: dict[tuple[str, str], float] = {}
