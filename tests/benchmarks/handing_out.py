"""How a queue grows and how fast it is worked, without browsers: each order takes a fixed time (``machine_kit``).

``python tests/benchmarks/handing_out.py --orders 100000`` says how long it takes to submit such a list, and how large
the ledger is then. With ``--workers 1 4 8`` a list is worked by that many workers: orders a minute beside what they
could do at most, and how long a worker waits from one stint to the next. With ``--run 2 4`` a list is worked as ``run
--workers`` works it, on one file: what lies between the end of an order and the beginning of the same worker's next
one, which is what handing out costs, and how long it takes until the first order begins.
"""

import argparse
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import nullcontext
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from pathlib import Path
from unittest.mock import patch

sys.path.append(str(Path(__file__).resolve().parents[1] / "kit"))  # as pytest does: see pyproject.toml
sys.path.append(str(Path(__file__).resolve().parents[1] / "chaos"))

import psutil
from environment_kit import clean_environment
from pool_kit import HOST, open_worker
from pydantic import SecretStr
from run_kit import RUN_ID, run_info
from server_kit import Server, programs

from bot.accounts import Account
from bot.engine.submission import submit
from bot.evidence.store import LocalStore
from bot.joblist import Job, JobList
from bot.ledger import Ledger, Terms
from bot.reports.progress import PlainProgress
from bot.runner import RunLimits, Runner
from bot.runner.pool_run import PoolRun
from bot.runner.stints.run_queue import open_run_queue
from bot.runner.worker_pool import WorkerPool
from bot.sandbox import Face, Sandbox, stock
from bot.settings import load_settings
from bot.vocabulary import Reason, Status

KIT = Path(__file__).resolve().parents[1] / "kit"
TERMS = Terms(
    command="run",
    priority=100,
    not_before="",
    spacing=0,
    max_failures=5,
    max_failures_total=50,
    max_cancellations=None,
)


def submitting(orders: int, place: Path | str, folder: Path) -> None:
    """Submit a long list, and print what it takes."""
    jobs = tuple(
        Job(order=f"112-{number:07}-0000000", store=f"Store {number % 8}", reason=Reason.BUYER_CANCELED)
        for number in range(orders)
    )
    environment = clean_environment(
        COUNTERMAND_ADMIN_URL="https://shop.example/admin",
        COUNTERMAND_USERNAME="bot",
        COUNTERMAND_PASSWORD="pw",
        COUNTERMAND_LEDGER=str(place),
        COUNTERMAND_RUNS_DIR=str(folder),
    )
    with patch.dict("os.environ", environment, clear=True):
        settings = load_settings()
    begun, cpu = time.monotonic(), time.process_time()
    submit(JobList(file="long.yaml", jobs=jobs), settings, TERMS)
    size = f", {place.stat().st_size / 1e6:.0f} MB" if isinstance(place, Path) else ""
    print(
        f"Submitting {orders:,} orders: {time.monotonic() - begun:.1f} s, CPU {time.process_time() - cpu:.1f} s{size}"
    )


def working(workers: int, seconds: float, each: int, server: Server | None) -> None:
    """Have a number of workers work a list, and print how it went."""
    orders = workers * each
    stock.ORDERS = 3 * orders + 60  # in each store, of which about a third can be canceled
    with tempfile.TemporaryDirectory() as made, Sandbox(face=Face.PLAIN) as sandbox:
        folder = Path(made)
        place: Path | str = server.address if server else folder / "ledger.sqlite"
        listed = list({order.number: order for order in sandbox.shop.select(status=Status.UNSHIPPED)}.values())[:orders]
        lines = [f"  - {{order: {order.number}, store: {order.store}}}" for order in listed]
        (folder / "jobs.yaml").write_text("\n".join(["reason: BuyerCanceled", "orders:", *lines, ""]), encoding="utf-8")
        environment = clean_environment(
            COUNTERMAND_ADMIN_URL=sandbox.url,
            COUNTERMAND_PASSWORD=sandbox.password,
            COUNTERMAND_LEDGER=str(place),
            MACHINE_SECONDS=str(seconds),
            PYTHONUTF8="1",
        )
        command = [sys.executable, str(KIT / "machine_kit.py")]
        accounts = [{"COUNTERMAND_USERNAME": name} for name in sandbox.accounts]
        submitted = subprocess.run(
            [*command, "submit", "jobs.yaml"],
            cwd=folder,
            env=environment | accounts[0],
            capture_output=True,
            text=True,
            check=True,
        )
        run_id = submitted.stdout.strip()
        with Ledger.open(place) as ledger:
            ledger.queue.pause("benchmark")
        before = _cpu_of(server)
        work = [*command, "worker", "--once"]
        processes = [
            subprocess.Popen(work, cwd=folder, env=environment | account, stdout=subprocess.DEVNULL)
            for account in accounts[:workers]
        ]
        time.sleep(2 + 2 * workers)  # until all have started
        with Ledger.open(place) as ledger:
            ledger.queue.resume()
            begun = time.monotonic()
        for one in processes:
            one.wait()
        took = time.monotonic() - begun
        cpu = _cpu_of(server) - before
        with Ledger.open(place) as ledger:
            waits = list(_waits(ledger, run_id))
    at_most = 60 * workers / seconds
    wait = f"{statistics.median(waits):.2f} s" if waits else "-"
    per_order = f", database CPU {1000 * cpu / orders:.0f} ms an order" if server else ""
    print(
        f"{workers:3} workers: {60 * orders / took:6.0f} orders a minute of {at_most:.0f} at most; from stint to stint "
        f"{wait}{per_order}",
        flush=True,
    )


def _waits(ledger: Ledger, run_id: str) -> list[float]:
    """The seconds from the end of each stint to the beginning of the same worker's next one."""
    with ledger._database._engine.connect() as connection:
        rows = connection.exec_driver_sql(
            f"SELECT worker, begun_at, ended_at FROM stints WHERE run_id = '{run_id}' ORDER BY worker, begun_at"
        ).all()
    return [
        (datetime.fromisoformat(after.begun_at) - datetime.fromisoformat(before.ended_at)).total_seconds()
        for before, after in pairwise(rows)
        if before.worker == after.worker
    ]


class _Nobody:
    """Where lines go that nobody reads."""

    def write(self, text: str) -> int:
        return len(text)

    def flush(self) -> None: ...


def worked_in_a_run(workers: int, seconds: float, each: int, server: Server | None) -> None:
    """Have the workers of a run of its own work a list, and print what handing out its orders cost."""
    jobs = [
        Job(
            order=f"112-{number:07}-0000000",
            store=f"Store {number % 2}",
            reason=Reason.BUYER_CANCELED,
            note=f"takes {seconds}",
        )
        for number in range(workers * each)
    ]
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        place: Path | str = server.address if server else folder / "ledger.sqlite"
        (folder / "marks").mkdir()
        (folder / RUN_ID / "evidence").mkdir(parents=True)
        with Ledger.open(place) as ledger:
            ledger.runs.go_on_as(RUN_ID)
            ledger.trail.copy_to(folder / RUN_ID)
            begun = datetime.now(UTC)
            with open_run_queue(place, ledger, RUN_ID) as queue:
                run = PoolRun(
                    ledger=ledger,
                    folder=folder / RUN_ID,
                    store=LocalStore(folder / RUN_ID),
                    queue=queue,
                    log=lambda line: None,
                    stopping=lambda: False,
                    blocked={},
                )
                accounts = [Account(username=f"{number}", password=SecretStr("x")) for number in range(workers)]
                pool = WorkerPool(partial(open_worker, folder, RUN_ID, place=place), accounts, run)
                limits = RunLimits(max_failures=5)
                progress = PlainProgress(_Nobody())
                info = run_info().model_copy(update={"workers": workers, "admin": HOST})
                before = _cpu_of_children()
                Runner(pool, ledger=ledger, progress=progress, limits=limits).run(info, jobs)
            cpu = _cpu_of_children() - before
            gaps, first, last = _gaps(ledger)
    took = (last - first).total_seconds()
    print(
        f"{workers:3} workers of a run: first order after {(first - begun).total_seconds():.2f} s; "
        f"{60 * len(jobs) / took:.0f} orders a minute of {60 * workers / seconds:.0f} at most; from order to order "
        f"{1000 * statistics.mean(gaps):.0f} ms (median {1000 * statistics.median(gaps):.0f}, "
        f"most {1000 * max(gaps):.0f}); workers' CPU {1000 * cpu / len(jobs):.0f} ms an order",
        flush=True,
    )


def _gaps(ledger: Ledger) -> tuple[list[float], datetime, datetime]:
    """The seconds from the end of each order to the beginning of the same worker's next one; begin and end of all."""
    begun: dict[str, datetime] = {}
    ended: dict[str, datetime] = {}
    for entry in ledger.trail.entries(RUN_ID):
        told = json.loads(entry.line)
        if entry.event in {"taken", "finished"}:
            (begun if entry.event == "taken" else ended)[entry.order] = datetime.fromisoformat(told["at"])
    of_worker: dict[str, list[str]] = {}
    for result in ledger.runs.results(RUN_ID):
        (number,) = re.findall(r"By worker (\d+)\.", result.message)
        of_worker.setdefault(number, []).append(result.order)
    gaps = []
    for orders in of_worker.values():
        orders.sort(key=begun.__getitem__)
        gaps += [(begun[after] - ended[before]).total_seconds() for before, after in pairwise(orders)]
    return gaps, min(begun.values()), max(ended.values())


def _cpu_of_children() -> float:
    times = psutil.Process().cpu_times()
    return float(times.children_user + times.children_system)


def _cpu_of(server: Server | None) -> float:
    if server is None:
        return 0.0
    top = psutil.Process(server.process)
    times = [one.cpu_times() for one in (top, *top.children(recursive=True))]
    return sum(one.user + one.system + one.children_user + one.children_system for one in times)


def main() -> None:
    """Parse the words after the command, and measure."""
    parser = argparse.ArgumentParser(description="How a queue grows, and how fast it is worked.")
    parser.add_argument("--orders", type=int, default=10_000, help="of the list that is only submitted")
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2, 4])
    parser.add_argument("--seconds", type=float, default=0.5, help="how long an order takes")
    parser.add_argument("--each", type=int, default=75, help="orders a worker")
    parser.add_argument("--run", type=int, nargs="*", default=[], help="workers of a run of its own; nothing else")
    options = parser.parse_args()
    found = programs()
    for server in (None, found) if found and options.run else (None,):
        for workers in options.run:
            with Server(server) if server else nullcontext() as running:
                print("PostgreSQL:" if running else "One file:  ", end="")
                worked_in_a_run(workers, options.seconds, options.each, running)
    if options.run:
        return
    with tempfile.TemporaryDirectory() as folder:
        submitting(options.orders, Path(folder) / "ledger.sqlite", Path(folder))
    for server in (None, found):
        print("PostgreSQL" if server else "One file")
        for workers in options.workers:
            with Server(server) if server else nullcontext() as running:
                working(workers, options.seconds, options.each, running)
        if found is None:
            break


if __name__ == "__main__":
    main()
