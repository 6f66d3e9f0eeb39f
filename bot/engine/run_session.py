"""What a worker opens to work the orders of a queued run: a browser, signed in, with recorder, ledger and log."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from loguru import logger

from bot.accounts import Account
from bot.admin import Admin
from bot.engine.account_lease import AccountLease
from bot.evidence.recorder import SESSION, Explain
from bot.evidence.run_folder import open_run_folder
from bot.joblist import Job
from bot.ledger import Ledger, QueuedRun
from bot.outcomes import OrderResult, RunInfo
from bot.pack import AUTO, load_packs
from bot.runner.entering import Entry, Hooks, SignIn, open_admin
from bot.runner.logs import log_to
from bot.runner.results import RunResults
from bot.runner.task import Task
from bot.runner.worker import OrderDone, Work, Worker
from bot.secrecy import cleaner
from bot.settings import Settings


class RunSession(Protocol):
    """Where the orders of one run are worked."""

    def do(self, job: Job) -> OrderDone | None:
        """Work on an order until it has a result; None while it is claimed by another worker or run.

        Raises:
            NotYet: no order of this run may begin now.
            RunStopped: none may begin any more, or this worker cannot go on.
            LedgerTrouble: the ledger cannot be reached; nothing was pressed.
        """

    def seen(self) -> tuple[str, dict[str, int]]:
        """The pack that describes the screens, and how many requests were blocked, by host, since it was asked last."""


class Display(Protocol):
    """Who is told what the worker does."""

    def run_taken(self, info: RunInfo) -> None:
        """What follows is about orders of this run."""

    def step(self, name: str) -> None:
        """A step of the order in hand begins."""

    def order_finished(self, result: OrderResult) -> None:
        """An order has its result."""

    def say(self, remark: str) -> None:
        """A remark for the person who reads along."""

    def run_finished(self, info: RunInfo, results: Sequence[OrderResult], folder: Path) -> None:
        """A run is over, and its results are in this folder."""


OpenRunSession = Callable[[QueuedRun], AbstractContextManager[RunSession]]


@dataclass(frozen=True, kw_only=True)
class Tools:
    """What a worker works with."""

    settings: Settings
    works: dict[str, Work]
    """What is done to one order, by the command of its run."""
    sign_in: SignIn
    explain: Explain | None
    headed: bool
    check: Callable[[Account], str] | None = None
    """Compares the Admin's screens as ``countermand check`` does, with an account; gives a sentence about it."""


@dataclass(frozen=True, kw_only=True)
class BrowserRunSession:
    """A session with a browser."""

    worker: Worker
    admin: Admin
    pack: str
    """The pack of the settings; ``auto`` if it is to be recognized."""
    blocked: dict[str, int]
    """Counts the requests of its browser that were blocked, by host."""

    def do(self, job: Job) -> OrderDone | None:
        """See :class:`RunSession`."""
        return self.worker.do(self.admin, job, lambda: None)

    def seen(self) -> tuple[str, dict[str, int]]:
        """See :class:`RunSession`."""
        blocked = dict(self.blocked)
        self.blocked.clear()
        recognized = self.pack == AUTO and self.admin.recognized
        return f"{self.admin.recognized} ({AUTO})" if recognized else self.pack, blocked


@contextmanager
def browser_run_session(
    run: QueuedRun,
    tools: Tools,
    lease: AccountLease,
    display: Display,
    *,
    stopping: Callable[[], bool],
    wait: Callable[[float], None],
) -> Iterator[RunSession]:
    """All that it takes to work the orders of a run, signed in, on the thread that calls it.

    Raises:
        CannotStart, RunStopped, OrderTrouble: there is no browser, or the Admin cannot be entered.
    """
    # Whether buyers' data is masked is the run's, and no machine's: its report says so.
    settings = tools.settings.model_copy(update={"unmasked": run.terms.unmasked})
    packs = load_packs(settings.pack, settings.language, settings.sign_in_language)
    folder = open_run_folder(settings.runs_dir, run.info.run_id)
    task = Task(
        settings=settings,
        work=tools.works[run.terms.command],
        sign_in=tools.sign_in,
        explain=tools.explain,
        headed=tools.headed,
        folder=folder,
        ledger_place=settings.ledger_place,
        evidence=run.info.evidence,
    )
    clean = cleaner(task.secrets)
    recorder = task.recorder(clean, f"{SESSION}-{lease.worker}")
    blocked: dict[str, int] = {}
    with (
        log_to(folder / "log.jsonl", secrets=task.secrets, say=display.say),
        Ledger.open(task.ledger_place) as ledger,
        logger.contextualize(worker=lease.worker),
    ):
        ledger.runs.go_on_as(task.run_id, lease.worker)
        ledger.limits.count_for(task.run_id)
        ledger.trail.copy_to(folder, whole=True)
        worker = Worker(
            work=task.work,
            ledger=ledger,
            recorder=recorder,
            results=RunResults(ledger, display.order_finished, clean),
            options=task.worker_options(wait, hands_back=True),
        )
        entry = Entry(
            settings=settings,
            account=lease.account,
            packs=packs,
            ledger=ledger,
            sign_in=task.sign_in,
            hooks=Hooks(step=display.step, say=lambda remark: display.say(clean(remark)), stopping=stopping, wait=wait),
            recorder=recorder,
            headed=task.headed,
            blocked=blocked,
            session_name=lease.session_name,
        )
        with open_admin(entry) as admin:
            pack = packs[0].name if len(packs) == 1 else AUTO
            yield BrowserRunSession(worker=worker, admin=admin, pack=pack, blocked=blocked)
