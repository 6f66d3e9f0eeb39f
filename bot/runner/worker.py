"""Work on one order until it has a result: begun again where that is safe, and kept whatever happens.

It knows nothing of screens: what is done to an order is the ``work`` that it is given.
"""

import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from loguru import logger

from bot.admin import Admin
from bot.admin.recorder import NoRecorder
from bot.cancel.verdicts import LOOK_IN_SELLER_CENTRAL, Verdict
from bot.errors import AdminBusy, CountermandError, OrderTrouble, Refused, RunStopped, Technical
from bot.evidence.recorder import Recorder
from bot.joblist import Job
from bot.ledger import Ledger
from bot.outcomes import OrderResult, Outcome
from bot.secrecy import Clean
from bot.wording import cut

RENEW_AFTER = 100
"""After so many orders the Admin is begun anew in a fresh page, because a page that stays open grows."""

RESTS = 5
"""So often a worker rests and begins an order again when the Admin turns it away."""

FIRST_REST, LONGEST_REST = 5.0, 60.0
"""Seconds that the first rest takes; each one after it takes twice as long, up to the longest."""

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
"""Seconds before something that failed for a technical reason is tried again; twice as long each time, up to the
longest."""


def pause_after(attempt: int) -> float:
    """Seconds to wait after this number of failed attempts."""
    return float(min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (attempt - 1)))


Work = Callable[[Admin, Job], Verdict]


class Book:
    """The results of a run's orders as they come: in the ledger, in the log, told to the person who waits.

    Args:
        ledger: where each is recorded.
        tell: told of each.
        clean: takes secrets out of what is kept and told.
    """

    def __init__(self, ledger: Ledger, tell: Callable[[OrderResult], None], clean: Clean = lambda text: text) -> None:
        self._ledger = ledger
        self._tell = tell
        self.clean = clean
        self.results: dict[str, OrderResult] = {}
        """What became of each order so far, by its number."""

    def keep(self, result: OrderResult) -> OrderResult:
        """Keep a result, without the secrets that its words may hold."""
        told = {"message": self.clean(result.message), "next_step": self.clean(result.next_step)}
        result = result.model_copy(update=told)
        logger.bind(order=result.order, outcome=result.outcome).info("{}", result.message)
        try:
            self._ledger.runs.finish_order(result)
        except CountermandError as trouble:
            # The result stands in the run's folder all the same, and an open intent stays open.
            logger.error("the result of order {} is not in the ledger: {}", result.order, trouble)
        self.note(result)
        return result

    def note(self, result: OrderResult) -> None:
        """Take over a result that is kept already."""
        self.results[result.order] = result
        self._tell(result)

    def skip(self, jobs: Iterable[Job], why: str) -> None:
        """Give every order that has no result yet this one."""
        for job in jobs:
            if job.order not in self.results:
                self.keep(result_of(job, skipped(why)))


@dataclass(frozen=True, kw_only=True)
class Done:
    """What there is to know of an order that a worker has done."""

    result: OrderResult
    pressed: bool
    """Whether Confirm was pressed for it."""
    answer_seconds: float | None = None
    """How long the Admin took to answer, in the middle; None if nothing was measured."""
    turned_away: bool = False
    """Whether the Admin asked to be left alone for a while."""


class Worker:
    """Works on the orders that it is given, one at a time, in one browser.

    Args:
        work: what is done to one order.
        ledger: records every order before and after.
        recorder: keeps the evidence.
        book: keeps the results.
        attempts: how many times an order is begun.
        claim_seconds: how long an order stays this worker's without a sign of life.
        rest: waits so many seconds, less if a person asks to stop.
        pause: seconds of rest after an order whose Confirm was pressed.
    """

    def __init__(
        self,
        *,
        work: Work,
        ledger: Ledger,
        recorder: Recorder | NoRecorder,
        book: Book,
        attempts: int,
        claim_seconds: float = 300,
        rest: Callable[[float], None] = lambda seconds: None,
        pause: float = 0,
    ) -> None:
        self._work = work
        self._ledger = ledger
        self._recorder = recorder
        self._book = book
        self._attempts = attempts
        self._claim_seconds = claim_seconds
        self._rest = rest
        self._pause = pause
        self._worked = 0
        self._turned_away = 0  # how often in a row
        self._response_seconds: list[float] = []  # of every page opened for the order in hand
        self._astray = False  # whether the page may be anywhere, because what was last done on it failed

    def do(self, admin: Admin, job: Job, begins: Callable[[], None]) -> Done | None:
        """Take the order, work on it and give it back; None while another run works on it.

        ``begins`` is called once the order is taken.

        Raises:
            RunStopped, KeyboardInterrupt: the run cannot go on; the order has its result all the same.
        """
        try:
            if not self._ledger.claims.take(admin.name, job.order, self._claim_seconds):
                return None
        except CountermandError as trouble:
            return Done(result=self._book.keep(result_of(job, _refused(trouble))), pressed=False)
        self._worked += 1
        self._turned_away = 0
        self._response_seconds.clear()
        begins()
        self._recorder.begin(job.order)
        try:
            with logger.contextualize(order=job.order):
                result = self._until_it_has_a_result(admin, job)
        finally:
            self._give_back(admin, job)
        if admin.attempt.pressed and self._pause:
            self._rest(self._pause)
        return Done(
            result=result,
            pressed=admin.attempt.pressed,
            answer_seconds=statistics.median(self._response_seconds) if self._response_seconds else None,
            turned_away=self._turned_away > 0,
        )

    def _give_back(self, admin: Admin, job: Job) -> None:
        try:
            self._ledger.claims.release(admin.name, job.order)
        except CountermandError as trouble:
            logger.warning("order {} stays claimed for {:g} s: {}", job.order, self._claim_seconds, trouble)

    def _until_it_has_a_result(self, admin: Admin, job: Job) -> OrderResult:
        """Work on one order until it has a result. The result is kept, whatever happens."""
        begun = time.monotonic()
        attempt = 1

        def keep(verdict: Verdict) -> OrderResult:
            return self._book.keep(
                result_of(
                    job,
                    verdict,
                    attempts=attempt,
                    seconds=round(time.monotonic() - begun, 3),
                    evidence=tuple(self._recorder.evidence),
                )
            )

        while True:
            admin.begin_attempt(job.order)
            try:
                if self._astray or self._worked % RENEW_AFTER == 0:
                    admin.begin_again()
                    self._astray = False
                verdict = self._work(admin, job)
            except (RunStopped, KeyboardInterrupt) as stop:
                why = str(stop) if isinstance(stop, RunStopped) else "Interrupted."
                keep(pressed_and_lost(why) if admin.attempt.pressed else skipped(why))
                raise
            except CountermandError as trouble:
                if not isinstance(trouble, Refused):
                    self._astray = True
                    logger.warning("order {}, attempt {}: {}", job.order, attempt, trouble)
                if admin.attempt.pressed:
                    return keep(pressed_and_lost(str(trouble)))
                if isinstance(trouble, AdminBusy) and self._turned_away < RESTS:
                    self._rest_from(trouble, admin)
                    continue
                if not isinstance(trouble, Technical) or attempt >= self._attempts:
                    return keep(_refused(trouble))
                self._rest(pause_after(attempt))
                attempt += 1
            except Exception as defect:
                why = unforeseen(defect, self._book.clean)
                keep(pressed_and_lost(why) if admin.attempt.pressed else _refused(Technical(reason=why)))
                raise
            else:
                return keep(verdict)
            finally:
                self._response_seconds += admin.attempt.response_seconds

    def _rest_from(self, trouble: AdminBusy, admin: Admin) -> None:
        """Leave the Admin alone, longer each time."""
        # HTTP 503 of the app alone may be maintenance, which opening the Admin anew shows at once.
        if self._turned_away or trouble.facts["status"] != 503:
            seconds = min(LONGEST_REST, FIRST_REST * 2**self._turned_away)
            admin.say(f"{trouble} Resting for {seconds:g} s.")
            self._rest(seconds)
        self._turned_away += 1


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


def unforeseen(defect: Exception, clean: Clean) -> str:
    """What is said of a failure that nobody foresaw."""
    # Only the first line: a browser's error goes on with what was typed. Cleaned before, as a secret may have two.
    what = ": ".join([type(defect).__name__, *clean(str(defect)).splitlines()[:1]])
    return f"Countermand itself failed ({what}). Please report this, with log.jsonl."


def _refused(trouble: CountermandError) -> Verdict:
    outcome = trouble.outcome if isinstance(trouble, OrderTrouble) else Outcome.FAILED
    return Verdict(outcome=outcome, message=str(trouble), next_step=trouble.next_step)


def skipped(why: str) -> Verdict:
    """What is said of an order that the run did not come to, or left before Confirm."""
    return Verdict(
        outcome=Outcome.SKIPPED,
        message=f"Nothing was pressed: the run stopped. {why}".strip(),
        next_step="Run the list again: what is done is recognised as already canceled.",
    )


def failed(why: str) -> Verdict:
    """What is said of an order for which nothing was pressed, and which is not begun again in this run."""
    return _refused(Technical(reason=why))


WORKED_ON_ELSEWHERE = Verdict(
    outcome=Outcome.SKIPPED,
    message="Another run is working on this order; this one left it alone.",
    next_step="Run the list again when the other run is over.",
)


def pressed_and_lost(why: str) -> Verdict:
    """What is said of an order whose Confirm may have been pressed, when what came of it was not seen."""
    return Verdict(
        outcome=Outcome.UNKNOWN,
        message=f"Confirm may have been pressed, and then: {why}",
        next_step=LOOK_IN_SELLER_CENTRAL,
    )
