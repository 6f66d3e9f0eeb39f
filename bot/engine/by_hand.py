"""What a person does to a queued run: cancel it, or have what is stuck worked once more."""

from functools import partial

from bot.engine.backlog import Backlog
from bot.engine.conclusion import conclude
from bot.engine.stints import named_again
from bot.errors import CannotStart, CountermandError
from bot.ledger import Ledger, QueuedRun
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
    ledger.queue.stop(run.info.run_id, f"Canceled by {by}.")
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


def retry(ledger: Ledger, backlog: Backlog, run: QueuedRun) -> str:
    """Queue once more what no worker has and the engine no longer hands out; gives a sentence about it."""
    admin = run.info.admin
    alive = backlog.alive(admin)
    stuck = [stint for stint in run.stints if stint.stint not in alive]
    for stint in stuck:
        put = partial(backlog.put, admin=admin, terms=run.terms)
        ledger.queue.put_back(stint, put, named_again(stint.stint))
    if not stuck:
        return f"Nothing of run {run.info.run_id} is stuck."
    return f"{count_of(len(stuck), 'stint')} of run {run.info.run_id} queued once more."
