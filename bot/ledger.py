"""The ledger: what was asked for, what was pressed and what came of it, across all runs (SQLite by default).

It is the memory that makes *once and only once* hold: an intent is on disk before Confirm is pressed, and an
order with an intent that was never settled is not pressed again. Orders are known by Admin host and number.
The schema and the statements are plain SQLAlchemy Core, so that a team can share a ledger on a server later.
"""

import os
import socket
import sqlite3
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import sqlalchemy as sa

from bot.errors import ClaimLost, LedgerTrouble, PressedBefore
from bot.joblist import Job
from bot.ledgerschema import SCHEMA_VERSION, claims, intents, looks, migrate, orders, runs, version_table
from bot.outcomes import OrderResult, Outcome, RunInfo
from bot.verdicts import Answer
from bot.vocabulary import Reason

if TYPE_CHECKING:
    from bot.guard import Permit


@dataclass(frozen=True, kw_only=True)
class Intent:
    """That Confirm was about to be pressed, and what is known of what came of it."""

    intent: int
    admin: str
    order: str
    store: str
    reason: Reason
    run_id: str
    written_at: str
    """ISO 8601, UTC, as all times of the ledger."""
    answer: Answer | None
    """None when the run was cut off before it heard, or gave up hearing."""
    answer_words: str
    outcome: Outcome | None
    """None when the run was cut off before it knew."""
    looked_at: str = ""
    """When it was last looked at again, by ``countermand audit``; empty if never."""
    looked_status: str = ""
    """The status that it had then."""


class Ledger:
    """One ledger. Make it with ``open`` or ``in_memory``, and use it as a context manager to close it."""

    def __init__(self, engine: sa.Engine, name: str) -> None:
        self._engine = engine
        self._name = name
        self.run_id = "by-hand"
        self._claimed: set[tuple[str, str]] = set()
        self._claim_seconds = self._renewed = 0.0
        try:
            with self._trouble_named():
                self._prepare()
        except LedgerTrouble:
            self.close()
            raise

    @classmethod
    def open(cls, path: Path, *, patience: float = 10) -> Self:
        """Open the ledger in a file, making it if it is not there.

        Needs ``patience``, the seconds to wait for another program that holds it.

        Raises:
            LedgerTrouble: it is locked, damaged, not a ledger, of a newer version, or cannot be written.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LedgerTrouble(ledger=path, reason=error.strerror or error) from error
        engine = sa.create_engine(sa.URL.create("sqlite", database=str(path)), connect_args={"timeout": patience})
        sa.event.listen(engine, "connect", _durable)
        return cls(engine, str(path))

    @classmethod
    def in_memory(cls) -> Self:
        """A ledger that is forgotten with the process: for tests and for flows run by hand."""
        engine = sa.create_engine("sqlite://", poolclass=sa.pool.StaticPool, connect_args={"check_same_thread": False})
        return cls(engine, "in memory")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def close(self) -> None:
        """Close it; everything written is on disk already."""
        self._engine.dispose()

    # --- Runs and their orders ---

    def begin_run(self, info: RunInfo, jobs: Iterable[Job]) -> None:
        """Record a run and every order that it was asked for, before the first is worked."""
        self.run_id = info.run_id
        queued = [
            {
                "run_id": info.run_id,
                "amazon_order": job.order,
                "place": place,
                "job": job.model_dump(mode="json"),
            }
            for place, job in enumerate(jobs, start=1)
        ]
        with self._writing() as connection:
            connection.execute(
                runs.insert().values(
                    run_id=info.run_id, started_at=info.started_at.isoformat(), info=info.model_dump(mode="json")
                )
            )
            if queued:
                connection.execute(orders.insert(), queued)

    def finish_order(self, result: OrderResult) -> None:
        """Record what became of an order of this run."""
        with self._writing() as connection:
            connection.execute(
                orders.update()
                .where(orders.c.run_id == self.run_id, orders.c.amazon_order == result.order)
                .values(result=result.model_dump(mode="json"))
            )

    def finish_run(self, info: RunInfo) -> None:
        """Record how a run ended."""
        with self._writing() as connection:
            connection.execute(
                runs.update().where(runs.c.run_id == info.run_id).values(info=info.model_dump(mode="json"))
            )

    def runs(self, limit: int = 20) -> list[RunInfo]:
        """The latest runs, newest first."""
        statement = sa.select(runs.c.info).order_by(runs.c.started_at.desc()).limit(limit)
        return [RunInfo.model_validate(row.info) for row in self._read(statement)]

    def results(self, run_id: str) -> list[OrderResult]:
        """What became of the orders of a run, in the order of its list; orders without a result are left out."""
        statement = (
            sa.select(orders.c.result)
            .where(orders.c.run_id == run_id, orders.c.result.is_not(sa.null()))
            .order_by(orders.c.place)
        )
        return [OrderResult.model_validate(row.result) for row in self._read(statement) if row.result]

    # --- Intents ---

    def write_intent(self, admin: str, permit: "Permit") -> int:
        """Record that Confirm is about to be pressed. It is on disk when this returns.

        Raises:
            PressedBefore: an intent for this order is open, from this run or another.
            ClaimLost: the order was claimed for this run, and the claim is over or another run's.
        """
        try:
            with self._writing() as connection:
                self._hold_claim(connection, admin, permit.order)
                written = connection.execute(
                    intents.insert().values(
                        admin=admin,
                        amazon_order=permit.order,
                        run_id=self.run_id,
                        store=permit.store,
                        reason=str(permit.reason),
                        written_at=_now(),
                    )
                )
        except LedgerTrouble as refused:
            if not isinstance(refused.__cause__, sa.exc.IntegrityError):
                raise
            earlier = self.open_intent(admin, permit.order)
            if earlier is None:
                raise
            raise PressedBefore(order=permit.order, run_id=earlier.run_id, written_at=earlier.written_at) from refused
        (intent,) = written.inserted_primary_key or (0,)
        return int(intent)

    def open_intent(self, admin: str, order: str) -> Intent | None:
        """The intent for this order that was never settled: Confirm may have been pressed; None if there is none."""
        statement = _open_intents().where(intents.c.admin == admin, intents.c.amazon_order == order)
        return next((_intent(row) for row in self._read(statement)), None)

    def note_answer(self, intent: int, answer: Answer, words: str) -> None:
        """Record what the Admin answered to a press."""
        self._update_intent(intent, answer=str(answer), answer_words=words)

    def conclude(self, intent: int, outcome: Outcome) -> None:
        """Record what became of a press. Only ``canceled`` settles it; anything else waits for a person."""
        settled = {"settled_at": _now(), "settled_as": "canceled", "settled_by": "proof"}
        self._update_intent(intent, outcome=str(outcome), **(settled if outcome is Outcome.CANCELED else {}))

    def settle(self, intent: int, settled_as: str, *, by: str, why: str = "") -> None:
        """Close an intent: what is known of it now, who says so, and why. A later run may then press again."""
        self._update_intent(intent, settled_at=_now(), settled_as=settled_as, settled_by=by, settled_why=why)

    def waiting(self, order: str | None = None) -> list[Intent]:
        """The intents that wait for a person, oldest first: canceled_not_sent, unknown, or cut off by a crash.

        With ``order``, only those of that order number, in whichever Admin.
        """
        statement = _open_intents()
        if order is not None:
            statement = statement.where(intents.c.amazon_order == order)
        return [_intent(row) for row in self._read(statement)]

    def canceled_since(self, admin: str | None, since: datetime) -> list[Intent]:
        """The orders of an Admin (None for all) that were proved canceled, or said to be by a person, since a time.

        Oldest first; of an order that was canceled twice only the later time, with the latest look at it.
        """
        latest = sa.select(looks.c.intent, sa.func.max(looks.c.look).label("look")).group_by(looks.c.intent).subquery()
        statement = (
            sa.select(intents, looks.c.looked_at, looks.c.status.label("looked_status"))
            .outerjoin(latest, latest.c.intent == intents.c.intent)
            .outerjoin(looks, looks.c.look == latest.c.look)
            .where(
                sa.true() if admin is None else intents.c.admin == admin,
                intents.c.settled_as == "canceled",
                intents.c.written_at >= since.astimezone(UTC).isoformat(timespec="milliseconds"),
            )
            .order_by(intents.c.intent)
        )
        found = {(intent.admin, intent.order): intent for intent in map(_intent, self._read(statement))}
        return list(found.values())

    def note_look(self, intent: int, status: str) -> None:
        """Record that a canceled order was looked at again, and what it read."""
        with self._writing() as connection:
            connection.execute(looks.insert().values(intent=intent, looked_at=_now(), status=status))

    # --- Who works on what ---

    def claim(self, admin: str, order: str, seconds: float) -> bool:
        """Take an order for this run, or keep it longer; False while another run's claim lasts.

        A claim ends by ``release``, or by itself when its time is over, so that a bot that died holds nothing up; at
        once where the process that made it is known to be gone.
        """
        now = time.time()
        mine = {"owner": self.run_id, "process": _this_process(), "until": now + seconds}
        this_order = (claims.c.admin == admin) & (claims.c.amazon_order == order)
        for row in self._read(sa.select(claims).where(this_order)):
            free = row.owner == self.run_id or row.until < now or _is_gone(row.process)
            with self._writing() as connection:
                # Only if the claim is still the one that was looked at: another run may be faster.
                taken = free and connection.execute(
                    claims.update()
                    .where(this_order, claims.c.owner == row.owner, claims.c.until == row.until)
                    .values(**mine)
                )
            if not taken or not taken.rowcount:
                return False
            break
        else:
            try:
                with self._writing() as connection:
                    connection.execute(claims.insert().values(admin=admin, amazon_order=order, **mine))
            except LedgerTrouble as refused:
                if isinstance(refused.__cause__, sa.exc.IntegrityError):
                    return False
                raise
        self._claimed.add((admin, order))
        self._claim_seconds, self._renewed = seconds, now
        return True

    def sign_of_life(self) -> None:
        """Keep this run's claims, once a third of their time is over."""
        now = time.time()
        if self._claimed and not 0 <= now - self._renewed < self._claim_seconds / 3:
            with self._writing() as connection:
                connection.execute(
                    claims.update()
                    .where(claims.c.owner == self.run_id, claims.c.until >= now)
                    .values(until=now + self._claim_seconds)
                )
            self._renewed = now

    def release(self, admin: str, order: str) -> None:
        """Give an order back; nothing happens if another run has it by now."""
        self._claimed.discard((admin, order))
        with self._writing() as connection:
            connection.execute(
                claims.delete().where(
                    claims.c.admin == admin, claims.c.amazon_order == order, claims.c.owner == self.run_id
                )
            )

    # --- Inside ---

    def _prepare(self) -> None:
        with self._engine.begin() as connection:
            if self._version(connection) == SCHEMA_VERSION:
                return
            if connection.dialect.name == "sqlite":
                # Of two programs that find an older ledger or none, one changes it, whole; the other waits for that.
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            version = self._version(connection)
            if version < SCHEMA_VERSION:
                migrate(connection, version)

    def _version(self, connection: sa.Connection) -> int:
        """The version of the ledger, 0 for an empty database.

        Raises:
            LedgerTrouble: it is another program's, or of a newer version.
        """
        tables = sa.inspect(connection).get_table_names()
        if not tables:
            return 0
        if version_table.name not in tables:
            raise LedgerTrouble(
                ledger=self._name,
                reason="it is the database of another program. Name another file in COUNTERMAND_LEDGER.",
            )
        version = connection.scalar(sa.select(version_table.c.version))
        if version is None or version > SCHEMA_VERSION:
            raise LedgerTrouble(
                ledger=self._name,
                reason=f"it is of version {version}, this Countermand knows up to {SCHEMA_VERSION}. "
                "Update Countermand.",
            )
        return int(version)

    def _hold_claim(self, connection: sa.Connection, admin: str, order: str) -> None:
        if (admin, order) not in self._claimed:
            return
        held = connection.scalar(
            sa.select(claims.c.owner).where(
                claims.c.admin == admin, claims.c.amazon_order == order, claims.c.until > time.time()
            )
        )
        if held != self.run_id:
            raise ClaimLost(order=order)

    def _update_intent(self, intent: int, **values: object) -> None:
        with self._writing() as connection:
            connection.execute(intents.update().where(intents.c.intent == intent).values(**values))

    def _read(self, statement: sa.Select[Any]) -> Sequence[sa.Row[Any]]:
        with self._trouble_named(), self._engine.connect() as connection:
            return connection.execute(statement).all()

    @contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        with self._trouble_named(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def _trouble_named(self) -> Iterator[None]:
        try:
            yield
        except sa.exc.DBAPIError as error:
            raise LedgerTrouble(ledger=self._name, reason=f"{error.orig}. {_ADVICE}") from error


def _open_intents() -> sa.Select[Any]:
    return sa.select(intents).where(intents.c.settled_at.is_(None)).order_by(intents.c.intent)


def _intent(row: sa.Row[Any]) -> Intent:
    told = row._mapping
    return Intent(
        intent=row.intent,
        admin=row.admin,
        order=row.amazon_order,
        store=row.store,
        reason=Reason(row.reason),
        run_id=row.run_id,
        written_at=row.written_at,
        answer=Answer(row.answer) if row.answer else None,
        answer_words=row.answer_words or "",
        outcome=Outcome(row.outcome) if row.outcome else None,
        looked_at=told.get("looked_at") or "",
        looked_status=told.get("looked_status") or "",
    )


_ADVICE = (
    "If another program holds it, end that one; if it is damaged, move it away and keep it: "
    "it is the only memory of what was pressed."
)


_TRIES = 20
"""How often a connection asks for WAL when other programs come in between."""


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


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
