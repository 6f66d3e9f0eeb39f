"""Which two-factor codes were used: for each account the time step of the last one, never a code or a secret."""

from typing import Any

import sqlalchemy as sa

from bot.errors import LedgerTrouble
from bot.ledger.admins import is_about, lock_name
from bot.ledger.database import Database, is_refused_as_double
from bot.ledger.schema import codes


class Codes:
    """The last used time step of every account, known by Admin and user name.

    A time step is a count of the 30 seconds since 1970; each has one code.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def last_step(self, admin: str, account: str) -> int | None:
        """The time step of the last used code, or None."""
        return next((row.step for row in self._database.read(_last(admin, account))), None)

    def spend(self, admin: str, account: str, step: int, *, last: int | None) -> bool:
        """Use the code of ``step``, if ``last`` is still the one used last; False if another run was faster.

        It is on disk when this returns, so a code counts as used before it is entered.
        """
        mine = (codes.c.admin == admin) & (codes.c.account == account)
        try:
            with self._database.writing() as connection:
                self._database.deciding(connection, lock_name(admin, account))
                if connection.scalar(_last(admin, account)) != last:
                    return False
                connection.execute(codes.delete().where(mine))
                connection.execute(codes.insert().values(admin=admin, account=account, step=step))
                return True
        except LedgerTrouble as trouble:
            if is_refused_as_double(trouble):
                return False
            raise


def _last(admin: str, account: str) -> sa.Select[Any]:
    return sa.select(sa.func.max(codes.c.step).label("step")).where(
        is_about(codes.c.admin, admin), codes.c.account == account
    )
