"""A run from its settings to its report: the parts of the engine wired together, and taken apart again."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from bot import __version__
from bot.admin import Admin, admin_name
from bot.errors import CannotStart, RunStopped
from bot.joblist import JobList
from bot.ledger import Ledger
from bot.logs import log_to
from bot.outcomes import RunInfo
from bot.pack import Pack, load_pack
from bot.progress import Progress, make_progress
from bot.recorder import Recorder
from bot.report import write_report
from bot.results import write_results
from bot.runfolder import make_run_folder
from bot.runner import RunEnd, Runner, Work
from bot.session import browser_session
from bot.settings import Settings
from bot.stopping import StopRequest, stop_on_signals

SignIn = Callable[[Admin], None]


def carry_out(
    command: str,
    settings: Settings,
    job_list: JobList,
    *,
    work: Work,
    sign_in: SignIn,
    may_start: Callable[[], None] | None = None,
    headed: bool = False,
    max_cancellations: int | None = None,
) -> RunEnd:
    """Work through a list and leave a run folder with its report.

    Args:
        command: what the run is called in its report: run, dry run, plan, audit or demo.
        settings: where, as whom, and how patiently.
        job_list: which orders.
        work: what is done to one order.
        sign_in: opens the Admin and signs in.
        may_start: asked when everything is ready and nothing is opened yet; raises if it may not.
        headed: whether the browser can be seen.
        max_cancellations: the run stops once Confirm was pressed for so many orders.

    Raises:
        CannotStart: nothing was opened: no browser, no run folder, no ledger, a stop file.
        RunStopped: the run is over, but its results could not all be written.
    """
    pack = load_pack(settings.pack)
    if settings.stop_file.exists():
        raise CannotStart(reason=f"The stop file {settings.stop_file} is there: remove it to let runs start again.")
    if may_start is not None:
        may_start()
    started = datetime.now(UTC)
    folder = make_run_folder(settings.runs_dir, started)
    info = RunInfo(
        run_id=folder.name,
        command=command,
        admin=admin_name(settings.admin_url),
        account=settings.username,
        pack=pack.name,
        job_list=Path(job_list.file).name,
        started_at=started,
        unmasked=settings.unmasked,
        version=__version__,
    )
    # A demo's practice Admin is new each time: what was pressed in an earlier one says nothing about it.
    ledger_file = folder / "ledger.sqlite" if command == "demo" else settings.ledger_file
    progress = make_progress()
    stop = StopRequest(settings.stop_file)
    recorder = Recorder(folder, masked=not settings.unmasked)
    secrets = [settings.password.get_secret_value()]
    with (
        log_to(folder / "log.jsonl", secrets=secrets, say=progress.say),
        stop_on_signals(stop, progress.say),
        Ledger.open(ledger_file) as ledger,
    ):
        runner = Runner(
            work=work,
            open_admin=lambda: open_admin(settings, pack, ledger, recorder, progress, stop, sign_in, headed=headed),
            ledger=ledger,
            recorder=recorder,
            progress=progress,
            attempts=settings.attempts,
            max_failures=settings.max_failures,
            max_failures_total=settings.max_failures_total,
            max_cancellations=max_cancellations,
            claim_seconds=max(300, 10 * settings.timeout),
        )
        end = runner.run(info, job_list.jobs)
    failures = []
    for write in (write_results, write_report):
        try:
            write(folder, end.info, end.results)
        except RunStopped as failure:
            failures.append(f"{failure} The outcomes are in the ledger {ledger_file}.")
    progress.run_finished(end.info, end.results)
    if failures:
        raise RunStopped(reason="\n".join(failures))
    return end


@contextmanager
def open_admin(
    settings: Settings,
    pack: Pack,
    ledger: Ledger,
    recorder: Recorder,
    progress: Progress,
    stop: StopRequest,
    sign_in: SignIn,
    *,
    headed: bool,
) -> Iterator[Admin]:
    """The Admin, signed in, in a browser of its own that is closed at the end."""
    with browser_session(settings, headed=headed) as session:
        admin = Admin(
            session.fresh_page(),
            pack,
            settings.admin_url,
            ledger=ledger,
            recorder=recorder,
            patience=settings.timeout,
            settle=settings.settle,
            recover_after=settings.recover_after,
            allowed_hosts=settings.allowed_hosts,
            fresh_page=session.fresh_page,
            sign_in=sign_in,
            on_step=progress.step,
            say=progress.say,
            stopping=stop,
        )
        sign_in(admin)
        yield admin
