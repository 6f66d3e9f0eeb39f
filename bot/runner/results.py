"""The results of a run's orders: how they are recorded as they come, and what is said of an order that went wrong."""

from collections.abc import Callable, Iterable

from loguru import logger

from bot.cancel.verdicts import FINISH_IN_SELLER_CENTRAL, LOOK_IN_SELLER_CENTRAL, TOLD_LATER, Verdict
from bot.errors import ClaimLost, CountermandError, LedgerTrouble, OrderTrouble, Technical
from bot.joblist import Job
from bot.ledger import Intent, Ledger
from bot.outcomes import OrderResult, Outcome
from bot.secrecy import Clean
from bot.wording import cut


class RunResults:
    """Records the results of a run's orders as they come: in the ledger, in the log, on the display.

    Args:
        ledger: where each is recorded.
        tell: told of each.
        clean: takes secrets out of what is recorded and told.
    """

    def __init__(self, ledger: Ledger, tell: Callable[[OrderResult], None], clean: Clean = lambda text: text) -> None:
        self._ledger = ledger
        self._tell = tell
        self.clean = clean
        self.by_order: dict[str, OrderResult] = {}
        """What became of each order so far, by its number."""

    def record(self, result: OrderResult) -> OrderResult:
        """Record a result, without the secrets that its words may hold; gives the one that counts.

        Raises:
            ClaimLost: in a queued run another worker has the order now.
        """
        told = {"message": self.clean(result.message), "next_step": self.clean(result.next_step)}
        result = result.model_copy(update=told)
        logger.bind(order=result.order, outcome=result.outcome).info("{}", result.message)
        try:
            result = self._ledger.runs.finish_order(result)
        except ClaimLost:
            raise
        except CountermandError as trouble:
            # The result is still written to the run's folder, and an open intent stays open.
            logger.error("the result of order {} is not in the ledger: {}", result.order, trouble)
        self.take_over(result)
        return result

    def take_over(self, result: OrderResult) -> None:
        """Take over a result that the ledger already has."""
        self.by_order[result.order] = result
        self._tell(result)

    def skip_rest(self, jobs: Iterable[Job], why: str) -> None:
        """Record every order that has no result yet as skipped, unless the ledger knows better.

        A second Ctrl-C may have come after an order was pressed, or proved, and before its result was recorded.
        """
        left = [job for job in jobs if job.order not in self.by_order]
        known, pressed = self._known() if left else ({}, {})
        for job in left:
            if job.order in known:
                self.take_over(known[job.order])
            else:
                verdict = verdict_of_press(pressed.get(job.order), why) or skipped(why)
                self.record(result_of(job, verdict))

    def _known(self) -> tuple[dict[str, OrderResult], dict[str, Intent]]:
        """The results and the intents of this run, by order; nothing if the ledger cannot be asked."""
        run_id = self._ledger.runs.current
        try:
            results = {result.order: result for result in self._ledger.runs.results(run_id)}
            return results, {intent.order: intent for intent in self._ledger.intents.of_run(run_id)}
        except LedgerTrouble as trouble:
            logger.error("what the ledger knows of the orders that were left could not be read: {}", trouble)
            return {}, {}


def result_of(
    job: Job, verdict: Verdict, *, attempts: int = 0, seconds: float = 0, evidence: tuple[str, ...] = ()
) -> OrderResult:
    """What became of an order, as results and reports have it."""
    return OrderResult(
        order=job.order,
        store=job.store,
        reason=job.reason,
        note=job.note,
        outcome=verdict.outcome,
        status_before=verdict.status_before,
        status_after=verdict.status_after,
        message=cut(verdict.message),
        next_step=cut(verdict.next_step),
        attempts=attempts,
        seconds=seconds,
        evidence=evidence,
    )


WORKED_ON_ELSEWHERE = Verdict(
    outcome=Outcome.SKIPPED,
    message="Another run is working on this order; this one left it alone.",
    next_step="Run the list again when the other run is over.",
)


def skipped(why: str) -> Verdict:
    """What is said of an order that the run did not come to, or left before Confirm."""
    return Verdict(
        outcome=Outcome.SKIPPED,
        message=f"Nothing was pressed: the run stopped. {why}".strip(),
        next_step="Run the list again: what is done is recognized as already canceled.",
    )


def refused(trouble: CountermandError) -> Verdict:
    """What is said of an order for which nothing was pressed, because of this trouble."""
    outcome = trouble.outcome if isinstance(trouble, OrderTrouble) else Outcome.FAILED
    return Verdict(outcome=outcome, message=str(trouble), next_step=trouble.next_step)


def failed(why: str) -> Verdict:
    """What is said of an order for which nothing was pressed, and which this run does not try again."""
    return refused(Technical(reason=why))


def pressed_and_lost(why: str) -> Verdict:
    """What is said of an order whose Confirm may have been pressed, when what came of it was not seen."""
    return Verdict(
        outcome=Outcome.UNKNOWN,
        message=f"Confirm may have been pressed, and then: {why}",
        next_step=LOOK_IN_SELLER_CENTRAL,
    )


NEVER_ARRIVED = "not-sent"
"""How an intent is settled when the order, looked at again, proved that its cancel never arrived."""


def verdict_of_press(intent: Intent | None, why: str) -> Verdict | None:
    """What must be said of an order that was left without a result, from the latest intent that its run wrote for it.

    Its worker died, or was stopped just then, and the ledger knows what it pressed. None if that run pressed nothing,
    and the caller may say so. ``why`` says what became of the worker.
    """
    if intent is None or intent.settled_as == NEVER_ARRIVED:
        return None
    if intent.outcome is None:
        return pressed_and_lost(why)
    if intent.outcome is Outcome.CANCELED:
        message = f"Canceled in the Admin, and proved; before the result was recorded: {why} {TOLD_LATER}"
        return Verdict(outcome=Outcome.CANCELED, message=message)
    not_sent = intent.outcome is Outcome.CANCELED_NOT_SENT
    return Verdict(
        outcome=intent.outcome,
        message=f"Confirm was pressed, and the order waits for a person; before more was recorded: {why}",
        next_step=FINISH_IN_SELLER_CENTRAL if not_sent else LOOK_IN_SELLER_CENTRAL,
    )


def unforeseen(defect: Exception, clean: Clean) -> str:
    """What is said of an unexpected failure."""
    # Only the first line: a browser's error goes on with what was typed. Cleaned before, as a secret may have two.
    what = ": ".join([type(defect).__name__, *clean(str(defect)).splitlines()[:1]])
    return f"Countermand itself failed ({what}). Please report this, with log.jsonl."
