"""The order loop: one worker works through its orders, in a run with one worker and in every stint.

It knows neither browser nor ledger: what is done to an order, and where, is its caller's.
"""

from collections.abc import Callable, Sequence

from bot.joblist import Job
from bot.runner.dispatch import Dispatch
from bot.runner.throttle import Throttle
from bot.runner.worker import OrderDone

NO_LIMIT = 1_000_000_000


def work_stint_orders(
    jobs: Sequence[Job], work_on: Callable[[Job], OrderDone | None], leave: Callable[[Job], None]
) -> None:
    """Have every order of a stint worked, as fast as they go: the limits of its run count in the ledger."""
    throttle = Throttle(1, 0, say=_nobody, clock=lambda: 0.0)
    dispatch = Dispatch(jobs, throttle, max_failures=NO_LIMIT, max_failures_total=NO_LIMIT)
    work_through(dispatch, work_on, leave, wait=lambda seconds: None)


def work_through(
    dispatch: Dispatch,
    work_on: Callable[[Job], OrderDone | None],
    leave: Callable[[Job], None],
    wait: Callable[[float], None],
) -> None:
    """Have every order worked, one after another.

    Args:
        dispatch: hands them out.
        work_on: works on an order until it has a result; gives None while another run works on it.
        leave: told of an order that is left to another run: it was asked for twice.
        wait: waits this many seconds until the next order may begin.

    Raises:
        RunStopped: too many failed, or were canceled.
    """
    while not dispatch.is_over:
        job = dispatch.next()
        if job is None:
            wait(dispatch.wait)
            continue
        done = work_on(job)
        if done is not None:
            dispatch.done(done.result, pressed=done.pressed)
        elif dispatch.taken_elsewhere(job):
            leave(job)


def _nobody(words: str) -> None:
    """Nobody is told: nothing slows down a stint."""
