"""Who submitted a run, and who approved it.

A run that needs an approval waits in the ledger: none of its stints is in the engine's queue, and no order of it can be
claimed. The approval is for exactly what was frozen when it was submitted, list and terms, which it names by their
SHA-256. It puts the stints into the queue in its own transaction, and ends at a time of the approver's choice.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from bot.errors import NotApproved
from bot.joblist import Job
from bot.ledger.approval import Approval, why_not_approved
from bot.ledger.audit import Action, Audit
from bot.ledger.database import Database, timestamp, writable
from bot.ledger.runs import hash_of
from bot.ledger.schema import orders, queued_runs, stints, submissions
from bot.ledger.trail import Event, Trail


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is known of a run when it is submitted."""

    by: str
    approval: bool = False
    """Whether a person has to approve it before any of it is given to a worker."""
    four_eyes: bool = True
    """Whether that has to be another person."""
    plan_run: str = ""
    """The run that was its plan; empty without one."""


@dataclass(frozen=True, kw_only=True)
class Submission:
    """Who submitted a run, and how it stands with its approval."""

    run_id: str
    submitted_by: str
    submitted_at: str
    plan_run: str
    approval: Approval
    sha256: str
    """Of list and terms, as they were frozen; empty where no approval is needed."""
    four_eyes: bool
    decided_by: str
    decided_at: str
    why: str
    approved_until: datetime | None
    """When the approval ends, by the ledger's clock."""

    def is_over(self, now: datetime) -> bool:
        """Whether it was approved, and that approval has ended."""
        return self.approval is Approval.APPROVED and self.approved_until is not None and self.approved_until <= now


class Submissions:
    """Who submitted each queued run, and who approved it."""

    def __init__(self, database: Database, trail: Trail, audit: Audit) -> None:
        self._database = database
        self._trail = trail
        self._audit = audit

    def add(self, connection: sa.Connection, run_id: str, asked: Asked, count: int) -> None:
        """Record who submits a run, inside the transaction that queues it, after its stints were written."""
        waiting = Approval.WAITING if asked.approval else Approval.NOT_NEEDED
        frozen = _frozen(connection, run_id) if asked.approval else ""
        connection.execute(
            submissions.insert().values(
                run_id=run_id,
                submitted_by=asked.by,
                submitted_at=timestamp(self._database.now(connection)),
                plan_run=asked.plan_run,
                approval=str(waiting),
                sha256=frozen,
                four_eyes=asked.four_eyes,
            )
        )
        self._audit.append(
            connection, Action.SUBMITTED, by=asked.by, about=run_id, orders=count, sha256=frozen, approval=str(waiting)
        )

    def find(self, run_id: str) -> Submission | None:
        """Who submitted a run; None if it was not submitted, or by an older version, which kept no record of it."""
        rows = self._database.read(sa.select(submissions).where(submissions.c.run_id == run_id))
        return next(map(_submission, rows), None)

    def of_runs(self, run_ids: list[str]) -> dict[str, Submission]:
        """The submissions of these runs."""
        rows = self._database.read(sa.select(submissions).where(submissions.c.run_id.in_(run_ids)))
        return {row.run_id: _submission(row) for row in rows}

    def waiting(self) -> list[Submission]:
        """Those that wait for an approval, oldest first; not those of runs that were stopped meanwhile."""
        statement = (
            sa.select(submissions)
            .join(queued_runs, queued_runs.c.run_id == submissions.c.run_id)
            .where(
                submissions.c.approval == str(Approval.WAITING),
                queued_runs.c.finished_at.is_(None),
                queued_runs.c.stopped == "",
            )
            .order_by(submissions.c.submitted_at)
        )
        return [_submission(row) for row in self._database.read(statement)]

    def approve(
        self,
        run_id: str,
        *,
        by: str,
        why: str,
        seconds: float,
        four_eyes: bool,
        enqueue: Callable[[sa.Connection], None],
        seen: str | None = None,
    ) -> None:
        """Approve a run for ``seconds`` from now; who has approved it may extend that, others only when it is over.

        ``enqueue`` puts its stints into the engine's queue, with the connection that it is given. ``seen`` is the
        SHA-256 of what the approver looked at, if that is known.

        Raises:
            NotApproved: it is not theirs to approve, it does not wait for an approval, or it is not what was frozen.
        """
        with self._database.writing() as connection:
            self._database.deciding(connection, f"approval of {run_id}")
            row = self._row(connection, run_id)
            if not why.strip():
                raise NotApproved(run=run_id, reason="an approval needs a reason, which is kept")
            if (four_eyes or row.four_eyes) and is_same_person(by, row.submitted_by):
                raise NotApproved(run=run_id, reason=f"{by} submitted it, and another person has to approve it")
            if seen is not None and seen != row.sha256:
                raise NotApproved(run=run_id, reason="what was looked at is not what waits: look at it again")
            _hold_against_list(connection, run_id, row.sha256)
            self._refuse_second(connection, row, by)
            until = self._database.now(connection) + seconds
            connection.execute(
                submissions.update()
                .where(submissions.c.run_id == run_id)
                .values(
                    approval=str(Approval.APPROVED),
                    decided_by=by,
                    decided_at=timestamp(self._database.now(connection)),
                    why=writable(why),
                    approved_until=until,
                )
            )
            if row.approval == Approval.WAITING:
                enqueue(connection)
            held = timestamp(until)
            self._tell(connection, Event.APPROVED, run_id, by, why, sha256=row.sha256, until=held)
            kept = writable(why)
            self._audit.append(
                connection, Action.APPROVED, by=by, about=run_id, why=kept, sha256=row.sha256, until=held
            )

    def decline(self, run_id: str, *, by: str, why: str) -> None:
        """Decline a run. None of it was given to a worker, and none of it will be.

        Raises:
            NotApproved: it does not wait for an approval.
        """
        with self._database.writing() as connection:
            self._database.deciding(connection, f"approval of {run_id}")
            row = self._row(connection, run_id)
            if row.approval != Approval.WAITING:
                raise NotApproved(run=run_id, reason=f"it was {row.approval} before by {row.decided_by}")
            if not why.strip():
                raise NotApproved(run=run_id, reason="declining needs a reason, which is kept")
            connection.execute(
                submissions.update()
                .where(submissions.c.run_id == run_id)
                .values(
                    approval=str(Approval.DECLINED),
                    decided_by=by,
                    decided_at=timestamp(self._database.now(connection)),
                    why=writable(why),
                )
            )
            self._tell(connection, Event.DECLINED, run_id, by, why, sha256=row.sha256)
            self._audit.append(connection, Action.DECLINED, by=by, about=run_id, why=writable(why))

    def why_not(self, run_id: str) -> str:
        """Why no order of a run may be worked as far as its approval goes, as a sentence; empty if it may.

        The stints are compared with what was approved; the orders of each stint are compared with it by its own hash.
        """
        with self._database.writing(lasting=False) as connection:
            why = why_not_approved(connection, run_id, self._database.now(connection))
            row = connection.execute(sa.select(submissions).where(submissions.c.run_id == run_id)).one_or_none()
            if why or row is None or not row.sha256:
                return why
            return "" if _frozen(connection, run_id) == row.sha256 else CHANGED

    def frozen(self, run_id: str) -> tuple[tuple[Job, ...], dict[str, Any]] | None:
        """The list and the terms of a run that needed an approval, exactly as they were submitted; None if changed.

        What is given is what was compared: it is read once.
        """
        with self._database.writing(lasting=False) as connection:
            statement = sa.select(submissions.c.sha256).where(submissions.c.run_id == run_id)
            try:
                return _hold_against_list(connection, run_id, str(connection.scalar(statement)))
            except NotApproved:
                return None

    def _row(self, connection: sa.Connection, run_id: str) -> sa.Row[Any]:
        row = connection.execute(sa.select(submissions).where(submissions.c.run_id == run_id)).one_or_none()
        if row is None or row.approval == Approval.NOT_NEEDED:
            raise NotApproved(run=run_id, reason="it does not wait for an approval")
        if row.approval == Approval.DECLINED:
            raise NotApproved(run=run_id, reason=f"it was declined by {row.decided_by}")
        state = sa.select(queued_runs.c.stopped, queued_runs.c.finished_at).where(queued_runs.c.run_id == run_id)
        run = connection.execute(state).one()
        if run.stopped or run.finished_at:
            raise NotApproved(run=run_id, reason="it was stopped before" if run.stopped else "it is finished")
        return row

    def _refuse_second(self, connection: sa.Connection, row: sa.Row[Any], by: str) -> None:
        """Of two people who looked at it while it waited, the first has decided, and the other is told."""
        if row.approval != Approval.APPROVED or is_same_person(by, row.decided_by):
            return
        if row.approved_until > self._database.now(connection):
            until = datetime.fromtimestamp(row.approved_until, UTC)
            said = f"{row.decided_by} has approved it already, until {until:%Y-%m-%d %H:%M} UTC"
            raise NotApproved(run=row.run_id, reason=said)

    def _tell(self, connection: sa.Connection, event: Event, run_id: str, by: str, why: str, **told: object) -> None:
        earlier, self._database.run_id = self._database.run_id, run_id
        try:
            self._trail.append(connection, event, order="", by=by, why=writable(why), **told)
        finally:
            self._database.run_id = earlier


CHANGED = "The list was changed in the ledger after it was submitted for approval: none of it is worked."


def _hold_against_list(connection: sa.Connection, run_id: str, sha256: str) -> tuple[tuple[Job, ...], dict[str, Any]]:
    """Make sure that every job of a run is as it was frozen; gives the jobs, in the order of the list, and the terms.

    Raises:
        NotApproved: it is not.
    """
    statement = sa.select(orders.c.amazon_order, orders.c.job).where(orders.c.run_id == run_id).order_by(orders.c.place)
    jobs = {row.amazon_order: Job.model_validate(row.job) for row in connection.execute(statement)}
    run, kept = _asked_for(connection, run_id)
    in_stints = {order for row in kept for order in row.orders}
    same = in_stints == jobs.keys() and all(
        row.sha256 == hash_of([jobs[order].model_dump(mode="json") for order in row.orders]) for row in kept
    )
    if not same or _hash(run_id, run, kept) != sha256:
        raise NotApproved(run=run_id, reason="its list was changed in the ledger after it was submitted")
    return tuple(jobs.values()), run.terms


def _frozen(connection: sa.Connection, run_id: str) -> str:
    """The SHA-256 of what a run is asked for and how it is worked: of its terms, and of the hash of every stint."""
    return _hash(run_id, *_asked_for(connection, run_id))


def _asked_for(connection: sa.Connection, run_id: str) -> tuple[Any, Sequence[Any]]:
    """The row of a run, and those of its stints, as far as they say what it is asked for."""
    asked = sa.select(queued_runs.c.sha256, queued_runs.c.terms).where(queued_runs.c.run_id == run_id)
    kept = sa.select(stints.c.sha256, stints.c.orders).where(stints.c.run_id == run_id)
    return connection.execute(asked).one(), connection.execute(kept).all()


def _hash(run_id: str, run: Any, kept: Sequence[Any]) -> str:
    return hash_of([run_id, run.sha256, run.terms, sorted([row.sha256, *row.orders] for row in kept)])


def is_same_person(one: str, other: str) -> bool:
    """Whether two names are one person's, or of a person and a token that they made."""
    return _behind(one) == _behind(other)


def _behind(name: str) -> str:
    """The person of that name, or who made the token of that name: a program is as good as its maker."""
    token = _OF_TOKEN.fullmatch(name.strip())
    return (token[1] if token else name).strip().casefold()


_OF_TOKEN = re.compile(r".*\(token of (.+)\)", re.DOTALL)


def _submission(row: sa.Row[Any]) -> Submission:
    return Submission(
        run_id=row.run_id,
        submitted_by=row.submitted_by,
        submitted_at=row.submitted_at,
        plan_run=row.plan_run,
        approval=Approval(row.approval),
        sha256=row.sha256,
        four_eyes=row.four_eyes,
        decided_by=row.decided_by or "",
        decided_at=row.decided_at or "",
        why=row.why or "",
        approved_until=None if row.approved_until is None else datetime.fromtimestamp(row.approved_until, UTC),
    )
