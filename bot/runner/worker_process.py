"""A worker that is a process of its own: its connection to the run, and its life.

A worker takes its orders from the engine. It tells the run what it does over a pipe, and hears from it when to end.
One whose pipe is cut has lost its run: it begins nothing new, and ends.
"""

import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from loguru import logger

from bot.accounts import Account
from bot.admin import Admin
from bot.errors import CannotStart, CountermandError, Interrupted, OrderTrouble
from bot.joblist import Job
from bot.ledger import Ledger
from bot.outcomes import OrderResult
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
from bot.runner.results import unforeseen
from bot.runner.run_stints import RunStints
from bot.runner.stints.browser_thread import BrowserThread
from bot.runner.stints.run_queue import stints_taken
from bot.runner.worker import OrderDone, Worker
from bot.secrecy import Clean

LOOK_SECONDS = 0.1
"""How often a worker without an order looks whether its run tells it to end."""


@dataclass(frozen=True, kw_only=True)
class Opened:
    """All that a worker needs, opened in its process."""

    worker: Worker
    admin: Admin
    ledger: Ledger


OpenWorker = Callable[["RunConnection"], AbstractContextManager[Opened]]
"""Opens all that a worker needs: its ledger, its browser, the Admin, signed in. It is called in the worker's process,
so it must be a function of a module, or a ``partial`` of one with what can be pickled."""


@dataclass(frozen=True, kw_only=True)
class Post:
    """Where a worker is: whose stints it takes, and as whom."""

    number: int
    """Workers are counted from 1."""
    account: Account
    place: Path | str
    """The ledger."""
    run_id: str
    executor: str
    """What the engine knows its process as; no two processes are called the same."""


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
        self._telling = threading.Lock()  # the engine's threads tell what goes wrong there
        self._stopping = self._finished = False

    def tell(self, message: Message) -> None:
        """Tell the run; lost if the run is gone."""
        try:
            with self._telling:
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

    def order_left(self, job: Job, done: OrderDone | None) -> None:
        """Tell that the worker is through with an order."""
        self.tell(OrderLeft(job, done))

    def stopping(self) -> bool:
        """Whether the run asks to stop, or is gone."""
        self._hear(0)
        return self._stopping

    @property
    def goes_on(self) -> bool:
        """Whether there may be more to do: the run has not asked to stop or finish, and is not gone."""
        self._hear(0)
        return not (self._stopping or self._finished)

    def wait(self, seconds: float) -> None:
        """Wait this long, less if the run asks to stop."""
        self._wait(seconds, lambda: not self.stopping())

    def wait_for_order(self, seconds: float) -> None:
        """Wait this long, less if there is nothing more to do."""
        self._wait(seconds, lambda: self.goes_on)

    def _wait(self, seconds: float, goes_on: Callable[[], bool]) -> None:
        end = time.monotonic() + seconds
        while goes_on() and (left := end - time.monotonic()) > 0:
            self._hear(left)

    def _hear(self, seconds: float) -> None:
        """Hear what the run says, waiting this long for it."""
        try:
            while not self._stopping and self._pipe.poll(seconds):
                said, seconds = self._pipe.recv(), 0
                self._stopping |= said == STOP
                self._finished |= said == FINISH
        except (OSError, EOFError):
            self._stopping = True


def run_worker(open_worker: OpenWorker, post: Post, pipe: Connection) -> None:
    """A worker's whole life, in a process that has nothing else to do."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):
        if hasattr(signal, name):  # a terminal tells every process at once, and it is the run that decides
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    logger.remove()  # what is logged here goes to the run
    connection = RunConnection(post.number, post.account, pipe)
    connection.tell(_until_the_end(open_worker, post, connection))


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


def _until_the_end(open_worker: OpenWorker, post: Post, connection: RunConnection) -> WorkerExit:
    entered = False
    why, next_step, kind = "", "", ""
    try:
        with open_worker(connection) as opened:
            entered = True
            try:
                _work(opened, post, connection)
            finally:
                connection.recognized = opened.admin.recognized
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


def _work(opened: Opened, post: Post, connection: RunConnection) -> None:
    """Take stints, and work their orders on this thread, until the run says that it is over, or is gone."""
    browser_thread = BrowserThread()

    def do(job: Job) -> OrderDone | None:
        return opened.worker.do(opened.admin, job, lambda: connection.tell(OrderTaken(job)))

    stints = RunStints(opened.ledger, do, connection, browser_thread)
    with stints_taken(
        post.place,
        opened.ledger,
        post.run_id,
        executor=post.executor,
        work=stints.work,
        browser_thread=browser_thread,
        say=connection.say,
    ):
        while connection.goes_on:
            browser_thread.serve(LOOK_SECONDS)
