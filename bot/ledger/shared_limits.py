"""What the workers of a queued run may do together, on however many machines.

It is counted in the ledger, each time in the transaction that it is about: how fast orders begin and whether any may
begin in the transaction of the claim, how many may be canceled in that of the intent, how many failed in that of the
result. So no machine needs to hear of another, and none can go past a limit because it did not.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot.errors import ClaimLost, QueuedRunStopped
from bot.ledger.approval import why_not_approved
from bot.ledger.database import Database
from bot.ledger.processes import is_gone
from bot.ledger.schema import claims, orders, pauses, queued_runs
from bot.outcomes import OrderResult, Outcome

ASK_AGAIN = 2.0
"""Seconds after which a worker that has to wait for others asks again."""

SOON = 0.5
"""Likewise, where an order of another worker ends soon."""

LONGEST_WAIT = 60.0
"""The most seconds for which a worker waits before it asks again."""


class NotYet(Exception):
    """No order may begin now; it may be asked again after these ``seconds``. ``why`` is for people, or empty."""

    def __init__(self, seconds: float, why: str = "") -> None:
        self.seconds = seconds
        self.why = why
        super().__init__(why or f"no order may begin for {seconds:g} s")


class SharedLimits:
    """The limits of the queued run that this ledger writes for; of any other run there are none here."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._run = ""

    def count_for(self, run_id: str) -> None:
        """From now on count for this queued run; for none if it is empty."""
        self._run = run_id

    @property
    def are_counted(self) -> bool:
        """Whether this ledger writes for a queued run."""
        return bool(self._run)

    def at_claim(self, connection: sa.Connection, order: str, now: float) -> None:
        """Let an order begin, inside the transaction of its claim.

        Raises:
            QueuedRunStopped: no more orders of this run may begin.
            NotYet: it must wait for the pace, for other workers, or for a person who paused the queue; or another
                worker has just given the order its result, which is known when it is asked for again.
        """
        if not self._run:
            return
        run = self._row(connection)
        if self._result(connection, order) is not None:
            raise NotYet(0)
        self._look(connection, run, now)
        if spacing := run.terms["spacing"]:
            self._write(connection, {"next_order": max(run.next_order, now) + spacing})

    def ask(self) -> None:
        """Say whether an order may begin now, before anything is opened for it; the claim decides.

        Raises:
            QueuedRunStopped, NotYet: as ``at_claim``.
        """
        if self._run:
            with self._database.writing(lasting=False) as connection:
                self._look(connection, self._row(connection), self._database.now(connection))

    def at_intent(self, connection: sa.Connection, order: str) -> None:
        """Count a Confirm, inside the transaction of its intent.

        Raises:
            QueuedRunStopped: it would be one more than may be pressed.
            ClaimLost: the order has its result from another worker.
        """
        if not self._run:
            return
        run = self._row(connection)
        if self._result(connection, order) is not None:
            raise ClaimLost(order=order)
        _hold_process(run)
        self._hold_approval(connection)
        most = run.terms["max_cancellations"]
        if most is not None and run.pressed >= most:
            raise QueuedRunStopped(reason=_limit_reached(run.pressed))
        self._write(connection, {"pressed": run.pressed + 1})

    def at_record(self, connection: sa.Connection, order: str) -> Any:
        """The outcome that an order has already, inside the transaction that would record one; None without one.

        Raises:
            ClaimLost: another worker of this run has the order.
        """
        self._row(connection)
        earlier = self._result(connection, order)
        if earlier is None:
            others = _of_run(self._run) & (claims.c.owner != self._database.owner) & (claims.c.amazon_order == order)
            live = sa.select(claims.c.owner).where(others, claims.c.until > self._database.clock)
            if connection.scalar(live.limit(1)) is not None:
                raise ClaimLost(order=order)
        return earlier

    def at_result(self, connection: sa.Connection, result: OrderResult) -> None:
        """Count an order's result, inside its transaction; after too many failures no more orders begin."""
        if not self._run or result.outcome is Outcome.SKIPPED:
            return
        run = self._row(connection)
        if result.outcome is not Outcome.FAILED:
            if run.failures_in_a_row:
                self._write(connection, {"failures_in_a_row": 0})
            return
        failures, in_a_row = run.failures + 1, run.failures_in_a_row + 1
        counted: dict[str, Any] = {"failures": failures, "failures_in_a_row": in_a_row}
        if not run.stopped and in_a_row >= run.terms["max_failures"]:
            counted["stopped"] = f"{in_a_row} orders in a row failed; the last one: {result.message}"
        elif not run.stopped and failures >= run.terms["max_failures_total"]:
            counted["stopped"] = f"{failures} orders failed; the last one: {result.message}"
        self._write(connection, counted)

    def _result(self, connection: sa.Connection, order: str) -> Any:
        this_one = (orders.c.run_id == self._run) & (orders.c.amazon_order == order)
        return connection.scalar(sa.select(orders.c.result).where(this_one))

    def _look(self, connection: sa.Connection, run: sa.Row[Any], now: float) -> None:
        if run.stopped:
            raise QueuedRunStopped(reason=run.stopped)
        if run.finished_at:
            raise QueuedRunStopped(reason="The run is over.")
        _hold_process(run)
        if (begin := run.terms["not_before"]) and (early := datetime.fromisoformat(begin).timestamp() - now) > 0:
            raise NotYet(min(early, LONGEST_WAIT), "It is too early for this run: a computer's clock is wrong.")
        self._hold_approval(connection)
        if not run.terms.get("process"):  # the queue is paused, and a run with workers of its own is not in it
            _hold_pause(connection)
        most = run.terms["max_cancellations"]
        if most is not None:
            if run.pressed >= most:
                raise QueuedRunStopped(reason=_limit_reached(run.pressed))
            if run.pressed + self._in_progress(connection, now) >= most:
                raise NotYet(ASK_AGAIN)  # none of them may be canceled, which would leave room for this one
        at_once = run.terms.get("at_once")
        if at_once is not None and self._in_progress(connection, now) >= at_once:
            raise NotYet(SOON)
        if run.next_order > now:
            raise NotYet(min(run.next_order - now, LONGEST_WAIT))

    def _hold_approval(self, connection: sa.Connection) -> None:
        """Make sure that the run was approved, if it has to be, and that the approval has not ended."""
        if why := why_not_approved(connection, self._run, self._database.now(connection)):
            raise QueuedRunStopped(reason=why)

    def _row(self, connection: sa.Connection) -> sa.Row[Any]:
        # Until the transaction ends nobody else counts for this run.
        self._database.deciding(connection, f"limits of {self._run}")
        statement = sa.select(queued_runs).where(queued_runs.c.run_id == self._run).with_for_update()
        return connection.execute(statement).one()

    def _in_progress(self, connection: sa.Connection, now: float) -> int:
        count = sa.select(sa.func.count()).select_from(claims).where(_of_run(self._run), claims.c.until > now)
        return int(connection.scalar(count) or 0)

    def _write(self, connection: sa.Connection, counted: Mapping[str, Any]) -> None:
        connection.execute(queued_runs.update().where(queued_runs.c.run_id == self._run).values(**counted))


def _of_run(run_id: str) -> sa.ColumnElement[bool]:
    """Whether a claim is one of a run's workers."""
    return sa.func.substr(claims.c.owner, 1, len(run_id) + 1) == f"{run_id}/"


def _hold_process(run: sa.Row[Any]) -> None:
    """Make sure that the process that works this run with its own workers has not ended.

    Raises:
        QueuedRunStopped: it has, so nobody is there who would want the next cancel, or hear of it.
    """
    if (process := run.terms.get("process")) and is_gone(process):
        raise QueuedRunStopped(reason="The process of this run has ended.")


def _hold_pause(connection: sa.Connection) -> None:
    if connection.scalar(sa.select(pauses.c.pause).where(pauses.c.resumed_at.is_(None)).limit(1)) is not None:
        raise NotYet(ASK_AGAIN, "The queue is paused.")


def _limit_reached(pressed: int) -> str:
    return f"Confirm was pressed for {pressed} orders, which is the limit of this run."
