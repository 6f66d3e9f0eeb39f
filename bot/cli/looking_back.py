"""Commands about earlier runs: ``report``, ``verify``, ``status`` and ``purge``. They open no browser."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.options import RUN
from bot.errors import CannotStart
from bot.wording import count_of, harmless, harmless_lines

if TYPE_CHECKING:
    from datetime import datetime

    from bot.settings import LocalSettings


def report(
    run_id: RUN,
) -> None:
    """``countermand report``."""
    from bot.evidence.places import store_of_run
    from bot.evidence.run_folder import find_run
    from bot.evidence.verify import find_folder
    from bot.ledger import Ledger, has_ledger
    from bot.reports.renewal import changed_files, renew_report
    from bot.settings import load_local_settings

    places = load_local_settings()
    try:
        folder = find_run(run_id, places.runs_dir)
    except CannotStart:
        found = _brought_here(run_id, places)
        if found is None:
            raise
        folder = found
    if run_id == "latest" and (newest := find_folder(run_id, places.runs_dir)) != folder:
        typer.echo(
            harmless(f"Run {newest.name} began later and has no results: it is still running, or was cut off."),
            err=True,
        )
    place = _ledger_of(folder, places)
    if not has_ledger(place):
        typer.echo(harmless(f"There is no ledger at {place}: the report cannot say what later audits found."), err=True)
    with Ledger.open(place) if has_ledger(place) else Ledger.in_memory() as ledger:
        report_file = renew_report(folder, ledger, store_of_run(folder, ledger, places.evidence))
        for name in changed_files(folder, ledger):
            typer.echo(
                harmless(
                    f"{folder / name} is not as the run wrote it, and the report says what it says now. See: "
                    f"countermand verify {folder.name}"
                ),
                err=True,
            )
        typer.echo(report_file)


def verify(run_id: RUN) -> None:
    """``countermand verify``."""
    from bot.evidence.places import store_of_run
    from bot.evidence.verify import find_folder, find_ledger, latest_that_is_over
    from bot.evidence.verify import verify as compare
    from bot.ledger import Ledger
    from bot.settings import load_local_settings

    places = load_local_settings()
    made_here = ""
    try:
        if run_id == "latest":
            folder, newer = latest_that_is_over(places.runs_dir, places.ledger_place)
            if newer:
                typer.echo(harmless(newer), err=True)
        else:
            folder = find_folder(run_id, places.runs_dir)
    except CannotStart:
        found = _brought_here(run_id, places)
        if found is None:
            raise
        folder = found
        made_here = "Its folder was made here just now, from the ledger: only the evidence was compared with that."
    place, remark = find_ledger(folder, places.ledger_place)
    with Ledger.open(place) as ledger:
        verified = compare(folder, ledger, store_of_run(folder, ledger, places.evidence))
    run = harmless(folder.resolve().name)
    if verified.disagreement:
        typer.echo(f"Run {run} is NOT as it was written. First difference: {harmless(verified.disagreement)}")
    else:
        seen = f"{count_of(verified.events, 'event')} and {count_of(verified.pictures, 'file')} of evidence"
        typer.echo(f"Run {run} is as it was written: the folder and the ledger agree in {seen}.")
    for words in filter(None, (verified.remark, remark, made_here)):
        typer.echo(harmless(words))
    raise typer.Exit(bool(verified.disagreement))


def status() -> None:
    """``countermand status``."""
    from bot.ledger import Ledger, has_ledger
    from bot.reports.status import status_lines
    from bot.settings import load_local_settings

    place = load_local_settings().ledger_place
    if not has_ledger(place):
        typer.echo(f"There is no ledger at {place} yet: no run was made from this folder.")
        return
    with Ledger.open(place) as ledger:
        typer.echo(harmless_lines("\n".join(status_lines(ledger))))


def purge(
    older_than: Annotated[str, typer.Option("--older-than", help="How old: 90m, 24h or 30d.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Remove without asking.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list what would be removed.")] = False,
) -> None:
    """``countermand purge``."""
    from datetime import UTC, datetime
    from functools import partial

    from bot.errors import LedgerTrouble, RunStopped
    from bot.evidence.places import store_of_run
    from bot.evidence.purge import LeftAlone, OldRun, runs_before
    from bot.evidence.purge import purge as remove
    from bot.ledger import Ledger, has_ledger
    from bot.settings import load_local_settings
    from bot.timespan import time_span

    places = load_local_settings()
    moment = datetime.now(UTC) - time_span(older_than)
    with Ledger.open(places.ledger_place) if has_ledger(places.ledger_place) else Ledger.in_memory() as ledger:
        stores = partial(store_of_run, ledger=ledger, setting=places.evidence)
        found = list(runs_before(moment, places.runs_dir, places.ledger_place, stores))
    stints = _queue_purged(places, moment)
    runs = [one for one in found if isinstance(one, OldRun)]
    for one in found:
        if isinstance(one, LeftAlone):
            typer.echo(f"Left alone: {harmless(one.folder.name)}: {one.why}.")
    for run in runs:
        size = f"{run.size / 1_000_000:.1f} MB"
        typer.echo(f"{run.folder.name}  {run.last_heard:%Y-%m-%d}  {count_of(run.files, 'file')} of evidence, {size}")
    if not runs:
        nothing = "" if stints else ": nothing to remove"
        typer.echo(f"There is no evidence older than {older_than} in {places.runs_dir}{nothing}.")
    if stints:
        typer.echo(f"Queue: {count_of(stints, 'stint')} of runs that are over; the ledger keeps what became of them.")
    if not runs and not stints:
        return
    if runs:
        files, size = sum(run.files for run in runs), f"{sum(run.size for run in runs) / 1_000_000:.1f} MB"
        typer.echo(f"Total: {count_of(len(runs), 'run')}, {count_of(files, 'file')} of evidence, {size} with the logs.")
    if dry_run:
        typer.echo("Nothing was removed.")
        return
    if not yes:
        _ask_to_remove()
    troubles = []
    try:
        if stints:
            _queue_purged(places, moment, remove=True)
        for run in runs:
            try:
                remove(run, older_than=older_than)
            except (RunStopped, LedgerTrouble) as trouble:
                troubles.append(str(trouble))
    except KeyboardInterrupt:
        typer.echo("Interrupted. Run the same command again to remove the rest.", err=True)
        raise typer.Exit(130) from None
    if troubles:
        raise RunStopped(reason="\n".join(troubles))
    typer.echo("Removed. The outcomes, the reports without pictures and the ledger are kept.")


def _queue_purged(places: "LocalSettings", moment: "datetime", *, remove: bool = False) -> int:
    """How many stints the queue still keeps of runs that were over by then; with ``remove``, they are removed."""
    from bot.ledger import Ledger, has_ledger

    if not has_ledger(places.ledger_place):
        return 0
    with Ledger.open(places.ledger_place) as ledger:
        if not ledger.queue.was_used():
            return 0
        from bot.engine.backlog import open_backlog
        from bot.engine.finished import stints_of_runs_over

        with open_backlog(places.ledger_place, ledger) as backlog:
            stints = stints_of_runs_over(ledger, backlog, moment)
            if remove:
                backlog.forget(stints)
    return len(stints)


def _brought_here(run_id: str, places: "LocalSettings") -> Path | None:
    """The folder of a run that another machine wrote, made here; None if the ledger knows no such run that is over."""
    from bot.evidence.brought import bring_here
    from bot.ledger import Ledger, has_ledger

    if not has_ledger(places.ledger_place):
        return None
    with Ledger.open(places.ledger_place) as ledger:
        return bring_here(run_id, places.runs_dir, ledger)


def _ledger_of(folder: Path, places: "LocalSettings") -> Path | str:
    """The ledger that a run was recorded in. A demo has its own."""
    own = folder / "ledger.sqlite"
    return own if own.is_file() else places.ledger_place


def _ask_to_remove() -> None:
    if not sys.stdin.isatty():
        raise CannotStart(reason="There is no terminal to ask on. Look with --dry-run first, then start with --yes.")
    if not typer.confirm("Remove it? This cannot be undone."):
        typer.echo("Stopped: nothing was removed.", err=True)
        raise typer.Exit(130)
