"""Which order is worked next, and by whom: store by store, within the limits that were set.

Workers are known by their numbers; it makes no difference here whether they are processes of their own.
"""

from collections import Counter, deque
from collections.abc import Sequence

from bot.errors import RunStopped
from bot.joblist import Job
from bot.outcomes import OrderResult, Outcome
from bot.runner.throttle import Throttle


class Dispatch:
    """The orders of a run that are not done yet.

    Orders that another run works on come last, and once more only.

    Args:
        jobs: the orders of the run.
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
        self._queues: dict[str, deque[Job]] = {}
        for job in jobs:
            self._queues.setdefault(job.store, deque()).append(job)
        self._later: deque[Job] = deque()
        self._asked_again: set[str] = set()
        self._stores: dict[int, str] = {}
        self._throttle = throttle
        self._max_failures = max_failures
        self._max_failures_total = max_failures_total
        self._max_cancellations = max_cancellations
        self._failures = self._failures_in_a_row = self._pressed = 0
        self.in_progress: dict[int, Job] = {}
        """The order that each worker is working on."""

    @property
    def is_over(self) -> bool:
        """Whether every order is done."""
        return not self.in_progress and not self._left

    @property
    def wait(self) -> float:
        """Seconds until the next order may begin, as far as that depends on the time."""
        return self._throttle.wait

    def next_for(self, worker: int) -> Job | None:
        """The order that a worker begins now: of its own store, if one is left; None if there is nothing to do yet.

        Raises:
            RunStopped: no more orders may be canceled in this run.
        """
        if not self._left or self._throttle.wait or len(self.in_progress) >= self._throttle.at_once:
            return None
        if self._max_cancellations is not None and self._pressed + len(self.in_progress) >= self._max_cancellations:
            if self.in_progress:  # none of them may be canceled, which would leave room for another
                return None
            raise RunStopped(reason=f"Confirm was pressed for {self._pressed} orders, which is the limit of this run.")
        queue = self._queue_for(worker)
        job = (queue or self._later).popleft()
        self._stores[worker] = job.store
        self.in_progress[worker] = job
        self._throttle.begun()
        return job

    def done(
        self,
        worker: int,
        result: OrderResult,
        *,
        pressed: bool,
        answer_seconds: float | None = None,
        turned_away: bool = False,
    ) -> None:
        """A worker's order has its result.

        Raises:
            RunStopped: too many failed.
        """
        self.in_progress.pop(worker, None)
        self._pressed += pressed
        self._throttle.answered(answer_seconds, turned_away=turned_away)
        failed = result.outcome is Outcome.FAILED
        self._failures_in_a_row = self._failures_in_a_row + 1 if failed else 0
        self._failures += failed
        if self._failures_in_a_row >= self._max_failures:
            raise RunStopped(reason=f"{self._failures_in_a_row} orders in a row failed; the last one: {result.message}")
        if self._failures >= self._max_failures_total:
            raise RunStopped(reason=f"{self._failures} orders failed; the last one: {result.message}")

    def taken_elsewhere(self, worker: int) -> bool:
        """Another run has a worker's order: hand it out once more at the end, and then leave it to that run.

        Returns whether it is left to the other run.
        """
        job = self.in_progress.pop(worker)
        if job.order in self._asked_again:
            return True
        self._asked_again.add(job.order)
        self._later.append(job)
        return False

    def put_back(self, worker: int) -> None:
        """A worker is gone: its order is the next of its store."""
        job = self.in_progress.pop(worker)
        self._queues[job.store].appendleft(job)

    @property
    def _left(self) -> int:
        return sum(map(len, self._queues.values())) + len(self._later)

    def _queue_for(self, worker: int) -> deque[Job] | None:
        """The orders of the store where the worker is; else of the first without a worker; else of the longest."""
        own = self._queues.get(self._stores.get(worker, ""))
        if own:
            return own
        left = {store: queue for store, queue in self._queues.items() if queue}
        if not left:
            return None
        there = Counter(job.store for job in self.in_progress.values())
        free = next((queue for store, queue in left.items() if not there[store]), None)
        return free or max(left.items(), key=lambda one: len(one[1]) / (1 + there[one[0]]))[1]
