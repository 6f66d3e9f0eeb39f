"""The engine under faults, with everything real but the browser: the practice Admin counts one cancel an order.

Workers are processes of the command line (``machine_kit``). What the real flows do with a browser under the same faults
is in ``tests/browser/test_machines.py``; the large campaign is ``make chaos-machines``.
"""

import os
import signal
import sys
import time
from itertools import pairwise

import pytest
import sqlalchemy as sa
from machines_kit import HANGS, Machines
from server_kit import Server, programs

from bot.evidence.verify import verify
from bot.ledger import Ledger
from bot.outcomes import Outcome

pytestmark = [pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals"), pytest.mark.sampled(2)]


@pytest.mark.slow("it starts five processes that import the engine")
def test_four_processes_on_one_file_cancel_every_order_once(machines: Machines) -> None:
    run_id = machines.submit()
    workers = [machines.start("worker", "--once", account=number) for number in range(4)]
    for worker in workers:
        assert worker.communicate(timeout=HANGS)[1] == ""
    assert machines.everything_was_canceled_once(run_id)


@pytest.mark.slow("it starts processes that import the engine")
def test_a_list_that_is_submitted_twice_at_once_is_worked_once(machines: Machines) -> None:
    both = [machines.start("submit", "jobs.yaml") for _ in range(2)]
    ids = {process.communicate(timeout=HANGS)[0].strip() for process in both}
    assert len(ids) == 1
    machines.run("worker", "--once")
    assert machines.everything_was_canceled_once(*ids)


@pytest.mark.thorough
@pytest.mark.slow("it starts processes that import the engine")
@pytest.mark.parametrize("point", ["before intent", pytest.param("after result", marks=pytest.mark.thorough)])
def test_a_worker_that_is_killed_leaves_its_stint_to_the_next_one(machines: Machines, point: str) -> None:
    run_id = machines.submit()
    killed = machines.start("worker", "--once", MACHINE_FAULT=f"kill {point}")
    killed.communicate(timeout=HANGS)
    assert killed.returncode == -signal.SIGKILL
    machines.run("worker", "--once", account=1)
    assert machines.everything_was_canceled_once(run_id)


@pytest.mark.slow("it starts processes that import the engine")
@pytest.mark.parametrize("point", [pytest.param("after intent", marks=pytest.mark.thorough), "after cancel"])
@pytest.mark.sampled(1)
def test_an_order_whose_worker_is_killed_around_its_cancel_is_left_to_a_person(machines: Machines, point: str) -> None:
    run_id = machines.submit()
    killed = machines.start("worker", "--once", MACHINE_FAULT=f"kill {point}")
    killed.communicate(timeout=HANGS)
    machines.run("worker", "--once")  # the same account: it is the same executor
    became = machines.outcomes(run_id)
    (order,) = [order for order, outcome in became.items() if outcome is Outcome.UNKNOWN]
    counted = machines.counted()
    assert counted.get(order, 0) == (point == "after cancel")
    assert {counted[other] for other in became if other != order} == {1}


@pytest.mark.slow("it waits until a lease is over")
def test_a_worker_that_was_frozen_past_its_lease_presses_nothing_when_it_wakes(machines: Machines) -> None:
    run_id = machines.submit()
    frozen = machines.start("worker", "--once", MACHINE_FAULT="freeze before intent", MACHINE_LEASE="8")
    while not (machines.folder / "marks" / "happened").exists():
        assert frozen.poll() is None
        time.sleep(0.05)
    with Ledger.open(machines.ledger) as ledger:
        while ledger.accounts.held():
            time.sleep(0.1)
    machines.run("worker", "--once", account=1, MACHINE_LEASE="8")
    before = machines.counted()
    os.kill(frozen.pid, signal.SIGCONT)
    frozen.communicate(timeout=HANGS)
    assert machines.counted() == before
    assert machines.everything_was_canceled_once(run_id)


# --- When, and in which order ---


@pytest.mark.thorough
@pytest.mark.slow("it starts processes that import the engine")
def test_a_run_with_a_lower_number_is_worked_first_and_one_for_later_not_yet(machines: Machines) -> None:
    usual, urgent, later = machines.orders[:3], machines.orders[3:6], machines.orders[6:]
    for name, orders in (("usual.yaml", usual), ("urgent.yaml", urgent), ("later.yaml", later)):
        machines.write_list(name, orders)
    machines.run("submit", "usual.yaml")
    machines.run("submit", "--priority", "1", "urgent.yaml")
    machines.run("submit", "--priority", "1", "--at", "2999-03-01 06:00", "later.yaml")
    machines.run("worker", "--once")
    arrived = [record.order for record in machines.sandbox.journal.cancels]
    assert set(arrived[:3]) == {order.number for order in urgent}
    assert set(arrived[3:]) == {order.number for order in usual}
    with Ledger.open(machines.ledger) as ledger:
        assert [run.info.job_list for run in ledger.queue.waiting()] == ["later.yaml"]


@pytest.mark.slow("it starts processes that import the engine")
def test_the_orders_of_a_store_are_worked_by_one_worker_at_a_time_if_that_is_wanted(machines: Machines) -> None:
    run_id = machines.run("submit", "jobs.yaml", "--one-worker-per-store").strip()
    workers = [machines.start("worker", "--once", account=number, MACHINE_SECONDS="0.3") for number in range(3)]
    for worker in workers:
        assert worker.communicate(timeout=HANGS)[1] == ""
    assert machines.everything_was_canceled_once(run_id)
    with Ledger.open(machines.ledger) as ledger, ledger._database.writing() as connection:
        rows = connection.execute(sa.text("SELECT store, begun_at, ended_at FROM stints ORDER BY begun_at")).all()
    for store in {row.store for row in rows}:
        of_store = [row for row in rows if row.store == store]
        assert len(of_store) > 1
        assert all(one.ended_at <= other.begun_at for one, other in pairwise(of_store))


# --- Several workers on one machine ---


@pytest.mark.thorough
@pytest.mark.slow("it starts processes that import the engine")
def test_the_workers_of_one_machine_share_the_queue_and_say_which_line_is_whose(
    machines: Machines, accounts: dict[str, str]
) -> None:
    run_id = machines.submit()
    said = machines.run("worker", "--workers", "3", "--once", settings=accounts)
    assert machines.everything_was_canceled_once(run_id)
    for name in machines.sandbox.accounts[:3]:
        assert f"[{name}] Waiting for orders of " in said


@pytest.mark.thorough
@pytest.mark.slow("it starts processes that import the engine")
@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_stopped_machine_finishes_the_orders_in_hand_and_leaves_the_rest_to_others(
    machines: Machines, accounts: dict[str, str], workers: str
) -> None:
    run_id = machines.submit()
    stopped = machines.start("worker", "--workers", workers, settings=accounts, MACHINE_SECONDS="0.3")
    while not machines.counted():
        assert stopped.poll() is None
        time.sleep(0.05)
    stopped.send_signal(signal.SIGTERM)
    out, err = stopped.communicate(timeout=HANGS)
    assert (stopped.returncode, err) == (0, "")
    assert out.endswith("Stopped. What was in hand is handed out again.\n")
    assert set(machines.outcomes(run_id).values()) <= {Outcome.CANCELED}
    machines.run("worker", "--once")
    assert machines.everything_was_canceled_once(run_id)


@pytest.mark.thorough
@pytest.mark.slow("it starts processes that import the engine")
def test_somebody_who_does_not_want_to_wait_ends_a_worker_in_the_middle_of_an_order(machines: Machines) -> None:
    run_id = machines.submit()
    ended = machines.start("worker", MACHINE_SECONDS="600")
    with Ledger.open(machines.ledger) as ledger:
        while not ledger.claims.held():
            assert ended.poll() is None
            time.sleep(0.05)
    ended.send_signal(signal.SIGTERM)
    assert ended.stdout is not None
    while "Stopping: " not in ended.stdout.readline():
        assert ended.poll() is None
    ended.send_signal(signal.SIGTERM)
    _, err = ended.communicate(timeout=HANGS)
    assert (ended.returncode, err) == (130, "Interrupted.\n")
    assert (machines.counted(), machines.outcomes(run_id)) == ({}, {})
    machines.run("worker", "--once")
    assert machines.everything_was_canceled_once(run_id)


@pytest.mark.thorough
@pytest.mark.slow("it starts processes that import the engine")
def test_a_worker_that_dies_is_started_again_by_its_machine(machines: Machines, accounts: dict[str, str]) -> None:
    run_id = machines.submit()
    fault = "kill before intent"
    said = machines.run("worker", "--workers", "2", "--once", settings=accounts, MACHINE_FAULT=fault)
    assert f"- A worker died (exit code -{signal.SIGKILL}), and is started again.\n" in said
    assert machines.everything_was_canceled_once(run_id)


# --- On a server ---

on_a_server = pytest.mark.skipif(programs() is None, reason="PostgreSQL is not installed")


@on_a_server
@pytest.mark.thorough
@pytest.mark.slow("it starts a server, and processes that import the engine")
def test_three_machines_with_one_server_cancel_every_order_once(machines: Machines, server: Server) -> None:
    run_id = machines.submit()
    workers = [machines.start("worker", "--once", account=number, MACHINE_SECONDS="0.3") for number in range(3)]
    for worker in workers:
        assert worker.communicate(timeout=HANGS)[1] == ""
    assert machines.everything_was_canceled_once(run_id)
    with Ledger.open(machines.ledger) as ledger:
        worked = ledger.queue.worked(run_id)
    assert len(worked.workers) == len(worked.accounts) > 1


@on_a_server
@pytest.mark.thorough
@pytest.mark.slow("it ends a server and starts it again")
def test_a_worker_waits_for_a_server_that_went_away_and_cancels_every_order_once(
    machines: Machines, server: Server
) -> None:
    run_id = machines.submit()
    worker = machines.start("worker", "--once", MACHINE_SECONDS="0.5")
    while len(machines.counted()) < 3:
        assert worker.poll() is None
        time.sleep(0.05)
    server.end()
    assert worker.stdout is not None
    said = ""
    while "Waiting for it." not in said:
        said = worker.stdout.readline()
        assert said
    server.start()
    assert worker.communicate(timeout=HANGS)[1] == ""
    became = machines.outcomes(run_id)
    counted = machines.counted()
    # The order in hand may have been between its intent and its result; nobody may press it again.
    assert [outcome for outcome in became.values() if outcome is not Outcome.CANCELED] in ([], [Outcome.UNKNOWN])
    assert set(counted.values()) == {1}
    assert {order for order, outcome in became.items() if outcome is Outcome.CANCELED} <= set(counted)
    with Ledger.open(machines.ledger) as ledger:
        assert verify(machines.folder / "runs" / run_id, ledger).disagreement == ""
