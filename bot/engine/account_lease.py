"""A worker's lease on the Admin account that it has for itself.

The lease comes before everything else, and names the executor. So no two processes are one executor, and a worker that
takes over a lease that ran out finds what its last owner left unfinished.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.access.leases import LEASE
from bot.accounts import Account
from bot.errors import AccountLost, CannotStart, LedgerTrouble
from bot.ledger import Ledger
from bot.settings import Settings

_EXECUTOR = " as "
"""Stands between Admin and account in an executor's name; an Admin's name has no space."""


def executor_name(admin: str, lease: str) -> str:
    """The executor that a worker with this lease is."""
    return f"{admin}{_EXECUTOR}{lease}"


def admin_of(executor: str) -> str:
    """The Admin that an executor works in."""
    return executor.partition(_EXECUTOR)[0]


def lease_of(executor: str) -> str:
    """The lease that an executor has, or had."""
    return executor.partition(_EXECUTOR)[2]


@dataclass(frozen=True, kw_only=True)
class AccountLease:
    """An account that a worker has, until the worker ends or loses it."""

    ledger: Ledger
    """Opened for the lease alone: it is renewed under the worker's own name, whatever run it works for."""
    admin: str
    account: Account
    name: str
    """The account's user name; with its place behind it where accounts are shared."""
    worker: str
    """The worker's name: random, so that no two are called the same."""

    @property
    def executor(self) -> str:
        """What the engine knows this worker as."""
        return executor_name(self.admin, self.name)

    @property
    def session_name(self) -> str:
        """What the browser's session is saved under: a shared account has one for each place."""
        return self.name

    def keep(self) -> bool:
        """Renew the lease when that is due; False once it is lost."""
        return not self.ledger.accounts.sign_of_life()

    def is_lost(self) -> bool:
        """Whether the lease is lost, renewing it when that is due. A ledger that cannot be asked is no answer."""
        try:
            return not self.keep()
        except LedgerTrouble:
            return False

    def hold(self) -> None:
        """Make sure that the account is still this worker's, by the ledger's clock.

        Raises:
            AccountLost: another worker may have it by now.
        """
        if not self.ledger.accounts.holds_still(self.admin, self.name):
            raise self.lost()

    def lost(self) -> AccountLost:
        """What a worker ends with that lost its account."""
        return AccountLost(
            account=self.account.username,
            next_step="Start the worker again. What it had in hand is handed out again.",
        )


@contextmanager
def leased_account(place: Path | str, admin: str, settings: Settings) -> Iterator[AccountLease]:
    """The first account of the settings that nobody has; it is this worker's until the block ends.

    Raises:
        CannotStart: others have all of them.
    """
    worker = f"worker-{secrets.token_hex(4)}"
    with Ledger.open(place) as ledger:
        ledger.runs.go_on_as(worker)
        free = ((account, name) for account, name in _places(settings) if ledger.accounts.take(admin, name, LEASE))
        account, name = next(free, (None, ""))
        if account is None:
            holders = ", ".join(f"{held.thing} by {held.run_id}" for held in ledger.accounts.held())
            raise CannotStart(
                reason=f"No Admin account is free: {holders or 'another worker was faster'}.",
                next_step="End one of those, or name more accounts in COUNTERMAND_ACCOUNTS.",
            )
        try:
            yield AccountLease(ledger=ledger, admin=admin, account=account, name=name, worker=worker)
        finally:
            ledger.accounts.release(admin, name)


MOST_PLACES = 1000
"""How many workers may share the accounts of an Admin that lets them."""


def _places(settings: Settings) -> Iterator[tuple[Account, str]]:
    if not settings.share_account:
        yield from ((account, account.username) for account in settings.pool)
        return
    for number in range(1, MOST_PLACES + 1):
        yield from ((account, f"{account.username} {number}") for account in settings.pool)
