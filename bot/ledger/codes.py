"""Which two-factor codes were used: for each account the time step of the last one, never a code or a secret."""

import sqlalchemy as sa

from bot.errors import LedgerTrouble
from bot.ledger.database import Database, is_refused_as_double
from bot.ledger.schema import codes


class Codes:
    """The last used time step of every account, known by Admin host and user name.

    A time step is a count of the 30 seconds since 1970; each has one code.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def last_step(self, admin: str, account: str) -> int | None:
        """The time step whose code was used last, or None when none was."""
        where = (codes.c.admin == admin, codes.c.account == account)
        return next((int(row.step) for row in self._database.read(sa.select(codes.c.step).where(*where))), None)

    def spend(self, admin: str, account: str, step: int, *, last: int | None) -> bool:
        """Use the code of ``step``, if ``last`` still is the one used last; False when another run was faster.

        It is on disk when this returns, so a code counts as used before it is entered.
        """
        changed = codes.update().where(codes.c.admin == admin, codes.c.account == account, codes.c.step == last)
        try:
            with self._database.writing() as connection:
                if last is not None:
                    return connection.execute(changed.values(step=step)).rowcount == 1
                connection.execute(codes.insert().values(admin=admin, account=account, step=step))
                return True
        except LedgerTrouble as trouble:
            if is_refused_as_double(trouble):
                return False
            raise
