"""A worker's end of a crew: where it stands in a process of its own, and its life there.

A worker tells the run what it does over its line, and hears from it what to do next. One whose line is cut has lost
its run: it begins nothing new and ends.
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
from bot.runner.messages import GO_HOME, STOP, Begins, Ended, Free, Leaves, Logged, Message, Ready, Said, Step
from bot.runner.worker import Worker, unforeseen
from bot.secrecy import Clean

Station = Callable[["Place"], AbstractContextManager[tuple[Worker, Admin]]]
"""Opens all that a worker needs: its ledger, its browser, the Admin, signed in. It is called in the worker's process,
so it must be a function of a module, or a ``partial`` of one with what can be pickled."""


class Place:
    """Where a worker stands: its number, its account, its line to the run."""

    def __init__(self, number: int, account: Account, line: Connection) -> None:
        self.number = number
        self.account = account
        self.blocked: dict[str, int] = {}
        """How many requests of its browser were blocked, by host."""
        self.recognised = ""
        """Name of the pack that was recognised on the page; empty where none was."""
        self.evidence: Callable[[], Sequence[str]] = tuple
        """Gives what was photographed last."""
        self._line = line
        self._stopping = False

    def tell(self, message: Message) -> None:
        """Tell the run; lost if the run is gone."""
        try:
            self._line.send(message)
        except OSError:
            self._stopping = True

    def say(self, remark: str) -> None:
        """Tell the person who waits."""
        self.tell(Said(remark))

    def log(self, line: str) -> None:
        """Have a line written to the run's log."""
        self.tell(Logged(line))

    def step(self, name: str) -> None:
        """Tell that a step begins."""
        self.tell(Step(name))

    def stopping(self) -> bool:
        """Whether the run asks to stop, or is gone."""
        with self._as_stopping_when_cut():
            while not self._stopping and self._line.poll():
                self._stopping = self._line.recv() == STOP
        return self._stopping

    def rest(self, seconds: float) -> None:
        """Wait so long, less if the run asks to stop."""
        with self._as_stopping_when_cut():
            if not self._stopping and self._line.poll(seconds):
                self._stopping = self._line.recv() == STOP

    def next_job(self) -> Job | None:
        """Wait for an order; None when there is none any more."""
        with self._as_stopping_when_cut():
            while not self._stopping:
                order = self._line.recv()
                if isinstance(order, Job):
                    return order
                self._stopping = order == STOP
                if order == GO_HOME:
                    return None
        return None

    @contextmanager
    def _as_stopping_when_cut(self) -> Iterator[None]:
        try:
            yield
        except (OSError, EOFError):
            self._stopping = True

    # A worker's book tells its progress; most of it is the run's to say.

    def order_finished(self, result: OrderResult) -> None:
        """Tell what became of an order."""
        self.tell(Ended(result))


def work_at(station: Station, number: int, account: Account, line: Connection) -> None:
    """A worker's whole life, in a process of its own."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):
        if hasattr(signal, name):  # a terminal tells every process at once, and it is the run that decides
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    place = Place(number, account, line)
    place.tell(_life(station, place))


@contextmanager
def defects_logged(clean: Clean) -> Iterator[None]:
    """Log where a failure that nobody foresaw happened; for a station, inside of what takes its log."""
    try:
        yield
    except CountermandError:
        raise
    except Exception as defect:
        logger.opt(exception=defect).critical("{}", unforeseen(defect, clean))
        raise


def _life(station: Station, place: Place) -> Leaves:
    entered = False
    why, next_step, kind = "", "", ""
    try:
        with station(place) as (worker, admin):
            entered = True
            place.tell(Ready())
            try:
                while (job := place.next_job()) is not None:
                    place.tell(Free(worker.do(admin, job, lambda: place.tell(Begins()))))
            finally:
                place.recognised = admin.recognised
    except Interrupted:
        kind = "interrupted"
    except CountermandError as trouble:
        why, next_step = str(trouble), trouble.next_step
        kind = "start" if isinstance(trouble, CannotStart) else "stopped" if entered else "entry"
        if isinstance(trouble, OrderTrouble):
            why, next_step = f"The Admin could not be entered: {trouble}", ""
    except Exception as defect:
        why, kind = unforeseen(defect, lambda text: text), "defect"  # the run takes secrets out
    evidence = tuple(place.evidence())
    return Leaves(
        blocked=place.blocked,
        recognised=place.recognised,
        evidence=evidence,
        trouble=why,
        next_step=next_step,
        kind=kind,
    )
