"""``countermand queue``: what waits, who works, and what is stuck. Plain lines, so that ids can be copied."""

from collections.abc import Iterator
from datetime import datetime

from bot.engine.account_lease import admin_of, lease_of
from bot.engine.backlog import Backlog
from bot.ledger import Ledger, QueuedRun, Stint
from bot.wording import count_of, harmless


def queue_lines(ledger: Ledger, backlog: Backlog) -> Iterator[str]:
    """Every run that is not finished, and who works for it now."""
    paused = ledger.queue.paused()
    if paused:
        by, at = paused
        yield f"Paused by {harmless(by)} since {_moment(at)}: no order begins. Go on with: countermand queue resume"
    runs = ledger.queue.waiting()
    if not runs:
        yield "Nothing is queued."
        return
    held = {(one.admin, one.thing) for one in ledger.accounts.held()}
    yield f"{count_of(len(runs), 'run')} queued"
    for run in runs:
        yield from _of_run(run, backlog, held)


def _of_run(run: QueuedRun, backlog: Backlog, held: set[tuple[str, str]]) -> Iterator[str]:
    info, terms = run.info, run.terms
    what = f"{info.command} on {harmless(info.admin)}, {harmless(info.job_list)}"
    yield f"  {info.run_id}  {what}: {run.done:,} of {count_of(run.orders, 'order')} done, priority {terms.priority}"
    if terms.not_before and datetime.fromisoformat(terms.not_before) > datetime.now().astimezone():
        yield f"      Begins {_moment(terms.not_before)}."
    if run.stopped:
        yield f"      Stopped: {harmless(run.stopped)}"
    executors = backlog.worked_on(info.admin)
    stuck = set(backlog.given_up(info.admin))
    begun = [stint for stint in run.stints if stint.stint in executors and stint.worker]
    for stint in begun:
        yield f"      {_who(stint)}: {count_of(len(stint.orders), 'order')} of {harmless(stint.store)}, since " + (
            f"{_moment(stint.begun_at)}{_gone(stint, executors[stint.stint], held)}"
        )
    if waiting := len(run.stints) - len(begun) - sum(stint.stint in stuck for stint in run.stints):
        yield f"      {count_of(waiting, 'stint')} waiting for a worker"
    for stint in run.stints:
        if stint.stint in stuck:
            yield (
                f"      Stuck: {harmless(stint.stint)} was handed out too often, and its worker ended each time. Look "
                f"at the run's log, then: countermand queue retry {info.run_id}"
            )


def _gone(stint: Stint, executor: str, held: set[tuple[str, str]]) -> str:
    return "" if (admin_of(executor), lease_of(executor)) in held else "; it is gone, and another worker takes over"


def _who(stint: Stint) -> str:
    return f"{harmless(stint.worker)} as {harmless(stint.account)} ({harmless(stint.process)})"


def _moment(at: str) -> str:
    return datetime.fromisoformat(at).astimezone().strftime("%Y-%m-%d %H:%M")
