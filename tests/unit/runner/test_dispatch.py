from collections.abc import Sequence

import pytest

from bot.cancel.verdicts import Verdict
from bot.errors import RunStopped
from bot.joblist import Job
from bot.outcomes import OrderResult, Outcome
from bot.runner.dispatch import Dispatch
from bot.runner.results import result_of
from bot.runner.throttle import Throttle
from bot.vocabulary import Reason


def jobs(*stores: str) -> list[Job]:
    """An order in each of these stores, numbered from 1."""
    return [
        Job(order=f"112-1215998-{number:07}", store=store, reason=Reason.BUYER_CANCELED)
        for number, store in enumerate(stores, start=1)
    ]


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def dispatch(
    orders: Sequence[Job], *, spacing: float = 0, clock: Clock | None = None, most: int | None = None
) -> Dispatch:
    throttle = Throttle(1, spacing, say=lambda words: None, clock=clock or Clock())
    return Dispatch(orders, throttle, max_failures=2, max_failures_total=3, max_cancellations=most)


def ended(job: Job, outcome: Outcome = Outcome.CANCELED) -> OrderResult:
    return result_of(job, Verdict(outcome=outcome, message=f"It is {outcome}."))


def taken(dispatch: Dispatch) -> Job:
    job = dispatch.next()
    assert job is not None
    return job


def number(job: Job) -> int:
    return int(job.order[-7:])


def finish(dispatch: Dispatch, job: Job, outcome: Outcome = Outcome.CANCELED) -> None:
    dispatch.done(ended(job, outcome), pressed=outcome is Outcome.CANCELED)


def order_of(dispatch: Dispatch) -> list[int]:
    """The numbers of the orders, as they come."""
    came = []
    while not dispatch.is_over:
        job = taken(dispatch)
        came.append(number(job))
        finish(dispatch, job)
    return came


# --- By store ---


def test_a_store_is_done_before_the_next_one() -> None:
    assert order_of(dispatch(jobs("UK", "DE", "UK", "DE"))) == [1, 3, 2, 4]


def test_stores_whose_names_begin_alike_are_different_stores() -> None:
    assert order_of(dispatch(jobs("asc-v2", "asc-v2-2.3", "asc-v2"))) == [1, 3, 2]


# --- Orders that another run has ---


def test_an_order_of_another_run_is_asked_for_again_at_the_end_and_then_left() -> None:
    work = dispatch(jobs("UK", "UK"))
    first = taken(work)
    assert not work.taken_elsewhere(first)
    second = taken(work)
    assert number(second) == 2
    finish(work, second)
    assert taken(work) == first
    assert work.taken_elsewhere(first)
    assert work.is_over


# --- Limits ---


def test_what_was_not_canceled_leaves_room_for_another() -> None:
    work = dispatch(jobs(*["UK"] * 4), most=2)
    for outcome in (Outcome.CANCELED, Outcome.ALREADY_CANCELED, Outcome.CANCELED):
        finish(work, taken(work), outcome)
    with pytest.raises(RunStopped) as stopped:
        work.next()
    assert str(stopped.value) == "Confirm was pressed for 2 orders, which is the limit of this run."


def test_failures_in_a_row_stop_the_run() -> None:
    work = dispatch(jobs(*["UK"] * 4))
    finish(work, taken(work), Outcome.FAILED)
    with pytest.raises(RunStopped) as stopped:
        finish(work, taken(work), Outcome.FAILED)
    assert str(stopped.value) == "2 orders in a row failed; the last one: It is failed."


def test_failures_in_all_stop_the_run() -> None:
    work = dispatch(jobs(*["UK"] * 6))
    for outcome in (Outcome.FAILED, Outcome.CANCELED, Outcome.FAILED, Outcome.CANCELED):
        finish(work, taken(work), outcome)
    with pytest.raises(RunStopped) as stopped:
        finish(work, taken(work), Outcome.FAILED)
    assert str(stopped.value) == "3 orders failed; the last one: It is failed."


def test_the_pace_holds_the_next_order_back() -> None:
    clock = Clock()
    work = dispatch(jobs("UK", "UK"), spacing=2, clock=clock)
    finish(work, taken(work))
    assert (work.next(), work.wait) == (None, 2)
    clock.now = 2
    assert number(taken(work)) == 2
