"""The worker pool: starts worker processes, hears what they do, and replaces those that die.

Each worker is a process of its own, with a browser and an Admin account. The run's process puts the orders into the
engine's queue, in stints, and the engine hands them out; the run hears, tells and ends. It touches no page. What a
worker did is in the ledger before the run hears of it, so that nothing is lost with a worker that dies: its stint is
handed out again, and its order is looked at before anything is done to it, as after any crash.
"""

import multiprocessing
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from loguru import logger

from bot.accounts import Account
from bot.errors import AccountLost, CannotStart, CountermandError, Interrupted, LedgerTrouble, RunStopped
from bot.joblist import Job
from bot.ledger import Terms
from bot.outcomes import RunInfo
from bot.reports.progress import Progress
from bot.runner.limits import RunLimits
from bot.runner.messages import (
    FINISH,
    STOP,
    LogLine,
    Message,
    OrderEnded,
    OrderLeft,
    OrderTaken,
    Remark,
    StepBegun,
    WorkerExit,
)
from bot.runner.pool_run import PoolRun
from bot.runner.results import WORKED_ON_ELSEWHERE, RunResults, result_of
from bot.runner.stints.cut import cut_for
from bot.runner.throttle import Throttle
from bot.runner.worker_process import OpenWorker, Post, run_worker

MAX_DEATHS = 3
"""The run stops after this many workers that died without an order done in between."""

MOST_LOST = 3
"""The run stops after the queue has lost orders this many times."""

POLL_SECONDS = 0.25
"""Seconds after which the run looks whether a person asked to stop."""

LOOK_SECONDS = 5.0
"""Seconds without an order in progress after which the run looks whether the queue still has those that are left."""

PRIORITY = 1
"""Of a run that has a queue of its own; it is never compared."""

TROUBLES: dict[str, type[CountermandError]] = {
    "stopped": RunStopped,
    "entry": RunStopped,
    "start": CannotStart,
    "defect": RunStopped,
}
"""What stops the run when a worker ends with trouble of this kind."""


@dataclass
class _Worker:
    """A worker, as the run knows it."""

    number: int
    account: Account
    executor: str
    process: BaseProcess
    pipe: Connection
    job: Job | None = None
    """The order that it is working on."""
    told: str = ""
    """What it was told to do last: nothing, ``STOP`` or ``FINISH``."""
    exit: WorkerExit | None = None
    pipe_open: bool = field(default=True)


class WorkerPool:
    """Worker processes.

    Args:
        open_worker: opens all that a worker needs, in its process.
        accounts: what each worker signs in with, one a worker.
        run: the run that they work for.
    """

    def __init__(self, open_worker: OpenWorker, accounts: Sequence[Account], run: PoolRun) -> None:
        self._open_worker = open_worker
        self._accounts = accounts
        self._run = run
        self._processes = multiprocessing.get_context("spawn")
        self._alive: dict[int, _Worker] = {}
        self._trouble: CountermandError | None = None
        self._died_with: set[str] = set()
        self._left_once: set[str] = set()
        self._deaths = self._lost = self._started = self._begun = 0
        self._last_busy = 0.0
        self.recognized = ""
        """Name of the pack that was recognized on the page; empty if none was."""
        self.evidence: Sequence[str] = ()
        """What the worker that ended the run photographed last."""

    @property
    def count(self) -> int:
        """How many work at once."""
        return len(self._accounts)

    def begin(self, info: RunInfo, jobs: Sequence[Job], limits: RunLimits) -> None:
        """Freeze the run, and queue its stints, in one transaction.

        Raises:
            EvidenceNotWritten, LedgerTrouble: nothing was queued.
        """
        terms = Terms(
            command=info.command,
            priority=PRIORITY,
            not_before="",
            spacing=limits.spacing,
            max_failures=limits.max_failures,
            max_failures_total=limits.max_failures_total,
            max_cancellations=limits.max_cancellations,
            unmasked=info.unmasked,
        )
        self._run.ledger.own_runs.begin(info, jobs, terms, cut_for(jobs, self.count), self._run.queue.put)

    def work_through(self, jobs: Sequence[Job], limits: RunLimits, results: RunResults, progress: Progress) -> None:
        """Have every order worked, until they are done or the run cannot go on.

        Raises:
            RunStopped, CannotStart: the run cannot go on; every worker has ended.
            KeyboardInterrupt: a person did not want to wait; the workers were ended at once.
        """
        throttle = Throttle(self.count, 0, say=progress.say, clock=time.monotonic)
        try:
            for number, account in enumerate(self._accounts, start=1):
                self._start(number, account)
            while self._alive:
                self._hear_all(throttle, results, progress)
                self._tell_all(self._is_over(jobs, results))
                if lost := self._run.ledger.accounts.sign_of_life():
                    self._trouble = self._trouble or AccountLost(account=" and ".join(lost))
                self._look_for_lost(jobs, results)
        except LedgerTrouble as trouble:
            raise RunStopped(reason=str(trouble), next_step=trouble.next_step) from trouble
        finally:
            self._end_at_once(results)
            self._close()
        if self._run.stopping():
            raise Interrupted
        if self._trouble is None and (stopped := self._run.ledger.own_runs.stopped(self._run.run_id)):
            self._trouble = RunStopped(reason=stopped)
        if self._trouble is not None:
            raise self._trouble

    def _start(self, number: int, account: Account) -> None:
        pipe, other_end = self._processes.Pipe()
        self._started += 1
        post = Post(
            number=number,
            account=account,
            place=self._run.queue.place,
            run_id=self._run.run_id,
            executor=f"{self._run.run_id}/{number}/{self._started}",
        )
        process = self._processes.Process(
            target=run_worker, args=(self._open_worker, post, other_end), name=f"countermand worker {number}"
        )
        process.start()
        other_end.close()  # so that the pipe is cut when the worker ends
        self._alive[number] = _Worker(number, account, post.executor, process, pipe)

    def _is_over(self, jobs: Sequence[Job], results: RunResults) -> bool:
        return len(results.by_order) >= len(jobs)

    def _tell_all(self, is_over: bool) -> None:
        """Tell every worker to end if a person asked to stop, the run cannot go on, or nothing is left to be done."""
        word = STOP if self._run.stopping() else FINISH if self._trouble is not None or is_over else ""
        for worker in self._alive.values():
            if word and worker.told not in {word, STOP}:
                worker.told = word
                with suppress(OSError):  # it has died, which is seen next
                    worker.pipe.send(word)

    def _hear_all(self, throttle: Throttle, results: RunResults, progress: Progress) -> None:
        """Hear what the workers say, for a moment, and see which of them have ended."""
        pipes = [worker.pipe for worker in self._alive.values() if worker.pipe_open]
        ends = [worker.process.sentinel for worker in self._alive.values()]
        heard = wait([*pipes, *ends], POLL_SECONDS)
        for worker in list(self._alive.values()):
            if worker.process.sentinel in heard:
                while worker.pipe_open:  # what it said last
                    self._hear(worker, throttle, results, progress)
                self._has_ended(worker, results)
            elif worker.pipe in heard:
                self._hear(worker, throttle, results, progress)

    def _hear(self, worker: _Worker, throttle: Throttle, results: RunResults, progress: Progress) -> None:
        """Hear one message of a worker."""
        try:
            message: Message = worker.pipe.recv()
        except (OSError, EOFError):
            worker.pipe_open = False
            return
        match message:
            case OrderTaken(job):
                self._begun += 1
                worker.job = job
                progress.order_started(self._begun, job.order, job.store, worker.number)
            case StepBegun(name):
                progress.step(name, worker.number)
            case OrderEnded(result):
                results.take_over(result)
            case OrderLeft(job, None):
                self._is_left(job, results)
            case OrderLeft(_, done):
                worker.job = None
                self._deaths = 0
                if done is not None:
                    self._heed(throttle, done.answer_seconds, turned_away=done.turned_away)
            case Remark(words):
                progress.say(words)
            case LogLine(line):
                self._run.log(line)
            case WorkerExit():
                worker.exit = message

    def _heed(self, throttle: Throttle, seconds: float | None, *, turned_away: bool) -> None:
        """While the Admin is slow, let fewer orders be in progress at once."""
        before = throttle.at_once
        throttle.answered(seconds, turned_away=turned_away)
        if throttle.at_once != before:
            self._run.ledger.own_runs.allow_at_once(self._run.run_id, throttle.at_once)

    def _is_left(self, job: Job, results: RunResults) -> None:
        """Another run works on an order: hand it out once more at the end, and then leave it to that run."""
        if job.order in self._left_once:
            results.record(result_of(job, WORKED_ON_ELSEWHERE))
            return
        self._left_once.add(job.order)
        self._queue_again(f"later {len(self._left_once)}", [job])

    def _queue_again(self, name: str, jobs: Sequence[Job]) -> None:
        self._run.ledger.own_runs.add_stint(self._run.run_id, name, jobs, self._run.queue.put_last)

    def _look_for_lost(self, jobs: Sequence[Job], results: RunResults) -> None:
        """Queue once more what the queue has done with although it has no result, as after an error of its own."""
        now = time.monotonic()
        if any(worker.job or worker.told for worker in self._alive.values()):
            self._last_busy = now
        if now - self._last_busy < LOOK_SECONDS or self._trouble is not None or not self._alive:
            return
        self._last_busy = now
        if not self._run.queue.is_empty():
            return
        left = [job for job in jobs if job.order not in results.by_order]
        self._lost += 1
        if self._lost > MOST_LOST:
            self._trouble = RunStopped(
                reason="The queue has lost orders several times.", next_step="Look at log.jsonl."
            )
            return
        logger.warning("the queue has lost {} orders, which are queued once more", len(left))
        for number, stint in enumerate(cut_for(left, self.count), start=1):
            self._queue_again(f"lost {self._lost}.{number}", stint)

    def _has_ended(self, worker: _Worker, results: RunResults) -> None:
        """A worker's process is over: as it said, or without a word."""
        del self._alive[worker.number]
        worker.process.join()
        worker.pipe.close()
        end = worker.exit
        if end is None:
            self._has_died(worker, results)
            return
        for host, count in end.blocked.items():
            self._run.blocked[host] = self._run.blocked.get(host, 0) + count
        self.recognized = self.recognized or end.recognized
        if end.kind in TROUBLES and self._trouble is None:
            if end.kind in {"entry", "start"} and (self._alive or worker.told == FINISH):
                who = f"{worker.number} ({worker.account.username})"
                logger.warning("Worker {} stopped working: {}", who, end.trouble)
                return
            self.evidence = end.evidence
            self._trouble = TROUBLES[end.kind](reason=end.trouble, next_step=end.next_step)
        if worker.job is not None and worker.job.order not in results.by_order:
            self._run.conclude(worker.job, results, end.trouble or "Interrupted.")

    def _has_died(self, worker: _Worker, results: RunResults) -> None:
        """Put a new worker in the place of one that died, and have its stint handed out again; an order once."""
        self._deaths += 1
        job = worker.job
        logger.warning(
            "worker {} died (exit code {}){}",
            worker.number,
            worker.process.exitcode,
            f" while it worked on order {job.order}" if job else "",
        )
        self._run.ledger.claims.release_all_of(worker.number)
        if job is not None:
            self._run.remove_unfinished_evidence(job.order)
            known = results.by_order.get(job.order) or self._run.result(job.order)
            if known is not None:  # it died after the ledger knew, and before the run did
                if job.order not in results.by_order:
                    results.take_over(known)
            elif job.order in self._died_with:
                with self._run.counting():
                    self._run.conclude(job, results, "Two workers died while they worked on it.", again=True)
            else:
                self._died_with.add(job.order)
        if self._deaths >= MAX_DEATHS and self._trouble is None:
            self._trouble = RunStopped(
                reason=f"Worker processes died {self._deaths} times in a row.",
                next_step="Look at log.jsonl, and check that the machine has enough memory for this many workers.",
            )
        self._run.queue.take_over(worker.executor)
        if self._trouble is None and not self._run.stopping() and worker.told != FINISH:
            self._start(worker.number, worker.account)

    def _end_at_once(self, results: RunResults) -> None:
        """End every worker that is still there, and conclude what it was working on."""
        for worker in self._alive.values():
            worker.process.kill()
        for worker in self._alive.values():
            worker.process.join()
            worker.pipe.close()
            if worker.job is not None and worker.job.order not in results.by_order:
                self._run.remove_unfinished_evidence(worker.job.order)
                self._run.conclude(worker.job, results, "Interrupted.")
        self._alive.clear()

    def _close(self) -> None:
        """Remove what is left in the queue, and let no order of the run begin any more."""
        try:
            self._run.queue.remove()
            self._run.ledger.own_runs.end(self._run.run_id)  # last: of one that has not ended, the next run removes it
        except LedgerTrouble as trouble:  # nobody is there who could work it
            logger.warning("what is left of the run's queue could not be removed: {}", trouble)
