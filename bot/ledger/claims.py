"""The claims in the ledger: which run works on which order, so that two bots never work on one.

A claim ends when it is given back, or by itself when its time is over without a sign of life, so that a bot that died
holds nothing up; at once where the process that made it is known to be gone. A claim that ran out and was taken over
cannot be used any more: the intent is only written while the claim is held, in the same transaction.
"""

import os
import socket
import sys
import time
from dataclasses import dataclass

import sqlalchemy as sa

from bot.errors import ClaimLost, LedgerTrouble
from bot.ledger.database import Database, is_refused_as_double
from bot.ledger.schema import claims
from bot.ledger.trail import Event, Trail


@dataclass(frozen=True, kw_only=True)
class Held:
    """That a run works on an order."""

    admin: str
    order: str
    run_id: str
    process: str
    """Computer and process number, with a slash between them."""
    until: float
    """Unix time at which the claim ends without another sign of life."""


class Claims:
    """The orders that this run, or another one, works on."""

    def __init__(self, database: Database, trail: Trail) -> None:
        self._database = database
        self._trail = trail
        self._claimed: set[tuple[str, str]] = set()
        self._seconds = self._renewed = 0.0

    def take(self, admin: str, order: str, seconds: float) -> bool:
        """Take an order for this run, or keep it longer; False while another run's claim lasts.

        Needs the ``seconds`` for which it stays this run's without a sign of life.
        """
        now = time.time()
        mine = {"owner": self._database.run_id, "process": _this_process(), "until": now + seconds}
        this_order = (claims.c.admin == admin) & (claims.c.amazon_order == order)
        held = next(iter(self._database.read(sa.select(claims).where(this_order))), None)
        if held is not None:
            if held.owner != self._database.run_id and held.until >= now and not _is_gone(held.process):
                return False
            # Only if the claim is still the one that was looked at: another run may be faster.
            still = (claims.c.owner == held.owner) & (claims.c.until == held.until)
            with self._database.writing() as connection:
                taken = connection.execute(claims.update().where(this_order, still).values(**mine)).rowcount
                if taken:
                    self._trail.append(connection, Event.TAKEN, order=order, from_run=str(held.owner))
            if not taken:
                return False
        else:
            try:
                with self._database.writing() as connection:
                    connection.execute(claims.insert().values(admin=admin, amazon_order=order, **mine))
                    self._trail.append(connection, Event.TAKEN, order=order)
            except LedgerTrouble as refused:
                if is_refused_as_double(refused):
                    return False
                raise
        self._claimed.add((admin, order))
        self._seconds, self._renewed = seconds, now
        return True

    def sign_of_life(self) -> None:
        """Keep this run's claims, once a third of their time is over."""
        now = time.time()
        if self._claimed and not 0 <= now - self._renewed < self._seconds / 3:
            with self._database.writing() as connection:
                connection.execute(
                    claims.update()
                    .where(claims.c.owner == self._database.run_id, claims.c.until >= now)
                    .values(until=now + self._seconds)
                )
            self._renewed = now

    def release(self, admin: str, order: str) -> None:
        """Give an order back; nothing happens if another run has it by now."""
        self._claimed.discard((admin, order))
        with self._database.writing(lasting=False) as connection:
            connection.execute(
                claims.delete().where(
                    claims.c.admin == admin,
                    claims.c.amazon_order == order,
                    claims.c.owner == self._database.run_id,
                )
            )

    def held(self) -> list[Held]:
        """Every claim that stands, of any run: the orders in hand."""
        statement = sa.select(claims).where(claims.c.until >= time.time()).order_by(claims.c.amazon_order)
        return [
            Held(admin=row.admin, order=row.amazon_order, run_id=row.owner, process=row.process, until=row.until)
            for row in self._database.read(statement)
            if not _is_gone(row.process)
        ]

    def hold(self, connection: sa.Connection, admin: str, order: str) -> None:
        """Make sure, inside a transaction that has written already, that a claim of this run still stands.

        Raises:
            ClaimLost: the order was taken, and the claim is over or another run's.
        """
        if (admin, order) not in self._claimed:
            return
        owner = connection.scalar(
            sa.select(claims.c.owner).where(
                claims.c.admin == admin, claims.c.amazon_order == order, claims.c.until > time.time()
            )
        )
        if owner != self._database.run_id:
            raise ClaimLost(order=order)


def _this_process() -> str:
    return f"{socket.gethostname()}/{os.getpid()}"


def _is_gone(process: str) -> bool:
    """Whether a process is known to have ended; never for one on another computer, or where asking is not safe."""
    host, _, number = process.rpartition("/")
    if host != socket.gethostname() or sys.platform == "win32":  # there, signal 0 is not a question but Ctrl-C
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False
