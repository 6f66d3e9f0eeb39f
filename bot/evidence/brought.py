"""The folder of a run that another machine wrote, made here from the ledger and the evidence store."""

from pathlib import Path

from bot.evidence.run_folder import open_run_folder
from bot.ledger import Ledger
from bot.ledger.trail import TRAIL_FILE
from bot.reports.results import write_results


def bring_here(run_id: str, runs_dir: Path, ledger: Ledger) -> Path | None:
    """Write the trail and the results of a run into a folder here; None if the ledger knows no such run that is over.

    Raises:
        CannotStart, RunStopped: it cannot be written.
        LedgerTrouble: the ledger cannot be read.
    """
    info = ledger.runs.find(run_id)
    if info is None or info.finished_at is None:
        return None
    folder = open_run_folder(runs_dir, run_id)
    trail = "".join(f"{entry.in_folder}\n" for entry in ledger.trail.entries(run_id))
    (folder / TRAIL_FILE).write_bytes(trail.encode())
    write_results(folder, info, ledger.runs.results(run_id))
    return folder
