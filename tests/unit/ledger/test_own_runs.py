"""Runs that a process works with workers of its own: whose they are, and what is left of them when it has ended."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from run_kit import HOST, RUN_ID, TERMS, job, permit, run_info

from bot.errors import QueuedRunStopped
from bot.ledger import Ledger, NotYet
from bot.ledger.processes import this_process
from bot.runner.stints.cut import cut_for

ORDERS = [f"112-1215998-{number:07}" for number in range(1, 4)]


def gone() -> str:
    """A process of this computer that has ended."""
    name, _, *rest = this_process().split(" ")
    return " ".join([f"{name.partition('/')[0]}/999999999", "0" * 16, *rest])


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Ledger]:
    """The ledger as the first worker of the run opens it."""
    place = tmp_path / "ledger.sqlite"
    with Ledger.open(place) as ledger, Ledger.open(place) as of_worker:
        jobs = [job(order) for order in ORDERS]
        ledger.own_runs.begin(run_info(), jobs, TERMS, cut_for(jobs, 2), lambda connection, stint: None)
        of_worker.runs.go_on_as(RUN_ID, 1)
        of_worker.limits.count_for(RUN_ID)
        yield of_worker


def kill_process_of_run(ledger: Ledger) -> None:
    with ledger._database.writing() as connection:
        terms: dict[str, Any] = connection.execute(sa.text("SELECT terms FROM queued_runs")).scalar_one()
        assert this_process() in str(terms)
        connection.execute(
            sa.text("UPDATE queued_runs SET terms = replace(terms, :mine, :gone)"),
            {"mine": this_process(), "gone": gone()},
        )


def test_while_its_process_lives_its_workers_claim_and_press(worker: Ledger) -> None:
    assert worker.claims.take(HOST, ORDERS[0], 300)
    worker.intents.write(HOST, permit(ORDERS[0]))
    assert [intent.order for intent in worker.intents.waiting()] == [ORDERS[0]]


def test_once_its_process_has_ended_no_order_begins(worker: Ledger) -> None:
    kill_process_of_run(worker)
    with pytest.raises(QueuedRunStopped) as refused:
        worker.claims.take(HOST, ORDERS[0], 300)
    assert str(refused.value) == "The process of this run has ended."
    assert worker.claims.held() == []


def test_once_its_process_has_ended_an_order_in_hand_is_not_pressed(worker: Ledger) -> None:
    assert worker.claims.take(HOST, ORDERS[0], 300)
    kill_process_of_run(worker)
    with pytest.raises(QueuedRunStopped):
        worker.intents.write(HOST, permit(ORDERS[0]))
    assert worker.intents.waiting() == []


def test_a_run_that_is_over_lets_no_order_begin(worker: Ledger) -> None:
    worker.own_runs.end(RUN_ID)
    with pytest.raises(QueuedRunStopped) as refused:
        worker.claims.take(HOST, ORDERS[0], 300)
    assert str(refused.value) == "The run is over."


def test_it_is_no_business_of_the_shared_queue(worker: Ledger) -> None:
    assert worker.queue.waiting() == []
    assert worker.queue.find(RUN_ID) is None
    assert not worker.pages.runs(10)[0].queued


def test_a_queue_that_is_paused_does_not_hold_it_up(worker: Ledger) -> None:
    worker.queue.pause("somebody")
    assert worker.claims.take(HOST, ORDERS[0], 300)


def test_a_run_is_abandoned_when_its_process_has_ended_without_ending_it(worker: Ledger) -> None:
    assert worker.own_runs.abandoned() == []
    kill_process_of_run(worker)
    assert worker.own_runs.abandoned() == [RUN_ID]
    worker.own_runs.end(RUN_ID)
    assert worker.own_runs.abandoned() == []


def test_the_same_list_can_be_worked_again_while_what_is_left_of_the_first_run_is_there(worker: Ledger) -> None:
    kill_process_of_run(worker)
    jobs = [job(order) for order in ORDERS]
    info = run_info("20260301-031405-a1b3")
    worker.own_runs.begin(info, jobs, TERMS, cut_for(jobs, 2), lambda connection, stint: None)
    assert worker.own_runs.abandoned() == [RUN_ID]


def test_while_the_admin_is_slow_fewer_orders_are_in_progress(worker: Ledger, tmp_path: Path) -> None:
    worker.own_runs.allow_at_once(RUN_ID, 1)
    assert worker.claims.take(HOST, ORDERS[0], 300)
    with Ledger.open(tmp_path / "ledger.sqlite") as second:
        second.runs.go_on_as(RUN_ID, 2)
        second.limits.count_for(RUN_ID)
        with pytest.raises(NotYet):
            second.claims.take(HOST, ORDERS[1], 300)
        worker.claims.release(HOST, ORDERS[0])
        assert second.claims.take(HOST, ORDERS[1], 300)
