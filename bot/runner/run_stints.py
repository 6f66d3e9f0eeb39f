"""A run's worker works the stints that it is handed: one order after another, each a step that the engine records."""

from collections.abc import Callable, Sequence
from typing import Protocol

from bot.errors import Interrupted, RunStopped
from bot.joblist import Job
from bot.ledger import Ledger, NotYet
from bot.ledger.queue import hash_of_jobs
from bot.runner.order_loop import work_stint_orders
from bot.runner.stints.browser_thread import BrowserThread
from bot.runner.stints.executor import Step, Told
from bot.runner.stints.told import done_before, told_of
from bot.runner.worker import OrderDone


class TellsRun(Protocol):
    """How a worker hears from its run, and tells it what it does."""

    @property
    def goes_on(self) -> bool:
        """Whether there may be more to do: the run has not asked to stop or finish, and is not gone."""

    def wait_for_order(self, seconds: float) -> None:
        """Wait this long, less if there is nothing more to do."""

    def order_left(self, job: Job, done: OrderDone | None) -> None:
        """Tell that the worker is through with an order; None if another run works on it."""


class RunStints:
    """Works stints, on the thread that owns the browser.

    Args:
        ledger: says what is in a stint.
        do: works on an order until it has a result; None while another run works on it.
        run: the run.
        browser_thread: has it done on the right thread.
    """

    def __init__(
        self, ledger: Ledger, do: Callable[[Job], OrderDone | None], run: TellsRun, browser_thread: BrowserThread
    ) -> None:
        self._ledger = ledger
        self._do = do
        self._run = run
        self._browser_thread = browser_thread

    def work(self, stint: str, step: Step) -> None:
        """Work a stint. What an earlier worker, which died, has done of it is not done again."""

        def work_on(job: Job) -> OrderDone | None:
            return done_before(step(f"order {job.order}", lambda: told_of(self._one(job))))

        def leave(job: Job) -> None:
            step(f"leave {job.order}", lambda: self._leave(job))

        work_stint_orders(self._browser_thread.call(lambda: self._begin(stint)), work_on, leave)

    def _begin(self, name: str) -> Sequence[Job]:
        stint = self._ledger.queue.stint(name)
        jobs = () if stint is None else self._ledger.queue.jobs_of(stint)
        if stint is None or hash_of_jobs(jobs) != stint.sha256:
            raise RunStopped(reason=f"The orders of stint {name} were changed in the ledger: none of it was worked.")
        return jobs

    def _one(self, job: Job) -> OrderDone | None:
        """Work on an order, unless it has a result: the worker that had it died then, or was given up."""
        while (known := self._ledger.runs.result(self._ledger.runs.current, job.order)) is None:
            if not self._run.goes_on:
                raise Interrupted
            try:
                done = self._do(job)
            except NotYet as later:
                self._run.wait_for_order(later.seconds)
                continue
            if done is not None:
                self._run.order_left(job, done)
            return done
        return OrderDone(result=known, pressed=False)

    def _leave(self, job: Job) -> Told:
        """Leave an order to the run, which knows whether it was left before: another run works on it."""
        self._run.order_left(job, None)
        return {}
