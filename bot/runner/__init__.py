"""The runner: has the orders of a list worked, by one worker or several, and gives every one of them a result."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Protocol

from loguru import logger

from bot.admin import Admin
from bot.admin.recorder import NoRecorder
from bot.errors import CannotStart, CountermandError, EvidenceNotWritten, Interrupted, OrderTrouble, RunStopped
from bot.evidence.recorder import Recorder
from bot.joblist import Job
from bot.ledger import Ledger
from bot.outcomes import OrderResult, RunInfo
from bot.pack import AUTO
from bot.reports.progress import Progress
from bot.runner.dispatch import Dispatch
from bot.runner.throttle import Tempo
from bot.runner.worker import WORKED_ON_ELSEWHERE, Book, Work, Worker, result_of, unforeseen
from bot.secrecy import Clean


@dataclass(frozen=True, kw_only=True)
class RunEnd:
    """How a run ended."""

    info: RunInfo
    results: tuple[OrderResult, ...]
    exit_status: int


@dataclass(frozen=True, kw_only=True)
class Limits:
    """When a run stops before the end of its list, and how fast it may go.

    ``max_failures`` orders in a row, or ``max_failures_total`` in all, that failed for technical reasons;
    ``max_cancellations`` orders that were canceled, or may have been (None is no limit); ``spacing`` seconds from the
    beginning of one order to that of the next.
    """

    max_failures: int
    max_failures_total: int = 50
    max_cancellations: int | None = None
    spacing: float = 0


class Crew(Protocol):
    """Who works."""

    @property
    def workers(self) -> int:
        """How many work at once."""

    @property
    def evidence(self) -> Sequence[str]:
        """What was photographed last, relative to the run's folder."""

    @property
    def recognised(self) -> str:
        """Name of the pack that was recognised on the page; empty where none was."""

    def work_through(self, dispatch: Dispatch, book: Book, progress: Progress) -> None:
        """Work on every order that is handed out.

        Raises:
            RunStopped, OrderTrouble, CannotStart, KeyboardInterrupt: the run cannot go on.
        """


class AtHand:
    """One worker, in this process.

    Args:
        work: what is done to one order.
        open_admin: gives the Admin, signed in; called once, when everything else is ready.
        ledger: records every order before and after.
        recorder: keeps the evidence.
        attempts: how many times an order is begun.
        claim_seconds: how long an order stays this run's without a sign of life.
        rest: waits so many seconds, less if a person asks to stop.
        pause: seconds of rest after an order whose Confirm was pressed.
    """

    workers = 1

    def __init__(
        self,
        *,
        work: Work,
        open_admin: Callable[[], AbstractContextManager[Admin]],
        ledger: Ledger,
        recorder: Recorder | NoRecorder,
        attempts: int,
        claim_seconds: float = 300,
        rest: Callable[[float], None] = lambda seconds: None,
        pause: float = 0,
    ) -> None:
        self._work = work
        self._open_admin = open_admin
        self._ledger = ledger
        self._recorder = recorder
        self._attempts = attempts
        self._claim_seconds = claim_seconds
        self._rest = rest
        self._pause = pause
        self.recognised = ""
        """Name of the pack that was recognised on the page; empty where none was."""

    @property
    def evidence(self) -> Sequence[str]:
        """What was photographed last."""
        return self._recorder.evidence

    def work_through(self, dispatch: Dispatch, book: Book, progress: Progress) -> None:
        """Work on every order, one after another."""
        worker = Worker(
            work=self._work,
            ledger=self._ledger,
            recorder=self._recorder,
            book=book,
            attempts=self._attempts,
            claim_seconds=self._claim_seconds,
            rest=self._rest,
            pause=self._pause,
        )
        begun = 0

        def begins(job: Job) -> None:
            nonlocal begun
            begun += 1
            progress.order_started(begun, job.order, job.store)

        with self._open_admin() as admin:
            try:
                self._work_on_all(admin, worker, dispatch, book, begins)
            finally:
                self.recognised = admin.recognised

    def _work_on_all(
        self, admin: Admin, worker: Worker, dispatch: Dispatch, book: Book, begins: Callable[[Job], None]
    ) -> None:
        while not dispatch.is_over:
            job = dispatch.next_for(1)
            if job is None:
                self._rest(dispatch.wait)
                admin.heed_stop()
                continue
            done = worker.do(admin, job, partial(begins, job))
            if done is not None:
                dispatch.done(
                    1,
                    done.result,
                    pressed=done.pressed,
                    answer_seconds=done.answer_seconds,
                    turned_away=done.turned_away,
                )
            elif dispatch.is_worked_on_elsewhere(1):
                book.keep(result_of(job, WORKED_ON_ELSEWHERE))


class Runner:
    """Works through a list.

    Args:
        crew: who works.
        ledger: records the run, and every order that nobody came to.
        progress: tells the person who waits.
        limits: when it stops before the end, and how fast it may go.
        clean: takes secrets out of what is kept and told of a trouble.
        blocked: how many requests of the browser were blocked so far, by host.
    """

    def __init__(
        self,
        crew: Crew,
        *,
        ledger: Ledger,
        progress: Progress,
        limits: Limits,
        clean: Clean = lambda text: text,
        blocked: Mapping[str, int] | None = None,
    ) -> None:
        self._crew = crew
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
            self._ledger.runs.begin(info, jobs)
        except EvidenceNotWritten as trouble:
            refused = CannotStart(reason=str(trouble))
            refused.next_step = trouble.next_step
            raise refused from trouble
        self._progress.run_started(info, len(jobs))
        book = Book(self._ledger, self._progress.order_finished, self._clean)
        stopped = ""
        status = 0
        try:
            self._crew.work_through(self._dispatch(jobs), book, self._progress)
        except KeyboardInterrupt:
            stopped, status = str(Interrupted()), Interrupted.exit_status
        except RunStopped as stop:
            stopped, status = f"{stop} {stop.next_step}{self._pictures(book)}".strip(), stop.exit_status
        except OrderTrouble as trouble:  # before the first order: the Admin could not be entered
            stopped = f"The Admin could not be entered: {trouble}{self._pictures(book)}"
            status = RunStopped.exit_status
        except CannotStart as trouble:
            self._ledger.runs.finish(info.finished(datetime.now(UTC), self._clean(str(trouble))))
            raise
        except Exception as defect:  # what became of the orders must not be lost over it
            stopped, status = unforeseen(defect, self._clean), RunStopped.exit_status
            logger.opt(exception=defect).critical("{}", stopped)
        if info.pack == AUTO and self._crew.recognised:
            info = info.model_copy(update={"pack": f"{self._crew.recognised} ({AUTO})"})
        stopped = self._clean(stopped)
        book.skip(jobs, stopped)
        results = tuple(book.results[job.order] for job in jobs)
        if not status and not all(result.outcome.is_success for result in results):
            status = 1
        info = info.finished(datetime.now(UTC), stopped, self._blocked)
        try:
            self._ledger.runs.finish(info)
        except CountermandError as trouble:
            logger.error("the end of the run is not in the ledger: {}", trouble)
        return RunEnd(info=info, results=results, exit_status=status)

    def _dispatch(self, jobs: Sequence[Job]) -> Dispatch:
        limits = self._limits
        tempo = Tempo(self._crew.workers, limits.spacing, say=self._progress.say, clock=time.monotonic)
        return Dispatch(
            jobs,
            tempo,
            max_failures=limits.max_failures,
            max_failures_total=limits.max_failures_total,
            max_cancellations=limits.max_cancellations,
        )

    def _pictures(self, book: Book) -> str:
        """Where to look when the run ended before its first order, which would have pictures of its own."""
        pictures = () if book.results else self._crew.evidence
        return f" What the page looked like: {pictures[-1]} in the run's folder." if pictures else ""
