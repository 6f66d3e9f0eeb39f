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
    orders: Sequence[Job], *, workers: int = 2, spacing: float = 0, clock: Clock | None = None, most: int | None = None
) -> Dispatch:
    throttle = Throttle(workers, spacing, say=lambda words: None, clock=clock or Clock())
    return Dispatch(orders, throttle, max_failures=2, max_failures_total=3, max_cancellations=most)


def ended(job: Job, outcome: Outcome = Outcome.CANCELED) -> OrderResult:
    return result_of(job, Verdict(outcome=outcome, message=f"It is {outcome}."))


def taken(dispatch: Dispatch, worker: int) -> int:
    """The number of the order that a worker is given; 0 for none."""
    job = dispatch.next_for(worker)
    return int(job.order[-7:]) if job else 0


def finish(dispatch: Dispatch, worker: int, outcome: Outcome = Outcome.CANCELED) -> None:
    dispatch.done(worker, ended(dispatch.in_progress[worker], outcome), pressed=outcome is Outcome.CANCELED)


# --- By store ---


def test_a_worker_stays_in_its_store_until_that_is_done() -> None:
    work = dispatch(jobs("UK", "DE", "UK", "DE"), workers=1)
    order = []
    while not work.is_over:
        order.append(taken(work, 1))
        finish(work, 1)
    assert order == [1, 3, 2, 4]


def test_a_second_worker_goes_to_a_store_where_nobody_is() -> None:
    work = dispatch(jobs("UK", "UK", "DE", "FR"), workers=3)
    assert [taken(work, worker) for worker in (1, 2, 3)] == [1, 3, 4]


def test_with_more_workers_than_stores_the_longest_queue_is_shared() -> None:
    work = dispatch(jobs("UK", "DE", "DE", "DE", "DE"), workers=3)
    assert [taken(work, worker) for worker in (1, 2, 3)] == [1, 2, 3]


def test_stores_whose_names_begin_alike_are_different_stores() -> None:
    work = dispatch(jobs("asc-v2", "asc-v2-2.3", "asc-v2"), workers=1)
    assert taken(work, 1) == 1
    finish(work, 1)
    assert taken(work, 1) == 3


def test_no_order_is_given_to_two() -> None:
    work = dispatch(jobs(*["UK"] * 3), workers=4)
    assert [taken(work, worker) for worker in (1, 2, 3, 4)] == [1, 2, 3, 0]
    assert not work.is_over
    for worker in (1, 2, 3):
        finish(work, worker)
    assert work.is_over


# --- Orders that another run has, and workers that are gone ---


def test_an_order_of_another_run_is_asked_for_again_at_the_end_and_then_left() -> None:
    work = dispatch(jobs("UK", "UK"), workers=1)
    assert taken(work, 1) == 1
    assert not work.taken_elsewhere(1)
    assert taken(work, 1) == 2
    finish(work, 1)
    assert taken(work, 1) == 1
    assert work.taken_elsewhere(1)
    assert work.is_over


def test_the_order_of_a_worker_that_is_gone_is_the_next_of_its_store() -> None:
    work = dispatch(jobs("UK", "UK", "UK"))
    assert taken(work, 1) == 1
    work.put_back(1)
    assert taken(work, 2) == 1


# --- Limits ---


def test_orders_in_hand_count_as_cancellations_until_they_are_none() -> None:
    work = dispatch(jobs(*["UK"] * 4), most=2)
    assert [taken(work, 1), taken(work, 2), taken(work, 3)] == [1, 2, 0]
    finish(work, 1, Outcome.ALREADY_CANCELED)
    assert taken(work, 1) == 3
    finish(work, 1)
    assert taken(work, 1) == 0
    finish(work, 2)
    with pytest.raises(RunStopped) as stopped:
        work.next_for(1)
    assert str(stopped.value) == "Confirm was pressed for 2 orders, which is the limit of this run."


def test_failures_of_all_workers_count_together() -> None:
    work = dispatch(jobs(*["UK"] * 4))
    taken(work, 1), taken(work, 2)
    finish(work, 1, Outcome.FAILED)
    with pytest.raises(RunStopped) as stopped:
        finish(work, 2, Outcome.FAILED)
    assert str(stopped.value) == "2 orders in a row failed; the last one: It is failed."


def test_a_pace_holds_for_all_workers_together() -> None:
    clock = Clock()
    work = dispatch(jobs(*["UK"] * 4), spacing=2, clock=clock)
    assert [taken(work, 1), taken(work, 2)] == [1, 0]
    assert work.wait == 2
    clock.now = 2
    assert taken(work, 2) == 2


def test_while_the_admin_is_slow_fewer_are_in_hand() -> None:
    work = dispatch(jobs(*["UK"] * 9))
    assert [taken(work, 1), taken(work, 2)] == [1, 2]
    work.done(1, ended(work.in_progress[1]), pressed=True, turned_away=True)
    assert taken(work, 1) == 0
    finish(work, 2)
    assert taken(work, 1) == 3
