"""The report of an earlier run, written again with what is known now."""

from datetime import datetime
from pathlib import Path

from bot.ledger import Ledger
from bot.reports.report import write_report
from bot.reports.results import read_run
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
