"""The stints of a run that only its own workers are handed: the run's process queues them, its workers take them.

They are in a queue of their own, of an application of its own, so no worker of the shared queue is ever handed one. The
queue is removed with everything in it when the run ends; that of a run whose process was killed, when the next run of
that kind begins. Until then nobody listens to it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from bot.ledger import Ledger, Stint
from bot.ledger.schema import SCHEMA_VERSION
from bot.runner.stints.browser_thread import BrowserThread
from bot.runner.stints.database import client_at, trouble_named
from bot.runner.stints.executor import Step, executor_started, step_of

if TYPE_CHECKING:
    from dbos import DBOSClient

APPLICATION = "countermand-run"
"""The name under which the engine keeps what is ours; not that of the shared queue."""

WORKFLOW = "stint of a run"
"""The name of the engine's workflow that works a stint."""

POLL_SECONDS = 0.05
"""How often a free worker looks for a stint: it waits half of this before each, on average."""

WAITING, WORKED_ON = "ENQUEUED", "PENDING"
"""What the engine calls a stint that waits, and one that a worker has."""

BATCH = 500
"""Stints that are removed in one transaction."""

LAST = 1_000_000
"""The place in the queue of what comes after all stints of the list."""


def queue_of(run_id: str) -> str:
    """The engine's queue for the stints of a run."""
    return f"stints of {run_id}"


class RunQueue:
    """The queue of one run, as the run's process sees it.

    Everything here raises LedgerTrouble if the database cannot be reached.
    """

    def __init__(self, client: "DBOSClient", place: Path | str, run_id: str) -> None:
        self._client = client
        self._place = place
        self._run_id = run_id
        self._placed = 0

    @property
    def place(self) -> Path | str:
        """The ledger beside which it is."""
        return self._place

    def put(self, connection: sa.Connection, stint: Stint) -> None:
        """Queue a stint after those that were queued before, inside of the transaction of that connection."""
        self._placed += 1
        self._enqueue(connection, stint, self._placed)

    def put_last(self, connection: sa.Connection, stint: Stint) -> None:
        """Queue a stint after all others."""
        self._enqueue(connection, stint, LAST)

    def take_over(self, executor: str) -> list[str]:
        """Hand out again what a worker had whose process is gone; gives the stints."""
        with trouble_named(self._place):
            left = self._client.list_workflows(
                status=WORKED_ON,
                queue_name=queue_of(self._run_id),
                executor_id=executor,
                load_input=False,
                load_output=False,
            )
            for one in left:
                self._client.resume_workflow(one.workflow_id, queue_name=queue_of(self._run_id))
        return [one.workflow_id for one in left]

    def is_empty(self) -> bool:
        """Whether nothing waits, and no worker has anything."""
        return not self._stints([WAITING, WORKED_ON])

    def remove(self) -> None:
        """Remove the queue, with everything that the engine keeps of its stints."""
        stints = self._stints(None)
        with trouble_named(self._place):
            for first in range(0, len(stints), BATCH):  # all of them first: none begins meanwhile
                self._client.cancel_workflows(stints[first : first + BATCH])
            for first in range(0, len(stints), BATCH):
                self._client.delete_workflows(stints[first : first + BATCH])
            self._client.delete_queue(queue_of(self._run_id))

    def _enqueue(self, connection: sa.Connection, stint: Stint, place: int) -> None:
        self._client.enqueue_in_transaction(
            connection,
            {
                "workflow_name": WORKFLOW,
                "queue_name": queue_of(self._run_id),
                "workflow_id": stint.stint,
                "priority": place,
            },
            stint.stint,
        )

    def _stints(self, states: list[str] | None) -> list[str]:
        with trouble_named(self._place):
            found = self._client.list_workflows(
                status=states, queue_name=queue_of(self._run_id), load_input=False, load_output=False
            )
        return [one.workflow_id for one in found]


@contextmanager
def open_run_queue(place: Path | str, ledger: Ledger, run_id: str) -> Iterator[RunQueue]:
    """The queue of a run; it is removed at the end. Those of runs whose process was killed are removed before.

    Raises:
        LedgerTrouble: it cannot be made.
    """
    with client_at(place, ledger, application=APPLICATION) as client:
        for abandoned in ledger.own_runs.abandoned():
            RunQueue(client, place, abandoned).remove()
            ledger.own_runs.end(abandoned)
        queue = RunQueue(client, place, run_id)
        with trouble_named(place):
            client.register_queue(queue_of(run_id), worker_concurrency=1, polling_interval_sec=POLL_SECONDS)
        yield queue


@contextmanager
def stints_taken(
    place: Path | str,
    ledger: Ledger,
    run_id: str,
    *,
    executor: str,
    work: Callable[[str, Step], None],
    browser_thread: BrowserThread,
    say: Callable[[str], None],
) -> Iterator[None]:
    """While the block runs, this process takes stints of a run, one at a time.

    ``work`` works the stint of that name, on a thread of the engine; ``say`` is told what goes wrong in the engine.

    Needs the name of the ``executor``, which no other process has or had.
    """
    step = step_of(browser_thread)

    def work_stint(stint: str) -> str:
        work(stint, step)
        return "ended"

    with executor_started(
        place,
        ledger,
        application=APPLICATION,
        version=f"run {SCHEMA_VERSION}",
        executor=executor,
        workflows={WORKFLOW: work_stint},
        queues=[queue_of(run_id)],
        register=lambda: None,  # the run's process did
        browser_thread=browser_thread,
        say=say,
    ):
        yield
