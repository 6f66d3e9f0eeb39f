"""A run from its settings to its report: the parts of the engine wired together, and taken apart again.

``run_jobs`` is how a run is started: by the command line, and by any other program. It touches nothing that belongs to
the whole process. It installs no signal handler, it leaves the process's log sinks alone, and it keeps nothing when it
is over, so several runs can work in one process at a time, each on a thread of its own.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from loguru import logger

from bot import __version__
from bot.access.leases import enough, leased_each
from bot.accounts import Account
from bot.errors import CannotStart, LedgerTrouble, RunStopped
from bot.evidence.forgotten import refuse_forgotten_presses, tells_of_runs
from bot.evidence.places import kept_in, prepare
from bot.evidence.recorder import SESSION
from bot.evidence.run_folder import make_run_folder
from bot.identity import admin_name
from bot.joblist import JobList
from bot.ledger import Ledger, has_ledger
from bot.outcomes import RunInfo
from bot.pack import AUTO, Pack, load_packs
from bot.reports.progress import Progress
from bot.runner import InProcessWorker, RunEnd, RunLimits, Runner, Workers
from bot.runner.entering import Entry, Hooks, open_admin
from bot.runner.logs import log_lines_to, log_to
from bot.runner.pool_run import PoolRun
from bot.runner.results import RunResults
from bot.runner.run_files import write_run_files
from bot.runner.stints.run_queue import RunQueue, open_run_queue
from bot.runner.stopping import StopRequest, in_parts
from bot.runner.task import RunOptions, Task
from bot.runner.worker import Worker
from bot.runner.worker_pool import WorkerPool
from bot.runner.worker_process import Opened, RunConnection, defects_logged
from bot.secrecy import cleaner
from bot.settings import Settings


@dataclass(frozen=True, kw_only=True)
class _Run:
    """A run that is ready to begin: what was opened for it."""

    task: Task
    packs: tuple[Pack, ...]
    accounts: tuple[Account, ...]
    """One for each worker."""
    ledger: Ledger
    log: Callable[[str], None]
    """Writes a line to the run's log."""
    display: Progress
    stop: StopRequest
    blocked: dict[str, int]
    queue: RunQueue | None
    """Of several workers."""


def run_jobs(
    job_list: JobList,
    settings: Settings,
    options: RunOptions,
    *,
    display: Progress,
    stop: Callable[[], bool] = lambda: False,
    log: Callable[[str], None] = lambda line: None,
) -> RunEnd:
    """Work through a list, and leave a run folder with its report.

    It works on the thread that calls it, and returns when the run is over. That thread must not run an asyncio loop.

    Args:
        job_list: which orders.
        settings: where, as whom, and how patiently.
        options: what is done to each order, by how many workers.
        display: shown how the run goes; it is called on this thread.
        stop: asked often; True stops the run as Ctrl-C stops the command: an order whose Confirm is pressed is
            finished first. The stop file of the settings stops the run too.
        log: told each line that is written to the run's ``log.jsonl``, as JSON without secrets.

    Raises:
        CannotStart: nothing was opened: no browser, no run folder, no ledger, no account, a stop file.
        LedgerTrouble: the ledger cannot be used. One that cannot be opened leaves no run folder behind.
        RunStopped: the run is over, but its results could not all be written.
    """
    packs = load_packs(settings.pack, settings.language, settings.sign_in_language)
    if settings.stop_file.exists():
        raise CannotStart(reason=f"The stop file {settings.stop_file} exists: remove it to let runs start again.")
    workers = min(options.workers, len(job_list.jobs))
    enough(settings.pool, workers, sharing=settings.share_account)
    if options.may_start is not None:
        options.may_start()
    if options.command == "run":
        _refuse_forgotten_presses(settings, job_list)
    if options.command != "demo":
        if has_ledger(settings.ledger_place):
            Ledger.open(settings.ledger_place).close()  # one that is refused leaves no folder of a run behind
        prepare(settings.evidence, settings.ledger_place)
    started = datetime.now(UTC)
    # A demo's is in its folder, as its ledger is.
    evidence = "" if options.command == "demo" else kept_in(settings.evidence)
    folder = make_run_folder(settings.runs_dir, started)
    task = Task(
        settings=settings,
        work=options.work,
        sign_in=options.sign_in,
        explain=options.explain,
        headed=options.headed,
        folder=folder,
        # A demo's practice Admin is new each time: what was pressed in an earlier one says nothing about it.
        ledger_place=folder / "ledger.sqlite" if options.command == "demo" else settings.ledger_place,
        evidence=evidence,
    )
    with (
        log_to(folder / "log.jsonl", secrets=task.secrets, say=display.say, copy=log) as write_line,
        Ledger.open(task.ledger_place) as ledger,
    ):
        ledger.runs.go_on_as(task.run_id)
        with (
            leased_each(ledger, task.host, settings.pool, workers, sharing=settings.share_account) as accounts,
            # A single worker needs no queue, and does not wait for the engine to be imported.
            open_run_queue(task.ledger_place, ledger, task.run_id) if workers > 1 else nullcontext() as queue,
        ):
            ledger.trail.copy_to(folder)
            run = _Run(
                task=task,
                packs=packs,
                accounts=accounts,
                ledger=ledger,
                log=write_line,
                display=display,
                stop=StopRequest(settings.stop_file, also=stop),
                blocked={},
                queue=queue,
            )
            info = RunInfo(
                run_id=task.run_id,
                command=options.command,
                admin=task.host,
                account=", ".join(dict.fromkeys(account.username for account in accounts)),
                workers=workers,
                pack=packs[0].name if len(packs) == 1 else AUTO,
                job_list=Path(job_list.file).name,
                started_at=started,
                unmasked=settings.unmasked,
                version=__version__,
                evidence=evidence,
            )
            end = _runner(run, options.max_cancellations).run(info, job_list.jobs)
        failures = [
            f"{failure} The outcomes are in the ledger {task.ledger_place}."
            for failure in write_run_files(folder, task.store, end, ledger)
        ]
    display.run_finished(end.info, end.results)
    if failures:
        raise RunStopped(reason="\n".join(failures))
    return end


def _refuse_forgotten_presses(settings: Settings, job_list: JobList) -> None:
    """Make sure, before a folder is made for the run, that the ledger knows what was pressed for these orders.

    Raises:
        CannotStart: it does not, or cannot be used.
    """
    if not tells_of_runs(settings.runs_dir):
        return
    place, admin = settings.ledger_place, admin_name(settings.admin_url)
    with Ledger.open(place) as ledger:
        refuse_forgotten_presses(settings.runs_dir, ledger, place, admin, [job.order for job in job_list.jobs])


def _runner(run: _Run, max_cancellations: int | None) -> Runner:
    settings = run.task.settings
    return Runner(
        _in_process_worker(run) if run.queue is None else _pool(run, run.queue),
        ledger=run.ledger,
        progress=run.display,
        limits=RunLimits(
            max_failures=settings.max_failures,
            max_failures_total=settings.max_failures_total,
            max_cancellations=max_cancellations,
            spacing=settings.pace,
        ),
        clean=cleaner(run.task.secrets),
        blocked=run.blocked,
    )


def _in_process_worker(run: _Run) -> Workers:
    task, display = run.task, run.display
    clean = cleaner(task.secrets)
    recorder = task.recorder(clean)
    wait = in_parts(run.stop.wait, lambda: _keep_account(run.ledger))
    entry = Entry(
        settings=task.settings,
        account=run.accounts[0],
        packs=run.packs,
        ledger=run.ledger,
        sign_in=task.sign_in,
        hooks=Hooks(
            step=display.step,
            say=lambda remark: display.say(clean(remark)),
            stopping=run.stop,
            wait=wait,
        ),
        recorder=recorder,
        headed=task.headed,
        blocked=run.blocked,
    )
    return InProcessWorker(
        work=task.work,
        open_admin=lambda: open_admin(entry),
        ledger=run.ledger,
        recorder=recorder,
        options=task.worker_options(wait),
    )


def _keep_account(ledger: Ledger) -> None:
    """Keep the account's lease during a long wait. That it is lost, or cannot be kept, is found at the next step."""
    with suppress(LedgerTrouble):
        ledger.accounts.sign_of_life()


def _pool(run: _Run, queue: RunQueue) -> Workers:
    return WorkerPool(
        partial(_open_worker, run.task),
        run.accounts,
        PoolRun(
            ledger=run.ledger,
            folder=run.task.folder,
            store=run.task.store,
            queue=queue,
            log=run.log,
            stopping=run.stop,
            blocked=run.blocked,
        ),
    )


@contextmanager
def _open_worker(task: Task, connection: RunConnection) -> Iterator[Opened]:
    """All that a worker in a process of its own needs, signed in."""
    settings, number = task.settings, connection.number
    packs = load_packs(settings.pack, settings.language, settings.sign_in_language)
    clean = cleaner(task.secrets)
    recorder = task.recorder(clean, f"{SESSION}-{number}")
    connection.evidence = lambda: recorder.evidence
    with (
        log_lines_to(connection.log, secrets=task.secrets, say=connection.say),
        Ledger.open(task.ledger_place) as ledger,
        logger.contextualize(worker=number),
        defects_logged(clean),
    ):
        ledger.runs.go_on_as(task.run_id, number)
        ledger.limits.count_for(task.run_id)
        ledger.trail.copy_to(task.folder)
        worker = Worker(
            work=task.work,
            ledger=ledger,
            recorder=recorder,
            results=RunResults(ledger, connection.order_finished, clean),
            options=task.worker_options(connection.wait),
        )
        entry = Entry(
            settings=settings,
            account=connection.account,
            packs=packs,
            ledger=ledger,
            sign_in=task.sign_in,
            hooks=Hooks(
                step=connection.step,
                say=lambda remark: connection.say(clean(remark)),
                stopping=connection.stopping,
                wait=connection.wait,
            ),
            recorder=recorder,
            headed=task.headed,
            blocked=connection.blocked,
        )
        if settings.share_account:
            # A shared account's session is not shared: the Admin answers its requests one after another.
            entry = replace(entry, session_name=f"{connection.account.username} {number}")
        with open_admin(entry) as admin:
            yield Opened(worker=worker, admin=admin, ledger=ledger)
