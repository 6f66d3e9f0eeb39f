"""Stopping well: Ctrl-C asks the run to stop; the order in progress ends before Confirm, or is finished."""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType


class StopRequest:
    """Whether somebody asked to stop: by calling ``ask``, by making the stop file, or in a way of the caller's own.

    Calling it answers. ``also`` is asked too, and says True once somebody asked.
    """

    def __init__(self, stop_file: Path | None = None, *, also: Callable[[], bool] = lambda: False) -> None:
        self._stop_file = stop_file
        self._also = also
        self.asked = False
        self._never = threading.Event()

    def __call__(self) -> bool:
        """Whether somebody asked to stop."""
        return self.asked or (self._stop_file is not None and self._stop_file.exists()) or self._also()

    def wait(self, seconds: float) -> None:
        """Wait this many seconds, less if somebody asks to stop."""
        end = time.monotonic() + seconds
        while not self() and (left := end - time.monotonic()) > 0:
            self._never.wait(min(left, 0.2))  # short, so that signals and the stop file are noticed

    def ask(self) -> None:
        """Ask to stop."""
        self.asked = True


LONGEST_PART = 60.0
"""The most seconds of a long wait after which something is done in between: well below what a lease lasts."""


def in_parts(wait: Callable[[float], None], between: Callable[[], object]) -> Callable[[float], None]:
    """A wait that is made of short ones, with something done after each, such as keeping a lease."""

    def wait_in_parts(seconds: float) -> None:
        while seconds > 0:
            wait(min(seconds, LONGEST_PART))
            between()
            seconds -= LONGEST_PART

    return wait_in_parts


_STOPPING = "Stopping: an order whose Confirm is pressed is finished first. Press Ctrl-C again to stop at once."


@contextmanager
def stop_on_signals(stop: StopRequest, say: Callable[[str], None]) -> Iterator[None]:
    """While the block runs, Ctrl-C, SIGTERM and a closed terminal ask to stop; a second Ctrl-C does not wait."""

    def on_signal(number: int, _frame: FrameType | None) -> None:
        if stop.asked:
            raise KeyboardInterrupt
        stop.ask()
        try:
            say(_STOPPING)
        except RuntimeError:  # it came while something else was being said, which only another thread can wait for
            threading.Thread(target=say, args=(_STOPPING,)).start()

    names = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    # A signal that the caller had ignored stays ignored, as nohup does with a closed terminal.
    heard = [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, on_signal) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
