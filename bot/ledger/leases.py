"""What only one run, or one worker of a run, may have at a time: an order to work on, an Admin account.

A lease ends when it is given back; or when it expires without a sign of life, so that a bot that died blocks nothing;
or at once if the process that took it is proved to have ended (``bot.ledger.processes``). The ledger's clock
(``Database.clock``) counts; this computer's own only decides when a sign of life is due.
"""

import time
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bot.errors import LedgerTrouble
from bot.ledger.admins import is_about, lock_name
from bot.ledger.database import Database, is_refused_as_double, timestamp
from bot.ledger.processes import is_gone, this_process


@dataclass(frozen=True, kw_only=True)
class Held:
    """A lease that a run holds."""

    admin: str
    thing: str
    """What it has: an order number, an account."""
    run_id: str
    process: str
    """Computer and process number, with a slash between them."""
    until: float
    """Unix time at which it ends without another sign of life."""

    @property
    def until_at(self) -> str:
        """The same, ISO 8601 in UTC."""
        return timestamp(self.until)


class Leases:
    """Leases of one kind of thing, held by this run or another one.

    Needs the table in which they are kept, and the name of the column that says which thing it is.
    """

    def __init__(self, database: Database, table: sa.Table, thing: str) -> None:
        self._database = database
        self._table = table
        self._thing: sa.Column[Any] = table.c[thing]
        self._taken: set[tuple[str, str]] = set()
        self._seconds = 0.0
        self._renewed = (0.0, 0.0)
        self._lost: set[str] = set()

    def take(self, admin: str, thing: str, seconds: float) -> bool:
        """Take something for this run, or extend its lease; False while another run has it.

        Needs the ``seconds`` for which it stays this run's without a sign of life.
        """
        table, owner = self._table, self._database.owner
        this_one = is_about(table.c.admin, admin) & (self._thing == thing)
        renewed = self._clocks()
        try:
            with self._database.writing() as connection:
                self._database.deciding(connection, lock_name(admin, thing))
                # A sign of life that is on its way is waited for.
                held = connection.execute(sa.select(table).where(this_one).with_for_update()).all()
                now = self._database.now(connection)
                if any(row.owner != owner and row.until > now and not is_gone(row.process) for row in held):
                    return False
                self._may_take(connection, thing, now)
                connection.execute(table.delete().where(this_one))
                mine = {"admin": admin, self._thing.name: thing, "owner": owner}
                connection.execute(table.insert().values(**mine, process=this_process(), until=now + seconds))
                left = [run_of(row.owner) for row in held if row.owner != owner]
                self._note(connection, thing, **({"from_run": left[0]} if left else {}))
        except LedgerTrouble as refused:
            if is_refused_as_double(refused):
                return False
            raise
        self._taken.add((admin, thing))
        self._lost.discard(thing)
        self._seconds, self._renewed = seconds, renewed
        return True

    def sign_of_life(self) -> tuple[str, ...]:
        """Keep what this run has, once a third of its time is over, and say what it has lost.

        What ran out or was taken stays lost, also if nobody has it now: somebody may have had it meanwhile. It is said
        each time, until it is taken again or given back.
        """
        if not self._taken:
            return ()
        clocks = self._clocks()
        if all(0 <= now - then < self._seconds / 3 for now, then in zip(clocks, self._renewed, strict=True)):
            return tuple(sorted(self._lost))
        table, now = self._table, self._database.clock
        ours = (table.c.owner == self._database.owner) & (table.c.until > now)
        with self._database.writing() as connection:
            connection.execute(table.update().where(ours).values(until=now + self._seconds))
            held = {str(thing) for thing in connection.execute(sa.select(self._thing).where(ours)).scalars()}
        self._renewed = clocks
        self._lost |= {thing for _, thing in self._taken if thing not in held}
        return tuple(sorted(self._lost))

    def release(self, admin: str, thing: str) -> None:
        """Give something back; nothing happens if another run has taken it over."""
        self._taken.discard((admin, thing))
        self._lost.discard(thing)
        with self._database.writing(lasting=False) as connection:
            connection.execute(
                self._table.delete().where(self._is(admin, thing), self._table.c.owner == self._database.owner)
            )

    def release_by_hand(self, admin: str, thing: str) -> bool:
        """Take something away from whichever run has it, because a person says so; False if nobody has it.

        A run that still lives finds that it has lost it before its next order.
        """
        with self._database.writing() as connection:
            self._database.deciding(connection, lock_name(admin, thing))
            return bool(connection.execute(self._table.delete().where(self._is(admin, thing))).rowcount)

    def release_all_of(self, worker: int) -> None:
        """Give back everything that a worker of this run had, after it is known to have ended."""
        owner = f"{self._database.run_id}/{worker}"
        with self._database.writing(lasting=False) as connection:
            connection.execute(self._table.delete().where(self._table.c.owner == owner))

    def holds_still(self, admin: str, thing: str) -> bool:
        """Whether what this run took is still its own at this moment, by the ledger's clock."""
        mine = self._is(admin, thing) & (self._table.c.owner == self._database.owner)
        statement = sa.select(self._table.c.owner).where(mine, self._table.c.until > self._database.clock)
        return bool(self._database.read(statement))

    def abandoned_by(self, admin: str, thing: str) -> str:
        """The run of another owner whose lease is over, and was never given back; empty if nobody left one."""
        statement = sa.select(self._table).where(self._is(admin, thing), self._table.c.owner != self._database.owner)
        now = self._database.now()
        rows = self._database.read(statement)
        return next((run_of(row.owner) for row in rows if row.until <= now or is_gone(row.process)), "")

    def held(self) -> list[Held]:
        """Every lease that any run holds."""
        table = self._table
        live = sa.select(table).where(table.c.until > self._database.clock).order_by(self._thing)
        return [
            Held(
                admin=row.admin,
                thing=str(row._mapping[self._thing]),
                run_id=run_of(row.owner),
                process=row.process.partition(" ")[0],
                until=row.until,
            )
            for row in self._database.read(live)
            if not is_gone(row.process)
        ]

    def _is(self, admin: str, thing: str) -> sa.ColumnElement[bool]:
        return (self._table.c.admin == admin) & (self._thing == thing)

    def _clocks(self) -> tuple[float, float]:
        # The first can be changed; the second stops while the computer sleeps.
        return time.time(), time.monotonic()

    def _may_take(self, connection: sa.Connection, thing: str, now: float) -> None:
        """Something free is about to be taken, in this transaction; raises if it may not be."""

    def _note(self, connection: sa.Connection, thing: str, **told: str) -> None:
        """Something was taken, in this transaction."""


def run_of(owner: str) -> str:
    """The run of the owner of a lease, which may be one of its workers."""
    return owner.partition("/")[0]
