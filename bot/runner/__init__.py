"""The runner: has the orders of a list worked, by one worker or several, and gives every one of them a result."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from loguru import logger

from bot.errors import CannotStart, CountermandError, EvidenceNotWritten, Interrupted, OrderTrouble, RunStopped
from bot.joblist import Job
from bot.ledger import Ledger
from bot.outcomes import OrderResult, RunInfo
from bot.pack import AUTO
from bot.reports.progress import Progress
from bot.runner.in_process import InProcessWorker
from bot.runner.limits import RunLimits
from bot.runner.results import RunResults, unforeseen
from bot.runner.worker import WorkerOptions
from bot.secrecy import Clean

__all__ = ["InProcessWorker", "RunEnd", "RunLimits", "Runner", "WorkerOptions", "Workers"]


@dataclass(frozen=True, kw_only=True)
class RunEnd:
    """How a run ended."""

    info: RunInfo
    results: tuple[OrderResult, ...]
    exit_status: int


class Workers(Protocol):
    """Who works: one worker in this process, or a pool of worker processes."""

    @property
    def count(self) -> int:
        """How many work at once."""

    @property
    def evidence(self) -> Sequence[str]:
        """What was photographed last, relative to the run's folder."""

    @property
    def recognized(self) -> str:
        """Name of the pack that was recognized on the page; empty if none was."""

    def begin(self, info: RunInfo, jobs: Sequence[Job], limits: RunLimits) -> None:
        """Record the run and all its orders in the ledger.

        Raises:
            EvidenceNotWritten, LedgerTrouble: they could not be recorded.
        """

    def work_through(self, jobs: Sequence[Job], limits: RunLimits, results: RunResults, progress: Progress) -> None:
        """Work on every order, within the limits.

        Raises:
            RunStopped, OrderTrouble, CannotStart, KeyboardInterrupt: the run cannot go on.
        """


class Runner:
    """Works through a list.

    Args:
        workers: who works.
        ledger: records the run, and every order that was not reached.
        progress: shows it to the person who waits.
        limits: when it stops before the end, and how fast it may go.
        clean: takes secrets out of what is kept and told of a trouble.
        blocked: how many requests of the browser were blocked so far, by host.
    """

    def __init__(
        self,
        workers: Workers,
        *,
        ledger: Ledger,
        progress: Progress,
        limits: RunLimits,
        clean: Clean = lambda text: text,
        blocked: Mapping[str, int] | None = None,
    ) -> None:
        self._workers = workers
        self._ledger = ledger
        self._progress = progress
        self._limits = limits
        self._clean = clean
        self._blocked = {} if blocked is None else blocked

    def run(self, info: RunInfo, jobs: Sequence[Job]) -> RunEnd:
        """Work through ``jobs``, store by store, and give every one of them a result.

        Raises:
            CannotStart: no browser, no ledger, or a run folder that cannot be written; nothing was opened.
        """
        try:
            self._workers.begin(info, jobs, self._limits)
        except EvidenceNotWritten as trouble:
            raise CannotStart(reason=str(trouble), next_step=trouble.next_step) from trouble
        self._progress.run_started(info, len(jobs))
        recorded = RunResults(self._ledger, self._progress.order_finished, self._clean)
        stopped = ""
        status = 0
        try:
            self._workers.work_through(jobs, self._limits, recorded, self._progress)
        except KeyboardInterrupt:
            stopped, status = str(Interrupted()), Interrupted.exit_status
        except RunStopped as stop:
            stopped, status = f"{stop} {stop.next_step}{self._pictures(recorded)}".strip(), stop.exit_status
        except OrderTrouble as trouble:  # before the first order: the Admin could not be entered
            stopped = f"The Admin could not be entered: {trouble}{self._pictures(recorded)}"
            status = RunStopped.exit_status
        except CannotStart as trouble:
            self._ledger.runs.finish(info.finished(datetime.now(UTC), self._clean(str(trouble))))
            raise
        except Exception as defect:  # what became of the orders must not be lost over it
            stopped, status = unforeseen(defect, self._clean), RunStopped.exit_status
            logger.opt(exception=defect).critical("{}", stopped)
        if info.pack == AUTO and self._workers.recognized:
            info = info.model_copy(update={"pack": f"{self._workers.recognized} ({AUTO})"})
        stopped = self._clean(stopped)
        recorded.skip_rest(jobs, stopped)
        results = tuple(recorded.by_order[job.order] for job in jobs)
        if not status and not all(result.outcome.is_success for result in results):
            status = 1
        info = info.finished(datetime.now(UTC), stopped, self._blocked)
        try:
            self._ledger.runs.finish(info)
        except CountermandError as trouble:
            logger.error("the end of the run is not in the ledger: {}", trouble)
        return RunEnd(info=info, results=results, exit_status=status)

    def _pictures(self, recorded: RunResults) -> str:
        """Where to look when the run ended before its first order, which would have pictures of its own."""
        pictures = () if recorded.by_order else self._workers.evidence
        return f" The page at that time: {pictures[-1]} in the run's folder." if pictures else ""
