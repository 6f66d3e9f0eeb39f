"""A run from its settings to its report: the parts of the engine wired together, and taken apart again."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from loguru import logger

from bot import __version__
from bot.access.kept_session import KeptSession
from bot.access.leases import enough, leased_each
from bot.access.session import browser_session
from bot.accounts import Account
from bot.admin import Admin, wire_for
from bot.errors import CannotStart, CountermandError, EvidenceNotWritten, LedgerTrouble, RunStopped, Technical
from bot.evidence.recorder import SESSION, Explain, Recorder
from bot.evidence.run_folder import make_run_folder
from bot.evidence.store import EvidenceStore, store_of
from bot.identity import admin_name
from bot.joblist import JobList
from bot.ledger import Event, Ledger
from bot.outcomes import RunInfo
from bot.pack import AUTO, Pack, load_packs
from bot.reports.progress import make_progress
from bot.reports.report import write_report
from bot.reports.results import hashes_of_results, write_results
from bot.reports.status import looked_again
from bot.runner import AtHand, Limits, RunEnd, Runner
from bot.runner.logs import log_lines_to, log_to
from bot.runner.stopping import StopRequest, stop_on_signals
from bot.runner.worker import Book, Work, Worker, pause_after
from bot.runner.worker_pool import Crew
from bot.runner.worker_process import Place, defects_logged
from bot.secrecy import Clean, cleaner
from bot.settings import Settings, secrets_that_are_set

SignIn = Callable[[Admin, Account], None]


@dataclass(frozen=True, kw_only=True)
class Task:
    """What a run is, for whoever works in it: also in a process of its own, so it holds nothing that is open."""

    settings: Settings
    work: Work
    sign_in: SignIn
    headed: bool
    folder: Path
    ledger_place: Path | str
    explain: Explain | None = None

    @property
    def host(self) -> str:
        """The Admin, as the ledger knows it."""
        return admin_name(self.settings.admin_url)

    @property
    def secrets(self) -> set[str]:
        """Everything that may stand nowhere."""
        return secrets_that_are_set() | {secret for account in self.settings.pool for secret in account.secrets}

    @property
    def claim_seconds(self) -> float:
        """How long an order stays a worker's without a sign of life."""
        return max(300, 10 * self.settings.timeout)

    def recorder(self, clean: Clean, session: str = SESSION) -> Recorder:
        """What keeps the evidence."""
        return Recorder(
            self.store, masked=not self.settings.unmasked, clean=clean, session=session, explain=self.explain
        )

    @property
    def store(self) -> EvidenceStore:
        """Where the evidence is kept."""
        return store_of(self.folder)


def carry_out(
    command: str,
    settings: Settings,
    job_list: JobList,
    *,
    work: Work,
    sign_in: SignIn,
    explain: Explain | None = None,
    may_start: Callable[[], None] | None = None,
    headed: bool = False,
    workers: int = 1,
    max_cancellations: int | None = None,
) -> RunEnd:
    """Work through a list and leave a run folder with its report.

    Args:
        command: what the run is called in its report: run, dry run, plan, audit or demo.
        settings: where, as whom, and how patiently.
        job_list: which orders.
        work: what is done to one order; with several workers it must be possible to pickle it.
        sign_in: opens the Admin and signs in with the account that it is given; likewise.
        explain: says what is on a screen in place of an element that is not found, for the evidence; likewise.
        may_start: asked when everything is ready and nothing is opened yet; raises if it may not.
        headed: whether the browser can be seen.
        workers: how many processes work at once; one works in this process.
        max_cancellations: the run stops once Confirm was pressed for so many orders.

    Raises:
        CannotStart: nothing was opened: no browser, no run folder, no ledger, no account, a stop file.
        RunStopped: the run is over, but its results could not all be written.
    """
    packs = load_packs(settings.pack, settings.language, settings.sign_in_language)
    if settings.stop_file.exists():
        raise CannotStart(reason=f"The stop file {settings.stop_file} is there: remove it to let runs start again.")
    workers = min(workers, len(job_list.jobs))
    enough(settings.pool, workers, sharing=settings.share_account)
    if may_start is not None:
        may_start()
    started = datetime.now(UTC)
    folder = make_run_folder(settings.runs_dir, started)
    # A demo's practice Admin is new each time: what was pressed in an earlier one says nothing about it.
    ledger_place = folder / "ledger.sqlite" if command == "demo" else settings.ledger_place
    task = Task(
        settings=settings,
        work=work,
        sign_in=sign_in,
        headed=headed,
        folder=folder,
        ledger_place=ledger_place,
        explain=explain,
    )
    progress = make_progress()
    stop = StopRequest(settings.stop_file)
    blocked: dict[str, int] = {}
    clean = cleaner(task.secrets)
    with (
        log_to(folder / "log.jsonl", secrets=task.secrets, say=progress.say) as log,
        stop_on_signals(stop, progress.say),
        Ledger.open(ledger_place) as ledger,
    ):
        ledger.runs.go_on_as(folder.name)
        with leased_each(ledger, task.host, settings.pool, workers, sharing=settings.share_account) as accounts:
            ledger.trail.copy_to(folder)
            crew: Crew | AtHand
            if workers > 1:
                crew = Crew(
                    partial(_station, task),
                    accounts,
                    ledger=ledger,
                    host=task.host,
                    run_id=folder.name,
                    folder=folder,
                    log=log,
                    stop=stop,
                    blocked=blocked,
                )
            else:
                recorder = task.recorder(clean)
                crew = AtHand(
                    work=work,
                    open_admin=lambda: open_admin(
                        task,
                        accounts[0],
                        packs,
                        ledger,
                        recorder,
                        on_step=progress.step,
                        say=progress.say,
                        stopping=stop,
                        rest=stop.wait,
                        blocked=blocked,
                        clean=clean,
                    ),
                    ledger=ledger,
                    recorder=recorder,
                    attempts=settings.attempts,
                    claim_seconds=task.claim_seconds,
                    rest=stop.wait,
                    pause=settings.pause,
                )
            limits = Limits(
                max_failures=settings.max_failures,
                max_failures_total=settings.max_failures_total,
                max_cancellations=max_cancellations,
                spacing=settings.pace,
            )
            runner = Runner(crew, ledger=ledger, progress=progress, limits=limits, clean=clean, blocked=blocked)
            info = RunInfo(
                run_id=folder.name,
                command=command,
                admin=task.host,
                account=", ".join(dict.fromkeys(account.username for account in accounts)),
                workers=workers,
                pack=packs[0].name if len(packs) == 1 else AUTO,
                job_list=Path(job_list.file).name,
                started_at=started,
                unmasked=settings.unmasked,
                version=__version__,
            )
            end = runner.run(info, job_list.jobs)
        failures = [
            f"{failure} The outcomes are in the ledger {ledger_place}." for failure in _write_files(task, end, ledger)
        ]
    progress.run_finished(end.info, end.results)
    if failures:
        raise RunStopped(reason="\n".join(failures))
    return end


@contextmanager
def _station(task: Task, place: Place) -> Iterator[tuple[Worker, Admin]]:
    """All that a worker in a process of its own needs, signed in."""
    packs = load_packs(task.settings.pack, task.settings.language, task.settings.sign_in_language)
    clean = cleaner(task.secrets)
    recorder = task.recorder(clean, f"{SESSION}-{place.number}")
    place.evidence = lambda: recorder.evidence
    with (
        log_lines_to(place.log, secrets=task.secrets, say=place.say),
        Ledger.open(task.ledger_place) as ledger,
        logger.contextualize(worker=place.number),
        defects_logged(clean),
    ):
        ledger.runs.go_on_as(task.folder.name, place.number)
        ledger.trail.copy_to(task.folder)
        worker = Worker(
            work=task.work,
            ledger=ledger,
            recorder=recorder,
            book=Book(ledger, place.order_finished, clean),
            attempts=task.settings.attempts,
            claim_seconds=task.claim_seconds,
            rest=place.rest,
            pause=task.settings.pause,
        )
        with open_admin(
            task,
            place.account,
            packs,
            ledger,
            recorder,
            on_step=place.step,
            say=place.say,
            stopping=place.stopping,
            rest=place.rest,
            blocked=place.blocked,
            clean=clean,
            # Where accounts are shared, a session is not: the Admin answers its requests one after another.
            session_of=f"{place.account.username} {place.number}" if task.settings.share_account else "",
        ) as admin:
            yield worker, admin


def _write_files(task: Task, end: RunEnd, ledger: Ledger) -> Iterator[CountermandError]:
    """Write what a run leaves to be read, and give what went wrong with that: the rest is written all the same."""
    folder = task.folder
    try:
        write_results(folder, end.info, end.results)
        ledger.trail.note(Event.RESULTS_WRITTEN, files=hashes_of_results(folder))
    except (RunStopped, LedgerTrouble, EvidenceNotWritten) as failure:
        yield failure
    try:
        # A demo's practice Admin is gone with it: nobody can look at its orders again.
        canceled = () if end.info.command == "demo" else ledger.intents.of_run(end.info.run_id)
        write_report(folder, end.info, end.results, task.store, looked_again(canceled))
    except (RunStopped, LedgerTrouble) as failure:
        yield failure


@contextmanager
def open_admin(
    task: Task,
    account: Account,
    packs: tuple[Pack, ...],
    ledger: Ledger,
    recorder: Recorder,
    *,
    on_step: Callable[[str], None],
    say: Callable[[str], None],
    stopping: Callable[[], bool],
    rest: Callable[[float], None],
    blocked: dict[str, int],
    clean: Clean,
    session_of: str = "",
) -> Iterator[Admin]:
    """The Admin, signed in, in a browser of its own that is closed at the end; it counts what was ``blocked``."""
    with unopened_admin(
        task.settings,
        account,
        packs,
        ledger,
        recorder=recorder,
        on_step=on_step,
        say=lambda remark: say(clean(remark)),
        stopping=stopping,
        sign_in=task.sign_in,
        headed=task.headed,
        blocked=blocked,
        session_of=session_of,
    ) as (admin, sign_in_and_keep):
        enter(admin, sign_in_and_keep, task.settings.attempts, rest)
        yield admin


def enter(
    admin: Admin, sign_in: Callable[[Admin], None], attempts: int, rest: Callable[[float], None] = lambda seconds: None
) -> None:
    """Sign in, and try again after a pause what a passing fault has kept from working.

    Raises:
        Technical: it failed as often as it may be tried.
        RunStopped: what trying again does not mend.
    """
    for attempt in range(1, attempts + 1):
        try:
            if attempt == 1:
                sign_in(admin)
            else:
                admin.begin_again()  # on a fresh page, which signs in too
            return
        except Technical as trouble:
            if attempt == attempts:
                raise
            seconds = pause_after(attempt)
            admin.say(f"{trouble} Trying again in {seconds:g} s.")
            rest(seconds)
            admin.heed_stop()


@contextmanager
def unopened_admin(
    settings: Settings,
    account: Account,
    packs: tuple[Pack, ...],
    ledger: Ledger,
    *,
    recorder: Recorder | None = None,
    on_step: Callable[[str], None],
    say: Callable[[str], None],
    stopping: Callable[[], bool],
    sign_in: SignIn,
    headed: bool,
    blocked: dict[str, int] | None = None,
    session_of: str = "",
) -> Iterator[tuple[Admin, Callable[[Admin], None]]]:
    """The Admin in a browser of its own that is closed at the end, with nothing opened yet, and what signs in there.

    The session is kept under ``session_of``, which is the account where nothing is given.
    """
    kept = None
    if settings.keep_session:
        kept = KeptSession(settings.sessions_dir, admin_name(settings.admin_url), session_of or account.username)

    wire = wire_for(settings.admin_url, packs, settings.allowed_hosts, settings.cancel_sent_by)
    with browser_session(settings, headed=headed, kept=kept, blocked=blocked, wire=wire) as session:

        def sign_in_and_keep(admin: Admin) -> None:
            sign_in(admin, account)
            session.keep()

        admin = Admin(
            session.fresh_page(),
            packs[0],
            settings.admin_url,
            ledger=ledger,
            recorder=recorder,
            patience=settings.timeout,
            settle=settings.settle,
            recover_after=settings.recover_after,
            allowed_hosts=settings.allowed_hosts,
            candidates=packs if len(packs) > 1 else (),
            direct=settings.route == "direct",
            fresh_page=session.fresh_page,
            second_page=session.second_page,
            sign_in=sign_in_and_keep,
            by_hand=headed,
            on_step=on_step,
            say=say,
            stopping=stopping,
            wire=wire,
        )
        yield admin, sign_in_and_keep
