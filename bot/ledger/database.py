"""The database under the ledger: opened, upgraded, read and written, with its errors in plain words."""

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bot.errors import LedgerTrouble
from bot.ledger.processes import is_gone
from bot.ledger.schema import SCHEMA_VERSION, leases_of, migrate, moved, version_table

BY_HAND = "by-hand"
"""The run id for what a person did outside any run."""


class Database:
    """An open ledger's database. Once created, its tables exist and have this version.

    Raises:
        LedgerTrouble: it is locked, damaged, not a ledger, of a newer version, or cannot be written.
    """

    def __init__(self, engine: sa.Engine, name: str) -> None:
        self._engine = engine
        self.name = name
        """What it is called where people read it."""
        self.run_id = BY_HAND
        """The run that writes."""
        self.worker: int | str = 0
        """Which of the run's workers writes: counted from 1, or the name of one that takes its orders from the queue; 0
        is the run itself."""
        try:
            with self._trouble_named():
                self._prepare()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    def read(self, statement: sa.Select[Any]) -> Sequence[sa.Row[Any]]:
        """Every row that ``statement`` gives."""
        with self._trouble_named(), self._engine.connect() as connection:
            return connection.execute(statement).all()

    @contextmanager
    def writing(self, *, lasting: bool = True) -> Iterator[sa.Connection]:
        """A transaction: all of it or nothing, and on disk when the block has ended.

        With ``lasting`` off it outlives this process at once, and a power cut as soon as anything is written after
        it that is lasting: enough for what nothing dangerous hangs on.
        """
        with self._trouble_named(), self._engine.connect() as connection:
            quick = not lasting and connection.dialect.name == "sqlite"
            if quick:
                connection.exec_driver_sql("PRAGMA synchronous=NORMAL")
                connection.commit()
            try:
                with connection.begin():
                    if not lasting and connection.dialect.name == "postgresql":
                        connection.exec_driver_sql("SET LOCAL synchronous_commit TO OFF")
                    yield connection
            finally:
                if quick:
                    connection.exec_driver_sql("PRAGMA synchronous=FULL")
                    connection.commit()

    @property
    def owner(self) -> str:
        """The owner of leases: the run, or one of its workers."""
        return f"{self.run_id}/{self.worker}" if self.worker else self.run_id

    def alone(self, connection: sa.Connection, run_id: str) -> None:
        """Until the transaction ends, let nobody else write for the same run: its workers, or two people by hand.

        SQLite has one writer at a time, but only from a transaction's first change on: what is read before that may
        be old by then.
        """
        self._lock(connection, _RUN_LOCK, run_id)

    def deciding(self, connection: sa.Connection, name: str) -> None:
        """Until the transaction ends, let nobody else decide about what has this name.

        What is read after this is what holds until the end. It comes before ``alone``, so that nobody waits for
        somebody who waits.
        """
        self._lock(connection, _THING_LOCK, name)

    @property
    def clock(self) -> sa.ColumnElement[float]:
        """Unix time now, by the clock that all who share the ledger have in common: the server's; of a file, this
        computer's, because it is used on one computer only.
        """
        if self._engine.dialect.name == "postgresql":
            # Not now(), which is when the transaction began: it may have waited for another one since.
            return sa.cast(sa.extract("epoch", sa.func.clock_timestamp()), sa.Double)
        return sa.literal(time.time(), sa.Double)

    def now(self, connection: sa.Connection | None = None) -> float:
        """The clock's time; inside a transaction, if one is given."""
        if self._engine.dialect.name != "postgresql":
            return time.time()
        statement = sa.select(self.clock)
        return float(connection.execute(statement).scalar_one() if connection else self.read(statement)[0][0])

    def schema_name(self) -> str:
        """The schema in which the tables are; ``main`` in a file."""
        if self._engine.dialect.name != "postgresql":
            return "main"
        return str(self.read(sa.select(sa.func.current_schema()))[0][0])

    def hold_version(self, connection: sa.Connection) -> None:
        """Make sure, inside a transaction that has a lock, that the ledger is still the one that was opened.

        Until the transaction ends, nobody can upgrade or move it.

        Raises:
            LedgerTrouble: it was upgraded or moved since, or is being.
        """
        if connection.dialect.name == "postgresql":
            with self._told_of_an_upgrade("another program is upgrading it"):
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock_shared(_MIGRATION_LOCK)))
        if connection.scalar(sa.select(version_table.c.version)) != SCHEMA_VERSION:
            raise LedgerTrouble(
                ledger=self.name,
                reason="a newer version of Countermand has upgraded it since it was opened. "
                "Update Countermand here too.",
            )
        self._refuse_if_moved(connection)

    def _lock(self, connection: sa.Connection, kind: int, name: str) -> None:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(kind, sa.func.hashtext(name))))
        elif not connection.connection.driver_connection.in_transaction:  # type: ignore[union-attr]  # it is open
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    def _prepare(self) -> None:
        with self._engine.begin() as connection:
            found = self._version(connection)
            if found == SCHEMA_VERSION:
                self._refuse_if_moved(connection)
                return
            # Of two programs that find an older ledger or none, one upgrades it completely; the other waits for that.
            # The lock does not say what its owner does: it may also be a program of the older version that writes.
            doing = f"upgrading it from version {found}, or writing to it" if found else "making its tables"
            with self._told_of_an_upgrade(f"another program is {doing}"):
                if connection.dialect.name == "sqlite":
                    connection.exec_driver_sql("BEGIN IMMEDIATE")
                else:
                    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
            version = self._version(connection)
            if version < SCHEMA_VERSION:
                self._refuse_if_in_use(connection, version)
                migrate(connection, version)
            self._refuse_if_moved(connection)

    @contextmanager
    def _told_of_an_upgrade(self, what: str) -> Iterator[None]:
        """Where the wait for a lock that an upgrade takes is over, say so: to end the program that upgrades is no help.

        Raises:
            LedgerTrouble: another program still has the lock.
        """
        try:
            yield
        except sa.exc.OperationalError as error:
            if not _is_held(error):
                raise
            raise LedgerTrouble(
                ledger=self.name,
                reason=f"{what}. Wait until that program has finished, then try again; nothing was changed here.",
            ) from error

    def _refuse_if_in_use(self, connection: sa.Connection, version: int) -> None:
        """A run of the older version would not know what this version writes, and could press Confirm once more."""
        for table in leases_of(version):
            live = sa.select(table.c.owner, table.c.process, table.c.until).where(table.c.until > self.now(connection))
            in_use = [row for row in connection.execute(live.order_by(table.c.until)) if not is_gone(row.process)]
            if in_use:
                run, until = in_use[-1].owner.partition("/")[0], datetime.fromtimestamp(in_use[-1].until, UTC)
                raise LedgerTrouble(
                    ledger=self.name,
                    reason=f"it is of version {version} and in use by a run of that version ({run}). It is upgraded "
                    f"once that run has ended; if the run has crashed, after {until:%Y-%m-%d %H:%M:%S} UTC.",
                )

    def _refuse_if_moved(self, connection: sa.Connection) -> None:
        elsewhere = connection.execute(sa.select(moved)).one_or_none()
        if elsewhere is not None:
            raise LedgerTrouble(
                ledger=self.name,
                reason=f"it was moved to {elsewhere.moved_to}. Set COUNTERMAND_LEDGER={elsewhere.moved_to}",
            )

    def _version(self, connection: sa.Connection) -> int:
        """The version of the ledger, 0 for an empty database.

        Raises:
            LedgerTrouble: it is another program's, or of a newer version.
        """
        tables = sa.inspect(connection).get_table_names()
        if not tables:
            return 0
        if version_table.name not in tables:
            what = "file" if connection.dialect.name == "sqlite" else "one"
            raise LedgerTrouble(
                ledger=self.name,
                reason=f"it belongs to another program. Name another {what} in COUNTERMAND_LEDGER.",
            )
        version = connection.scalar(sa.select(version_table.c.version))
        if version is None or version > SCHEMA_VERSION:
            raise LedgerTrouble(
                ledger=self.name,
                reason=f"it is of version {version}, this Countermand supports up to {SCHEMA_VERSION}. "
                "Update Countermand.",
            )
        return int(version)

    @contextmanager
    def _trouble_named(self) -> Iterator[None]:
        try:
            yield
        except sa.exc.DBAPIError as error:
            # A server's message may have many lines, with the query; the first says what is wrong.
            what = str(error.orig).strip().partition("\n")[0]
            if _is_held(error):
                advice = _HELD_ADVICE
            else:
                advice = _file_advice(what) if self._engine.dialect.name == "sqlite" else _SERVER_ADVICE
            raise LedgerTrouble(ledger=self.name, reason=f"{what}. {advice}") from error


def connect(place: Path | str, patience: float) -> tuple[sa.Engine, str]:
    """The engine for a ledger file, or for the address of a PostgreSQL database, and its name for people.

    Raises:
        LedgerTrouble: the file's folder cannot be made, a folder is in its place, or the driver for the database is
            not installed.
    """
    if isinstance(place, str):
        url = sa.make_url(place)
        try:
            engine = sa.create_engine(
                url.set(drivername="postgresql+psycopg"),
                connect_args={"connect_timeout": max(2, round(patience)), **NOTICED_WHEN_CUT},  # 1 is taken for 2
                pool_pre_ping=True,  # a server that was restarted is no problem
            )
        except ModuleNotFoundError as missing:
            raise LedgerTrouble(
                ledger=place,
                reason="the driver for PostgreSQL is not installed. Get it with: pip install 'countermand[postgresql]'",
            ) from missing
        sa.event.listen(engine, "connect", partial(_patient_and_durable, patience=patience))
        return engine, place
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LedgerTrouble(
            ledger=place,
            reason=f"its folder cannot be made ({error.strerror or error}). Name another place in COUNTERMAND_LEDGER, "
            "or in COUNTERMAND_RUNS_DIR.",
        ) from error
    if place.is_dir():
        raise LedgerTrouble(ledger=place, reason="it is a folder. Name a file in COUNTERMAND_LEDGER.")
    engine = sa.create_engine(sa.URL.create("sqlite", database=str(place)), connect_args={"timeout": patience})
    sa.event.listen(engine, "connect", _durable)
    return engine, str(place)


def connect_in_memory() -> tuple[sa.Engine, str]:
    """The engine for a ledger that ends with the process, and its name for people."""
    engine = sa.create_engine("sqlite://", poolclass=sa.pool.StaticPool, connect_args={"check_same_thread": False})
    return engine, "in memory"


def timestamp(at: float | None = None) -> str:
    """A Unix time, by default now by this computer's clock, as the ledger writes times: ISO 8601 in UTC."""
    moment = datetime.now(UTC) if at is None else datetime.fromtimestamp(at, UTC)
    return moment.isoformat(timespec="milliseconds")


def writable(text: str) -> str:
    """``text`` as every database and file can hold it: a page can hand over half a surrogate pair, or a NUL."""
    return text.encode(errors="replace").decode().replace("\0", "\ufffd")


def is_refused_as_double(trouble: LedgerTrouble) -> bool:
    """Whether the database refused to write something because it exists already."""
    return isinstance(trouble.__cause__, sa.exc.IntegrityError)


NOTICED_WHEN_CUT = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 4,
    "tcp_user_timeout": 30_000,
}
"""For connections to a server: seconds (the last milliseconds) after which one that was cut without a word is given up.
Without them a worker would wait for hours for an answer that cannot come.
"""

_MIGRATION_LOCK = 4_711_043
_RUN_LOCK = 4_711_044
_THING_LOCK = 4_711_045
"""Arbitrary numbers that other programs in the same database are unlikely to lock."""

_HELD_ADVICE = (
    "Another program holds it, perhaps to upgrade it. Wait until that program has finished, or end it if it hangs; "
    "then try again."
)

_FILE_ADVICE = (
    "If another program holds it, end that one; if it is damaged, move it away and keep it: "
    "it is the only memory of what was pressed."
)

_KNOWN_ADVICE = {
    "readonly": "Allow this user to write the file and its folder.",
    "is full": "Make room on its disk.",
    "disk I/O": "Make sure that its disk works and has room.",
    "unable to open": "Allow this user to read and write the file and its folder.",
}
"""What to do where a few words of SQLite's message say what is wrong."""

_SERVER_ADVICE = "Make sure that the server is running and lets you in; nothing is pressed without the ledger."


def _is_held(error: sa.exc.DBAPIError) -> bool:
    """Whether a lock was not given within the time that a connection waits for one."""
    if isinstance(error.orig, sqlite3.OperationalError):
        code = getattr(error.orig, "sqlite_errorcode", 0)  # one that a program made itself has none
        return bool(code & 0xFF == sqlite3.SQLITE_BUSY)  # the rest says in which way
    return getattr(error.orig, "sqlstate", None) == _LOCK_NOT_GIVEN


_LOCK_NOT_GIVEN = "55P03"
"""What PostgreSQL calls a ``lock_timeout`` that is over."""


def _file_advice(what: str) -> str:
    return next((advice for words, advice in _KNOWN_ADVICE.items() if words in what), _FILE_ADVICE)


_TRIES = 20
"""How often a connection asks for WAL when other programs come in between."""


def _patient_and_durable(connection: Any, _record: object, patience: float) -> None:
    """No wait for another program is without an end, and a commit is on the server's disk whatever its default is."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET lock_timeout TO {max(1, round(patience * 1000))}")
        cursor.execute("SET synchronous_commit TO ON")
    connection.commit()


def _durable(connection: sqlite3.Connection, _record: object) -> None:
    """Every commit is on disk before it returns, and readers never block the writer."""
    for _ in range(_TRIES):
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            break
        except sqlite3.OperationalError:
            # SQLite does not wait here for another program that makes the same ledger; for this lock it does.
            connection.execute("BEGIN EXCLUSIVE")
            connection.rollback()
    else:
        connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA fullfsync=ON")  # on macOS a plain sync leaves the data in the drive's own memory
    connection.execute("PRAGMA foreign_keys=ON")
