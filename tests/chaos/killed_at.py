"""The command line, with one addition: it kills its own process at the point that KILL_AT names.

A point is ``what:side:time``, such as ``open_order:before:2``: just before the step ``open_order`` is taken for the
second time. Besides the steps, ``what`` can be one of the things that are done inside Confirm and after it, each with
the sides ``before`` and ``after``; and with the side ``uncommitted`` an event of the trail that is in the run's folder,
while the ledger's transaction that it belongs to is not at its end.

CLAIM_SECONDS, if it is set, shortens the time for which an order stays a bot's without a sign of life, and
FRESH_SECONDS the age that an intent may have when Confirm is pressed: nobody waits minutes for a frozen bot.
"""

import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from bot.admin import Admin
from bot.cancel import wire
from bot.cli import main
from bot.ledger.intents import Intents
from bot.ledger.runs import Runs
from bot.ledger.trail import Trail
from bot.runner import launch, run_files
from flows import cancel_order

SIGKILL = getattr(signal, "SIGKILL", 9)  # Windows ends the process at once for any number

WITHIN_A_RUN: dict[str, tuple[Any, str]] = {
    "permit": (cancel_order, "issue_permit"),
    "intent": (Intents, "write"),
    "sending": (wire.Wire, "_send"),  # the first of a run only tries whether the client gets through
    "answer": (cancel_order, "await_answer"),
    "noting_the_answer": (Intents, "note_answer"),
    "conclusion": (cancel_order, "conclude"),
    "result": (Runs, "finish_order"),
    "report": (run_files, "write_report"),
}
"""What can be killed around besides steps, and the function that does it."""

_point = os.environ.get("KILL_AT", "")
_times: Counter[str] = Counter()


def come_to(what: str, side: str) -> None:
    """Die here if this is the point."""
    _times[f"{what}:{side}"] += 1
    if f"{what}:{side}:{_times[f'{what}:{side}']}" == _point:
        os.kill(os.getpid(), SIGKILL)


def mortal(do: Callable[..., Any], what: str) -> Callable[..., Any]:
    """The same function, with a point before it and one after it."""

    def done(*given: Any, **named: Any) -> Any:
        come_to(what, "before")
        result = do(*given, **named)
        come_to(what, "after")
        return result

    return done


def watch_over() -> None:
    """Put the points in."""
    take_step, append = Admin.step, Trail.append

    @contextmanager
    def step(self: Admin, name: str) -> Iterator[None]:
        come_to(name, "before")
        with take_step(self, name):
            yield
        come_to(name, "after")

    def appended(self: Trail, connection: Any, event: Any, **told: Any) -> None:
        append(self, connection, event, **told)
        come_to(str(event), "uncommitted")

    Admin.step = step  # type: ignore[method-assign]
    Trail.append = appended  # type: ignore[method-assign]
    for what, (owner, name) in WITHIN_A_RUN.items():
        setattr(owner, name, mortal(getattr(owner, name), what))


def shorten_times() -> None:
    """Make the times shorter that a frozen bot has to outlast; an error where the program no longer has them."""
    if seconds := os.environ.get("CLAIM_SECONDS"):
        if not isinstance(vars(launch.Task).get("claim_seconds"), property):
            raise RuntimeError(
                "bot.runner.launch.Task has no claim_seconds any more: say here where claims get their time"
            )
        launch.Task.claim_seconds = property(lambda _: float(str(seconds)))  # type: ignore[method-assign, assignment]
    if seconds := os.environ.get("FRESH_SECONDS"):
        if not hasattr(wire, "FRESH_SECONDS"):
            raise RuntimeError("bot.cancel.wire has no FRESH_SECONDS any more: say here where it has gone")
        wire.FRESH_SECONDS = float(seconds)


if __name__ == "__main__":
    shorten_times()
    watch_over()
    main()
