"""What a worker process tells its run, for the person who looks on: what it does, what became of it, its log.

Nothing hangs on it: orders are handed out by the engine, and what became of each is in the ledger first. The other way
go two words only, ``STOP`` and ``FINISH``.
"""

from dataclasses import dataclass

from bot.joblist import Job
from bot.outcomes import OrderResult
from bot.runner.worker import OrderDone

STOP, FINISH = "stop", "finish"
"""The run is interrupted; nothing is left to be done."""


@dataclass(frozen=True)
class OrderTaken:
    """The worker has taken an order."""

    job: Job


@dataclass(frozen=True)
class StepBegun:
    """The worker has come to a step."""

    name: str


@dataclass(frozen=True)
class OrderEnded:
    """An order has its result, and the ledger has it too."""

    result: OrderResult


@dataclass(frozen=True)
class OrderLeft:
    """The worker is through with an order; it is ``done``, or None if another run works on it."""

    job: Job
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


Message = OrderTaken | StepBegun | OrderEnded | OrderLeft | Remark | LogLine | WorkerExit
