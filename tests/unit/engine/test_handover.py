import threading
from collections.abc import Callable

import pytest

from bot.engine.handover import HandedBack, Handover


class Caller(threading.Thread):
    """Another thread that has a function called, and keeps what came of it."""

    def __init__(self, handover: Handover, function: Callable[[], object]) -> None:
        super().__init__()
        self._handover, self._function = handover, function
        self.result: object = None
        self.sent_away = False
        self.start()

    def run(self) -> None:
        try:
            self.result = self._handover.call(self._function)
        except HandedBack:
            self.sent_away = True


def test_a_call_is_made_on_the_thread_that_serves() -> None:
    handover = Handover()
    caller = Caller(handover, threading.get_ident)
    assert handover.serve(60)
    caller.join()
    assert caller.result == threading.get_ident() != caller.ident


def test_without_a_call_it_says_so() -> None:
    assert not Handover().serve(0)


def test_what_fails_is_raised_where_it_was_made_and_sends_the_caller_away() -> None:
    handover = Handover()

    def fails() -> None:
        raise ZeroDivisionError

    caller = Caller(handover, fails)
    with pytest.raises(ZeroDivisionError):
        handover.serve(60)
    caller.join()
    assert caller.sent_away


def test_closing_sends_away_who_waits_and_who_comes() -> None:
    handover, called = Handover(), threading.Event()

    def come() -> None:
        called.set()

    waiting = Caller(handover, come)
    while handover._calls.empty():
        waiting.join(0.01)
    handover.close()
    late = Caller(handover, come)
    for caller in (waiting, late):
        caller.join()
    assert (waiting.sent_away, late.sent_away, called.is_set()) == (True, True, False)
