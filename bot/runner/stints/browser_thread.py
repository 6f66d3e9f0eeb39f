"""Having work done on another thread: a browser may only be used by the thread that opened it.

The engine works a stint on a thread of its own. What an order needs is handed over to the thread that owns the browser,
and the stint waits for it.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar, cast

T = TypeVar("T")


class HandedBack(BaseException):
    """This worker gives the stint back unfinished.

    It is no ``Exception``, so that the engine does not record it as how the stint ended: it stays pending, and is
    handed out again.
    """


@dataclass
class _Call(Generic[T]):
    function: Callable[[], T]
    done: threading.Event = field(default_factory=threading.Event)
    result: T | None = None
    made: bool = False


class BrowserThread:
    """Calls from other threads, made one at a time by the thread that serves them."""

    def __init__(self) -> None:
        self._calls: SimpleQueue[_Call[object]] = SimpleQueue()
        self._closed = threading.Event()
        self._lock = threading.Lock()

    def call(self, function: Callable[[], T]) -> T:
        """Have a function called by the serving thread, and wait for what it gives.

        Raises:
            HandedBack: the function failed, which ends the worker, or the worker has ended.
        """
        call = _Call(function)
        with self._lock:
            if self._closed.is_set():
                raise HandedBack
            self._calls.put(cast("_Call[object]", call))
        call.done.wait()
        if not call.made:
            raise HandedBack
        return cast(T, call.result)

    def serve(self, seconds: float) -> bool:
        """Wait this long for a call, and make it; False if none came.

        What the function raises is raised here, and ends the stint of the caller.
        """
        try:
            call = self._calls.get(timeout=seconds)
        except Empty:
            return False
        try:
            call.result = call.function()
            call.made = True
        finally:
            call.done.set()
        return True

    def close(self) -> None:
        """Send away every caller that waits, and everyone who calls from now on."""
        with self._lock:
            self._closed.set()
        while True:
            try:
                self._calls.get_nowait().done.set()
            except Empty:
                return
