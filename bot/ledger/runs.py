"""The runs in the ledger: what each was asked to do, and what became of every order of it."""

import hashlib
from collections.abc import Iterable

import sqlalchemy as sa

from bot.joblist import Job
from bot.ledger.database import Database
from bot.ledger.schema import orders, runs
from bot.ledger.trail import Event, Trail
from bot.outcomes import OrderResult, RunInfo


def hash_of(result: OrderResult) -> str:
    """SHA-256 of a result, in hexadecimal digits, by which the trail knows it again."""
    return hashlib.sha256(result.model_dump_json().encode()).hexdigest()


class Runs:
    """Every run that was ever begun on this ledger."""

    def __init__(self, database: Database, trail: Trail) -> None:
        self._database = database
        self._trail = trail

    def begin(self, info: RunInfo, jobs: Iterable[Job]) -> None:
        """Record a run and every order that it was asked for, before the first is worked."""
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
        with self._database.writing() as connection:
            connection.execute(
                runs.insert().values(
                    run_id=info.run_id, started_at=info.started_at.isoformat(), info=info.model_dump(mode="json")
                )
            )
            if queued:
                connection.execute(orders.insert(), queued)
            self._trail.append(
                connection,
                Event.RUN_STARTED,
                command=info.command,
                admin=info.admin,
                account=info.account,
                orders=len(queued),
            )

    def go_on_as(self, run_id: str) -> None:
        """From now on what is written here belongs to this run, which was begun already."""
        self._database.run_id = run_id

    def finish_order(self, result: OrderResult) -> None:
        """Record what became of an order of this run."""
        with self._database.writing() as connection:
            connection.execute(
                orders.update()
                .where(orders.c.run_id == self._database.run_id, orders.c.amazon_order == result.order)
                .values(result=result.model_dump(mode="json"))
            )
            self._trail.append(
                connection,
                Event.FINISHED,
                order=result.order,
                outcome=str(result.outcome),
                sha256=hash_of(result),
            )

    def finish(self, info: RunInfo) -> None:
        """Record how a run ended."""
        with self._database.writing() as connection:
            connection.execute(
                runs.update().where(runs.c.run_id == info.run_id).values(info=info.model_dump(mode="json"))
            )
            self._trail.append(connection, Event.RUN_FINISHED, stopped_early=info.stopped_early)

    def latest(self, limit: int = 20) -> list[RunInfo]:
        """The latest runs, newest first."""
        statement = sa.select(runs.c.info).order_by(runs.c.started_at.desc()).limit(limit)
        return [RunInfo.model_validate(row.info) for row in self._database.read(statement)]

    def find(self, run_id: str) -> RunInfo | None:
        """One run, or None if this ledger knows of none with that id."""
        rows = self._database.read(sa.select(runs.c.info).where(runs.c.run_id == run_id))
        return next((RunInfo.model_validate(row.info) for row in rows), None)

    def results(self, run_id: str) -> list[OrderResult]:
        """What became of the orders of a run, in the order of its list; orders without a result are left out."""
        statement = (
            sa.select(orders.c.result)
            .where(orders.c.run_id == run_id, orders.c.result.is_not(sa.null()))
            .order_by(orders.c.place)
        )
        return [OrderResult.model_validate(row.result) for row in self._database.read(statement) if row.result]
