"""Work on one order until it has a result: tried again where that is safe, and recorded in every case.

It knows nothing of screens: what is done to an order is the ``work`` that it is given.
"""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

from loguru import logger

from bot.admin import Admin
from bot.admin.recorder import NoRecorder
from bot.cancel.verdicts import Verdict
from bot.errors import (
    AdminBusy,
    ClaimLost,
    CountermandError,
    EvidenceNotWritten,
    IntentExpired,
    LedgerTrouble,
    QueuedRunStopped,
    Refused,
    RunStopped,
    Technical,
)
from bot.evidence.recorder import Recorder
from bot.joblist import Job
from bot.ledger import Ledger
from bot.outcomes import OrderResult
from bot.runner.results import RunResults, failed, pressed_and_lost, refused, result_of, skipped, unforeseen

RENEW_AFTER = 100
"""After this many orders the Admin is opened again in a fresh page, because a page that stays open grows."""

BACKOFFS = 5
"""How many times a worker waits and tries an order again when the Admin rejects its requests."""

FIRST_BACKOFF, LONGEST_BACKOFF = 5.0, 60.0
"""Seconds that it waits the first time; each time after that twice as long, up to the longest."""

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
"""Seconds before something that failed for a technical reason is tried again; twice as long each time, up to the
longest."""


def pause_after(attempt: int) -> float:
    """Seconds to wait after this number of failed attempts."""
    return float(min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (attempt - 1)))


Work = Callable[[Admin, Job], Verdict]


@dataclass(frozen=True, kw_only=True)
class OrderDone:
    """What the run needs to know of an order that a worker has done."""

    result: OrderResult
    pressed: bool
    """Whether Confirm was pressed for it."""
    answer_seconds: float | None = None
    """Median time that the Admin took to answer; None if nothing was measured."""
    turned_away: bool = False
    """Whether the Admin asked to be left alone for a while."""


@dataclass(frozen=True, kw_only=True)
class WorkerOptions:
    """How patiently a worker works."""

    attempts: int = 1
    """How many times an order is tried."""
    claim_seconds: float = 300
    """How long an order stays this worker's without a sign of life."""
    pause: float = 0
    """Seconds to wait after an order whose Confirm was pressed."""
    wait: Callable[[float], None] = lambda seconds: None
    """Waits this many seconds, less if a person asks to stop."""
    hands_back: bool = False
    """Whether an order that this worker cannot finish before Confirm gets no result, because another one gets it."""


class Worker:
    """Works on the orders that it is given, one at a time, in one browser.

    Args:
        work: what is done to one order.
        ledger: records every order before and after.
        recorder: keeps the evidence.
        results: records the results.
        options: how patiently it works.
    """

    def __init__(
        self,
        *,
        work: Work,
        ledger: Ledger,
        recorder: Recorder | NoRecorder,
        results: RunResults,
        options: WorkerOptions = WorkerOptions(),
    ) -> None:
        self._work = work
        self._ledger = ledger
        self._recorder = recorder
        self._results = results
        self._options = options
        self._worked = 0
        self._turned_away = 0  # how often in a row
        self._response_seconds: list[float] = []  # of every page opened for the order in progress
        self._needs_fresh_page = False  # because what was last done on the page failed, and it may be anywhere

    def do(self, admin: Admin, job: Job, begins: Callable[[], None]) -> OrderDone | None:
        """Take the order, work on it and give it back; None while another run works on it.

        ``begins`` is called once the order is taken.

        Raises:
            NotYet, QueuedRunStopped: no order of the run may begin now, or any more; nothing was taken.
            RunStopped, KeyboardInterrupt: the run cannot go on; the order has its result all the same, unless it is
                handed back.
            LedgerTrouble, IntentExpired, EvidenceNotWritten: only where orders are handed back: nothing was pressed.
            ClaimLost: likewise; another worker has the order.
        """
        try:
            if not self._ledger.claims.take(admin.name, job.order, self._options.claim_seconds):
                return None
        except QueuedRunStopped:
            raise
        except CountermandError as trouble:
            if self._hands_back(trouble) or (self._options.hands_back and isinstance(trouble, EvidenceNotWritten)):
                raise
            return OrderDone(result=self._results.record(result_of(job, refused(trouble))), pressed=False)
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
        if admin.attempt.pressed and self._options.pause:
            self._options.wait(self._options.pause)
        return OrderDone(
            result=result,
            pressed=admin.attempt.pressed,
            answer_seconds=statistics.median(self._response_seconds) if self._response_seconds else None,
            turned_away=self._turned_away > 0,
        )

    def _hands_back(self, trouble: CountermandError) -> bool:
        """Whether another worker, or this one later, can do better with the order than give it a result now."""
        return self._options.hands_back and isinstance(trouble, RunStopped | LedgerTrouble | ClaimLost | IntentExpired)

    def _give_back(self, admin: Admin, job: Job) -> None:
        try:
            self._ledger.claims.release(admin.name, job.order)
        except CountermandError as trouble:
            level = "INFO" if self._options.hands_back else "WARNING"
            logger.log(level, "order {} stays claimed for {:g} s: {}", job.order, self._options.claim_seconds, trouble)

    def _until_it_has_a_result(self, admin: Admin, job: Job) -> OrderResult:
        """Work on one order until it has a result. The result is recorded in every case."""
        begun = time.monotonic()
        attempt = 1

        def record(verdict: Verdict) -> OrderResult:
            return self._results.record(
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
                if self._needs_fresh_page or self._worked % RENEW_AFTER == 0:
                    admin.begin_again()
                    self._needs_fresh_page = False
                verdict = self._work(admin, job)
            except (RunStopped, KeyboardInterrupt) as stop:
                why = str(stop) if isinstance(stop, RunStopped) else "Interrupted."
                if admin.attempt.pressed:
                    record(pressed_and_lost(why))
                elif not self._options.hands_back:
                    record(skipped(why))
                raise
            except CountermandError as trouble:
                if self._hands_back(trouble) and not admin.attempt.pressed:
                    raise
                if not isinstance(trouble, Refused):
                    self._needs_fresh_page = True
                    logger.warning("order {}, attempt {}: {}", job.order, attempt, trouble)
                if admin.attempt.pressed:
                    return record(pressed_and_lost(str(trouble)))
                if isinstance(trouble, AdminBusy) and self._turned_away < BACKOFFS:
                    self._back_off(trouble, admin)
                    continue
                if not isinstance(trouble, Technical) or attempt >= self._options.attempts:
                    if self._options.hands_back and isinstance(trouble, EvidenceNotWritten):
                        raise  # this machine's disk is full, or it does not reach the store: another one may
                    return record(refused(trouble))
                self._options.wait(pause_after(attempt))
                attempt += 1
            except Exception as defect:
                why = unforeseen(defect, self._results.clean)
                record(pressed_and_lost(why) if admin.attempt.pressed else failed(why))
                raise
            else:
                return record(verdict)
            finally:
                self._response_seconds += admin.attempt.response_seconds

    def _back_off(self, trouble: AdminBusy, admin: Admin) -> None:
        """Leave the Admin alone, longer each time."""
        # HTTP 503 of the app alone may be maintenance, which opening the Admin again shows at once.
        if self._turned_away or trouble.facts["status"] != 503:
            seconds = min(LONGEST_BACKOFF, FIRST_BACKOFF * 2**self._turned_away)
            admin.say(f"{trouble} Waiting {seconds:g} s.")
            self._options.wait(seconds)
        self._turned_away += 1
