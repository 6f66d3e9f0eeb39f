"""The engine in a worker's process: it takes one stint after another, and records each order that is worked."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Protocol

from bot.engine.backlog import APPLICATION, TICK, WORKFLOW, queue_by_store, queue_of, queues_of
from bot.joblist import Job
from bot.ledger import Ledger
from bot.ledger.schema import SCHEMA_VERSION
from bot.runner.order_loop import work_stint_orders
from bot.runner.stints.browser_thread import BrowserThread
from bot.runner.stints.executor import executor_started, step_of
from bot.runner.stints.told import done_before, told_of
from bot.runner.worker import OrderDone

POLL_SECONDS = 0.25
"""How often a free worker looks for a stint: it waits half of this before each, on average."""


class WorksStints(Protocol):
    """Who works the stints that are handed out; each call is made on the thread that owns the browser."""

    def begin(self, stint: str) -> Sequence[Job]:
        """Take a stint, and say what is in it."""

    def work_on(self, job: Job) -> OrderDone | None:
        """Work on an order of the stint until it has a result; None while another run works on it."""

    def leave(self, job: Job) -> OrderDone:
        """Leave an order to the other run that works on it."""

    def end(self, stint: str) -> None:
        """Nothing is left to be done for the stint."""

    def call(self, schedule: str, at: datetime) -> None:
        """Do what a schedule says for this time."""


@contextmanager
def engine_started(
    place: Path | str,
    ledger: Ledger,
    *,
    admin: str,
    executor: str,
    works: WorksStints,
    browser_thread: BrowserThread,
    say: Callable[[str], None],
) -> Iterator[None]:
    """While the block runs, this process takes stints of an Admin, one at a time.

    ``say`` is told what goes wrong in the engine itself.

    Needs the name of the ``executor``, which no other process has: what an earlier process of that name left
    unfinished is handed out again at once.
    """
    one_at_a_time = threading.Lock()
    step = step_of(browser_thread)

    def work_stint(stint: str) -> str:
        with one_at_a_time:  # it may have one of each queue in hand
            return work_orders(stint)

    def work_orders(stint: str) -> str:
        def work_on(job: Job) -> OrderDone | None:
            return done_before(step(f"order {job.order}", lambda: told_of(works.work_on(job))))

        def leave(job: Job) -> None:
            step(f"leave {job.order}", lambda: told_of(works.leave(job)))

        jobs = browser_thread.call(lambda: works.begin(stint))
        work_stint_orders(jobs, work_on, leave)
        browser_thread.call(lambda: works.end(stint))
        return "ended"

    def call(at: datetime | str, schedule: str) -> str:
        moment = datetime.fromisoformat(at) if isinstance(at, str) else at
        browser_thread.call(lambda: works.call(schedule, moment))
        return "called"

    def register() -> None:
        from dbos import DBOS

        DBOS.register_queue(queue_of(admin), worker_concurrency=1, polling_interval_sec=POLL_SECONDS)
        DBOS.register_queue(
            queue_by_store(admin), worker_concurrency=1, partition_concurrency=1, polling_interval_sec=POLL_SECONDS
        )

    with executor_started(
        place,
        ledger,
        application=APPLICATION,
        version=str(SCHEMA_VERSION),
        executor=executor,
        workflows={WORKFLOW: work_stint, TICK: call},
        queues=queues_of(admin),
        register=register,
        browser_thread=browser_thread,
        say=say,
    ):
        yield
