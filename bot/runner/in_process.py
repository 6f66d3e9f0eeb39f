"""A single worker, in the run's own process."""

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import partial

from bot.admin import Admin
from bot.admin.recorder import NoRecorder
from bot.evidence.recorder import Recorder
from bot.joblist import Job
from bot.ledger import Ledger
from bot.outcomes import RunInfo
from bot.reports.progress import Progress
from bot.runner.dispatch import Dispatch
from bot.runner.limits import RunLimits
from bot.runner.order_loop import work_through
from bot.runner.results import WORKED_ON_ELSEWHERE, RunResults, result_of
from bot.runner.throttle import Throttle
from bot.runner.worker import Work, Worker, WorkerOptions


class InProcessWorker:
    """One worker, in this process.

    Args:
        work: what is done to one order.
        open_admin: gives the Admin, signed in; called once, when everything else is ready.
        ledger: records every order before and after.
        recorder: keeps the evidence.
        options: how patiently it works.
    """

    count = 1

    def __init__(
        self,
        *,
        work: Work,
        open_admin: Callable[[], AbstractContextManager[Admin]],
        ledger: Ledger,
        recorder: Recorder | NoRecorder,
        options: WorkerOptions,
    ) -> None:
        self._work = work
        self._open_admin = open_admin
        self._ledger = ledger
        self._recorder = recorder
        self._options = options
        self.recognized = ""
        """Name of the pack that was recognized on the page; empty if none was."""

    @property
    def evidence(self) -> Sequence[str]:
        """What was photographed last."""
        return self._recorder.evidence

    def begin(self, info: RunInfo, jobs: Sequence[Job], limits: RunLimits) -> None:
        """Record the run and all its orders in the ledger."""
        self._ledger.runs.begin(info, jobs)

    def work_through(self, jobs: Sequence[Job], limits: RunLimits, results: RunResults, progress: Progress) -> None:
        """Work on every order, one after another."""
        dispatch = Dispatch(
            jobs,
            Throttle(1, limits.spacing, say=progress.say, clock=time.monotonic),
            max_failures=limits.max_failures,
            max_failures_total=limits.max_failures_total,
            max_cancellations=limits.max_cancellations,
        )
        worker = Worker(
            work=self._work,
            ledger=self._ledger,
            recorder=self._recorder,
            results=results,
            options=self._options,
        )
        taken = 0

        def is_taken(job: Job) -> None:
            nonlocal taken
            taken += 1
            progress.order_started(taken, job.order, job.store)

        with self._open_admin() as admin:
            try:
                work_through(
                    dispatch,
                    lambda job: worker.do(admin, job, partial(is_taken, job)),
                    lambda job: _leave(job, results),
                    lambda seconds: self._wait(admin, seconds),
                )
            finally:
                self.recognized = admin.recognized

    def _wait(self, admin: Admin, seconds: float) -> None:
        self._options.wait(seconds)
        admin.heed_stop()


def _leave(job: Job, results: RunResults) -> None:
    results.record(result_of(job, WORKED_ON_ELSEWHERE))
