"""The claims in the ledger: which run works on which order, so that two bots never work on the same one.

A claim that expired and was taken over is useless: the intent is only written while the claim is held, in the same
transaction.
"""

from typing import Any

import sqlalchemy as sa

from bot.errors import ClaimLost
from bot.ledger.admins import is_about
from bot.ledger.database import Database
from bot.ledger.leases import Leases, run_of
from bot.ledger.processes import is_gone
from bot.ledger.schema import claims
from bot.ledger.shared_limits import SharedLimits
from bot.ledger.trail import Event, Trail


class Claims(Leases):
    """The orders that this run, or another one, works on."""

    def __init__(self, database: Database, trail: Trail, limits: SharedLimits) -> None:
        super().__init__(database, claims, "amazon_order")
        self._trail = trail
        self._limits = limits

    def hold(self, connection: sa.Connection, admin: str, order: str) -> None:
        """Make sure, inside a transaction that has written already, that a claim of this run is still valid.

        Raises:
            ClaimLost: the order was taken, and the claim is over or another run's; or it was not taken, which only a
                run that is not queued may leave out.
        """
        needed = (admin, order) in self._taken or self._limits.are_counted
        if needed and connection.scalar(self._live(admin, order)) is None:
            raise ClaimLost(order=order)

    def holds(self, admin: str, order: str) -> bool:
        """Whether a claim of this run is valid at this moment; True also for an order that it never claimed.

        One query, to be made right before something leaves that cannot be undone.

        Raises:
            LedgerTrouble: the ledger cannot be asked.
        """
        return (admin, order) not in self._taken or bool(self._database.read(self._live(admin, order)))

    def run_at_work(self, connection: sa.Connection, admin: str, order: str) -> str:
        """The run that works on an order now, as a transaction sees it; empty if none does."""
        this_one = is_about(claims.c.admin, admin) & (claims.c.amazon_order == order)
        rows = connection.execute(sa.select(claims).where(this_one, claims.c.until > self._database.clock))
        return next((run_of(row.owner) for row in rows if not is_gone(row.process)), "")

    def _live(self, admin: str, order: str) -> sa.Select[Any]:
        mine = self._is(admin, order) & (claims.c.owner == self._database.owner)
        return sa.select(claims.c.owner).where(mine, claims.c.until > self._database.clock)

    def _may_take(self, connection: sa.Connection, thing: str, now: float) -> None:
        self._limits.at_claim(connection, thing, now)

    def _note(self, connection: sa.Connection, thing: str, **told: str) -> None:
        self._trail.append(connection, Event.TAKEN, order=thing, **told)
