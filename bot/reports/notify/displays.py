"""What hears of a run as it goes, beside its display, and has people told."""

from collections.abc import Sequence

from bot.outcomes import OrderResult, RunInfo
from bot.reports.notify.messages import of_end, of_order
from bot.reports.notify.notifier import Notifier
from bot.reports.progress import Progress

MOST_AT_ONCE = 3
"""Messages about single orders of one run; the others are in the message at its end."""


class RunNotices:
    """The messages about runs: orders that need a person as they come, and the end."""

    def __init__(self, notifier: Notifier) -> None:
        self._notifier = notifier
        self._told: dict[str, int] = {}

    def order_finished(self, info: RunInfo, result: OrderResult) -> None:
        """An order has its result."""
        told = self._told.get(info.run_id, 0)
        if result.outcome.needs_a_person and told < MOST_AT_ONCE:
            self._told[info.run_id] = told + 1
            self._notifier.send(of_order(info, result))

    def run_finished(self, info: RunInfo, results: Sequence[OrderResult]) -> None:
        """A run is over."""
        self._told.pop(info.run_id, None)
        self._notifier.send(of_end(info, results))


class NotifyingProgress:
    """A display of a run, beside which people are told."""

    def __init__(self, display: Progress, notifier: Notifier) -> None:
        self._display = display
        self._notices = RunNotices(notifier)
        self._info: RunInfo | None = None
        self.order_started = display.order_started
        self.step = display.step
        self.say = display.say

    def run_started(self, info: RunInfo, total: int) -> None:
        """See ``Progress``."""
        self._info = info
        self._display.run_started(info, total)

    def order_finished(self, result: OrderResult) -> None:
        """See ``Progress``."""
        self._display.order_finished(result)
        if self._info is not None:
            self._notices.order_finished(self._info, result)

    def run_finished(self, info: RunInfo, results: Sequence[OrderResult]) -> None:
        """See ``Progress``."""
        self._display.run_finished(info, results)
        self._notices.run_finished(info, results)
