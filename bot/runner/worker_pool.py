"""The worker pool: starts worker processes, hands them orders one by one, hears them, and replaces those that die.

Each worker is a process of its own, with a browser and an Admin account. The run's process hands out, hears and
tells; it touches no page. What a worker did is in the ledger before the run hears of it, so that nothing is lost with
a worker that dies: its order is handed out again, and looked at before anything is done to it, as after any crash.
"""

import multiprocessing
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from loguru import logger

from bot.accounts import Account
from bot.errors import AccountLost, CannotStart, CountermandError, Interrupted, RunStopped
from bot.reports.progress import Progress
from bot.runner.dispatch import Dispatch
from bot.runner.messages import (
    FINISH,
    STOP,
    LogLine,
    Message,
    OrderEnded,
    OrderTaken,
    Remark,
    StepBegun,
    WorkerExit,
    WorkerFree,
    WorkerReady,
)
from bot.runner.pool_run import PoolRun
from bot.runner.results import WORKED_ON_ELSEWHERE, RunResults, result_of
from bot.runner.worker import OrderDone
from bot.runner.worker_process import OpenWorker, run_worker

MAX_DEATHS = 3
"""The run stops after this many workers that died without an order done in between."""

POLL_SECONDS = 0.25
"""Seconds after which the run looks whether a person asked to stop, or a worker may go on."""

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
    process: BaseProcess
    pipe: Connection
    free: bool = False
    told_to_end: bool = False
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
        self._deaths = 0
        self._begun = 0
        self.recognized = ""
        """Name of the pack that was recognized on the page; empty if none was."""
        self.evidence: Sequence[str] = ()
        """What the worker that ended the run photographed last."""

    @property
    def count(self) -> int:
        """How many work at once."""
        return len(self._accounts)

    def work_through(self, dispatch: Dispatch, results: RunResults, progress: Progress) -> None:
        """Have every order worked, until they are done or the run cannot go on.

        Raises:
            RunStopped, CannotStart: the run cannot go on; every worker has ended.
            KeyboardInterrupt: a person did not want to wait; the workers were ended at once.
        """
        try:
            for number, account in enumerate(self._accounts, start=1):
                self._start(number, account)
            while self._alive:
                self._hear_all(dispatch, results, progress)
                self._hand_out(dispatch)
                if lost := self._run.ledger.accounts.sign_of_life():
                    self._trouble = self._trouble or AccountLost(account=" and ".join(lost))
        finally:
            self._end_at_once(dispatch, results)
        if self._run.stopping():
            raise Interrupted
        if self._trouble is not None:
            raise self._trouble

    def _start(self, number: int, account: Account) -> None:
        pipe, other_end = self._processes.Pipe()
        process = self._processes.Process(
            target=run_worker, args=(self._open_worker, number, account, other_end), name=f"countermand worker {number}"
        )
        process.start()
        other_end.close()  # so that the pipe is cut when the worker ends
        self._alive[number] = _Worker(number, account, process, pipe)

    def _hand_out(self, dispatch: Dispatch) -> None:
        """Give every free worker its next order, or tell it that there are no more."""
        asked = self._run.stopping()
        for worker in list(self._alive.values()):
            if asked and not worker.told_to_end:
                self._send(worker, STOP)
                worker.told_to_end = True
            if not worker.free or worker.told_to_end:
                continue
            job = None
            if self._trouble is None:
                try:
                    job = dispatch.next_for(worker.number)
                except RunStopped as stop:
                    self._trouble = stop
            if job is not None:
                worker.free = False
                self._send(worker, job)
            elif self._trouble is not None or dispatch.is_over:
                self._send(worker, FINISH)
                worker.told_to_end = True

    def _send(self, worker: _Worker, what: object) -> None:
        with suppress(OSError):  # it has died, which is seen next
            worker.pipe.send(what)

    def _hear_all(self, dispatch: Dispatch, results: RunResults, progress: Progress) -> None:
        """Hear what the workers say, for a moment, and see which of them have ended."""
        pipes = [worker.pipe for worker in self._alive.values() if worker.pipe_open]
        ends = [worker.process.sentinel for worker in self._alive.values()]
        heard = wait([*pipes, *ends], min(POLL_SECONDS, dispatch.wait) or POLL_SECONDS)
        for worker in list(self._alive.values()):
            if worker.process.sentinel in heard:
                while worker.pipe_open:  # what it said last
                    self._hear(worker, dispatch, results, progress)
                self._has_ended(worker, dispatch, results)
            elif worker.pipe in heard:
                self._hear(worker, dispatch, results, progress)

    def _hear(self, worker: _Worker, dispatch: Dispatch, results: RunResults, progress: Progress) -> None:
        """Hear one message of a worker."""
        try:
            message: Message = worker.pipe.recv()
        except (OSError, EOFError):
            worker.pipe_open = False
            return
        match message:
            case WorkerReady():
                worker.free = True
            case OrderTaken():
                job = dispatch.in_progress[worker.number]
                self._begun += 1
                progress.order_started(self._begun, job.order, job.store, worker.number)
            case StepBegun(name):
                progress.step(name, worker.number)
            case OrderEnded(result):
                results.take_over(result)
            case WorkerFree(done):
                worker.free = True
                self._is_free(worker, done, dispatch, results)
            case Remark(words):
                progress.say(words)
            case LogLine(line):
                self._run.log(line)
            case WorkerExit():
                worker.exit = message

    def _is_free(self, worker: _Worker, done: OrderDone | None, dispatch: Dispatch, results: RunResults) -> None:
        if done is None:
            job = dispatch.in_progress[worker.number]
            if dispatch.taken_elsewhere(worker.number):
                results.record(result_of(job, WORKED_ON_ELSEWHERE))
            return
        self._deaths = 0
        self._count(worker, done, dispatch)

    def _count(self, worker: _Worker, done: OrderDone, dispatch: Dispatch) -> None:
        try:
            dispatch.done(
                worker.number,
                done.result,
                pressed=done.pressed,
                answer_seconds=done.answer_seconds,
                turned_away=done.turned_away,
            )
        except RunStopped as stop:
            self._trouble = self._trouble or stop

    def _has_ended(self, worker: _Worker, dispatch: Dispatch, results: RunResults) -> None:
        """A worker's process is over: as it said, or without a word."""
        del self._alive[worker.number]
        worker.process.join()
        worker.pipe.close()
        end = worker.exit
        if end is None:
            self._has_died(worker, dispatch, results)
            return
        for host, count in end.blocked.items():
            self._run.blocked[host] = self._run.blocked.get(host, 0) + count
        self.recognized = self.recognized or end.recognized
        job = dispatch.in_progress.pop(worker.number, None)
        if end.kind in TROUBLES and self._trouble is None:
            if end.kind in {"entry", "start"} and (self._alive or dispatch.is_over):
                who = f"{worker.number} ({worker.account.username})"
                logger.warning("Worker {} stopped working: {}", who, end.trouble)
                return
            self.evidence = end.evidence
            self._trouble = TROUBLES[end.kind](reason=end.trouble, next_step=end.next_step)
        if job is not None and job.order not in results.by_order:
            self._run.conclude(job, results, end.trouble or "Interrupted.")

    def _has_died(self, worker: _Worker, dispatch: Dispatch, results: RunResults) -> None:
        """Put a new worker in the place of one that died, and hand its order out again, once."""
        self._deaths += 1
        job = dispatch.in_progress.get(worker.number)
        logger.warning(
            "worker {} died (exit code {}){}",
            worker.number,
            worker.process.exitcode,
            f" while it worked on order {job.order}" if job else "",
        )
        self._run.ledger.claims.release_all_of(worker.number)
        if job is not None:
            self._run.remove_unfinished_evidence(job.order)
            pressed = self._run.was_pressed(job.order)
            known = results.by_order.get(job.order) or self._run.result(job.order)
            if known is not None:  # it died after the ledger knew, and before the run did
                if job.order not in results.by_order:
                    results.take_over(known)
                self._count(worker, OrderDone(result=known, pressed=pressed), dispatch)
            elif job.order in self._died_with:
                self._run.conclude(job, results, "Two workers died while they worked on it.", again=True)
                self._count(worker, OrderDone(result=results.by_order[job.order], pressed=pressed), dispatch)
            else:
                self._died_with.add(job.order)
                dispatch.put_back(worker.number)
        if self._deaths >= MAX_DEATHS and self._trouble is None:
            self._trouble = RunStopped(
                reason=f"Worker processes died {self._deaths} times in a row.",
                next_step="Look at log.jsonl, and check that the machine has enough memory for this many workers.",
            )
        if self._trouble is None and not self._run.stopping() and not dispatch.is_over:
            self._start(worker.number, worker.account)

    def _end_at_once(self, dispatch: Dispatch, results: RunResults) -> None:
        """End every worker that is still there, and conclude what it was working on."""
        for worker in self._alive.values():
            worker.process.kill()
        for worker in self._alive.values():
            worker.process.join()
            worker.pipe.close()
            job = dispatch.in_progress.pop(worker.number, None)
            if job is not None and job.order not in results.by_order:
                self._run.remove_unfinished_evidence(job.order)
                self._run.conclude(job, results, "Interrupted.")
        self._alive.clear()
