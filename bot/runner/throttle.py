"""How fast a run may go: at most the rate that the user allows, and with fewer workers while the Admin is slow."""

import statistics
from collections import deque
from collections.abc import Callable

from bot.wording import count_of

SAMPLE = 5
"""The last orders, this many, are compared with the first ones, to tell whether the Admin has become slower."""

SLOWER = 2.0
"""Answers are slow if they take this many times as long as at the start..."""

NOTICED = 0.5
"""...and also this many seconds longer."""

RECOVERED = 1.5
"""Answers are no longer slow if they take at most this many times as long as at the start."""


class Throttle:
    """When the next order may begin, and how many may be in progress at once.

    Args:
        workers: how many could work at once.
        spacing: seconds from the beginning of one order to that of the next, over all workers; 0 is no limit.
        say: told when it goes slower, or faster again.
        clock: counts seconds and never goes back.
    """

    def __init__(self, workers: int, spacing: float, *, say: Callable[[str], None], clock: Callable[[], float]) -> None:
        self._workers = self.at_once = workers
        self._spacing = spacing
        self._say = say
        self._clock = clock
        self._next = clock()
        self._first: list[float] = []
        self._latest: deque[float] = deque(maxlen=SAMPLE)

    @property
    def wait(self) -> float:
        """Seconds until the next order may begin."""
        return max(0.0, self._next - self._clock())

    def begun(self) -> None:
        """An order begins now."""
        self._next = max(self._next, self._clock()) + self._spacing if self._spacing else self._next

    def answered(self, seconds: float | None, *, turned_away: bool = False) -> None:
        """An order ended, during which the Admin took these ``seconds`` to answer, if they were measured.

        ``turned_away`` says that the Admin rejected a request for now: HTTP 429 or 503.
        """
        if turned_away:
            self._slow_down("The Admin rejects requests")
            return
        if seconds is None:
            return
        if len(self._first) < SAMPLE:
            self._first.append(seconds)
            return
        self._latest.append(seconds)
        if len(self._latest) < SAMPLE:
            return
        usual, now = statistics.median(self._first), statistics.median(self._latest)
        if now > SLOWER * usual and now - usual > NOTICED:
            self._slow_down(f"The Admin answers in {now:.1f} s ({usual:.1f} s at the start)")
        elif now <= max(RECOVERED * usual, usual + NOTICED / 2) and self.at_once < self._workers:
            self._latest.clear()
            self.at_once += 1
            self._say(f"The Admin answers in {now:.1f} s again: continuing with {_at_once(self.at_once)}.")

    def _slow_down(self, why: str) -> None:
        self._latest.clear()  # the next answers are compared with the start again
        if self.at_once > 1:
            self.at_once = max(1, self.at_once // 2)
            self._say(f"{why}: continuing with {_at_once(self.at_once)}.")


def _at_once(orders: int) -> str:
    return f"{count_of(orders, 'order')} at a time"
