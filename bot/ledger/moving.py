"""Moving a ledger from its file to a server, so that several machines can share it.

Every row is copied in one transaction, and compared afterwards. The file stays, and is marked: opening it says where
the ledger is now. An old ledger that went on being used would know nothing of what was pressed since.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bot.errors import CannotStart, LedgerTrouble
from bot.ledger.database import Database, connect, timestamp
from bot.ledger.queue import any_worker_may
from bot.ledger.schema import accounts, claims, moved, queued_runs, version_table

_LEFT = {version_table.name, moved.name, claims.name, accounts.name}
"""Tables that are not copied: nobody has a claim or an account, or the ledger is not moved."""

_BATCH = 1000
"""Rows that are copied at once."""

_TABLES = [table for table in version_table.metadata.sorted_tables if table.name not in _LEFT]


def move(file: Path, address: str, patience: float = 10) -> Mapping[str, int]:
    """Move the ledger in a file to a database that has none yet; gives how many rows of each table there are.

    Raises:
        CannotStart: there is no such file, something is using it or waits in its queue, or the database has a ledger.
        LedgerTrouble: either cannot be used, or the copy is not the same; then nothing has moved.
    """
    if not file.is_file():
        raise CannotStart(reason=f"There is no ledger at {file}.")
    source = Database(*connect(file, patience))
    try:
        target = Database(*connect(address, patience))
        try:
            with source.writing() as old:
                source.deciding(old, "move")  # nobody writes there until the end
                _refuse_if_used(old, source.now(old), file)
                with target.writing() as new:
                    target.deciding(new, "move")
                    _refuse_if_filled(new, address)
                    counts = {table.name: _copy(table, old, new) for table in _TABLES}
                    _set_counters(new)
                    for table in _TABLES:
                        if _sum_of(table, old) != _sum_of(table, new):
                            raise LedgerTrouble(
                                ledger=address,
                                reason=f"what was copied of {table.name} is not the same. Nothing was moved.",
                            )
                old.execute(moved.insert().values(moved_to=address, moved_at=timestamp()))
            return counts
        finally:
            target.close()
    finally:
        source.close()


def _refuse_if_used(old: sa.Connection, now: float, file: Path) -> None:
    for table in (claims, accounts):
        if old.scalar(sa.select(table.c.until).where(table.c.until > now).limit(1)) is not None:
            raise CannotStart(
                reason=f"The ledger {file} is in use.", next_step="Wait until every run and worker has ended."
            )
    queued = sa.select(queued_runs.c.run_id).where(queued_runs.c.finished_at.is_(None), any_worker_may())
    if old.scalar(queued.limit(1)) is not None:
        raise CannotStart(
            reason=f"A run is queued in the ledger {file}.",
            next_step="Have it finished, or cancel it: see countermand queue.",
        )


def _refuse_if_filled(new: sa.Connection, address: str) -> None:
    for table in _TABLES:
        if new.execute(sa.select(table).limit(1)).one_or_none() is not None:
            raise CannotStart(
                reason=f"The database {address} has a ledger already.",
                next_step="Name an empty database. Two ledgers cannot be made into one.",
            )


def _copy(table: sa.Table, old: sa.Connection, new: sa.Connection) -> int:
    count = 0
    for rows in old.execute(sa.select(table)).partitions(_BATCH):
        new.execute(_filled(table).insert(), [dict(row._mapping) for row in rows])
        count += len(rows)
    return count


def _filled(table: sa.Table) -> sa.TableClause:
    """The table, whose JSON columns take None for SQL's NULL and not for a null in JSON."""
    kinds = [
        sa.JSON(none_as_null=True) if isinstance(column.type, sa.JSON) else column.type for column in table.columns
    ]
    return sa.table(table.name, *map(sa.column, table.columns.keys(), kinds))


def _set_counters(new: sa.Connection) -> None:
    """Let the server's numbers go on after the last one that was copied."""
    if new.dialect.name != "postgresql":
        return
    for table in _TABLES:
        column = table.autoincrement_column
        if column is not None and (last := new.scalar(sa.select(sa.func.max(column)))) is not None:
            sequence = sa.func.pg_get_serial_sequence(table.name, column.name)
            new.execute(sa.select(sa.func.setval(sequence, last)))


def _sum_of(table: sa.Table, connection: sa.Connection) -> str:
    """A hash of every row of a table, in the order of its key."""
    total = hashlib.sha256()
    for line in _lines_of(table, connection):
        total.update(line.encode())
    return total.hexdigest()


def _lines_of(table: sa.Table, connection: sa.Connection) -> Iterator[str]:
    by_bytes = [
        sa.collate(column, "C") if _is_text(connection, column) else column for column in table.primary_key.columns
    ]
    statement = sa.select(table).order_by(*by_bytes)
    for row in connection.execute(statement):
        yield json.dumps(list(row), sort_keys=True, ensure_ascii=True)


def _is_text(connection: sa.Connection, column: sa.Column[Any]) -> bool:
    """Whether the server would sort it by a language's rules; a file sorts by bytes."""
    return connection.dialect.name == "postgresql" and isinstance(column.type, sa.String)
