"""Runs that several workers of one machine work, all started by the process that began the run.

Such a run is frozen and cut into stints as one that was submitted, and its limits are counted in the ledger likewise.
But it is nobody else's: workers of the queue are not handed its stints, and once its process has ended no order of it
begins and no intent is written (``bot.ledger.shared_limits``). A person starts the list again.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import sqlalchemy as sa

from bot.joblist import Job
from bot.ledger.database import Database, timestamp
from bot.ledger.processes import is_gone, this_process
from bot.ledger.queue import Stint, Terms, any_worker_may, freeze, hash_of_jobs, write_stint
from bot.ledger.runs import Runs, hash_of
from bot.ledger.schema import queued_runs, stints
from bot.outcomes import RunInfo

Enqueue = Callable[[sa.Connection, Stint], None]
"""Puts a stint into the engine's queue, with the connection that it is given."""


class OwnRuns:
    """The runs that processes of this ledger work with workers of their own."""

    def __init__(self, database: Database, runs_of_ledger: Runs) -> None:
        self._database = database
        self._runs = runs_of_ledger

    def begin(
        self, info: RunInfo, jobs: Sequence[Job], terms: Terms, slices: Sequence[Sequence[Job]], enqueue: Enqueue
    ) -> None:
        """Freeze a run of this process: the run, its orders, its stints and their hand-out, in one transaction."""
        terms = replace(terms, process=this_process())
        # The same list may be worked again, also if an earlier process was killed while it worked it.
        frozen = hash_of([info.run_id, terms.process])
        with self._database.writing() as connection:
            freeze(connection, self._runs, info, jobs, terms, slices, frozen, enqueue)

    def add_stint(self, run_id: str, name: str, jobs: Sequence[Job], enqueue: Enqueue) -> None:
        """Have these orders of a run, all of one store, handed out once more, after all others."""
        stint = Stint(
            stint=f"{run_id}/{name}",
            run_id=run_id,
            store=jobs[0].store,
            orders=tuple(job.order for job in jobs),
            sha256=hash_of_jobs(jobs),
        )
        with self._database.writing() as connection:
            write_stint(connection, stint)
            enqueue(connection, stint)

    def allow_at_once(self, run_id: str, orders: int) -> None:
        """From now on let at most this many orders of a run be in progress at once."""
        with self._database.writing(lasting=False) as connection:
            self._database.deciding(connection, f"limits of {run_id}")
            statement = sa.select(queued_runs.c.terms).where(queued_runs.c.run_id == run_id)
            terms = dict(connection.execute(statement).scalar_one())
            changed = queued_runs.update().where(queued_runs.c.run_id == run_id)
            connection.execute(changed.values(terms=terms | {"at_once": orders}))

    def stopped(self, run_id: str) -> str:
        """Why no more orders of a run begin, because too many failed; empty while they may."""
        rows = self._database.read(sa.select(queued_runs.c.stopped).where(queued_runs.c.run_id == run_id))
        return str(rows[0].stopped) if rows else ""

    def end(self, run_id: str) -> None:
        """No order of a run begins any more: it is over, or its process was killed."""
        ended = timestamp()
        with self._database.writing() as connection:
            of_run = queued_runs.c.run_id == run_id
            connection.execute(queued_runs.update().where(of_run).values(finished_at=ended, finished_by="its process"))
            left = (stints.c.run_id == run_id) & stints.c.ended_at.is_(None)
            connection.execute(stints.update().where(left).values(ended_at=ended))

    def abandoned(self) -> list[str]:
        """The runs whose process is proved to have ended without ending them."""
        statement = sa.select(queued_runs.c.run_id, queued_runs.c.terms).where(
            queued_runs.c.finished_at.is_(None), ~any_worker_may()
        )
        return [row.run_id for row in self._database.read(statement) if is_gone(row.terms["process"])]
