"""What the workers of a queued run may do together is counted in the ledger, so two ledgers open on it count as one."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from run_kit import HOST, RUN_ID, TERMS, job, permit, run_info

from bot.cancel.verdicts import Verdict
from bot.engine.stints import cut
from bot.errors import ClaimLost, QueuedRunStopped
from bot.ledger import Ledger, NotYet, Terms
from bot.ledger.schema import orders, queued_runs
from bot.outcomes import OrderResult, Outcome
from bot.runner.results import failed, result_of, skipped

ORDERS = [f"112-1215998-{number:07}" for number in range(1, 9)]


@pytest.fixture
def two(place: Path | str) -> Iterator[tuple[Ledger, Ledger]]:
    """The ledger, as it is open on two machines."""
    with Ledger.open(place) as here, Ledger.open(place) as there:
        yield here, there


def queued(two: tuple[Ledger, Ledger], **terms: Any) -> None:
    usual = {"spacing": 0.0, "max_failures": 3, "max_failures_total": 4, "max_cancellations": None, "not_before": ""}
    jobs = [job(order) for order in ORDERS]
    two[0].queue.submit(
        run_info(), jobs, Terms(command="run", priority=1, **(usual | terms)), cut(jobs), lambda *_: None
    )
    for ledger, worker in zip(two, ("here", "there"), strict=True):
        ledger.runs.go_on_as(RUN_ID, worker)
        ledger.limits.count_for(RUN_ID)


def ended(order: str, outcome: Outcome = Outcome.CANCELED) -> OrderResult:
    return result_of(job(order), Verdict(outcome=outcome, message=f"It is {outcome}."))


def test_orders_on_two_machines_begin_at_the_pace_of_the_run(two: tuple[Ledger, Ledger], clock: Any) -> None:
    here, there = two
    queued(two, spacing=10.0)
    assert here.claims.take(HOST, ORDERS[0], 300)
    with pytest.raises(NotYet) as early:
        there.claims.take(HOST, ORDERS[1], 300)
    assert early.value.seconds == pytest.approx(10)
    clock(10)
    assert there.claims.take(HOST, ORDERS[1], 300)
    with pytest.raises(NotYet):
        here.claims.take(HOST, ORDERS[2], 300)


def test_an_order_that_may_not_begin_is_not_claimed(two: tuple[Ledger, Ledger]) -> None:
    here, there = two
    queued(two)
    here.queue.pause("maria")
    with pytest.raises(NotYet, match=r"The queue is paused\."):
        there.claims.take(HOST, ORDERS[0], 300)
    assert here.claims.held() == []


def test_no_machine_cancels_more_than_all_of_them_may(two: tuple[Ledger, Ledger]) -> None:
    here, there = two
    queued(two, max_cancellations=2)
    for ledger, order in zip(two, ORDERS, strict=False):
        assert ledger.claims.take(HOST, order, 300)
    with pytest.raises(NotYet):  # both in hand may be canceled
        here.claims.take(HOST, ORDERS[2], 300)
    for ledger, order in zip(two, ORDERS, strict=False):
        ledger.intents.write(HOST, permit(order))
        ledger.claims.release(HOST, order)
    with pytest.raises(QueuedRunStopped, match=r"Confirm was pressed for 2 orders, which is the limit of this run\."):
        there.claims.take(HOST, ORDERS[2], 300)


def test_the_intent_itself_is_refused_past_the_limit(two: tuple[Ledger, Ledger]) -> None:
    here, there = two
    queued(two)
    assert here.claims.take(HOST, ORDERS[0], 300)
    assert there.claims.take(HOST, ORDERS[1], 300)
    with here._database.writing() as connection:
        changed = queued_runs.update().values(terms={**vars(TERMS), "max_cancellations": 1})
        connection.execute(changed)
    here.intents.write(HOST, permit(ORDERS[0]))
    with pytest.raises(QueuedRunStopped):
        there.intents.write(HOST, permit(ORDERS[1]))
    assert [intent.order for intent in here.intents.waiting()] == [ORDERS[0]]


def test_an_order_that_was_not_canceled_leaves_room_for_another(two: tuple[Ledger, Ledger]) -> None:
    here, there = two
    queued(two, max_cancellations=1)
    assert here.claims.take(HOST, ORDERS[0], 300)
    with pytest.raises(NotYet):
        there.claims.take(HOST, ORDERS[1], 300)
    here.claims.release(HOST, ORDERS[0])
    assert there.claims.take(HOST, ORDERS[1], 300)


def test_failures_in_a_row_are_counted_over_all_machines(two: tuple[Ledger, Ledger]) -> None:
    here, there = two
    queued(two)
    here.runs.finish_order(result_of(job(ORDERS[0]), failed("one")))
    there.runs.finish_order(result_of(job(ORDERS[1]), failed("two")))
    here.limits.ask()
    here.runs.finish_order(result_of(job(ORDERS[2]), failed("three")))
    for ledger in two:
        with pytest.raises(QueuedRunStopped, match=r"3 orders in a row failed; the last one: three"):
            ledger.limits.ask()


def test_a_success_ends_a_row_and_a_skipped_order_does_not(two: tuple[Ledger, Ledger]) -> None:
    here, there = two
    queued(two)
    for order in ORDERS[:2]:
        here.runs.finish_order(result_of(job(order), failed("no")))
    there.runs.finish_order(result_of(job(ORDERS[2]), skipped("later")))
    there.runs.finish_order(ended(ORDERS[3]))
    here.runs.finish_order(result_of(job(ORDERS[4]), failed("third")))
    there.limits.ask()
    here.runs.finish_order(result_of(job(ORDERS[5]), failed("fourth")))
    with pytest.raises(QueuedRunStopped, match=r"4 orders failed; the last one: fourth"):
        there.limits.ask()


def test_an_order_that_has_its_result_from_another_worker_does_not_begin(two: tuple[Ledger, Ledger]) -> None:
    here, there = two
    queued(two)
    here.runs.finish_order(result_of(job(ORDERS[0]), failed("no")))
    with pytest.raises(NotYet) as again:
        there.claims.take(HOST, ORDERS[0], 300)
    assert (again.value.seconds, there.claims.held()) == (0, [])


def test_an_order_that_got_its_result_meanwhile_is_not_pressed(two: tuple[Ledger, Ledger]) -> None:
    here, there = two
    queued(two)
    assert there.claims.take(HOST, ORDERS[0], 300)
    with here._database.writing() as connection:  # as if it had been recorded just before the claim
        kept = result_of(job(ORDERS[0]), failed("no")).model_dump(mode="json")
        connection.execute(orders.update().where(orders.c.amazon_order == ORDERS[0]).values(result=kept))
    with pytest.raises(ClaimLost):
        there.intents.write(HOST, permit(ORDERS[0]))
    assert here.intents.waiting() == []


def test_without_its_claim_no_order_of_a_queued_run_is_pressed(two: tuple[Ledger, Ledger]) -> None:
    here, _ = two
    queued(two)
    with pytest.raises(ClaimLost):
        here.intents.write(HOST, permit(ORDERS[0]))
    assert here.intents.waiting() == []


def test_nothing_begins_of_a_run_that_is_over(two: tuple[Ledger, Ledger]) -> None:
    here, there = two
    queued(two)
    for stint in here.queue.waiting()[0].stints:
        here.queue.end_stint(stint)
    assert here.queue.is_last(RUN_ID, "here")
    with pytest.raises(QueuedRunStopped, match=r"The run is over\."):
        there.claims.take(HOST, ORDERS[0], 300)


def test_nothing_begins_before_its_time_whatever_the_clocks_of_the_machines_say(
    two: tuple[Ledger, Ledger], clock: Any
) -> None:
    here, _ = two
    begin = (here.now() + timedelta(seconds=90)).isoformat()
    queued(two, not_before=begin)
    for seconds, wait in ((0, 60), (60, 30)):
        clock(seconds)
        with pytest.raises(NotYet, match=r"It is too early for this run: a computer's clock is wrong\.") as early:
            here.claims.take(HOST, ORDERS[0], 300)
        assert early.value.seconds == pytest.approx(wait, abs=5)
    clock(31)
    assert here.claims.take(HOST, ORDERS[0], 300)


def test_a_slow_pace_is_asked_about_once_a_minute_because_an_account_is_lost_otherwise(
    two: tuple[Ledger, Ledger],
) -> None:
    here, there = two
    queued(two, spacing=720.0)
    assert here.claims.take(HOST, ORDERS[0], 300)
    with pytest.raises(NotYet) as early:
        there.claims.take(HOST, ORDERS[1], 300)
    assert early.value.seconds == 60


def test_a_run_that_was_not_submitted_is_not_counted(two: tuple[Ledger, Ledger]) -> None:
    here, _ = two
    here.queue.pause("maria")
    here.runs.begin(run_info("by itself"), [job()])
    here.limits.ask()
    assert here.claims.take(HOST, ORDERS[0], 300)
