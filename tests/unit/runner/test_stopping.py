import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.runner.stopping import StopRequest, in_parts, stop_on_signals

SAID = "Stopping: an order whose Confirm is pressed is finished first. Press Ctrl-C again to stop at once."
SIGNALS = [name for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name)]


@contextmanager
def handled_by(name: str, handler: "signal._HANDLER") -> Iterator[int]:
    """While the block runs, the signal has this handler, so that a test that fails ends no test run."""
    number: int = getattr(signal, name)
    before = signal.signal(number, handler)
    try:
        yield number
    finally:
        signal.signal(number, before)


def unexpected(number: int, frame: object) -> None:
    raise AssertionError(f"signal {number} arrived at the handler from before")


def test_a_long_wait_is_made_of_short_ones_with_something_done_after_each() -> None:
    done: list[object] = []
    in_parts(done.append, lambda: done.append("kept"))(150)
    assert done == [60.0, "kept", 60.0, "kept", 30.0, "kept"]


def test_nobody_has_asked_to_stop_at_first() -> None:
    assert StopRequest()() is False


def test_a_stop_that_was_asked_for_stays_asked_for() -> None:
    stop = StopRequest()
    stop.ask()
    assert [stop(), stop()] == [True, True]


def test_a_stop_file_asks_to_stop_as_long_as_it_is_there(tmp_path: Path) -> None:
    stop = StopRequest(tmp_path / "STOP")
    asked = [stop()]
    (tmp_path / "STOP").touch()
    asked.append(stop())
    (tmp_path / "STOP").unlink()
    assert [*asked, stop()] == [False, True, False]


@pytest.mark.parametrize("name", SIGNALS)
def test_a_signal_asks_to_stop_and_says_so(name: str) -> None:
    stop, said = StopRequest(), list[str]()
    with handled_by(name, unexpected) as number, stop_on_signals(stop, said.append):
        signal.raise_signal(number)
        assert (stop(), said) == (True, [SAID])


@pytest.mark.parametrize("name", SIGNALS)
def test_a_second_signal_does_not_wait(name: str) -> None:
    stop, said = StopRequest(), list[str]()
    with handled_by(name, unexpected) as number, stop_on_signals(stop, said.append):
        signal.raise_signal(number)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
    assert said == [SAID]


def test_a_second_signal_of_another_kind_does_not_wait_either() -> None:
    with (
        handled_by("SIGINT", unexpected) as interrupt,
        handled_by("SIGTERM", unexpected) as terminate,
        stop_on_signals(StopRequest(), lambda text: None),
    ):
        signal.raise_signal(terminate)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(interrupt)


@pytest.mark.parametrize("name", SIGNALS)
def test_the_handlers_from_before_are_back_after_the_block(name: str) -> None:
    with handled_by(name, unexpected) as number:
        with stop_on_signals(StopRequest(), lambda text: None):
            assert signal.getsignal(number) is not unexpected
        assert signal.getsignal(number) is unexpected


def test_the_handlers_from_before_are_back_after_an_error() -> None:
    with handled_by("SIGTERM", unexpected) as number:
        with pytest.raises(ZeroDivisionError), stop_on_signals(StopRequest(), lambda text: None):
            raise ZeroDivisionError
        assert signal.getsignal(number) is unexpected


@pytest.mark.parametrize("name", SIGNALS)
def test_a_signal_that_the_caller_has_ignored_stays_ignored(name: str) -> None:
    # nohup ignores a closed terminal: the run is to go on then.
    stop, said = StopRequest(), list[str]()
    with handled_by(name, signal.SIG_IGN) as number:
        with stop_on_signals(stop, said.append):
            signal.raise_signal(number)
            assert (stop(), said) == (False, [])
        assert signal.getsignal(number) is signal.SIG_IGN


def test_a_signal_that_comes_while_something_is_being_said_is_told_all_the_same() -> None:
    told: queue.Queue[str] = queue.Queue()
    busy = threading.current_thread()

    def say(text: str) -> None:
        if threading.current_thread() is busy:
            raise RuntimeError("reentrant call inside <_io.BufferedWriter name='<stdout>'>")
        told.put(text)

    stop = StopRequest()
    with handled_by("SIGINT", unexpected), stop_on_signals(stop, say):
        signal.raise_signal(signal.SIGINT)
    assert (stop(), told.get(timeout=60)) == (True, SAID)


CHILD = """
import signal, sys
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # the shell that runs the tests may ignore some
    signal.signal(number, signal.SIG_DFL)
from bot.runner.stopping import StopRequest, stop_on_signals
stop = StopRequest()
with stop_on_signals(stop, lambda text: print(text, flush=True)):
    try:
        print("ready", flush=True)
        sys.stdin.readline()
        print("finishing the order in progress" if stop() else "nobody asked", flush=True)
        sys.stdin.readline()
    except KeyboardInterrupt:
        print("stopped at once", flush=True)
"""


@pytest.mark.slow("starts a process")
@pytest.mark.skipif(os.name == "nt", reason="Windows cannot send these signals to one process")
@pytest.mark.parametrize("first", [name for name in ("SIGINT", "SIGTERM", "SIGHUP") if name in SIGNALS])
def test_a_program_finishes_what_it_has_in_hand_and_stops_at_once_when_asked_again(first: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        child.send_signal(getattr(signal, first))
        assert child.stdout.readline() == f"{SAID}\n"
        child.stdin.write("\n")
        child.stdin.flush()
        assert child.stdout.readline() == "finishing the order in progress\n"
        child.send_signal(signal.SIGINT)
        assert child.stdout.readline() == "stopped at once\n"
    assert child.returncode == 0
