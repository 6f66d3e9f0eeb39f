"""The order loop: one worker works through its orders, in a run with one worker and in a stint of the queue.

It knows neither browser nor ledger: what is done to an order, and where, is its caller's.
"""

from collections.abc import Callable

from bot.joblist import Job
from bot.runner.dispatch import Dispatch
from bot.runner.worker import OrderDone


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
