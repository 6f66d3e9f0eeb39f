"""The run that a worker pool works for: what both share, and what the ledger says of orders whose worker is gone."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from loguru import logger

from bot.evidence.store import EVIDENCE, EvidenceStore
from bot.joblist import Job
from bot.ledger import Ledger
from bot.outcomes import OrderResult
from bot.runner.results import RunResults, failed, result_of, skipped, verdict_of_press
from bot.runner.stints.run_queue import RunQueue


@dataclass(frozen=True, kw_only=True)
class PoolRun:
    """The run that a pool works for."""

    ledger: Ledger
    """Knows what a worker that died had done."""
    folder: Path
    """The run's folder, which has the run's name."""
    store: EvidenceStore
    """Has its evidence."""
    queue: RunQueue
    """Its stints wait there for its workers."""
    log: Callable[[str], None]
    """Writes a line to the run's log."""
    stopping: Callable[[], bool]
    """Whether a person asked to stop."""
    blocked: dict[str, int]
    """Counts the requests of all browsers that were blocked, by host."""

    @property
    def run_id(self) -> str:
        """The run, as the ledger knows it."""
        return self.folder.name

    def result(self, order: str) -> OrderResult | None:
        """The result that an order of this run has in the ledger."""
        return self.ledger.runs.result(self.run_id, order)

    @contextmanager
    def counting(self) -> Iterator[None]:
        """While the block runs, what is recorded counts for the limits of the run, as what its workers record does."""
        self.ledger.limits.count_for(self.run_id)
        try:
            yield
        finally:
            self.ledger.limits.count_for("")

    def conclude(self, job: Job, results: RunResults, why: str, *, again: bool = False) -> None:
        """Give an order whose worker is gone the result that the ledger allows.

        ``again`` says that the order was tried again already, so it failed; it is skipped in all other cases.
        """
        known = self.result(job.order)
        if known is not None:
            results.take_over(known)
            return
        pressed = verdict_of_press(self.ledger.intents.latest_of_run(self.run_id, job.order), why)
        results.record(result_of(job, pressed or (failed(why) if again else skipped(why))))

    def remove_unfinished_evidence(self, order: str) -> None:
        """Remove what a worker was writing as evidence when it ended: the trail does not know of it."""
        told = {entry.told.get("file") for entry in self.ledger.trail.of_order(self.run_id, order)}
        try:
            for file in self.store.list(f"{EVIDENCE}/{order}"):
                if file not in told:
                    logger.info("removed {}, which a worker was writing when it died", file)
                    self.store.remove(file)
        except OSError as trouble:  # the next picture fails too if that does not change
            logger.warning("what a worker was writing when it died may still be in {}: {}", self.store, trouble)
