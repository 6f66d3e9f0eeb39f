"""The engine's queue of stints, as everyone sees it who is no worker: what waits there, and who has what."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from copy import copy
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import sqlalchemy as sa

from bot.errors import CannotStart
from bot.ledger import Ledger, Stint, Terms
from bot.ledger.schema import SCHEMA_VERSION
from bot.runner.stints.database import client_at, trouble_named

if TYPE_CHECKING:
    from dbos import DBOSClient, WorkflowStatus

APPLICATION = "countermand"
"""The name under which the engine keeps what is ours."""

WORKFLOW = "stint"
"""The name of the engine's workflow that works a stint."""

CALLED = "sched-"
"""What the engine begins the ids of calls with."""

TICK = "tick"
"""The name of the engine's workflow that does what a schedule says."""

WAITING, LATER, WORKED_ON, GIVEN_UP = "ENQUEUED", "DELAYED", "PENDING", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"
"""What the engine calls a stint that waits, waits for its time, that a worker has, that was handed out too often."""

ENDED = ("SUCCESS", "ERROR", "CANCELLED", GIVEN_UP)
"""What the engine calls a stint that it hands out no more."""

BATCH = 500
"""Stints that are removed in one transaction."""


def queue_of(admin: str) -> str:
    """The engine's queue for the stints of one Admin."""
    return f"stints of {admin}"


def queue_by_store(admin: str) -> str:
    """Its queue for those of which one worker at a time works a store: each store is a partition of it."""
    return f"stints of {admin} by store"


def queues_of(admin: str) -> list[str]:
    """Both."""
    return [queue_of(admin), queue_by_store(admin)]


class Backlog:
    """The stints that wait in the engine's queues, or that a worker has.

    Everything here raises LedgerTrouble if the database cannot be reached.
    """

    def __init__(self, client: "DBOSClient", place: Path | str) -> None:
        self._client = client
        self._place = place

    def put(self, connection: sa.Connection, stint: Stint, *, admin: str, terms: Terms) -> None:
        """Queue a stint, inside of the transaction of that connection. One that is queued already stays as it is."""
        from dbos import EnqueueOptions

        if not stint.stint.strip():  # the engine would make one up, and the same stint could be queued twice
            raise ValueError("A stint needs an id.")

        by_store = terms.one_worker_a_store
        options = EnqueueOptions(
            workflow_name=WORKFLOW,
            queue_name=queue_by_store(admin) if by_store else queue_of(admin),
            workflow_id=stint.stint,
            priority=terms.priority,
        )
        if by_store:
            options["queue_partition_key"] = stint.store
        if terms.not_before:
            later = (datetime.fromisoformat(terms.not_before) - datetime.now(UTC)).total_seconds()
            if later > 0:
                options["delay_seconds"] = later
        self._client.enqueue_in_transaction(connection, options, stint.stint)

    def is_empty(self, admin: str, executor: str) -> bool:
        """Whether nothing is left that this executor could work now, or has in hand."""
        return not self._found(admin, WAITING, limit=1) and not self._worked_on(admin, executor)

    def worked_on(self, admin: str) -> dict[str, str]:
        """Every stint that a worker has, with the executor that it is; it may be gone."""
        return self._worked_on(admin)

    def waiting(self, admin: str) -> list[str]:
        """The stints that wait for a worker, or for their time."""
        return [status.workflow_id for status in self._found(admin, [WAITING, LATER])]

    def alive(self, admin: str) -> set[str]:
        """The stints that wait or that a worker has, in one look: between two, one could go from here to there."""
        return {status.workflow_id for status in self._found(admin, [WAITING, LATER, WORKED_ON])}

    def of_earlier_versions(self, admin: str) -> dict[str, str]:
        """The stints that an earlier version of the ledger's schema handed out, with the executor that has each.

        The engine hands a stint out to workers of one version, so nobody gets these any more. The executor is empty
        where none has it.
        """
        found = self._found(admin, [WAITING, LATER, WORKED_ON])
        return {
            status.workflow_id: (status.executor_id or "") if status.status == WORKED_ON else ""
            for status in found
            if status.app_version and int(status.app_version) < SCHEMA_VERSION
        }

    def ended_of(self, run_id: str, stints: Collection[str]) -> set[str]:
        """Which of these stints of a run the engine has done with, whatever became of them; not those it gave up."""
        with self._trouble_named():
            found = self._client.list_workflows(
                status=[state for state in ENDED if state != GIVEN_UP],
                workflow_id_prefix=f"{run_id}/",
                load_input=False,
                load_output=False,
            )
        return {status.workflow_id for status in found}.intersection(stints)

    def counted(self) -> Counter[str]:
        """How many stints of every Admin are in the queue, by what the engine calls their state."""
        with self._trouble_named():
            found = self._client.list_workflows(
                name=WORKFLOW,
                status=[WAITING, LATER, WORKED_ON, GIVEN_UP],
                load_input=False,
                load_output=False,
            )
        return Counter(status.status for status in found)

    def given_up(self, admin: str) -> list[str]:
        """The stints that were handed out too often, each time to a worker that died."""
        return [status.workflow_id for status in self._found(admin, GIVEN_UP)]

    def schedule(self, name: str, admin: str, cron: str, timezone: str, connection: sa.Connection) -> None:
        """Have the engine call at these times, inside of the transaction of that connection.

        What was missed is not made up for. What the engine knows of an earlier schedule of that name, it forgets.

        Raises:
            CannotStart: there are no such times, or no such time zone.
        """
        inside = self._inside(connection)
        try:
            inside.delete_schedule(name)
            inside.create_schedule(
                schedule_name=name,
                workflow_name=TICK,
                schedule=cron,
                context=name,
                automatic_backfill=False,
                cron_timezone=timezone,
                queue_name=queue_of(admin),
            )
        except sa.exc.SQLAlchemyError:
            raise
        except Exception as refused:  # the engine says what is wrong with it
            raise CannotStart(reason=f"The schedule cannot be used: {refused}.") from refused

    def unschedule(self, name: str, connection: sa.Connection) -> None:
        """Have the engine call no more, inside of the transaction of that connection."""
        self._inside(connection).delete_schedule(name)

    def _inside(self, connection: sa.Connection) -> "DBOSClient":
        """The same, of which what is about schedules is done inside of the transaction of that connection.

        The engine can do so, but offers it for what is queued only.
        """
        inside, tables = copy(self._client), self._client._sys_db
        where = tables.engine.get_execution_options()["schema_translate_map"]
        connection = connection.execution_options(schema_translate_map=where)
        inside._sys_db = SimpleNamespace(  # type: ignore[assignment]  # the part of it that is needed
            serializer=tables.serializer,
            app_name=tables.app_name,
            create_schedule=partial(tables.create_schedule, conn=connection),
            delete_schedule=partial(tables.delete_schedule, conn=connection),
        )
        return inside

    def scheduled(self) -> dict[str, str]:
        """The schedules that the engine knows, each with the time for which it was called last, or nothing."""
        with self._trouble_named():
            return {one["schedule_name"]: one["last_fired_at"] or "" for one in self._client.list_schedules()}

    def ended_before(self, moment: datetime) -> list[str]:
        """The stints of every Admin, and calls of schedules, that the engine had done with before that moment."""
        with self._trouble_named():
            found = self._client.list_workflows(
                name=[WORKFLOW, TICK],
                status=list(ENDED),
                completed_before=moment.astimezone(UTC).isoformat(),
                load_input=False,
                load_output=False,
            )
        return [status.workflow_id for status in found]

    def forget(self, stints: Sequence[str]) -> None:
        """Remove everything that the engine keeps of stints that it has done with."""
        for first in range(0, len(stints), BATCH):
            with self._trouble_named():
                self._client.delete_workflows(list(stints[first : first + BATCH]))

    def take_over(self, admin: str, executors: Iterable[str]) -> list[str]:
        """Hand out again what these executors had, which are gone; gives the stints.

        Of several workers that notice at once, the first does it: what was handed out since is another executor's. Two
        that look within the same moment hand it out twice, which the claims of its orders make harmless.
        """
        taken = []
        for executor in executors:
            for status in self._found(admin, WORKED_ON, executor=executor):
                with self._trouble_named():
                    self._client.resume_workflow(status.workflow_id, queue_name=status.queue_name)
                taken.append(status.workflow_id)
        return taken

    def take_back(self, stints: Iterable[str]) -> None:
        """Take stints out of the queue; one that a worker has ends after the order in hand."""
        with self._trouble_named():
            self._client.cancel_workflows(list(stints))

    def _worked_on(self, admin: str, executor: str | None = None) -> dict[str, str]:
        found = self._found(admin, WORKED_ON, executor=executor)
        return {status.workflow_id: status.executor_id or "" for status in found}

    def _found(
        self, admin: str, status: str | list[str], *, executor: str | None = None, limit: int | None = None
    ) -> "list[WorkflowStatus]":
        with self._trouble_named():
            return self._client.list_workflows(
                status=status,
                queue_name=queues_of(admin),
                executor_id=executor,
                limit=limit,
                load_input=False,
                load_output=False,
            )

    def _trouble_named(self) -> AbstractContextManager[None]:
        return trouble_named(self._place)


@contextmanager
def open_backlog(place: Path | str, ledger: Ledger) -> Iterator[Backlog]:
    """The engine's queue beside a ledger; its tables are made where they are missing, and upgraded where older.

    Those of a newer engine are used as they are: see ``client_at``.

    Raises:
        LedgerTrouble: they cannot be made, upgraded or reached.
    """
    with client_at(place, ledger, application=APPLICATION) as client:
        yield Backlog(client, place)
