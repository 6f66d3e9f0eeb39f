"""What a person does to a queued run: approve or decline it, cancel it, have what is stuck worked once more."""

from functools import partial

import sqlalchemy as sa

from bot.engine.backlog import Backlog
from bot.engine.conclusion import conclude
from bot.engine.stints import named_again
from bot.errors import CannotStart, CountermandError, NotApproved
from bot.ledger import Action, Approval, Ledger, QueuedRun
from bot.ledger.submissions import is_same_person
from bot.runner import RunEnd
from bot.settings import LocalSettings
from bot.wording import count_of


def queued(ledger: Ledger, run_id: str, *, finished: bool = False) -> QueuedRun:
    """The run with that id.

    Raises:
        CannotStart: it was not submitted, or is finished, unless it may be.
    """
    run = ledger.queue.find(run_id)
    if run is None:
        raise CannotStart(reason=f"No run {run_id!r} is in the queue.", next_step="See countermand queue.")
    if run.finished_at and not finished:
        raise CannotStart(
            reason=f"Run {run_id} is finished.",
            next_step="Submit its list again: what is done is recognized as already canceled.",
        )
    return run


def cancel(
    places: LocalSettings, ledger: Ledger, backlog: Backlog, run: QueuedRun, by: str
) -> tuple[RunEnd | None, list[CountermandError]]:
    """Take a run out of the queue. Orders in hand are finished, all others are skipped.

    Gives how it ended, if nobody works for it now, and what could not be written of that; else the last worker writes.
    """
    return _end(places, ledger, backlog, run, by, why=f"Canceled by {by}.")


def approve(
    ledger: Ledger,
    backlog: Backlog,
    run: QueuedRun,
    *,
    by: str,
    why: str,
    seconds: float,
    four_eyes: bool,
    seen: str | None = None,
) -> None:
    """Approve a run that waits for that, for ``seconds``, and queue it in the same transaction.

    Raises:
        NotApproved: as ``Submissions.approve``.
    """

    def enqueue(connection: sa.Connection) -> None:
        for stint in run.stints:
            backlog.put(connection, stint, admin=run.info.admin, terms=run.terms)

    ledger.submissions.approve(
        run.info.run_id, by=by, why=why, seconds=seconds, four_eyes=four_eyes, enqueue=enqueue, seen=seen
    )


def decline(
    places: LocalSettings, ledger: Ledger, backlog: Backlog, run: QueuedRun, *, by: str, why: str
) -> tuple[RunEnd | None, list[CountermandError]]:
    """Decline a run that waits for an approval; every order of it is skipped. Gives the same as ``cancel``.

    Somebody who has declined it already, and was cut off before all of it was skipped, goes on there.

    Raises:
        NotApproved: as ``Submissions.decline``.
    """
    known = ledger.submissions.find(run.info.run_id)
    if known is not None and known.approval is Approval.DECLINED and is_same_person(known.decided_by, by):
        why = known.why
    else:
        ledger.submissions.decline(run.info.run_id, by=by, why=why)
    return _end(places, ledger, backlog, run, by, why=f"Declined by {by}: {why}")


def _end(
    places: LocalSettings, ledger: Ledger, backlog: Backlog, run: QueuedRun, by: str, *, why: str
) -> tuple[RunEnd | None, list[CountermandError]]:
    ledger.queue.stop(run.info.run_id, why, by=by)
    at_work = set(backlog.worked_on(run.info.admin))
    # A worker that is thought to be gone may be in the middle of an order: its stint is left to a worker.
    claimed = {held.thing for held in ledger.claims.held() if held.run_id == run.info.run_id}
    at_work |= {stint.stint for stint in run.stints if claimed.intersection(stint.orders)}
    for stint in run.stints:
        if stint.stint not in at_work:
            ledger.queue.end_stint(stint, "canceled")
    backlog.take_back(stint.stint for stint in run.stints if stint.stint not in at_work)
    if not ledger.queue.is_last(run.info.run_id, f"canceled by {by}"):
        return None, []
    return conclude(places, queued(ledger, run.info.run_id, finished=True))


def retry(ledger: Ledger, backlog: Backlog, run: QueuedRun, by: str) -> str:
    """Queue once more what no worker has and the engine no longer hands out; gives a sentence about it.

    Raises:
        NotApproved: it has to be approved first.
    """
    admin = run.info.admin
    if why := ledger.submissions.why_not(run.info.run_id):
        raise NotApproved(run=run.info.run_id, reason=why[0].lower() + why[1:].rstrip("."))
    alive = backlog.alive(admin)
    stuck = [stint for stint in run.stints if stint.stint not in alive]
    for stint in stuck:
        put = partial(backlog.put, admin=admin, terms=run.terms)
        ledger.queue.put_back(stint, put, named_again(stint.stint))
    if not stuck:
        return f"Nothing of run {run.info.run_id} is stuck."
    ledger.audit.note(Action.RETRIED, by=by, about=run.info.run_id)
    return f"{count_of(len(stuck), 'stint')} of run {run.info.run_id} queued once more."


def release(ledger: Ledger, admin: str, account: str, *, by: str, why: str) -> None:
    """Take an account away from a worker that is gone for good; one that still lives begins no further order.

    Raises:
        CannotStart: nobody has it.
    """
    if not ledger.accounts.release_by_hand(admin, account):
        raise CannotStart(reason=f"Nobody has the account {account} of {admin}.", next_step="See countermand queue.")
    ledger.audit.note(Action.RELEASED, by=by, about=account, why=why, admin=admin)
