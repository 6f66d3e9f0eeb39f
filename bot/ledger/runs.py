"""The runs in the ledger: what each was asked to do, and the outcome of each of its orders."""

import hashlib
import json
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from bot.joblist import Job
from bot.ledger.database import Database
from bot.ledger.schema import orders, runs
from bot.ledger.shared_limits import SharedLimits
from bot.ledger.trail import Event, Trail
from bot.outcomes import OrderResult, RunInfo


def hash_of(kept: object) -> str:
    """SHA-256, in hexadecimal digits, of what the ledger keeps as JSON, by which the trail identifies it."""
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()


class Runs:
    """Every run that was ever started on this ledger."""

    def __init__(self, database: Database, trail: Trail, limits: SharedLimits) -> None:
        self._database = database
        self._trail = trail
        self._limits = limits

    def begin(self, info: RunInfo, jobs: Iterable[Job]) -> None:
        """Record a run and all its orders, before work on the first one starts."""
        with self._database.writing() as connection:
            self.begin_in(connection, info, jobs)

    def begin_in(self, connection: sa.Connection, info: RunInfo, jobs: Iterable[Job]) -> None:
        """The same, inside a transaction that writes more than that."""
        self._database.run_id = info.run_id
        queued = [
            {
                "run_id": info.run_id,
                "amazon_order": job.order,
                "place": place,
                "job": job.model_dump(mode="json"),
            }
            for place, job in enumerate(jobs, start=1)
        ]
        kept = info.model_dump(mode="json")
        connection.execute(runs.insert().values(run_id=info.run_id, started_at=info.started_at.isoformat(), info=kept))
        if queued:
            connection.execute(orders.insert(), queued)
        self._trail.append(
            connection,
            Event.RUN_STARTED,
            command=info.command,
            admin=info.admin,
            account=info.account,
            orders=len(queued),
            sha256=hash_of(kept),
            jobs_sha256=hash_of([[row["amazon_order"], row["job"]] for row in queued]),
        )

    def go_on_as(self, run_id: str, worker: int | str = 0) -> None:
        """From now on what is written here belongs to this run, which has started already, or to a worker of it.

        Workers are counted from 1, or have names; what is leased to one is not leased to the others.
        """
        self._database.run_id, self._database.worker = run_id, worker

    @property
    def current(self) -> str:
        """The run that writes here."""
        return self._database.run_id

    def finish_order(self, result: OrderResult) -> OrderResult:
        """Record the outcome of an order of this run; gives the one that the run has from now on.

        In a queued run that is the first one: a worker that was frozen, and wakes, may come with another.

        Raises:
            ClaimLost: another worker of this queued run works on the order now, and will have the outcome.
        """
        kept = result.model_dump(mode="json")
        this_one = (orders.c.run_id == self._database.run_id) & (orders.c.amazon_order == result.order)
        with self._database.writing() as connection:
            if self._limits.are_counted:
                earlier = self._limits.at_record(connection, result.order)
                if earlier is not None:
                    return OrderResult.model_validate(earlier)
            connection.execute(orders.update().where(this_one).values(result=kept, outcome=str(result.outcome)))
            self._limits.at_result(connection, result)
            self._trail.append(
                connection,
                Event.FINISHED,
                order=result.order,
                outcome=str(result.outcome),
                sha256=hash_of(kept),
            )
        return result

    def finish(self, info: RunInfo) -> None:
        """Record how a run ended."""
        kept = info.model_dump(mode="json")
        with self._database.writing() as connection:
            connection.execute(runs.update().where(runs.c.run_id == info.run_id).values(info=kept))
            self._trail.append(connection, Event.RUN_FINISHED, stopped_early=info.stopped_early, sha256=hash_of(kept))

    def latest(self, limit: int = 20) -> list[RunInfo]:
        """The latest runs, newest first."""
        statement = sa.select(runs.c.info).order_by(runs.c.started_at.desc()).limit(limit)
        return [RunInfo.model_validate(row.info) for row in self._database.read(statement)]

    def find(self, run_id: str) -> RunInfo | None:
        """One run, or None if this ledger knows of none with that id."""
        rows = self._database.read(sa.select(runs.c.info).where(runs.c.run_id == run_id))
        return next((RunInfo.model_validate(row.info) for row in rows), None)

    def results(self, run_id: str) -> list[OrderResult]:
        """The outcomes of a run's orders, in the order of its list; orders without a result are left out."""
        statement = (
            sa.select(orders.c.result)
            .where(orders.c.run_id == run_id, orders.c.result.is_not(sa.null()))
            .order_by(orders.c.place)
        )
        return [OrderResult.model_validate(row.result) for row in self._database.read(statement) if row.result]

    def outcomes(self) -> dict[str, int]:
        """How many orders of every run ended with each outcome; those without a result are left out."""
        outcome = orders.c.result["outcome"].as_string()
        statement = sa.select(outcome.label("outcome"), sa.func.count().label("orders"))
        rows = self._database.read(statement.where(orders.c.result.is_not(sa.null())).group_by(outcome))
        return {str(row.outcome): int(row.orders) for row in rows if row.outcome}

    def result(self, run_id: str, order: str) -> OrderResult | None:
        """The outcome of one order of a run; None if it has none yet."""
        statement = sa.select(orders.c.result).where(orders.c.run_id == run_id, orders.c.amazon_order == order)
        kept = next((row.result for row in self._database.read(statement)), None)
        return OrderResult.model_validate(kept) if kept else None

    # What follows reads what is there, whatever was done to it: a change must be found, not stumbled over.

    def hash_of_info(self, run_id: str) -> str:
        """The hash of what the ledger says of a run; empty if it has no such run."""
        rows = self._database.read(sa.select(sa.cast(runs.c.info, sa.Text)).where(runs.c.run_id == run_id))
        return hash_of(_read(rows[0][0])) if rows else ""

    def hash_of_jobs(self, run_id: str) -> str:
        """The hash of everything that a run was asked to do, as the ledger has it."""
        statement = (
            sa.select(orders.c.amazon_order, sa.cast(orders.c.job, sa.Text).label("job"))
            .where(orders.c.run_id == run_id)
            .order_by(orders.c.place)
        )
        return hash_of([[row.amazon_order, _read(row.job)] for row in self._database.read(statement)])

    def hashes_of_results(self, run_id: str) -> dict[str, str]:
        """The hash of every result of a run as the ledger has it, by order number."""
        statement = (
            sa.select(orders.c.amazon_order, sa.cast(orders.c.result, sa.Text).label("result"))
            .where(orders.c.run_id == run_id, orders.c.result.is_not(sa.null()))
            .order_by(orders.c.place)
        )
        return {row.amazon_order: hash_of(_read(row.result)) for row in self._database.read(statement)}


def _read(kept: str) -> Any:
    """What a JSON text says, or the text itself if it is not JSON."""
    try:
        return json.loads(kept)
    except ValueError:
        return kept
