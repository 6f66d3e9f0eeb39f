"""What a run leaves to be read in its folder: the files with its results, and its report."""

from collections.abc import Iterator
from pathlib import Path

from bot.errors import CountermandError, EvidenceNotWritten, LedgerTrouble, RunStopped
from bot.evidence.store import EvidenceStore
from bot.ledger import Event, Ledger
from bot.reports.report import write_report
from bot.reports.results import hashes_of_results, write_results
from bot.reports.status import looked_again
from bot.runner import RunEnd


def write_run_files(
    folder: Path, store: EvidenceStore, end: RunEnd, ledger: Ledger, *, is_told: bool = False
) -> Iterator[CountermandError]:
    """Write what a run leaves to be read, and give what went wrong with that: the rest is written all the same.

    With ``is_told`` the trail has their hashes already: they are written again, the same.
    """
    try:
        write_results(folder, end.info, end.results)
        if not is_told:
            ledger.trail.note(Event.RESULTS_WRITTEN, files=hashes_of_results(folder))
    except (RunStopped, LedgerTrouble, EvidenceNotWritten) as failure:
        yield failure
    try:
        # A demo's practice Admin is gone with it: nobody can look at its orders again.
        canceled = () if end.info.command == "demo" else ledger.intents.of_run(end.info.run_id)
        write_report(folder, end.info, end.results, store, looked_again(canceled))
    except (RunStopped, LedgerTrouble) as failure:
        yield failure
