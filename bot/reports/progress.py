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
        """The run begins on ``total`` orders."""

    def order_started(self, number: int, order: str, store: str, worker: int = 1) -> None:
        """A worker turns to an order, the ``number``-th that is begun in this run, counted from 1 as workers are."""

    def step(self, name: str, worker: int = 1) -> None:
        """A worker has come to a step, such as ``choose_reason``, of the order that it has in hand."""

    def order_finished(self, result: OrderResult) -> None:
        """An order ended so. One that was skipped comes here without having been started."""

    def say(self, message: str) -> None:
        """A remark, such as that the session ended and is being renewed."""

    def run_finished(self, info: RunInfo, results: Sequence[OrderResult]) -> None:
        """The run is over."""


def make_progress(stream: TextIO | None = None) -> Progress:
    """The display that suits ``stream`` (standard output where none is given).

    A terminal that can move its cursor gets the live display; pipes, files and terminals that call ``dumb``
    get plain lines. ``NO_COLOR`` is respected.
    """
    outlet = Outlet(stream or sys.stdout)
    if not outlet.can_move:
        return PlainProgress(outlet)
    # rich takes 0.1 s to load, which everything that shows no live display need not pay.
    from rich.console import Console

    from bot.reports.live import LiveProgress

    return LiveProgress(Console(file=cast(IO[str], outlet), force_terminal=True, highlight=False))


class Writer(Protocol):
    """As much of a text stream as plain lines need."""

    def write(self, text: str, /) -> int:
        """Write ``text``."""

    def flush(self) -> None:
        """Send it on its way."""


class Outlet:
    """A stream that takes every character and never fails.

    What its encoding lacks becomes ``?``. When it breaks, the rest is dropped: the results of a run are in
    its folder, and an order in hand is worth more than a line about it.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._broken = False
        self.encoding = stream.encoding or "utf-8"

    def write(self, text: str, /) -> int:
        """Write what the encoding has of ``text``."""
        if not self._broken:
            fitting = text.encode(self.encoding, "replace").decode(self.encoding)
            try:
                self._stream.write(fitting)
            except (OSError, ValueError):  # gone, full, or closed
                self._broken = True
        return len(text)

    def flush(self) -> None:
        """Send it on its way."""
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
        """The number that the system knows it by."""
        return self._stream.fileno()


class PlainProgress:
    """One line an order, and lines for the start and the end: for files, pipes and CI logs."""

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
        """One line: how many of how many, order, store, outcome, statuses, the message if not all is well."""
        self._finished += 1
        width = len(str(self._total))
        words = OUTCOME_WORDS[result.outcome]
        parts = [f"{words.label}", wording.status_change(result)]
        if not result.outcome.is_success:
            parts.append(harmless(result.message))
        if result.attempts:
            parts.append(wording.duration(result.seconds))
        self._line(
            f"[{self._finished:>{width}}/{self._total}] {harmless(result.order)} ({harmless(result.store)}): "
            + " | ".join(filter(None, parts))
        )

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
