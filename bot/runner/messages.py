"""What a run and its worker processes send to each other over the pipe between them.

From the worker come the messages below; to it go jobs, and ``STOP`` or ``FINISH``.
"""

from dataclasses import dataclass

from bot.outcomes import OrderResult
from bot.runner.worker import OrderDone


class _Order(str):
    """What is sent to a worker besides jobs."""


STOP, FINISH = _Order("stop"), _Order("finish")
"""The run is interrupted; there are no more jobs."""


@dataclass(frozen=True)
class WorkerReady:
    """The worker is signed in, and waits for an order."""


@dataclass(frozen=True)
class OrderTaken:
    """The worker has taken its order."""


@dataclass(frozen=True)
class StepBegun:
    """The worker has come to a step."""

    name: str


@dataclass(frozen=True)
class OrderEnded:
    """An order has its result, and the ledger has it too."""

    result: OrderResult


@dataclass(frozen=True)
class WorkerFree:
    """The worker waits for its next order; the last one is ``done``, or None if another run works on it."""

    done: OrderDone | None


@dataclass(frozen=True)
class Remark:
    """A remark for the person who waits."""

    words: str


@dataclass(frozen=True)
class LogLine:
    """A line of the log."""

    line: str


@dataclass(frozen=True, kw_only=True)
class WorkerExit:
    """The worker ends, because it was told to, or because of this trouble."""

    blocked: dict[str, int]
    recognized: str = ""
    """Name of the pack that was recognized on the page."""
    evidence: tuple[str, ...] = ()
    trouble: str = ""
    next_step: str = ""
    kind: str = ""
    """``stopped``: the run cannot go on; ``entry``: the Admin could not be entered; ``start``: no browser, no ledger;
    ``interrupted``: as the run asked; ``defect``: an unexpected failure.
    """


Message = WorkerReady | OrderTaken | StepBegun | OrderEnded | WorkerFree | Remark | LogLine | WorkerExit
