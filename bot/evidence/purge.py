"""``countermand purge``: removes the evidence of old runs and keeps what became of their orders.

What goes: the evidence, which is the pictures and the words of pages; ``log.jsonl``, which may quote a page after a
failure; and the pictures inside ``report.html``, which is written again without them.

What stays: ``run.json``, ``results.json``, ``results.csv``, ``junit.xml``, ``trail.jsonl`` and the ledger. They contain
buyers' data where a job list (``expect``, ``note``) or the Admin's own answer to Confirm did: the hashes of the trail
depend on it.

The trail gets an event that says so before anything is removed, so that ``countermand verify`` does not miss what is
gone. The report is replaced before the evidence is removed, so that a purge that was cut off can be seen by what is
left of it, and be run again.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.errors import CannotStart, EvidenceNotWritten, RunStopped
from bot.evidence.run_folder import is_run
from bot.evidence.store import EvidenceStore, store_of
from bot.files import remove_drafts
from bot.ledger import Entry, Event, Ledger, has_ledger
from bot.ledger.trail import TRAIL_FILE, next_hash
from bot.reports.renewal import renew_report
from bot.reports.report import REPORT_FILE
from bot.system import user_name

LOG_FILE = "log.jsonl"

SILENT = timedelta(days=1)
"""A run without an end that has told nothing for this long was cut off: the longest waits of a run are minutes."""


@dataclass(frozen=True, kw_only=True)
class OldRun:
    """A run whose evidence is old enough to be removed."""

    folder: Path
    store: EvidenceStore
    ledger: Path | str
    """Where the ledger is that it was recorded in."""
    last_heard: datetime
    """When its last event happened."""
    files: int
    """How many files of evidence there are."""
    size: int
    """Bytes to be removed, without those that the report shrinks by."""


@dataclass(frozen=True, kw_only=True)
class LeftAlone:
    """A folder with evidence that is not touched, and why."""

    folder: Path
    why: str


def runs_before(
    moment: datetime, runs_dir: Path, place: Path | str, store_of: Callable[[Path], EvidenceStore] = store_of
) -> Iterator[OldRun | LeftAlone]:
    """Every run that has something to purge and was over before ``moment``, oldest first, and what is left alone.

    Args:
        moment: only runs before it are given.
        runs_dir: the folder of the runs.
        place: where their ledger is; a demo has one of its own.
        store_of: gives the evidence of the run in a folder.

    Raises:
        LedgerTrouble: a ledger cannot be read.
    """
    folders = sorted(path for path in runs_dir.glob("*") if path.is_dir() and _is_run(path, store_of))
    shared = Ledger.open(place) if folders and has_ledger(place) else Ledger.in_memory()
    with shared:
        queued = {run.info.run_id for run in shared.queue.waiting()}
        for folder in folders:
            own = folder / "ledger.sqlite"
            last, where = shared.trail.last_of_each_kind(folder.name), place
            if not last and own.is_file():
                with Ledger.open(own) as ledger:
                    last, where = ledger.trail.last_of_each_kind(folder.name), own
            try:
                found = _look_at(folder, store_of(folder), where, last, moment)
                if isinstance(found, OldRun) and folder.name in queued:
                    found = LeftAlone(folder=folder, why="it is still queued (countermand queue)")
            except OSError as error:
                found = LeftAlone(folder=folder, why=f"it could not be read ({error.strerror or error})")
            except CannotStart as unknown:
                found = LeftAlone(folder=folder, why=f"{unknown} {unknown.next_step}".strip().rstrip("."))
            if found is not None:
                yield found


def purge(run: OldRun, *, older_than: str) -> None:
    """Remove the evidence of a run; ``older_than`` is what was asked for, for the trail.

    Raises:
        LedgerTrouble: the ledger could not be written; nothing was removed.
        RunStopped: the trail or the report could not be written, or something could not be removed.
    """
    with Ledger.open(run.ledger) as ledger:
        ledger.runs.go_on_as(run.folder.name)
        if not ledger.trail.purged_at(run.folder.name):
            if (run.folder / TRAIL_FILE).is_file():
                _take_back_unfinished(run.folder, ledger)
                ledger.trail.copy_to(run.folder)
            try:
                ledger.trail.note_purge(files=run.files, older_than=older_than, by=user_name())
            except EvidenceNotWritten as trouble:
                reason = f"{run.folder / TRAIL_FILE} could not be written: {trouble.facts['reason']}."
                raise RunStopped(reason=reason) from trouble
        _renew(run, ledger)
    log = run.folder / LOG_FILE
    removals: list[tuple[object, Callable[[], None]]] = [
        (run.store, run.store.remove),
        (log, lambda: log.unlink(missing_ok=True)),
        # A report that a killed program has half written has pictures in it.
        (f"What is left half written in {run.folder}", lambda: remove_drafts(run.folder)),
    ]
    for what, remove in removals:
        try:
            remove()
        except OSError as error:
            raise RunStopped(reason=f"{what} could not be removed: {error.strerror or error}.") from error


def _is_run(folder: Path, store_of: Callable[[Path], EvidenceStore]) -> bool:
    try:
        return is_run(folder, store_of(folder))
    except CannotStart:
        return True


def _look_at(
    folder: Path, store: EvidenceStore, ledger: Path | str, last: dict[str, Entry], moment: datetime
) -> OldRun | LeftAlone | None:
    """What there is to do about a folder; None for nothing."""
    files = store.list()
    others = [path for path in (folder / LOG_FILE, folder / REPORT_FILE) if path.is_file()]
    purged = last.get(Event.PURGED)
    if purged is not None:
        others = [path for path in others if path.name != REPORT_FILE]
    if not files and not others:
        return None
    heard = _moment_of(last)
    if not last and not files:  # a run that could not begin
        return None
    if not last:
        return LeftAlone(folder=folder, why="the ledger knows no such run")
    if heard is None:
        return LeftAlone(folder=folder, why="its trail was changed (countermand verify)")
    if heard >= moment:
        return None
    if Event.RESULTS_WRITTEN not in last and heard >= datetime.now(UTC) - SILENT:
        return LeftAlone(folder=folder, why="it is still running, or was cut off less than a day ago")
    size = sum(files.values()) + sum(path.stat().st_size for path in others if path.name == LOG_FILE)
    return OldRun(folder=folder, store=store, ledger=ledger, last_heard=heard, files=len(files), size=size)


def _moment_of(last: dict[str, Entry]) -> datetime | None:
    """When the run's last event happened, not counting a purge; None if that cannot be read."""
    entries = [entry for kind, entry in last.items() if kind != Event.PURGED]
    try:
        heard = datetime.fromisoformat(max(entries, key=lambda entry: entry.number).told["at"])
    except (ValueError, KeyError, TypeError):
        return None
    return heard if heard.tzinfo else None


def _take_back_unfinished(folder: Path, ledger: Ledger) -> None:
    """Cut the line off the folder's trail that a killed process left, and whose event the ledger took back.

    The trail continues where the ledger ends, so the line would be where the next event belongs.
    """
    entries = ledger.trail.entries(folder.name)
    path = folder / TRAIL_FILE
    lines = path.read_bytes().splitlines(keepends=True)
    if len(lines) != len(entries) + 1:
        return
    try:
        line = lines[-1].decode().removesuffix("\n")
        told = json.loads(line)["hash"]
        happened = line.split('"event": ', 1)[1].removesuffix("}")
    except (ValueError, KeyError, TypeError, IndexError):
        return  # not what a killed process leaves: verify names it
    if told == next_hash(entries[-1].hash, happened):
        with path.open("r+b") as file:
            file.truncate(sum(map(len, lines[:-1])))


def _renew(run: OldRun, ledger: Ledger) -> None:
    report = run.folder / REPORT_FILE
    if not report.is_file():
        return
    try:
        renew_report(run.folder, ledger, run.store)
    except CannotStart:  # what it is made from is gone
        report.unlink(missing_ok=True)
