"""The report of an earlier run, written again with what is known now."""

from datetime import datetime
from pathlib import Path

from bot.ledger import Event, Ledger
from bot.reports.report import write_report
from bot.reports.results import RESULTS_FILE, RUN_FILE, hashes_of_results, read_run
from bot.reports.shown_evidence import EvidenceSource
from bot.reports.status import looked_again


def renew_report(folder: Path, ledger: Ledger, source: EvidenceSource) -> Path:
    """Write the report of an earlier run again, with what is known now of the orders that it canceled.

    Without pictures, if they were purged.

    Raises:
        CannotStart: it is not the folder of a run, or a file in it is damaged.
        RunStopped: it cannot be written.
    """
    info, results = read_run(folder)
    purged_at = ledger.trail.purged_at(info.run_id)
    return write_report(
        folder,
        info,
        results,
        source,
        looked_again(ledger.intents.of_run(info.run_id)),
        datetime.fromisoformat(purged_at) if purged_at else None,
    )


def changed_files(folder: Path, ledger: Ledger) -> list[str]:
    """The files that the report is made of and that are not as the run wrote them, by what the ledger knows."""
    written: dict[str, str] = {}
    for entry in ledger.trail.of_kind(folder.resolve().name, Event.RESULTS_WRITTEN):
        written = entry.told.get("files", {})
    now = hashes_of_results(folder)
    return [name for name in (RUN_FILE, RESULTS_FILE) if name in written and now.get(name) != written[name]]
