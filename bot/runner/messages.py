"""What a run and its workers say to each other over the line (a pipe) that each worker has to the run.

From the worker come the messages below; to it go jobs, and ``STOP`` or ``GO_HOME``.
"""

from dataclasses import dataclass

from bot.outcomes import OrderResult
from bot.runner.worker import Done


class _Order(str):
    """What goes to a worker besides jobs."""


STOP, GO_HOME = _Order("stop"), _Order("go home")
"""The run is interrupted; there are no jobs any more."""


@dataclass(frozen=True)
class Ready:
    """The worker is signed in, and waits for an order."""


@dataclass(frozen=True)
class Begins:
    """The worker has taken its order."""


@dataclass(frozen=True)
class Step:
    """The worker has come to a step."""

    name: str


@dataclass(frozen=True)
class Ended:
    """An order has its result, and the ledger has it too."""

    result: OrderResult


@dataclass(frozen=True)
class Free:
    """The worker waits for its next order; the last one is ``done``, or None if another run works on it."""

    done: Done | None


@dataclass(frozen=True)
class Said:
    """A remark for the person who waits."""

    words: str


@dataclass(frozen=True)
class Logged:
    """A line of the log."""

    line: str


@dataclass(frozen=True, kw_only=True)
class Leaves:
    """The worker goes home, because it was told to, or because of this trouble."""

    blocked: dict[str, int]
    recognised: str = ""
    """Name of the pack that was recognised on the page."""
    evidence: tuple[str, ...] = ()
    trouble: str = ""
    next_step: str = ""
    kind: str = ""
    """``stopped``: the run cannot go on; ``entry``: the Admin could not be entered; ``start``: no browser, no ledger;
    ``interrupted``: as the run asked; ``defect``: what nobody foresaw.
    """


Message = Ready | Begins | Step | Ended | Free | Said | Logged | Leaves
