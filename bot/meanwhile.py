"""One call to the browser under way while others are made: a picture being taken while the page is only looked at.

A call of Playwright's synchronous interface blocks the greenlet that makes it, and nothing else: the event loop goes
on in a greenlet of its own, as it does while a handler of an event makes calls.
"""

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

from greenlet import getcurrent, greenlet  # type: ignore[import-untyped]
from playwright.sync_api import Error as PlaywrightError

Result = TypeVar("Result")


class Meanwhile(Generic[Result]):
    """Begins a call as soon as the browser is asked for anything, or the result is.

    Args:
        call: uses Playwright's synchronous interface, and nothing but it that waits.

    Raises:
        RuntimeError: no event loop of Playwright's is running here.
    """

    def __init__(self, call: Callable[[], Result]) -> None:
        self._call = call
        self._loop = asyncio.get_running_loop()
        self._doing: greenlet | None = None
        self._waiting: greenlet | None = None
        self._results: list[Result] = []
        self._error: BaseException | None = None
        self._over = False
        self._loop.call_soon(self._begin)

    def result(self, nudge: Callable[[], object]) -> Result:
        """Wait for what the call gives, or raise what it raised.

        ``nudge`` is any call to the browser: it lets the loop begin, where nothing has since.

        Raises:
            PlaywrightError: Playwright was stopped meanwhile.
        """
        if self._doing is None:
            nudge()
        while not self._over and self._doing is not None and self._doing.parent is not None:
            if self._doing.parent.dead:
                raise PlaywrightError("Playwright was stopped while a call was under way")
            self._waiting = getcurrent()
            self._doing.parent.switch()
        self._waiting = None
        if self._error is not None:
            raise self._error
        return self._results[0]

    def _begin(self) -> None:
        # Made here, in the greenlet of the loop, so that this is where it goes on when the call is over.
        self._doing = greenlet(self._do)
        self._doing.switch()

    def _do(self) -> None:
        try:
            self._results.append(self._call())
        except BaseException as error:  # raised again where the result is asked for
            self._error = error
        self._over = True
        if self._waiting is not None:
            self._loop.call_soon(self._wake)

    def _wake(self) -> None:
        if self._waiting is not None:
            self._waiting.switch()
