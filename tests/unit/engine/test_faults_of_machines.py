"""What happens between machines, and to one of them: the practice Admin counts at most one cancel an order, and what is
said of each order is what arrived.

In large, and with longer waits: ``make chaos-machines``.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from environment_kit import clean_environment
from failure_kit import Program
from link_kit import Link
from machines_kit import HANGS, Machines
from server_kit import NOT_AS_ROOT, Server, programs

from bot.ledger import Ledger
from bot.outcomes import Outcome

MAY_UNSHARE = shutil.which("unshare") and hasattr(os, "geteuid") and os.geteuid() == 0

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals"),
    pytest.mark.skipif(programs() is None, reason="PostgreSQL is not installed"),
    pytest.mark.slow("it starts a server, and processes that import the engine"),
    pytest.mark.thorough,
]


def has_begun(machines: Machines, worker: Program, orders: int = 2) -> None:
    """Wait until some orders have arrived."""
    while len(machines.counted()) < orders:
        assert worker.poll() is None
        time.sleep(0.05)


@pytest.fixture
def link(machines: Machines, server: Server) -> Iterator[Link]:
    """The link between the machines and their server."""
    with Link(server.port) as link:
        machines.ledger = str(machines.ledger).replace(f":{server.port}/", f":{link.port}/")
        yield link


# --- The link to the server, and the server ---


@pytest.mark.parametrize("how", ["cut", pytest.param("hold", marks=pytest.mark.thorough)])
def test_a_link_that_is_cut_for_a_while_loses_and_doubles_nothing(machines: Machines, link: Link, how: str) -> None:
    run_id = machines.submit()
    worker = machines.start("worker", "--once", MACHINE_SECONDS="0.5")
    has_begun(machines, worker)
    getattr(link, how)()
    time.sleep(5)
    link.mend()
    assert worker.communicate(timeout=HANGS)[1] == ""
    assert machines.nothing_is_told_wrongly(run_id)
    assert set(machines.outcomes(run_id).values()) <= {Outcome.CANCELED, Outcome.UNKNOWN}


def test_a_server_that_is_restarted_is_waited_for(machines: Machines, server: Server) -> None:
    run_id = machines.submit()
    worker = machines.start("worker", "--once", MACHINE_SECONDS="0.5")
    has_begun(machines, worker)
    server.restart()
    assert worker.communicate(timeout=HANGS)[1] == ""
    assert machines.nothing_is_told_wrongly(run_id)


@pytest.mark.thorough
@pytest.mark.skipif(shutil.which("pgbouncer") is None, reason="pgbouncer is not installed")
def test_a_pool_of_connections_in_front_of_the_server_changes_nothing(machines: Machines, server: Server) -> None:
    with tempfile.TemporaryDirectory(prefix="pool-") as made:
        settings = Path(made, "pgbouncer.ini")
        with Link(server.port) as free:  # for a free port
            port = free.port
        settings.write_text(
            f"[databases]\n* = host=127.0.0.1 port={server.port} user=bot\n[pgbouncer]\nlisten_addr = 127.0.0.1\n"
            f"listen_port = {port}\nauth_type = any\nunix_socket_dir =\npool_mode = session\n"
            "ignore_startup_parameters = options\n",
            encoding="utf-8",
        )
        if os.geteuid() == 0:
            for path in (Path(made), settings):
                shutil.chown(path, NOT_AS_ROOT)
        pool = subprocess.Popen(
            ["pgbouncer", "-q", str(settings)],
            user=NOT_AS_ROOT if os.geteuid() == 0 else None,
            env=clean_environment(),
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            machines.ledger = f"postgresql://bot@127.0.0.1:{port}/postgres"
            while not _answers(str(machines.ledger)):
                assert pool.poll() is None
            run_id = machines.submit()
            workers = [machines.start("worker", "--once", account=number) for number in range(2)]
            for worker in workers:
                assert worker.communicate(timeout=HANGS)[1] == ""
            assert machines.everything_was_canceled_once(run_id)
        finally:
            pool.terminate()
            pool.wait()


def _answers(address: str) -> bool:
    engine = sa.create_engine(address.replace("postgresql:", "postgresql+psycopg:"))
    try:
        with engine.connect():
            return True
    except sa.exc.OperationalError:
        return False
    finally:
        engine.dispose()


# --- The machines themselves ---


def test_machines_whose_clocks_are_an_hour_off_take_nothing_from_each_other(machines: Machines, server: Server) -> None:
    """By what the ledger and the engine ask: libfaketime makes CPython's own waits fail, or never end."""
    run_id = machines.submit()
    workers = [
        machines.start("worker", "--once", account=number, MACHINE_SECONDS="0.3", MACHINE_CLOCK=clock)
        for number, clock in enumerate(("3600", "-3600"))
    ]
    for worker in workers:
        assert worker.communicate(timeout=HANGS)[1] == ""
    assert machines.everything_was_canceled_once(run_id)


@pytest.mark.skipif(not MAY_UNSHARE, reason="only root may start a process in namespaces of its own")
def test_a_worker_that_dies_on_another_machine_is_replaced_when_its_lease_is_over(
    machines: Machines, server: Server
) -> None:
    """Both are called the same, and number their processes alike; nobody here can see that the other one has died."""
    run_id = machines.submit()
    elsewhere = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "--uts"]
    dies = machines.start(
        "worker", "--once", before=elsewhere, MACHINE_FAULT="kill before intent", MACHINE_LEASE="8", MACHINE_SECONDS="1"
    )
    dies.communicate(timeout=HANGS)
    with Ledger.open(machines.ledger) as ledger:
        machines.run("worker", "--once", account=1, MACHINE_LEASE="8")
        while ledger.queue.waiting():  # it found nothing else to do, and went before the lease was over
            machines.run("worker", "--once", account=1, MACHINE_LEASE="8")
    assert machines.everything_was_canceled_once(run_id)


def test_two_workers_never_have_one_account(machines: Machines, server: Server) -> None:
    run_id = machines.submit()
    first = machines.start("worker")
    has_begun(machines, first)
    second = machines.start("worker", "--once")
    _, err = second.communicate(timeout=HANGS)
    assert second.returncode == 2
    assert err.startswith("No Admin account is free: ")
    has_begun(machines, first, len(machines.orders))
    first.send_signal(signal.SIGTERM)
    first.communicate(timeout=HANGS)
    machines.run("worker", "--once")  # what was left to do at its end
    assert machines.everything_was_canceled_once(run_id)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such limit")
def test_a_machine_whose_disk_is_full_presses_nothing_more_and_the_others_go_on(
    machines: Machines, server: Server
) -> None:
    run_id = machines.submit()
    full = machines.start("worker", "--once", MACHINE_DISK="3000", COUNTERMAND_RUNS_DIR="of-the-full-machine")
    _, err = full.communicate(timeout=HANGS)
    assert full.returncode == 1
    assert err.startswith("The evidence could not be written (")
    assert len(machines.counted()) < len(machines.orders)
    machines.run("worker", "--once", account=1)
    assert machines.everything_was_canceled_once(run_id)


@pytest.mark.thorough
def test_a_machine_that_is_killed_while_its_link_is_cut_leaves_its_stint_to_another(
    machines: Machines, link: Link
) -> None:
    run_id = machines.submit()
    worker = machines.start("worker", "--once", MACHINE_SECONDS="0.5")
    has_begun(machines, worker)
    link.cut()
    worker.send_signal(signal.SIGKILL)
    worker.communicate(timeout=HANGS)
    link.mend()
    machines.run("worker", "--once", account=1)
    assert machines.nothing_is_told_wrongly(run_id)
