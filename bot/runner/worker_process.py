"""A worker that is a process of its own: its connection to the run, and its life.

A worker tells the run what it does over a pipe, and hears from it what to do next. One whose pipe is cut has lost its
run: it begins nothing new, and ends.
"""

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from multiprocessing.connection import Connection

from loguru import logger

from bot.accounts import Account
from bot.admin import Admin
from bot.errors import CannotStart, CountermandError, Interrupted, OrderTrouble
from bot.joblist import Job
from bot.outcomes import OrderResult
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
from bot.runner.results import unforeseen
from bot.runner.worker import Worker
from bot.secrecy import Clean

OpenWorker = Callable[["RunConnection"], AbstractContextManager[tuple[Worker, Admin]]]
"""Opens all that a worker needs: its ledger, its browser, the Admin, signed in. It is called in the worker's process,
so it must be a function of a module, or a ``partial`` of one with what can be pickled."""


class RunConnection:
    """A worker's connection to its run: who it is there, what it tells, and what it is told."""

    def __init__(self, number: int, account: Account, pipe: Connection) -> None:
        self.number = number
        self.account = account
        self.blocked: dict[str, int] = {}
        """How many requests of its browser were blocked, by host."""
        self.recognized = ""
        """Name of the pack that was recognized on the page; empty if none was."""
        self.evidence: Callable[[], Sequence[str]] = tuple
        """Gives what was photographed last."""
        self._pipe = pipe
        self._stopping = False

    def tell(self, message: Message) -> None:
        """Tell the run; lost if the run is gone."""
        try:
            self._pipe.send(message)
        except OSError:
            self._stopping = True

    def say(self, remark: str) -> None:
        """Tell the person who waits."""
        self.tell(Remark(remark))

    def log(self, line: str) -> None:
        """Have a line written to the run's log."""
        self.tell(LogLine(line))

    def step(self, name: str) -> None:
        """Tell that a step begins."""
        self.tell(StepBegun(name))

    def order_finished(self, result: OrderResult) -> None:
        """Tell what became of an order."""
        self.tell(OrderEnded(result))

    def stopping(self) -> bool:
        """Whether the run asks to stop, or is gone."""
        with self._stopping_when_cut():
            while not self._stopping and self._pipe.poll():
                self._stopping = self._pipe.recv() == STOP
        return self._stopping

    def wait(self, seconds: float) -> None:
        """Wait this long, less if the run asks to stop."""
        with self._stopping_when_cut():
            if not self._stopping and self._pipe.poll(seconds):
                self._stopping = self._pipe.recv() == STOP

    def next_job(self) -> Job | None:
        """Wait for an order; None when there are no more."""
        with self._stopping_when_cut():
            while not self._stopping:
                order = self._pipe.recv()
                if isinstance(order, Job):
                    return order
                self._stopping = order == STOP
                if order == FINISH:
                    return None
        return None

    @contextmanager
    def _stopping_when_cut(self) -> Iterator[None]:
        try:
            yield
        except (OSError, EOFError):
            self._stopping = True


def run_worker(open_worker: OpenWorker, number: int, account: Account, pipe: Connection) -> None:
    """A worker's whole life, in a process that has nothing else to do."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):
        if hasattr(signal, name):  # a terminal tells every process at once, and it is the run that decides
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    logger.remove()  # what is logged here goes to the run
    connection = RunConnection(number, account, pipe)
    connection.tell(_until_the_end(open_worker, connection))


@contextmanager
def defects_logged(clean: Clean) -> Iterator[None]:
    """Log where an unexpected failure happened; for inside of what takes a worker's log."""
    try:
        yield
    except CountermandError:
        raise
    except Exception as defect:
        logger.opt(exception=defect).critical("{}", unforeseen(defect, clean))
        raise


def _until_the_end(open_worker: OpenWorker, connection: RunConnection) -> WorkerExit:
    entered = False
    why, next_step, kind = "", "", ""
    try:
        with open_worker(connection) as (worker, admin):
            entered = True
            connection.tell(WorkerReady())
            try:
                while (job := connection.next_job()) is not None:
                    connection.tell(WorkerFree(worker.do(admin, job, lambda: connection.tell(OrderTaken()))))
            finally:
                connection.recognized = admin.recognized
    except Interrupted:
        kind = "interrupted"
    except CountermandError as trouble:
        why, next_step = str(trouble), trouble.next_step
        kind = "start" if isinstance(trouble, CannotStart) else "stopped" if entered else "entry"
        if isinstance(trouble, OrderTrouble):
            why, next_step = f"The Admin could not be entered: {trouble}", ""
    except Exception as defect:
        why, kind = unforeseen(defect, lambda text: text), "defect"  # the run takes secrets out
    evidence = tuple(connection.evidence())
    return WorkerExit(
        blocked=connection.blocked,
        recognized=connection.recognized,
        evidence=evidence,
        trouble=why,
        next_step=next_step,
        kind=kind,
    )
