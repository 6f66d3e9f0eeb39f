"""Which order one worker works next: store by store, within the limits that were set.

Where several work, the engine hands out (``bot.runner.stints``), and the ledger counts for all of them.
"""

from collections import deque
from collections.abc import Sequence

from bot.errors import RunStopped
from bot.joblist import Job
from bot.outcomes import OrderResult, Outcome
from bot.runner.throttle import Throttle


class Dispatch:
    """The orders that are not done yet.

    Orders that another run works on come last, and once more only.

    Args:
        jobs: the orders.
        throttle: how fast it may go.
        max_failures: the run stops after this many orders in a row that failed for technical reasons.
        max_failures_total: the same for all of them, in a row or not.
        max_cancellations: the run stops once this many orders were canceled, or may have been; None for no limit.
    """

    def __init__(
        self,
        jobs: Sequence[Job],
        throttle: Throttle,
        *,
        max_failures: int,
        max_failures_total: int,
        max_cancellations: int | None = None,
    ) -> None:
        by_store: dict[str, list[Job]] = {}
        for job in jobs:
            by_store.setdefault(job.store, []).append(job)
        self._left = deque(job for of_store in by_store.values() for job in of_store)
        self._asked_again: set[str] = set()
        self._throttle = throttle
        self._max_failures = max_failures
        self._max_failures_total = max_failures_total
        self._max_cancellations = max_cancellations
        self._failures = self._failures_in_a_row = self._pressed = 0

    @property
    def is_over(self) -> bool:
        """Whether no order is left."""
        return not self._left

    @property
    def wait(self) -> float:
        """Seconds until the next order may begin, as far as that depends on the time."""
        return self._throttle.wait

    def next(self) -> Job | None:
        """The order that begins now; None if none may begin yet.

        Raises:
            RunStopped: no more orders may be canceled in this run.
        """
        if not self._left or self._throttle.wait:
            return None
        if self._max_cancellations is not None and self._pressed >= self._max_cancellations:
            raise RunStopped(reason=f"Confirm was pressed for {self._pressed} orders, which is the limit of this run.")
        self._throttle.begun()
        return self._left.popleft()

    def done(self, result: OrderResult, *, pressed: bool) -> None:
        """An order has its result.

        Raises:
            RunStopped: too many failed.
        """
        self._pressed += pressed
        failed = result.outcome is Outcome.FAILED
        self._failures_in_a_row = self._failures_in_a_row + 1 if failed else 0
        self._failures += failed
        if self._failures_in_a_row >= self._max_failures:
            raise RunStopped(reason=f"{self._failures_in_a_row} orders in a row failed; the last one: {result.message}")
        if self._failures >= self._max_failures_total:
            raise RunStopped(reason=f"{self._failures} orders failed; the last one: {result.message}")

    def taken_elsewhere(self, job: Job) -> bool:
        """Another run has an order: it comes once more at the end, and is then left to that run.

        Returns whether it is left to the other run.
        """
        if job.order in self._asked_again:
            return True
        self._asked_again.add(job.order)
        self._left.append(job)
        return False
