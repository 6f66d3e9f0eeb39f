"""``countermand purge``: removes the evidence of old runs and keeps what became of their orders.

What goes: the pictures and the words of pages (``evidence/``), ``log.jsonl``, in which the words of a page can stand
after a failure, and the pictures inside ``report.html``, which is written anew without them.

What stays: ``run.json``, ``results.json``, ``results.csv``, ``junit.xml``, ``trail.jsonl`` and the ledger. Buyers' data
stands there where a job list held it (``expect``, ``note``) or the Admin's own answer to Confirm did: the hashes of the
trail depend on it.

The trail gets an event that says so before anything is removed, so that ``countermand verify`` does not miss what is
gone. The report is replaced before the evidence is removed, so that a purge that was cut off can be seen by what is
left of it, and be run again.
"""

import getpass
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.errors import CannotStart, EvidenceNotWritten, RunStopped
from bot.ledger import Entry, Event, Ledger
from bot.ledger.trail import TRAIL_FILE, next_hash
from bot.reports.renewal import renew_report
from bot.reports.report import REPORT_FILE
from bot.reports.results import RUN_FILE

EVIDENCE = "evidence"
LOG_FILE = "log.jsonl"

SILENT = timedelta(days=1)
"""A run without an end of which nothing was heard for so long was cut off. The longest waits of a run are minutes."""


@dataclass(frozen=True, kw_only=True)
class OldRun:
    """A run whose evidence is old enough to be removed."""

    folder: Path
    ledger: Path | str
    """Where the ledger is that it was recorded in."""
    last_heard: datetime
    """When its last event was."""
    files: int
    """Files of evidence that are there."""
    size: int
    """All that is to be removed, in bytes; what the report shrinks by is not counted."""


@dataclass(frozen=True, kw_only=True)
class LeftAlone:
    """A folder that has evidence and is not touched, and why."""

    folder: Path
    why: str


def runs_before(moment: datetime, runs_dir: Path, place: Path | str) -> Iterator[OldRun | LeftAlone]:
    """Every run that has something to purge and was over before that ``moment``, the oldest first; and what is left.

    Needs the folder of the runs, and the place of their ledger; a demo has one of its own.

    Raises:
        LedgerTrouble: a ledger cannot be read.
    """
    folders = sorted(path for path in runs_dir.glob("*") if path.is_dir() and _is_run(path))
    there_is_one = isinstance(place, str) or place.is_file()
    shared = Ledger.open(place) if folders and there_is_one else Ledger.in_memory()
    with shared:
        for folder in folders:
            own = folder / "ledger.sqlite"
            last, where = shared.trail.last_of_each_kind(folder.name), place
            if not last and own.is_file():
                with Ledger.open(own) as ledger:
                    last, where = ledger.trail.last_of_each_kind(folder.name), own
            found = _look_at(folder, where, last, moment)
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
                ledger.trail.note_purge(files=run.files, older_than=older_than, by=getpass.getuser())
            except EvidenceNotWritten as trouble:
                reason = f"{run.folder / TRAIL_FILE} could not be written: {trouble.facts['reason']}."
                raise RunStopped(reason=reason) from trouble
        _renew(run.folder, ledger)
    for path in (run.folder / EVIDENCE, run.folder / LOG_FILE):
        try:
            _remove(path)
        except OSError as error:
            raise RunStopped(reason=f"{path} could not be removed: {error.strerror or error}.") from error


def _is_run(folder: Path) -> bool:
    return any((folder / name).exists() for name in (EVIDENCE, TRAIL_FILE, RUN_FILE))


def _look_at(folder: Path, ledger: Path | str, last: dict[str, Entry], moment: datetime) -> OldRun | LeftAlone | None:
    """What there is to do about a folder; None for nothing."""
    files = [path for path in (folder / EVIDENCE).rglob("*") if path.is_file()]
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
        return LeftAlone(folder=folder, why="it goes on, or was cut off less than a day ago")
    removed = [*files, *(path for path in others if path.name == LOG_FILE)]
    size = sum(path.stat().st_size for path in removed)
    return OldRun(folder=folder, ledger=ledger, last_heard=heard, files=len(files), size=size)


def _moment_of(last: dict[str, Entry]) -> datetime | None:
    """When the last event was that tells of the run itself; None if that cannot be read."""
    entries = [entry for kind, entry in last.items() if kind != Event.PURGED]
    try:
        heard = datetime.fromisoformat(max(entries, key=lambda entry: entry.number).told["at"])
    except (ValueError, KeyError, TypeError):
        return None
    return heard if heard.tzinfo else None


def _take_back_unfinished(folder: Path, ledger: Ledger) -> None:
    """Take the line off the end of the folder's trail that a killed process left, and whose event the ledger took back.

    The trail goes on where the ledger ends, so the line would stand where the next event belongs.
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


def _renew(folder: Path, ledger: Ledger) -> None:
    report = folder / REPORT_FILE
    if not report.is_file():
        return
    try:
        renew_report(folder, ledger)
    except CannotStart:  # nothing is left that it could be written from
        _remove(report)


def _remove(path: Path) -> None:
    """Remove a file, or a folder with all that is in it; of a link the link alone."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
