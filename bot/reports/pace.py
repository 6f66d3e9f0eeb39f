"""How fast a run works through its orders, and how long the rest will take."""

from collections.abc import Callable

from bot.outcomes import OrderResult


class Pace:
    """How fast orders go and when the last one will be done, judged by those that were worked on.

    Needs a clock that counts seconds and never goes backward.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._since: float | None = None
        self._latest = 0.0
        self._worked = 0

    def order_started(self) -> None:
        """An order begins. The first one starts the clock, so that signing in does not count."""
        if self._since is None:
            self._since = self._clock()

    def order_finished(self, result: OrderResult) -> None:
        """An order ended. One that was never started does not count."""
        if result.attempts and self._since is not None:
            self._worked += 1
            self._latest = self._clock()

    @property
    def per_minute(self) -> float | None:
        """Orders a minute; None while that is not known."""
        seconds = self._seconds_each
        return 60 / seconds if seconds else None

    def seconds_left(self, orders_left: int) -> float | None:
        """Seconds until that many more orders are done; None while that is not known."""
        seconds = self._seconds_each
        if seconds is None:
            return None
        return max(0.0, seconds * orders_left - (self._clock() - self._latest))

    @property
    def _seconds_each(self) -> float | None:
        if self._since is None or not self._worked:
            return None
        return (self._latest - self._since) / self._worked
