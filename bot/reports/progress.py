"""What a person sees while a run is under way: a live display on a terminal, plain lines everywhere else.

Both speak the words of :mod:`bot.wording`. Nothing that comes from a page or a list can steer the terminal.
A display that breaks, because its reader went away, say, never breaks the run.
"""

import os
import sys
from collections.abc import Sequence
from typing import IO, Protocol, TextIO, cast

from bot import wording
from bot.outcomes import OrderResult, RunInfo
from bot.wording import OUTCOME_WORDS, harmless


class Progress(Protocol):
    """Hears what a run does. The calls come in this order: a run, its orders and their steps, the end."""

    def run_started(self, info: RunInfo, total: int) -> None:
        """The run of ``total`` orders begins."""

    def order_started(self, number: int, order: str, store: str, worker: int = 1) -> None:
        """A worker begins an order, the ``number``-th of this run; orders and workers are counted from 1."""

    def step(self, name: str, worker: int = 1) -> None:
        """A worker begins a step of its order, such as ``choose_reason``."""

    def order_finished(self, result: OrderResult) -> None:
        """An order has its result. One that was skipped was never started."""

    def say(self, message: str) -> None:
        """A remark, such as that the session ended and is being renewed."""

    def run_finished(self, info: RunInfo, results: Sequence[OrderResult]) -> None:
        """The run is over."""


def make_progress(stream: TextIO | None = None) -> Progress:
    """The display that suits ``stream``, by default standard output.

    A terminal that can move its cursor gets the live display; pipes, files and terminals of the type ``dumb`` get
    plain lines. ``NO_COLOR`` is respected.
    """
    safe = SafeStream(stream or sys.stdout)
    if not safe.can_move:
        return PlainProgress(safe)
    # rich takes 0.1 s to load, which everything that shows no live display need not pay.
    from rich.console import Console

    from bot.reports.live import LiveProgress

    return LiveProgress(Console(file=cast(IO[str], safe), force_terminal=True, highlight=False))


class Writer(Protocol):
    """As much of a text stream as plain lines need."""

    def write(self, text: str, /) -> int:
        """Write ``text``."""

    def flush(self) -> None:
        """Pass on what was written."""


class SafeStream:
    """A stream that takes every character and never fails.

    A character that its encoding lacks becomes ``?``. Once it breaks, the rest is dropped: the results of a run are in
    its folder, and an order matters more than a line about it.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._broken = False
        self.encoding = stream.encoding or "utf-8"

    def write(self, text: str, /) -> int:
        """Write ``text`` as far as the encoding goes."""
        if not self._broken:
            fitting = text.encode(self.encoding, "replace").decode(self.encoding)
            try:
                self._stream.write(fitting)
            except (OSError, ValueError):  # gone, full, or closed
                self._broken = True
        return len(text)

    def flush(self) -> None:
        """Pass on what was written."""
        if not self._broken:
            try:
                self._stream.flush()
            except (OSError, ValueError):
                self._broken = True

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return self._stream.isatty()

    @property
    def can_move(self) -> bool:
        """Whether it is a terminal that can move its cursor."""
        return self.isatty() and os.environ.get("TERM", "").lower() not in {"dumb", "unknown"}

    def fileno(self) -> int:
        """The system's number for it."""
        return self._stream.fileno()


def order_line(result: OrderResult) -> str:
    """An order in one line: number, store, outcome, statuses, and the message if it did not go well."""
    parts = [OUTCOME_WORDS[result.outcome].label, wording.status_change(result)]
    if not result.outcome.is_success:
        parts.append(harmless(result.message))
    if result.attempts:
        parts.append(wording.duration(result.seconds))
    return f"{harmless(result.order)} ({harmless(result.store)}): " + " | ".join(filter(None, parts))


class PlainProgress:
    """One line for each order, and lines for the start and the end: for files, pipes and CI logs."""

    def __init__(self, stream: Writer) -> None:
        self._stream = stream
        self._finished = 0
        self._total = 0

    def run_started(self, info: RunInfo, total: int) -> None:
        """Say what begins, and where."""
        self._finished, self._total = 0, total
        self._line(wording.opening(info, total))

    def order_started(self, number: int, order: str, store: str, worker: int = 1) -> None:
        """Nothing: the line comes when the order is finished."""

    def step(self, name: str, worker: int = 1) -> None:
        """Nothing: the steps are in the run's log and pictures."""

    def order_finished(self, result: OrderResult) -> None:
        """One line: place in the list, order, store, outcome, statuses, and the message if it did not go well."""
        self._finished += 1
        width = len(str(self._total))
        self._line(f"[{self._finished:>{width}}/{self._total}] {order_line(result)}")

    def say(self, message: str) -> None:
        """The remark, on a line of its own."""
        self._line(f"- {harmless(message)}")

    def run_finished(self, info: RunInfo, results: Sequence[OrderResult]) -> None:
        """The figures, why it stopped early if it did, and what to do about orders that need a person."""
        for line in wording.closing(info, results):
            self._line(line)
        for result in results:
            if result.outcome.needs_a_person:
                order = f"{harmless(result.order)} ({harmless(result.store)})"
                self._line(f"Needs a person: {order}: {wording.advice(result)}")

    def _line(self, text: str) -> None:
        self._stream.write(f"{text}\n")
        self._stream.flush()
