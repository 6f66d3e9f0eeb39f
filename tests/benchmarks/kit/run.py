"""The bot complete, wired as the command line wires a run: pack, browser, ledger file, evidence, log, runner."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from bot import __version__
from bot.access.session import browser_session
from bot.admin import Admin
from bot.evidence.recorder import Recorder
from bot.evidence.run_folder import make_run_folder
from bot.evidence.store import LocalStore
from bot.joblist import Job
from bot.ledger import Ledger
from bot.outcomes import OrderResult, RunInfo
from bot.pack import load_pack
from bot.runner import InProcessWorker, RunEnd, RunLimits, Runner, WorkerOptions
from bot.runner.logs import log_to
from bot.settings import load_settings
from flows.cancel_order import cancel_order
from flows.sign_in import sign_in
from kit.practice import Practice


class Ear:
    """Hears what a run does, and shows nothing; a benchmark hears with one of its own."""

    def run_started(self, info: RunInfo, total: int) -> None:
        """The run begins."""

    def order_started(self, number: int, order: str, store: str, worker: int = 1) -> None:
        """The run turns to an order."""

    def step(self, name: str, worker: int = 1) -> None:
        """The order in progress has come to a step."""

    def order_finished(self, result: OrderResult) -> None:
        """An order ended so."""

    def say(self, message: str) -> None:
        """A remark."""
        print(f"- {message}")

    def run_finished(self, info: RunInfo, results: Sequence[OrderResult]) -> None:
        """The run is over."""


class Bot:
    """A browser and a signed-in Admin that stay open while lists are worked. Make it with ``open_bot``."""

    def __init__(self, admin: Admin, recorder: Recorder, ledger: Ledger, folder: Path, hears: Ear) -> None:
        self.admin = admin
        self.folder = folder
        """The run's folder."""
        self._recorder = recorder
        self._ledger = ledger
        self._hears = hears
        self._runs = 0

    def work(self, jobs: Sequence[Job]) -> RunEnd:
        """Work through a list as ``countermand run`` does, from the sign-in on.

        Raises:
            RuntimeError: an order was not canceled, so that what was measured means nothing.
        """
        self._runs += 1
        # The practice Admin may have been reset, and an order that was canceled before is not canceled again.
        for intent in self._ledger.intents.canceled_since(None, datetime.fromtimestamp(0, UTC)):
            self._ledger.intents.settle(intent.intent, "not-canceled", by="benchmark", why="the shop was reset")
        worker = InProcessWorker(
            work=cancel_order,
            open_admin=self._entered,
            ledger=self._ledger,
            recorder=self._recorder,
            options=WorkerOptions(attempts=1),
        )
        runner = Runner(worker, ledger=self._ledger, progress=self._hears, limits=RunLimits(max_failures=1))
        info = RunInfo(
            run_id=f"{self.folder.name}-{self._runs}",
            command="run",
            admin=self.admin.name,
            account="demo",
            pack=self.admin.pack.name,
            job_list="benchmark",
            started_at=datetime.now(UTC),
            version=__version__,
        )
        end = runner.run(info, jobs)
        if end.exit_status:
            wrong = next((result for result in end.results if not result.outcome.is_success), None)
            raise RuntimeError(f"{end.info.stopped_early} {wrong and wrong.order}: {wrong and wrong.message}")
        return end

    @contextmanager
    def _entered(self) -> Iterator[Admin]:
        self.admin.begin_again()
        yield self.admin


@contextmanager
def open_bot(practice: Practice, runs_dir: Path, hears: Ear) -> Iterator[Bot]:
    """Start the browser and all that belongs to a run; closed with the block."""
    settings = load_settings(
        admin_url=practice.url,
        username=practice.username,
        password=practice.password,
        accounts="",
        runs_dir=runs_dir,
    )
    folder = make_run_folder(runs_dir, datetime.now(UTC))
    recorder = Recorder(LocalStore(folder))
    with (
        log_to(folder / "log.jsonl", secrets=[practice.password], say=hears.say),
        Ledger.open(runs_dir / "ledger.sqlite") as ledger,
        browser_session(settings) as session,
    ):
        ledger.trail.copy_to(folder)
        admin = Admin(
            session.fresh_page(),
            load_pack(settings.pack),
            settings.admin_url,
            ledger=ledger,
            recorder=recorder,
            patience=settings.timeout,
            settle=settings.settle,
            fresh_page=session.fresh_page,
            sign_in=lambda admin: sign_in(admin, settings.username, settings.password),
            on_step=hears.step,
            say=hears.say,
        )
        yield Bot(admin, recorder, ledger, folder, hears)
