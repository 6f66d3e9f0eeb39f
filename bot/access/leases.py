"""Which Admin account a run signs in with: one that no other run has.

The Admin ends a session when the same account signs in elsewhere, so two runs never use one account at a time, unless
the Admin shares accounts and the user says so.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from bot.accounts import Account
from bot.errors import CannotStart
from bot.ledger import Ledger

LEASE = 300.0
"""Seconds for which an account stays a run's without a sign of life."""


@contextmanager
def leased(ledger: Ledger, admin: str, accounts: Sequence[Account], *, sharing: bool = False) -> Iterator[Account]:
    """The first account that no other run has; it is this run's until the block ends.

    With ``sharing``, which is for Admins that share accounts, it is the first account, even if another run has it.

    Raises:
        CannotStart: other runs have all of them.
    """
    with leased_each(ledger, admin, accounts, 1, sharing=sharing) as (account,):
        yield account


@contextmanager
def leased_each(
    ledger: Ledger, admin: str, accounts: Sequence[Account], workers: int, *, sharing: bool = False
) -> Iterator[tuple[Account, ...]]:
    """One account for each worker, which no other run has; they are this run's until the block ends.

    With ``sharing`` they are taken in turn, even if other runs have them, and may be the same.

    Raises:
        CannotStart: there are too few accounts, or other runs have them.
    """
    if sharing:
        yield tuple(accounts[number % len(accounts)] for number in range(workers))
        return
    taken: list[Account] = []
    try:
        for account in accounts:
            if len(taken) < workers and ledger.accounts.take(admin, account.username, LEASE):
                taken.append(account)
        if len(taken) < workers:
            raise _too_few(ledger, accounts, workers, len(taken))
        yield tuple(taken)
    finally:
        for account in taken:
            ledger.accounts.release(admin, account.username)


def enough(accounts: Sequence[Account], workers: int, *, sharing: bool = False) -> None:
    """Make sure that there is an account for each worker, even if other runs hold some now.

    Raises:
        CannotStart: there are too few accounts.
    """
    if sharing or workers <= len(accounts):
        return
    raise CannotStart(
        reason=f"{workers} workers need {workers} Admin accounts, because the Admin ends a session when the same "
        f"account signs in again; there {'is' if len(accounts) == 1 else 'are'} {len(accounts)}.",
        next_step=_more(f"Start with --workers {len(accounts)}" if len(accounts) > 1 else "Leave out --workers"),
    )


def _too_few(ledger: Ledger, accounts: Sequence[Account], workers: int, free: int) -> CannotStart:
    ours = {account.username for account in accounts}
    users = [
        f"{held.thing} by run {held.run_id}"
        for held in ledger.accounts.held()
        if held.thing in ours and held.run_id != ledger.runs.current
    ]
    why = ", ".join(users) or "another run was faster"
    if not free:
        return CannotStart(reason=f"No Admin account is free: {why}.", next_step=_more("Wait for that run"))
    fewer = f"start with --workers {free}" if free > 1 else "leave out --workers"
    return CannotStart(
        reason=f"{workers} workers need {workers} Admin accounts, and {free} {'is' if free == 1 else 'are'} free: "
        f"{why}.",
        next_step=_more(f"Wait for that run, or {fewer}"),
    )


def _more(first: str) -> str:
    return (
        f"{first}, or name more accounts in COUNTERMAND_ACCOUNTS. Only where the Admin's own setting "
        "allows account sharing: COUNTERMAND_SHARE_ACCOUNT=true"
    )
