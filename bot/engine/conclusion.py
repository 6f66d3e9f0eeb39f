"""The end of a queued run: its results and its report, once the last of its stints has ended."""

from datetime import UTC, datetime
from pathlib import Path

from loguru import logger

from bot.errors import CountermandError
from bot.evidence.places import store_at
from bot.evidence.run_folder import open_run_folder
from bot.evidence.store import EvidenceStore
from bot.ledger import Event, Ledger, QueuedRun
from bot.reports.report import REPORT_FILE
from bot.runner import RunEnd
from bot.runner.results import RunResults
from bot.runner.run_files import write_run_files
from bot.secrecy import Clean
from bot.settings import LocalSettings

LEFT = "A part of it could not be worked: see countermand queue."
"""Why orders have no result, if nobody stopped the run."""


def conclude(
    places: LocalSettings, run: QueuedRun, *, clean: Clean = lambda text: text
) -> tuple[RunEnd, list[CountermandError]]:
    """Write how a run ended into the ledger and its folder; gives what could not be written there.

    Done again after a crash, it does what is missing: what the ledger says of the end is written once.

    Raises:
        ClaimLost: a worker that was thought to be gone works on an order of the run.
        CannotStart: the run's folder cannot be written, or its evidence is in a place that is not known here.
    """
    with Ledger.open(places.ledger_place) as ledger:
        folder = open_run_folder(places.runs_dir, run.info.run_id)
        store = store_at(folder, run.info.evidence, places.evidence)
        ledger.runs.go_on_as(run.info.run_id)
        ledger.limits.count_for(run.info.run_id)  # so that the first result of an order stays, and none comes between
        ledger.trail.copy_to(folder, whole=True)
        return _conclude(ledger, folder, store, run, clean)


def _conclude(
    ledger: Ledger, folder: Path, store: EvidenceStore, run: QueuedRun, clean: Clean
) -> tuple[RunEnd, list[CountermandError]]:
    run_id = run.info.run_id
    _remove_unfinished(ledger, run_id, store)
    recorded = RunResults(ledger, lambda result: None, clean)
    recorded.skip_rest(ledger.queue.orders_without_result(run_id), run.stopped or LEFT)
    results = tuple(ledger.runs.results(run_id))
    info = ledger.runs.find(run_id) or run.info
    if info.finished_at is None:
        worked = ledger.queue.worked(run_id)
        known = {
            "account": ", ".join(worked.accounts) or info.account,
            "workers": max(1, len(worked.workers)),
            "pack": ", ".join(worked.packs) or info.pack,
        }
        info = info.model_copy(update=known).finished(datetime.now(UTC), clean(run.stopped), worked.blocked)
        ledger.runs.finish(info)
    status = 0 if all(result.outcome.is_success for result in results) else 1
    end = RunEnd(info=info, results=results, exit_status=3 if info.stopped_early else status)
    is_told = Event.RESULTS_WRITTEN in ledger.trail.last_of_each_kind(run_id)
    if is_told and (folder / REPORT_FILE).is_file():
        return end, []
    return end, list(write_run_files(folder, store, end, ledger, is_told=is_told))


def _remove_unfinished(ledger: Ledger, run_id: str, store: EvidenceStore) -> None:
    """Remove what a worker was writing as evidence when it died, or lost the ledger: the trail does not know of it."""
    told = {entry.told.get("file") for entry in ledger.trail.of_kind(run_id, Event.PICTURE)}
    try:
        for file in store.list():
            if file not in told:
                store.remove(file)
    except OSError as trouble:  # the report says so, too
        logger.warning("what a worker was writing when it died may still be in {}: {}", store, trouble)
