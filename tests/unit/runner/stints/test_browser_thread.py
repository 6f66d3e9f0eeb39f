import threading
from collections.abc import Callable

import pytest

from bot.runner.stints.browser_thread import BrowserThread, HandedBack


class Caller(threading.Thread):
    """Another thread that has a function called, and keeps what came of it."""

    def __init__(self, browser_thread: BrowserThread, function: Callable[[], object]) -> None:
        super().__init__()
        self._browser_thread, self._function = browser_thread, function
        self.result: object = None
        self.sent_away = False
        self.start()

    def run(self) -> None:
        try:
            self.result = self._browser_thread.call(self._function)
        except HandedBack:
            self.sent_away = True


def test_a_call_is_made_on_the_thread_that_serves() -> None:
    browser_thread = BrowserThread()
    caller = Caller(browser_thread, threading.get_ident)
    assert browser_thread.serve(60)
    caller.join()
    assert caller.result == threading.get_ident() != caller.ident


def test_without_a_call_it_says_so() -> None:
    assert not BrowserThread().serve(0)


def test_what_fails_is_raised_where_it_was_made_and_sends_the_caller_away() -> None:
    browser_thread = BrowserThread()

    def fails() -> None:
        raise ZeroDivisionError

    caller = Caller(browser_thread, fails)
    with pytest.raises(ZeroDivisionError):
        browser_thread.serve(60)
    caller.join()
    assert caller.sent_away


def test_closing_sends_away_who_waits_and_who_comes() -> None:
    browser_thread, called = BrowserThread(), threading.Event()

    def come() -> None:
        called.set()

    waiting = Caller(browser_thread, come)
    while browser_thread._calls.empty():
        waiting.join(0.01)
    browser_thread.close()
    late = Caller(browser_thread, come)
    for caller in (waiting, late):
        caller.join()
    assert (waiting.sent_away, late.sent_away, called.is_set()) == (True, True, False)
