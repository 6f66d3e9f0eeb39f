"""The queue in the ledger: runs that wait for workers, on whatever machine, and the stints that they are handed out in.

A stint is a few orders of one run and one store, which one worker works after another. Which worker gets which stint
is the engine's business (``bot.engine``); the ledger knows what is in a stint, who has it, and what became of it.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot.joblist import Job
from bot.ledger.audit import Action, Audit
from bot.ledger.database import Database, timestamp
from bot.ledger.processes import this_process
from bot.ledger.runs import Runs, hash_of
from bot.ledger.schema import orders, pauses, queued_runs, runs, stints
from bot.ledger.submissions import Asked, Submissions
from bot.outcomes import RunInfo


@dataclass(frozen=True, kw_only=True)
class Terms:
    """How a queued run is worked, as it was submitted: nothing of this depends on the machine that works."""

    command: str
    """``run`` or ``plan``."""
    priority: int
    """Lower goes first."""
    not_before: str
    """When its first order may begin: ISO 8601, UTC; empty for at once."""
    spacing: float
    """Seconds from the beginning of one order to that of the next, over all machines."""
    max_failures: int
    """It stops after this many orders in a row that failed for technical reasons."""
    max_failures_total: int
    """The same for all of them, in a row or not."""
    max_cancellations: int | None
    """It stops once Confirm was pressed for this many orders; None for no limit."""
    unmasked: bool = False
    """Whether buyers' data is left readable in the screenshots."""
    one_worker_a_store: bool = False
    """Whether the orders of a store are worked by one worker at a time."""
    process: str = ""
    """The process that works it with workers of its own (``bot.ledger.own_runs``); empty where any worker may."""
    at_once: int | None = None
    """How many of its orders may be in progress at once; None for as many as there are workers."""


@dataclass(frozen=True, kw_only=True)
class Stint:
    """A few orders of one run and one store."""

    stint: str
    """Its id, made of the run, the store and which slice of the store's orders it is."""
    run_id: str
    store: str
    orders: tuple[str, ...]
    """Their numbers, in the order of the list."""
    sha256: str
    """Hash of its jobs, by which a worker sees that they are as they were submitted."""
    worker: str = ""
    """Who has it, or had it last; empty if nobody did yet."""
    account: str = ""
    process: str = ""
    """Computer and process number of that worker, with a slash between them."""
    begun_at: str = ""
    ended_at: str = ""
    trouble: str = ""
    """Why it ended without all its orders; empty if it did not."""


@dataclass(frozen=True, kw_only=True)
class QueuedRun:
    """A run that was submitted."""

    info: RunInfo
    terms: Terms
    orders: int
    done: int
    """How many of its orders have a result."""
    stints: tuple[Stint, ...]
    """Those that have not ended."""
    stopped: str
    """Why no more of its orders begin; empty while they may."""
    finished_at: str


@dataclass(frozen=True, kw_only=True)
class Worked:
    """Who worked for a run, and how; each once, in the order in which they began."""

    workers: tuple[str, ...]
    accounts: tuple[str, ...]
    packs: tuple[str, ...]
    blocked: dict[str, int]
    """How many requests of their browsers were blocked, by host."""


class Queue:
    """The runs that were submitted, and the stints that they are handed out in."""

    def __init__(self, database: Database, runs_of_ledger: Runs, asked: Submissions, audit: Audit) -> None:
        self._database = database
        self._runs = runs_of_ledger
        self._submissions = asked
        self._audit = audit

    def submit(
        self,
        info: RunInfo,
        jobs: Sequence[Job],
        terms: Terms,
        slices: Sequence[Sequence[Job]],
        enqueue: Callable[[sa.Connection, Stint], None],
        asked: Asked | None = None,
    ) -> str:
        """Queue a run: the run, its orders, its stints and their hand-out, in one transaction.

        ``enqueue`` is called for every stint, and writes with the connection that it is given; it is not called if the
        run has to be approved first. ``asked`` says by whom, if that is known.

        Returns:
            The run's id. If the same list is queued already, that is the earlier run's, and nothing is changed.
        """
        frozen = hash_of([info.admin, terms.command, [job.model_dump(mode="json") for job in jobs]])
        with self._database.writing() as connection:
            self._database.deciding(connection, f"submit {frozen}")
            same = sa.select(queued_runs.c.run_id).where(
                queued_runs.c.sha256 == frozen, queued_runs.c.finished_at.is_(None)
            )
            earlier = connection.scalar(same)
            if earlier is not None:
                return str(earlier)
            waits = asked is not None and asked.approval
            freeze(connection, self._runs, info, jobs, terms, slices, frozen, None if waits else enqueue)
            if asked is not None:
                self._submissions.add(connection, info.run_id, asked, len(jobs))
        return info.run_id

    def find(self, run_id: str) -> QueuedRun | None:
        """The submitted run with that id, or None."""
        return next(iter(self._found((queued_runs.c.run_id == run_id) & any_worker_may())), None)

    def terms(self, run_id: str) -> Terms | None:
        """How the submitted run with that id is worked, or None."""
        rows = self._database.read(sa.select(queued_runs.c.terms).where(queued_runs.c.run_id == run_id))
        return next((Terms(**row.terms) for row in rows), None)

    def waiting(self) -> list[QueuedRun]:
        """The runs that are not finished, in the order in which they were submitted."""
        return self._found(queued_runs.c.finished_at.is_(None) & any_worker_may())

    def was_used(self) -> bool:
        """Whether a run was ever submitted."""
        return bool(self._database.read(sa.select(queued_runs.c.run_id).limit(1)))

    def over_before(self, moment: datetime) -> set[str]:
        """The runs that were finished before that moment."""
        statement = sa.select(queued_runs.c.run_id).where(
            queued_runs.c.finished_at < timestamp(moment.timestamp())  # written alike, so they sort as times do
        )
        return {row.run_id for row in self._database.read(statement)}

    def stint(self, stint: str) -> Stint | None:
        """The stint with that id, or None."""
        rows = self._database.read(sa.select(stints).where(stints.c.stint == stint))
        return next((_stint(row) for row in rows), None)

    def jobs_of(self, stint: Stint) -> tuple[Job, ...]:
        """What a stint is asked for, in its order; whether that is as it was submitted, its hash says."""
        statement = sa.select(orders.c.job).where(
            orders.c.run_id == stint.run_id, orders.c.amazon_order.in_(stint.orders)
        )
        return tuple(Job.model_validate(row.job) for row in self._database.read(statement.order_by(orders.c.place)))

    def begin_stint(self, stint: Stint, worker: str, account: str) -> None:
        """Record who has a stint now."""
        self._of_stint(
            stint, worker=worker, account=account, process=this_process(), begun_at=timestamp(), ended_at=None
        )

    def end_stint(
        self, stint: Stint, trouble: str = "", *, pack: str = "", blocked: Mapping[str, int] | None = None
    ) -> None:
        """Record that nothing is left to be done for a stint, or why it is given up.

        ``pack`` described its screens; ``blocked`` counts the requests of its browser that were blocked, by host.
        """
        told = {"ended_at": timestamp(), "trouble": trouble, "pack": pack, "blocked": dict(blocked or {})}
        self._of_stint(stint, **told)

    def put_back(self, stint: Stint, enqueue: Callable[[sa.Connection, Stint], None], again: str) -> None:
        """Queue a stint once more under another id, in one transaction; nobody has it then."""
        with self._database.writing() as connection:
            self._database.deciding(connection, f"stint {stint.stint}")
            changed = connection.execute(
                stints.update()
                .where(stints.c.stint == stint.stint)
                .values(stint=again, worker=None, account=None, process=None, ended_at=None, trouble=None)
            )
            if changed.rowcount:
                enqueue(connection, Stint(**(asdict(stint) | {"stint": again})))

    def stop(self, run_id: str, why: str, *, by: str = "") -> bool:
        """Let no more orders of a run begin; False if it was finished or stopped already.

        ``by`` is the person who does it, if it is one.
        """
        with self._database.writing() as connection:
            changed = connection.execute(
                queued_runs.update()
                .where(queued_runs.c.run_id == run_id, queued_runs.c.stopped == "", queued_runs.c.finished_at.is_(None))
                .values(stopped=why)
            )
            if by and changed.rowcount:
                self._audit.append(connection, Action.STOPPED, by=by, about=run_id, why=why)
        return bool(changed.rowcount)

    def is_last(self, run_id: str, by: str) -> bool:
        """Whether ``by`` is to write the results of a run, because all its stints have ended and nobody else has.

        The same who asks again is answered the same: it may have died before the results were written.
        """
        left = sa.exists().where(stints.c.run_id == run_id, stints.c.ended_at.is_(None))
        with self._database.writing() as connection:
            connection.execute(
                queued_runs.update()
                .where(queued_runs.c.run_id == run_id, queued_runs.c.finished_at.is_(None), ~left)
                .values(finished_at=timestamp(), finished_by=by)
            )
            statement = sa.select(queued_runs.c.finished_by).where(queued_runs.c.run_id == run_id)
            return connection.scalar(statement) == by

    def worked(self, run_id: str) -> Worked:
        """Who worked for a run, and how."""
        statement = (
            sa.select(stints.c.worker, stints.c.account, stints.c.pack, stints.c.blocked)
            .where(stints.c.run_id == run_id, stints.c.worker.is_not(None))
            .order_by(stints.c.begun_at, stints.c.stint)
        )
        rows = self._database.read(statement)
        blocked: Counter[str] = Counter()
        for row in rows:
            blocked.update(row.blocked or {})
        return Worked(
            workers=tuple(dict.fromkeys(row.worker for row in rows)),
            accounts=tuple(dict.fromkeys(row.account for row in rows)),
            packs=tuple(dict.fromkeys(row.pack for row in rows if row.pack)),
            blocked=dict(blocked),
        )

    def orders_without_result(self, run_id: str) -> tuple[Job, ...]:
        """What a run was asked for and has no result of, in the order of its list."""
        statement = (
            sa.select(orders.c.job)
            .where(orders.c.run_id == run_id, orders.c.result.is_(sa.null()))
            .order_by(orders.c.place)
        )
        return tuple(Job.model_validate(row.job) for row in self._database.read(statement))

    # --- Pausing ---

    def pause(self, by: str) -> bool:
        """Let no order begin, of any run, until ``resume``; False if it is paused already."""
        with self._database.writing() as connection:
            self._database.deciding(connection, "pause")
            if connection.scalar(_paused()) is not None:
                return False
            connection.execute(pauses.insert().values(paused_at=timestamp(), paused_by=by))
            self._audit.append(connection, Action.PAUSED, by=by)
        return True

    def resume(self, by: str = "") -> bool:
        """Let orders begin again; False if the queue is not paused. ``by`` is the person who does it, if it is one."""
        with self._database.writing() as connection:
            changed = connection.execute(
                pauses.update().where(pauses.c.resumed_at.is_(None)).values(resumed_at=timestamp())
            )
            if by and changed.rowcount:
                self._audit.append(connection, Action.RESUMED, by=by)
        return bool(changed.rowcount)

    def paused(self) -> tuple[str, str] | None:
        """Who paused the queue, and when; None if orders may begin."""
        rows = self._database.read(
            sa.select(pauses.c.paused_by, pauses.c.paused_at).where(pauses.c.resumed_at.is_(None))
        )
        return next(((row.paused_by, row.paused_at) for row in rows), None)

    def _of_stint(self, stint: Stint, **told: object) -> None:
        with self._database.writing() as connection:
            connection.execute(stints.update().where(stints.c.stint == stint.stint).values(**told))

    def _found(self, which: sa.ColumnElement[bool]) -> list[QueuedRun]:
        statement = (
            sa.select(queued_runs, runs.c.info)
            .join(runs, runs.c.run_id == queued_runs.c.run_id)
            .where(which)
            .order_by(runs.c.started_at)
        )
        return [self._queued(row) for row in self._database.read(statement)]

    def _queued(self, row: sa.Row[Any]) -> QueuedRun:
        all_orders = sa.select(sa.func.count()).select_from(orders).where(orders.c.run_id == row.run_id)
        done = all_orders.where(orders.c.result.is_not(sa.null()))
        open_stints = sa.select(stints).where(stints.c.run_id == row.run_id, stints.c.ended_at.is_(None))
        return QueuedRun(
            info=RunInfo.model_validate(row.info),
            terms=Terms(**row.terms),
            orders=int(self._database.read(all_orders)[0][0]),
            done=int(self._database.read(done)[0][0]),
            stints=tuple(_stint(one) for one in self._database.read(open_stints.order_by(stints.c.stint))),
            stopped=row.stopped,
            finished_at=row.finished_at or "",
        )


def hash_of_jobs(jobs: Sequence[Job]) -> str:
    """The hash by which a stint's jobs are recognized."""
    return hash_of([job.model_dump(mode="json") for job in jobs])


def freeze(
    connection: sa.Connection,
    runs_of_ledger: Runs,
    info: RunInfo,
    jobs: Sequence[Job],
    terms: Terms,
    slices: Sequence[Sequence[Job]],
    frozen: str,
    enqueue: Callable[[sa.Connection, Stint], None] | None,
) -> None:
    """Write a run, its orders, its terms and its stints, inside a transaction, and put each stint into a queue."""
    runs_of_ledger.begin_in(connection, info, jobs)
    connection.execute(
        queued_runs.insert().values(
            run_id=info.run_id,
            sha256=frozen,
            terms=asdict(terms),
            next_order=0.0,
            pressed=0,
            failures=0,
            failures_in_a_row=0,
            stopped="",
        )
    )
    for stint in _stints(info.run_id, slices):
        write_stint(connection, stint)
        if enqueue is not None:
            enqueue(connection, stint)


def write_stint(connection: sa.Connection, stint: Stint) -> None:
    """Write what is in a stint, inside a transaction."""
    connection.execute(
        stints.insert().values(
            stint=stint.stint,
            run_id=stint.run_id,
            store=stint.store,
            orders=list(stint.orders),
            sha256=stint.sha256,
        )
    )


def any_worker_may() -> sa.ColumnElement[bool]:
    """Whether a run is everybody's to work, and not the business of the process that began it."""
    return sa.func.coalesce(queued_runs.c.terms["process"].as_string(), "") == ""


def _stints(run_id: str, slices: Sequence[Sequence[Job]]) -> list[Stint]:
    numbers: dict[str, int] = {}
    made = []
    for jobs in slices:
        store = jobs[0].store
        numbers[store] = number = numbers.get(store, 0) + 1
        made.append(
            Stint(
                stint=f"{run_id}/{store}/{number}",
                run_id=run_id,
                store=store,
                orders=tuple(job.order for job in jobs),
                sha256=hash_of_jobs(jobs),
            )
        )
    return made


def _stint(row: sa.Row[Any]) -> Stint:
    told = {name: value or "" for name, value in row._mapping.items() if name in Stint.__dataclass_fields__}
    return Stint(**(told | {"process": told["process"].partition(" ")[0], "orders": tuple(row.orders)}))


def _paused() -> sa.Select[Any]:
    return sa.select(pauses.c.pause).where(pauses.c.resumed_at.is_(None)).limit(1)
