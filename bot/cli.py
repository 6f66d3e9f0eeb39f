"""The command line: parses and wires, nothing else. What is slow to import is imported by the command that needs it."""

import sys
import traceback
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from bot import __version__
from bot.cli_pack import pack_app
from bot.errors import CannotStart, CountermandError, InputInvalid
from bot.textfile import listing
from bot.wording import count_of, harmless, harmless_lines

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.accounts import Account
    from bot.admin import Admin
    from bot.joblist import JobList
    from bot.outcomes import OrderResult
    from bot.runner import RunEnd
    from bot.settings import Places, Settings
    from bot.worker import Work

app = typer.Typer(
    name="countermand",
    help="Cancel unshipped Amazon orders through the Adobe Commerce Admin's screens, and prove what became of each.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

app.add_typer(pack_app)

JOBS = Annotated[Path, typer.Argument(metavar="JOBS", help="Job list, YAML or CSV.")]
RUN = Annotated[str, typer.Argument(metavar="RUN", help="Run id, run folder, or latest.")]
PACK = Annotated[str | None, typer.Option("--pack", help="Pack that describes the screens: a name, a folder, or auto.")]
LANGUAGE = Annotated[
    str | None, typer.Option("--language", help="Language that the Admin has for the account, such as de_DE.")
]
HEADED = Annotated[bool, typer.Option("--headed", help="Show the browser while it works.")]
WORKERS = Annotated[
    int, typer.Option("--workers", min=1, help="Processes that work at once; each needs an Admin account of its own.")
]
PACE = Annotated[
    str | None, typer.Option("--pace", help="At most so many orders, such as 30/min; all workers together.")
]
UNMASKED = Annotated[bool, typer.Option("--unmasked", help="Leave buyers' data readable in the pictures.")]


class SchemaOf(StrEnum):
    """What a JSON Schema can be printed of."""

    JOBS = "jobs"
    PACK = "pack"


class FaceName(StrEnum):
    """The two ways in which the practice Admin draws its screens."""

    SPECTRUM = "spectrum"
    PLAIN = "plain"


class SettledAs(StrEnum):
    """What a person found out about an order in Seller Central."""

    CANCELED = "canceled"
    NOT_CANCELED = "not-canceled"


class GenerationName(StrEnum):
    """Whose screens the practice Admin has, named like the packs that describe them."""

    ASC_2 = "asc-2"
    ASC_4_0 = "asc-4.0"
    ASC_4_3 = "asc-4.3"


FACE = Annotated[FaceName, typer.Option("--face", help="How the practice Admin draws its screens.")]


def main() -> NoReturn:
    """Run the command line; everything that a person did wrong ends in a sentence and an exit status."""
    try:
        sys.exit(app(standalone_mode=False) or 0)
    except CountermandError as error:
        text = listing(error) if isinstance(error, InputInvalid) else str(error)
        typer.echo(harmless_lines(_without_secrets(f"{text}\n{error.next_step}".strip())), err=True)
        sys.exit(error.exit_status)
    except typer.Exit as end:
        sys.exit(end.exit_code)
    except typer.Abort:
        typer.echo("Stopped: nothing was opened.", err=True)
        sys.exit(130)
    except Exception as error:
        # click's usage errors know how to show themselves; anything else is a defect and keeps its traceback
        show = getattr(error, "show", None)
        if show is None:
            typer.echo(_without_secrets("".join(traceback.format_exception(error))), err=True, nl=False)
            sys.exit(1)
        show()
        sys.exit(2)


@app.callback(invoke_without_command=True)
def _version(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        typer.echo(f"countermand {__version__}")
        raise typer.Exit


@app.command()
def run(
    jobs: JOBS,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Start without asking.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Go as far as the chosen reason, then leave the dialog.")
    ] = False,
    workers: WORKERS = 1,
    pace: PACE = None,
    headed: HEADED = False,
    pack: PACK = None,
    language: LANGUAGE = None,
    unmasked: UNMASKED = False,
    max_cancellations: Annotated[
        int | None, typer.Option("--max-cancellations", min=1, help="Stop once Confirm was pressed for so many orders.")
    ] = None,
) -> None:
    """Cancel the orders on a list, or say why not."""
    from functools import partial

    from flows.cancel_order import cancel_order

    job_list, settings = _read_jobs(jobs), _settings(pack, language, unmasked, pace)
    end = _carry_out(
        "dry run" if dry_run else "run",
        settings,
        job_list,
        partial(cancel_order, dry_run=dry_run),
        ask=not (yes or dry_run),
        headed=headed,
        workers=workers,
        max_cancellations=max_cancellations,
    )
    raise typer.Exit(end.exit_status)


@app.command()
def plan(
    jobs: JOBS,
    workers: WORKERS = 1,
    pace: PACE = None,
    headed: HEADED = False,
    pack: PACK = None,
    language: LANGUAGE = None,
    unmasked: UNMASKED = False,
) -> None:
    """Say what would become of each; press nothing."""
    from flows.read_order import plan_order

    job_list, settings = _read_jobs(jobs), _settings(pack, language, unmasked, pace)
    end = _carry_out("plan", settings, job_list, plan_order, headed=headed, workers=workers)
    raise typer.Exit(end.exit_status)


@app.command()
def audit(
    since: Annotated[str, typer.Option("--since", help="How far back: 90m, 24h or 7d.")] = "24h",
    headed: HEADED = False,
    pack: PACK = None,
    language: LANGUAGE = None,
    unmasked: UNMASKED = False,
) -> None:
    """Look again at canceled orders: did Amazon keep it?"""
    from datetime import UTC, datetime

    from bot.admin import admin_name
    from bot.joblist import Job, JobList
    from bot.launch import renew_report
    from bot.ledger import Ledger
    from bot.results import RUN_FILE
    from bot.timespan import time_span
    from flows.read_order import audit_order

    settings = _settings(pack, language, unmasked)
    begin = datetime.now(UTC) - time_span(since)
    with Ledger.open(settings.ledger_place) as ledger:
        canceled = ledger.intents.canceled_since(admin_name(settings.admin_url), begin)
        intents = {intent.order: intent for intent in canceled}
    if not intents:
        typer.echo(f"No order was canceled here since {begin.astimezone():%Y-%m-%d %H:%M}: nothing to look at.")
        return
    jobs = tuple(Job(order=intent.order, store=intent.store, reason=intent.reason) for intent in intents.values())
    end = _carry_out(
        "audit",
        settings,
        JobList(file=f"canceled since {since}", jobs=jobs),
        lambda admin, job: audit_order(admin, job, intents[job.order]),
        headed=headed,
    )
    with Ledger.open(settings.ledger_place) as ledger:
        for run_id in dict.fromkeys(intent.run_id for intent in intents.values()):
            if (settings.runs_dir / run_id / RUN_FILE).is_file():
                renew_report(settings.runs_dir / run_id, ledger)
    raise typer.Exit(end.exit_status)


@app.command()
def resolve(
    order: Annotated[str, typer.Argument(metavar="ORDER", help="Amazon order number.")],
    settled_as: Annotated[SettledAs, typer.Option("--as", help="What Seller Central says of it.")],
    note: Annotated[str, typer.Option("--note", help="How you know.")],
) -> None:
    """Settle an order that waits for a person."""
    import getpass
    from datetime import UTC, datetime

    from bot.ledger import Ledger

    with Ledger.open(_places().ledger_place) as ledger:
        intents = ledger.intents.waiting(order)
        if not intents and settled_as is SettledAs.NOT_CANCELED:
            # Amazon, or a person, has undone a cancel that was proved; only with this may it be pressed again.
            intents = ledger.intents.canceled_since(None, datetime.fromtimestamp(0, UTC), order=order)
        if not intents:
            raise CannotStart(reason=f"Order {order} does not wait for a person; see: countermand status")
        for intent in intents:
            ledger.intents.settle(intent.intent, settled_as, by=getpass.getuser(), why=note)
            typer.echo(harmless(f"Order {order} ({intent.admin}, run {intent.run_id}) is settled as {settled_as}."))


@app.command("signed-in")
def signed_in(
    note: Annotated[str, typer.Option("--note", help="How, and who did it.")],
) -> None:
    """Say that a person has signed in by hand, after refusals."""
    import getpass

    from bot.admin import admin_name
    from bot.ledger import Ledger

    settings = _settings(None, None, unmasked=False)
    with Ledger.open(settings.ledger_place) as ledger:
        ledger.sign_ins.signed_in_by_hand(
            admin_name(settings.admin_url), settings.username, by=getpass.getuser(), why=note
        )
    typer.echo(f"Account {settings.username} may sign in again; refusals are counted from 0.")


@app.command()
def demo(headed: HEADED = False, face: FACE = FaceName.SPECTRUM) -> None:
    """See it work here, on a practice Admin."""
    from bot.sandbox import Face, Sandbox
    from bot.sandbox.sample import SAMPLE_LIST, unexpected
    from bot.settings import load_settings
    from flows.cancel_order import cancel_order

    with Sandbox(face=Face(face)) as sandbox:
        typer.echo(f"A practice Admin runs at {sandbox.url} while the demo lasts; no real shop is touched.")
        settings = load_settings(
            admin_url=sandbox.url,
            username=sandbox.username,
            password=sandbox.password,
            accounts="",
            pack="asc-4.3",
            language="en_US",
            sign_in_language="en_US",
            keep_session=False,
        )
        end = _carry_out("demo", settings, _read_jobs(SAMPLE_LIST), cancel_order, headed=headed)
    surprises = list(unexpected(end.results))
    for surprise in surprises:
        typer.echo(f"Not as the demo expects: {surprise}", err=True)
    raise typer.Exit(end.exit_status if end.exit_status > 1 else bool(surprises))


@app.command()
def report(
    run_id: RUN,
) -> None:
    """Write the report of a run anew."""
    from bot.launch import renew_report
    from bot.ledger import Ledger
    from bot.runfolder import find_run

    places = _places()
    folder = find_run(run_id, places.runs_dir)
    with Ledger.open(_ledger_of(folder, places)) as ledger:
        typer.echo(renew_report(folder, ledger))


@app.command()
def verify(run_id: RUN) -> None:
    """Say whether a run's folder and the ledger still agree."""
    from bot.ledger import Ledger
    from bot.verify import find_folder, find_ledger
    from bot.verify import verify as compare

    places = _places()
    folder = find_folder(run_id, places.runs_dir)
    place, remark = find_ledger(folder, places.ledger_place)
    with Ledger.open(place) as ledger:
        verified = compare(folder, ledger)
    run = harmless(folder.resolve().name)
    if verified.disagreement:
        typer.echo(f"Run {run} is NOT as it was written. The first place: {harmless(verified.disagreement)}")
    else:
        seen = f"{count_of(verified.events, 'event')} and {count_of(verified.pictures, 'file')} of evidence"
        typer.echo(f"Run {run} is as it was written: the folder and the ledger agree in {seen}.")
    for words in filter(None, (verified.remark, remark)):
        typer.echo(harmless(words))
    raise typer.Exit(bool(verified.disagreement))


@app.command()
def status() -> None:
    """List runs, and what waits for a person."""
    from bot.ledger import Ledger
    from bot.status import status_lines

    place = _places().ledger_place
    if isinstance(place, Path) and not place.is_file():
        typer.echo(f"There is no ledger at {place} yet: no run was made from this folder.")
        return
    with Ledger.open(place) as ledger:
        typer.echo(harmless_lines("\n".join(status_lines(ledger))))


@app.command()
def purge(
    older_than: Annotated[str, typer.Option("--older-than", help="How old: 90m, 24h or 30d.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Remove without asking.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list what would be removed.")] = False,
) -> None:
    """Remove old evidence; keep outcomes."""
    from datetime import UTC, datetime

    from bot.errors import LedgerTrouble, RunStopped
    from bot.purge import LeftAlone, OldRun, runs_before
    from bot.purge import purge as remove
    from bot.timespan import time_span
    from bot.wording import count_of, harmless

    places = _places()
    found = list(runs_before(datetime.now(UTC) - time_span(older_than), places.runs_dir, places.ledger_place))
    runs = [one for one in found if isinstance(one, OldRun)]
    for one in found:
        if isinstance(one, LeftAlone):
            typer.echo(f"Left alone: {harmless(one.folder.name)}: {one.why}.")
    for run in runs:
        size = f"{run.size / 1_000_000:.1f} MB"
        typer.echo(f"{run.folder.name}  {run.last_heard:%Y-%m-%d}  {count_of(run.files, 'file')} of evidence, {size}")
    if not runs:
        typer.echo(f"There is no evidence older than {older_than} in {places.runs_dir}: nothing to remove.")
        return
    files, size = sum(run.files for run in runs), f"{sum(run.size for run in runs) / 1_000_000:.1f} MB"
    typer.echo(f"In all: {count_of(len(runs), 'run')}, {count_of(files, 'file')} of evidence, {size} with the logs.")
    if dry_run:
        typer.echo("Nothing was removed.")
        return
    if not yes:
        _ask_to_remove()
    troubles = []
    try:
        for run in runs:
            try:
                remove(run, older_than=older_than)
            except (RunStopped, LedgerTrouble) as trouble:
                troubles.append(str(trouble))
    except KeyboardInterrupt:
        typer.echo("Interrupted: what is left is removed by the same command again.", err=True)
        raise typer.Exit(130) from None
    if troubles:
        raise RunStopped(reason="\n".join(troubles))
    typer.echo("Removed. The outcomes, the reports without pictures and the ledger are kept.")


@app.command()
def sandbox(
    face: FACE = FaceName.SPECTRUM,
    port: Annotated[int, typer.Option("--port", help="Port on this machine; 0 takes a free one.")] = 0,
    answer_ms: Annotated[int, typer.Option("--answer-ms", min=0, help="How long it takes to answer.")] = 0,
    two_factor: Annotated[bool, typer.Option("--two-factor", help="Ask for a two-factor code at sign-in.")] = False,
    language: Annotated[str, typer.Option("--language", help="Language of its screens, such as de_DE.")] = "en_US",
    generation: Annotated[
        GenerationName, typer.Option("--generation", help="Whose screens: of which version of the extension.")
    ] = GenerationName.ASC_4_3,
) -> None:
    """Serve the practice Admin, to try and to train."""
    import threading

    import pyotp

    from bot.sandbox import Face, Faults, Generation, Sandbox
    from bot.stopping import StopRequest, stop_on_signals

    ended = threading.Event()
    stop = StopRequest()
    faults = Faults(two_factor=pyotp.random_base32() if two_factor else "")
    with Sandbox(
        face=Face(face),
        port=port,
        answer_ms=answer_ms,
        faults=faults,
        generation=Generation(generation),
        language=language,
    ) as practice:
        typer.echo(f"Practice Admin: {practice.url}\nUser name: {practice.username}\nPassword: {practice.password}")
        if two_factor:
            typer.echo(f"Two-factor secret: {faults.two_factor}")
        typer.echo("Press Ctrl-C to end it.")
        with stop_on_signals(stop, lambda _: ended.set()):
            while not ended.wait(0.5):  # short, because a wait without an end hears no signal on Windows
                continue


@app.command()
def doctor(
    store: Annotated[str | None, typer.Option("--store", help="Store to look at; else the first one.")] = None,
    headed: HEADED = False,
    pack: PACK = None,
    language: LANGUAGE = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a list for programs, and nothing else.")] = False,
) -> None:
    """Check everything up to the cancel dialog; cancel nothing.

    It signs in with an account of the settings that no run is at work with.
    """
    from functools import partial

    from bot.doctor import examine
    from bot.doctor_show import Json, Lines
    from flows.look_around import look_around

    show = Json() if as_json else Lines()
    raise typer.Exit(
        examine(partial(look_around, store=store), _sign_in, show, pack=pack, language=language, headed=headed)
    )


@app.command()
def record(
    screen: Annotated[str, typer.Argument(metavar="SCREEN", help="Name of the screen, such as order_details.")],
    out: Annotated[Path | None, typer.Option("--out", help="File to write; SCREEN.yaml here if not given.")] = None,
    pack: PACK = None,
    language: LANGUAGE = None,
) -> None:
    """Click through a screen; get a draft of its pack file.

    It only listens, and never to what is typed; but your own clicks are real, whatever they do.
    """
    from bot.record import record_to_file

    file = out or Path(f"{screen}.yaml")
    draft = record_to_file(screen, file, _settings(pack, language, unmasked=False), _sign_in, typer.echo)
    typer.echo(f"Draft: {file}. Read all of it: it is a starting point, and no more.")
    for problem in draft.problems:
        typer.echo(harmless(f"The pack loader says: {problem}"), err=True)
    raise typer.Exit(bool(draft.problems))


@app.command()
def check(
    store: Annotated[str | None, typer.Option("--store", help="Store to look at; else the first one.")] = None,
    update: Annotated[bool, typer.Option("--update", help="Write the baselines anew.")] = False,
    baselines: Annotated[
        Path | None,
        typer.Option("--baselines", metavar="FOLDER", help="Where the baselines are; else beside the pack."),
    ] = None,
    tolerance: Annotated[
        float, typer.Option("--tolerance", min=0, max=100, help="Percent of a picture that may look different.")
    ] = 0.1,
    looks: Annotated[bool, typer.Option("--looks/--no-looks", help="Compare pictures too.")] = True,
    full: Annotated[
        str | None, typer.Option("--full", metavar="ORDER", help="If nothing differs, also cancel this one test order.")
    ] = None,
    reason: Annotated[str | None, typer.Option("--reason", help="With --full: the reason, label or code.")] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="With --full: start without asking.")] = False,
    headed: HEADED = False,
    pack: PACK = None,
    language: LANGUAGE = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print an object for programs, and nothing else.")] = False,
) -> None:
    """Hold every screen against pack and baselines; cancel nothing.

    It signs in with an account of the settings that no run is at work with, and only looks, up to the cancel dialog.
    """
    from functools import partial

    from bot.check.command import Plan
    from bot.check.command import check as make_check
    from bot.check.show import as_json as in_json
    from bot.check.show import tell
    from flows.look_around import look_around

    if full and as_json:
        raise CannotStart(reason="--full tells how it goes while it does: leave --json away, and read check.json.")
    settings = _settings(pack, language, unmasked=False)
    plan = Plan(
        baselines=baselines,
        update=update,
        tolerance=tolerance,
        looks=looks,
        headed=headed,
        full=_full(settings, full, store, reason, yes=yes, headed=headed) if full else None,
    )
    made = make_check(settings, partial(look_around, store=store), _sign_in, plan)
    if as_json:
        typer.echo(in_json(made.outcome), nl=False)
    else:
        tell(made.outcome)
        typer.echo(f"Report: {made.page}")
    raise typer.Exit(made.exit_status)


@app.command()
def schema(of: Annotated[SchemaOf, typer.Argument(help="What to describe.")]) -> None:
    """Print a JSON Schema, for editors that check and complete."""
    import json

    from bot.joblist import job_list_schema
    from bot.pack import pack_schema

    typer.echo(json.dumps(job_list_schema() if of is SchemaOf.JOBS else pack_schema(), indent=2))


def _full(
    settings: "Settings", order: str, store: str | None, reason: str | None, *, yes: bool, headed: bool
) -> "Callable[[], OrderResult]":
    """What cancels the one order that ``check --full`` names; a person is asked now, before anything is opened."""
    from flows.cancel_order import cancel_order

    if store is None or reason is None:
        raise CannotStart(reason="--full cancels an order: name its store with --store, and a reason with --reason.")
    job_list = _one_job(order, store, reason)
    if not yes:
        _ask_to_start(settings, job_list, workers=1)

    def cancel() -> "OrderResult":
        (result,) = _carry_out("run", settings, job_list, cancel_order, headed=headed).results
        return result

    return cancel


def _one_job(order: str, store: str, reason: str) -> "JobList":
    """A list of one order, as strict as one in a file."""
    import json
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "order-of-check.yaml"
        path.write_text(json.dumps({"orders": [{"order": order, "store": store, "reason": reason}]}), encoding="utf-8")
        return _read_jobs(path)


def _settings(pack: str | None, language: str | None, unmasked: bool, pace: str | None = None) -> "Settings":
    from bot.settings import load_settings

    return load_settings(pack=pack, language=language, unmasked=unmasked or None, pace=pace)


def _places() -> "Places":
    from bot.settings import load_places

    return load_places()


def _without_secrets(text: str) -> str:
    from bot.secrecy import cleaner, secrets_that_are_set

    return cleaner(secrets_that_are_set())(text)


def _sign_in(admin: "Admin", account: "Account") -> None:
    from flows.sign_in import sign_in

    sign_in(admin, account.username, account.password, account.totp_secret)


def _ledger_of(folder: Path, places: "Places") -> Path | str:
    """The ledger that a run was recorded in: a demo has one of its own."""
    own = folder / "ledger.sqlite"
    return own if own.is_file() else places.ledger_place


def _read_jobs(path: Path) -> "JobList":
    from bot.joblist import read_job_list

    return read_job_list(path)


def _carry_out(
    command: str,
    settings: "Settings",
    job_list: "JobList",
    work: "Work",
    *,
    ask: bool = False,
    headed: bool = False,
    workers: int = 1,
    max_cancellations: int | None = None,
) -> "RunEnd":
    """Wire the flows to the engine, and work through a list."""
    from functools import partial

    from bot.launch import carry_out
    from bot.report import REPORT_FILE

    end = carry_out(
        command,
        settings,
        job_list,
        work=work,
        sign_in=_sign_in,
        may_start=partial(_ask_to_start, settings, job_list, workers) if ask else None,
        headed=headed,
        workers=workers,
        max_cancellations=max_cancellations,
    )
    typer.echo(f"Report: {settings.runs_dir / end.info.run_id / REPORT_FILE}")
    return end


def _ask_to_remove() -> None:
    if not sys.stdin.isatty():
        raise CannotStart(reason="There is no terminal to ask on: look at it with --dry-run, then start with --yes.")
    if not typer.confirm("Remove it? What is removed cannot be brought back."):
        typer.echo("Stopped: nothing was removed.", err=True)
        raise typer.Exit(130)


def _ask_to_start(settings: "Settings", job_list: "JobList", workers: int) -> None:
    stores = ", ".join(dict.fromkeys(job.store for job in job_list.jobs))
    names = [account.username for account in settings.pool]
    free = "the first that is free" if workers == 1 else f"the first {workers} that are free"
    account = names[0] if len(names) == 1 else f"{free} of {', '.join(names)}"
    at_once = f"Workers: {workers}\n" if workers > 1 else ""
    typer.echo(
        f"Admin:   {harmless(settings.admin_url)}\nAccount: {harmless(account)}\nStore:   {harmless(stores)}\n"
        f"{at_once}Orders:  {len(job_list.jobs)} from {harmless(job_list.file)}"
    )
    if not sys.stdin.isatty():
        raise CannotStart(reason="There is no terminal to ask on: look at the plan, then start with --yes.")
    if not typer.confirm("Cancel them? What is canceled cannot be taken back."):
        raise typer.Abort
