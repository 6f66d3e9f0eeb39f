"""The runner: takes the orders of a list one by one, begins again what may be begun again, and keeps the results.

It knows nothing of screens: what is done to an order is the ``work`` that it is given.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime

from loguru import logger

from bot.admin import Admin
from bot.errors import (
    CannotStart,
    CountermandError,
    EvidenceNotWritten,
    Interrupted,
    OrderTrouble,
    Refused,
    RunStopped,
    Technical,
)
from bot.joblist import Job
from bot.ledger import Ledger
from bot.outcomes import OrderResult, Outcome, RunInfo
from bot.progress import Progress
from bot.recorder import Recorder
from bot.secrecy import Clean
from bot.verdicts import LOOK_IN_SELLER_CENTRAL, Verdict
from bot.wording import cut

RENEW_AFTER = 100
"""After so many orders the Admin is begun anew in a fresh page, because a page that stays open grows."""

Work = Callable[[Admin, Job], Verdict]


@dataclass(frozen=True, kw_only=True)
class RunEnd:
    """How a run ended."""

    info: RunInfo
    results: tuple[OrderResult, ...]
    exit_status: int


class Runner:
    """Works through a list.

    Args:
        work: what is done to one order.
        open_admin: gives the Admin, signed in; called once, when everything else is ready.
        ledger: records every order before and after.
        recorder: keeps the evidence.
        progress: tells the person who waits.
        attempts: how many times an order is begun.
        max_failures: the run stops after this many orders in a row that failed for technical reasons.
        max_failures_total: the same for all of them, in a row or not.
        max_cancellations: the run stops once so many orders were canceled, or may have been; None is no limit.
        claim_seconds: how long an order stays this run's without a sign of life.
        clean: takes secrets out of what is kept and told of a trouble.
        blocked: how many requests of the browser were blocked so far, by host.
    """

    def __init__(
        self,
        *,
        work: Work,
        open_admin: Callable[[], AbstractContextManager[Admin]],
        ledger: Ledger,
        recorder: Recorder,
        progress: Progress,
        attempts: int,
        max_failures: int,
        max_failures_total: int = 50,
        max_cancellations: int | None = None,
        claim_seconds: float = 300,
        clean: Clean = lambda text: text,
        blocked: Mapping[str, int] | None = None,
    ) -> None:
        self._blocked = {} if blocked is None else blocked
        self._clean = clean
        self._work = work
        self._open_admin = open_admin
        self._ledger = ledger
        self._recorder = recorder
        self._progress = progress
        self._attempts = attempts
        self._max_failures = max_failures
        self._max_failures_total = max_failures_total
        self._max_cancellations = max_cancellations
        self._claim_seconds = claim_seconds
        self._host = ""
        self._place = 0
        self._failures = 0
        self._failures_in_a_row = 0
        self._pressed = 0
        self._astray = False  # whether the page may be anywhere, because what was last done on it failed
        self._results: dict[str, OrderResult] = {}

    def run(self, info: RunInfo, jobs: Sequence[Job]) -> RunEnd:
        """Work through ``jobs``, store by store, and give every one of them a result.

        Raises:
            CannotStart: no browser, no ledger, or a run folder that cannot be written; nothing was opened.
        """
        self._host = info.admin
        try:
            self._ledger.runs.begin(info, jobs)
        except EvidenceNotWritten as trouble:
            refused = CannotStart(reason=str(trouble))
            refused.next_step = trouble.next_step
            raise refused from trouble
        self._progress.run_started(info, len(jobs))
        stopped = ""
        status = 0
        try:
            with self._open_admin() as admin:
                self._work_through(admin, by_store(jobs))
        except KeyboardInterrupt:
            stopped, status = str(Interrupted()), Interrupted.exit_status
        except RunStopped as stop:
            stopped, status = f"{stop} {stop.next_step}{self._pictures()}".strip(), stop.exit_status
        except OrderTrouble as trouble:  # before the first order: the Admin could not be entered
            stopped, status = f"The Admin could not be entered: {trouble}{self._pictures()}", RunStopped.exit_status
        except CannotStart as trouble:
            self._ledger.runs.finish(info.finished(datetime.now(UTC), self._clean(str(trouble))))
            raise
        except Exception as defect:  # what became of the orders must not be lost over it
            logger.opt(exception=defect).critical("{}", self._unforeseen(defect))
            stopped, status = self._unforeseen(defect), RunStopped.exit_status
        stopped = self._clean(stopped)
        for job in jobs:
            if job.order not in self._results:
                self._keep(_result(job, _skipped(stopped)))
        results = tuple(self._results[job.order] for job in jobs)
        if not status and not all(result.outcome.is_success for result in results):
            status = 1
        info = info.finished(datetime.now(UTC), stopped, self._blocked)
        try:
            self._ledger.runs.finish(info)
        except CountermandError as trouble:
            logger.error("the end of the run is not in the ledger: {}", trouble)
        return RunEnd(info=info, results=results, exit_status=status)

    def _pictures(self) -> str:
        """Where to look when the run ended before its first order, which would have pictures of its own."""
        pictures = () if self._results else self._recorder.evidence
        return f" What the page looked like: {pictures[-1]} in the run's folder." if pictures else ""

    def _work_through(self, admin: Admin, jobs: Sequence[Job]) -> None:
        """Work on all of them; those that another run has claimed come last, and only if it has given them back."""
        claimed_elsewhere: list[Job] = []
        for job in jobs:
            self._stop_at_the_limit()
            if not self._work_if_free(admin, job):
                claimed_elsewhere.append(job)
        for job in claimed_elsewhere:
            self._stop_at_the_limit()
            if not self._work_if_free(admin, job):
                self._keep(_result(job, _WORKED_ON_ELSEWHERE))

    def _work_if_free(self, admin: Admin, job: Job) -> bool:
        """Take the order, work on it and give it back; False while another run works on it."""
        try:
            if not self._ledger.claims.take(self._host, job.order, self._claim_seconds):
                return False
        except CountermandError as trouble:
            result = self._keep(_result(job, _refused(trouble)))
        else:
            self._place += 1
            self._progress.order_started(self._place, job.order, job.store)
            self._recorder.begin(job.order)
            try:
                with logger.contextualize(order=job.order):
                    result = self._work_on(admin, job)
            finally:
                self._give_back(job)
            self._pressed += admin.pressed
        self._stop_after_failures(result)
        return True

    def _stop_after_failures(self, result: OrderResult) -> None:
        failed = result.outcome is Outcome.FAILED
        self._failures_in_a_row = self._failures_in_a_row + 1 if failed else 0
        self._failures += failed
        if self._failures_in_a_row >= self._max_failures:
            raise RunStopped(reason=f"{self._failures_in_a_row} orders in a row failed; the last one: {result.message}")
        if self._failures >= self._max_failures_total:
            raise RunStopped(reason=f"{self._failures} orders failed; the last one: {result.message}")

    def _stop_at_the_limit(self) -> None:
        if self._max_cancellations is not None and self._pressed >= self._max_cancellations:
            raise RunStopped(reason=f"Confirm was pressed for {self._pressed} orders, and no more were allowed.")

    def _give_back(self, job: Job) -> None:
        try:
            self._ledger.claims.release(self._host, job.order)
        except CountermandError as trouble:
            logger.warning("order {} stays claimed for {:g} s: {}", job.order, self._claim_seconds, trouble)

    def _work_on(self, admin: Admin, job: Job) -> OrderResult:
        """Work on one order until it has a result. The result is kept, whatever happens."""
        begun = time.monotonic()
        attempt = 1

        def keep(verdict: Verdict) -> OrderResult:
            return self._keep(
                _result(
                    job,
                    verdict,
                    attempts=attempt,
                    seconds=round(time.monotonic() - begun, 3),
                    evidence=tuple(self._recorder.evidence),
                )
            )

        while True:
            admin.pressed = False
            admin.order = job.order
            try:
                if self._astray or self._place % RENEW_AFTER == 0:
                    admin.begin_again()
                    self._astray = False
                verdict = self._work(admin, job)
            except (RunStopped, KeyboardInterrupt) as stop:
                why = str(stop) if isinstance(stop, RunStopped) else "Interrupted."
                keep(_pressed_and_lost(why) if admin.pressed else _skipped(why))
                raise
            except CountermandError as trouble:
                if not isinstance(trouble, Refused):
                    self._astray = True
                    logger.warning("order {}, attempt {}: {}", job.order, attempt, trouble)
                if admin.pressed:
                    return keep(_pressed_and_lost(str(trouble)))
                if not isinstance(trouble, Technical) or attempt >= self._attempts:
                    return keep(_refused(trouble))
                attempt += 1
            except Exception as defect:
                why = self._unforeseen(defect)
                keep(_pressed_and_lost(why) if admin.pressed else _refused(Technical(reason=why)))
                raise
            else:
                return keep(verdict)

    def _keep(self, result: OrderResult) -> OrderResult:
        told = {"message": self._clean(result.message), "next_step": self._clean(result.next_step)}
        result = result.model_copy(update=told)
        self._results[result.order] = result
        logger.bind(order=result.order, outcome=result.outcome).info("{}", result.message)
        try:
            self._ledger.runs.finish_order(result)
        except CountermandError as trouble:
            # The result stands in the run's folder all the same, and an open intent stays open.
            logger.error("the result of order {} is not in the ledger: {}", result.order, trouble)
        self._progress.order_finished(result)
        return result

    def _unforeseen(self, defect: Exception) -> str:
        # Only the first line: a browser's error goes on with what was typed. Cleaned before, as a secret may have two.
        what = ": ".join([type(defect).__name__, *self._clean(str(defect)).splitlines()[:1]])
        return f"Countermand itself failed ({what}). Please report this, with log.jsonl."


def by_store(jobs: Sequence[Job]) -> list[Job]:
    """The jobs with those of one store together, in the order in which the list names stores and orders."""
    places = {store: place for place, store in enumerate(dict.fromkeys(job.store for job in jobs))}
    return sorted(jobs, key=lambda job: places[job.store])


def _result(
    job: Job, verdict: Verdict, *, attempts: int = 0, seconds: float = 0, evidence: tuple[str, ...] = ()
) -> OrderResult:
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


def _refused(trouble: CountermandError) -> Verdict:
    outcome = trouble.outcome if isinstance(trouble, OrderTrouble) else Outcome.FAILED
    return Verdict(outcome=outcome, message=str(trouble), next_step=trouble.next_step)


def _skipped(why: str) -> Verdict:
    return Verdict(
        outcome=Outcome.SKIPPED,
        message=f"Nothing was pressed: the run stopped. {why}".strip(),
        next_step="Run the list again: what is done is recognised as already canceled.",
    )


_WORKED_ON_ELSEWHERE = Verdict(
    outcome=Outcome.SKIPPED,
    message="Another run is working on this order; this one left it alone.",
    next_step="Run the list again when the other run is over.",
)


def _pressed_and_lost(why: str) -> Verdict:
    return Verdict(
        outcome=Outcome.UNKNOWN,
        message=f"Confirm may have been pressed, and then: {why}",
        next_step=LOOK_IN_SELLER_CENTRAL,
    )
