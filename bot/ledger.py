"""The ledger: what was asked for, what was pressed and what came of it, across all runs (SQLite by default).

It is the memory that makes *once and only once* hold: an intent is on disk before Confirm is pressed, and an
order with an intent that was never settled is not pressed again. Orders are known by Admin host and number.
The schema and the statements are plain SQLAlchemy Core, so that a team can share a ledger on a server later.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import sqlalchemy as sa

from bot.errors import LedgerTrouble, PressedBefore
from bot.joblist import Job
from bot.outcomes import OrderResult, Outcome, RunInfo

if TYPE_CHECKING:
    from bot.guard import Permit
    from bot.verdicts import Answer

SCHEMA_VERSION = 1

_schema = sa.MetaData()

_version = sa.Table("ledger_version", _schema, sa.Column("version", sa.Integer, primary_key=True))

_runs = sa.Table(
    "runs",
    _schema,
    sa.Column("run_id", sa.String(64), primary_key=True),
    sa.Column("started_at", sa.String(40), nullable=False, index=True),
    sa.Column("info", sa.JSON, nullable=False),
)

_orders = sa.Table(
    "orders",
    _schema,
    sa.Column("run_id", sa.ForeignKey("runs.run_id"), primary_key=True),
    sa.Column("amazon_order", sa.String(19), primary_key=True),
    sa.Column("place", sa.Integer, nullable=False),
    sa.Column("job", sa.JSON, nullable=False),
    sa.Column("result", sa.JSON),
)

_intents = sa.Table(
    "intents",
    _schema,
    sa.Column("intent", sa.Integer, primary_key=True),
    sa.Column("admin", sa.String(255), nullable=False),
    sa.Column("amazon_order", sa.String(19), nullable=False),
    sa.Column("run_id", sa.String(64), nullable=False),
    sa.Column("store", sa.String(255), nullable=False),
    sa.Column("reason", sa.String(64), nullable=False),
    sa.Column("written_at", sa.String(40), nullable=False),
    sa.Column("answer", sa.String(16)),
    sa.Column("answer_words", sa.Text),
    sa.Column("outcome", sa.String(32)),
    sa.Column("settled_at", sa.String(40)),
    # The database itself refuses a second open intent for an order, whoever asks.
    sa.Index(
        "one_open_intent",
        "admin",
        "amazon_order",
        unique=True,
        sqlite_where=sa.text("settled_at IS NULL"),
        postgresql_where=sa.text("settled_at IS NULL"),
    ),
)


@dataclass(frozen=True, kw_only=True)
class Intent:
    """That Confirm was about to be pressed, and what is known of what came of it."""

    order: str
    store: str
    run_id: str
    written_at: str
    """ISO 8601, UTC."""
    answer_words: str
    outcome: Outcome | None
    """None when the run was cut off before it knew."""


class Ledger:
    """One ledger. Make it with ``open`` or ``in_memory``, and use it as a context manager to close it."""

    def __init__(self, engine: sa.Engine, name: str) -> None:
        self._engine = engine
        self._name = name
        self.run_id = "by-hand"
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
                _runs.insert().values(
                    run_id=info.run_id, started_at=info.started_at.isoformat(), info=info.model_dump(mode="json")
                )
            )
            if queued:
                connection.execute(_orders.insert(), queued)

    def finish_order(self, result: OrderResult) -> None:
        """Record what became of an order of this run."""
        with self._writing() as connection:
            connection.execute(
                _orders.update()
                .where(_orders.c.run_id == self.run_id, _orders.c.amazon_order == result.order)
                .values(result=result.model_dump(mode="json"))
            )

    def finish_run(self, info: RunInfo) -> None:
        """Record how a run ended."""
        with self._writing() as connection:
            connection.execute(
                _runs.update().where(_runs.c.run_id == info.run_id).values(info=info.model_dump(mode="json"))
            )

    def runs(self, limit: int = 20) -> list[RunInfo]:
        """The latest runs, newest first."""
        statement = sa.select(_runs.c.info).order_by(_runs.c.started_at.desc()).limit(limit)
        return [RunInfo.model_validate(row.info) for row in self._read(statement)]

    def results(self, run_id: str) -> list[OrderResult]:
        """What became of the orders of a run, in the order of its list; orders without a result are left out."""
        statement = (
            sa.select(_orders.c.result)
            .where(_orders.c.run_id == run_id, _orders.c.result.is_not(sa.null()))
            .order_by(_orders.c.place)
        )
        return [OrderResult.model_validate(row.result) for row in self._read(statement) if row.result]

    # --- Intents ---

    def write_intent(self, admin: str, permit: "Permit") -> int:
        """Record that Confirm is about to be pressed. It is on disk when this returns.

        Raises:
            PressedBefore: an intent for this order is open, from this run or another.
        """
        try:
            with self._writing() as connection:
                written = connection.execute(
                    _intents.insert().values(
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
        statement = _open_intents().where(_intents.c.admin == admin, _intents.c.amazon_order == order)
        return next((_intent(row) for row in self._read(statement)), None)

    def note_answer(self, intent: int, answer: "Answer", words: str) -> None:
        """Record what the Admin answered to a press."""
        self._update_intent(intent, answer=str(answer), answer_words=words)

    def conclude(self, intent: int, outcome: Outcome) -> None:
        """Record what became of a press. Only ``canceled`` settles it; anything else waits for a person."""
        settled = _now() if outcome is Outcome.CANCELED else None
        self._update_intent(intent, outcome=str(outcome), settled_at=settled)

    def waiting(self) -> list[Intent]:
        """The intents that wait for a person, oldest first: canceled_not_sent, unknown, or cut off by a crash."""
        return [_intent(row) for row in self._read(_open_intents())]

    # --- Inside ---

    def _prepare(self) -> None:
        with self._engine.begin() as connection:
            if self._is_prepared(connection):
                return
            if connection.dialect.name == "sqlite":
                # Of two programs that find no ledger, one makes it, whole, and the other waits for that.
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                if self._is_prepared(connection):
                    return
            _schema.create_all(connection)
            connection.execute(_version.insert().values(version=SCHEMA_VERSION))

    def _is_prepared(self, connection: sa.Connection) -> bool:
        tables = sa.inspect(connection).get_table_names()
        if not tables:
            return False
        if _version.name not in tables:
            raise LedgerTrouble(
                ledger=self._name,
                reason="it is the database of another program. Name another file in COUNTERMAND_LEDGER.",
            )
        version = connection.scalar(sa.select(_version.c.version))
        if version is None or version > SCHEMA_VERSION:
            raise LedgerTrouble(
                ledger=self._name,
                reason=f"it is of version {version}, this Countermand knows up to {SCHEMA_VERSION}. "
                "Update Countermand.",
            )
        return True

    def _update_intent(self, intent: int, **values: object) -> None:
        with self._writing() as connection:
            connection.execute(_intents.update().where(_intents.c.intent == intent).values(**values))

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
    return sa.select(_intents).where(_intents.c.settled_at.is_(None)).order_by(_intents.c.intent)


def _intent(row: sa.Row[Any]) -> Intent:
    return Intent(
        order=row.amazon_order,
        store=row.store,
        run_id=row.run_id,
        written_at=row.written_at,
        answer_words=row.answer_words or "",
        outcome=Outcome(row.outcome) if row.outcome else None,
    )


_ADVICE = (
    "If another program holds it, end that one; if it is damaged, move it away and keep it: "
    "it is the only memory of what was pressed."
)


def _durable(connection: sqlite3.Connection, _record: object) -> None:
    """Every commit is on disk before it returns, and readers never block the writer."""
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
