"""What one run, or one worker of a run, at a time may have: an order to work on, an Admin account to sign in with.

A lease ends when it is given back, or by itself when its time is over without a sign of life, so that a bot that died
holds nothing up; at once where the process that took it is known to be gone.
"""

import os
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bot.errors import LedgerTrouble
from bot.ledger.database import Database, is_refused_as_double


@dataclass(frozen=True, kw_only=True)
class Held:
    """That a run has something."""

    admin: str
    thing: str
    """What it has: an order number, an account."""
    run_id: str
    process: str
    """Computer and process number, with a slash between them."""
    until: float
    """Unix time at which it ends without another sign of life."""


class Leases:
    """The things of one kind that this run, or another one, has.

    Needs the table in which they are kept, and the name of the column that says which thing it is.
    """

    def __init__(self, database: Database, table: sa.Table, thing: str) -> None:
        self._database = database
        self._table = table
        self._thing: sa.Column[Any] = table.c[thing]
        self._taken: set[tuple[str, str]] = set()
        self._seconds = self._renewed = 0.0

    def take(self, admin: str, thing: str, seconds: float) -> bool:
        """Take something for this run, or keep it longer; False while another run has it.

        Needs the ``seconds`` for which it stays this run's without a sign of life.
        """
        table, now = self._table, time.time()
        mine = {"owner": self._database.owner, "process": this_process(), "until": now + seconds}
        this_one = self._is(admin, thing)
        held = next(iter(self._database.read(sa.select(table).where(this_one))), None)
        if held is not None:
            if held.owner != self._database.owner and held.until >= now and not is_gone(held.process):
                return False
            # Only if the lease is still the one that was looked at: another run may be faster.
            still = (table.c.owner == held.owner) & (table.c.until == held.until)
            with self._database.writing() as connection:
                taken = connection.execute(table.update().where(this_one, still).values(**mine)).rowcount
                if taken:
                    self._note(connection, thing, from_run=_run_of(held.owner))
            if not taken:
                return False
        else:
            try:
                with self._database.writing() as connection:
                    connection.execute(table.insert().values({"admin": admin, self._thing.name: thing, **mine}))
                    self._note(connection, thing)
            except LedgerTrouble as refused:
                if is_refused_as_double(refused):
                    return False
                raise
        self._taken.add((admin, thing))
        self._seconds, self._renewed = seconds, now
        return True

    def sign_of_life(self) -> None:
        """Keep what this run has, once a third of its time is over."""
        now = time.time()
        if self._taken and not 0 <= now - self._renewed < self._seconds / 3:
            table = self._table
            with self._database.writing() as connection:
                connection.execute(
                    table.update()
                    .where(table.c.owner == self._database.owner, table.c.until >= now)
                    .values(until=now + self._seconds)
                )
            self._renewed = now

    def release(self, admin: str, thing: str) -> None:
        """Give something back; nothing happens if another run has it by now."""
        self._taken.discard((admin, thing))
        with self._database.writing(lasting=False) as connection:
            connection.execute(
                self._table.delete().where(self._is(admin, thing), self._table.c.owner == self._database.owner)
            )

    def release_all_of(self, worker: int) -> None:
        """Give back all that a worker of this run had, which is known to have ended."""
        owner = f"{self._database.run_id}/{worker}"
        with self._database.writing(lasting=False) as connection:
            connection.execute(self._table.delete().where(self._table.c.owner == owner))

    def held(self) -> list[Held]:
        """Everything that any run has."""
        return list(self._held())

    def _held(self) -> Iterator[Held]:
        table = self._table
        for row in self._database.read(sa.select(table).where(table.c.until >= time.time()).order_by(self._thing)):
            if not is_gone(row.process):
                thing = str(row._mapping[self._thing])
                yield Held(
                    admin=row.admin, thing=thing, run_id=_run_of(row.owner), process=row.process, until=row.until
                )

    def _is(self, admin: str, thing: str) -> sa.ColumnElement[bool]:
        return (self._table.c.admin == admin) & (self._thing == thing)

    def _note(self, connection: sa.Connection, thing: str, **told: str) -> None:
        """Something was taken, in this transaction."""


def _run_of(owner: str) -> str:
    return owner.partition("/")[0]


def this_process() -> str:
    """This process, as the ledger names it: computer and process number."""
    return f"{socket.gethostname()}/{os.getpid()}"


def is_gone(process: str) -> bool:
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
