"""One queue with up to 200 workers on PostgreSQL, without browsers: what a database bears, and where it ends.

``python tests/benchmarks/many_workers.py`` submits 100,000 orders and has 1, 10, 50 and 200 workers work at them, each
number of them for a minute. A worker is a thread here that does everything that a real one does in the database: it
takes stints from the engine, claims orders, writes steps, pictures, intents, answers and results to the ledger, and
records steps with the engine. Between, it keeps the time that an order takes (``--seconds``). Ten workers are a
machine, with a run folder of its own. Printed are orders a minute, of how many at most; the processor time of the
database and of these workers, an order; how long handing a stint out takes; and how large the database is. At the end
it says up to which number of workers it was linear, and what the trail of a list, which is one chain, lets it do.

The workers are threads of one process, which the interpreter lets compute one at a time: where their processor time an
order, times the orders a second, comes near one processor, it is this benchmark that ends there, and not the database.
"""

import argparse
import random
import statistics
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from unittest.mock import patch

sys.path.append(str(Path(__file__).resolve().parents[1] / "kit"))  # as pytest does: see pyproject.toml

import psutil
import sqlalchemy as sa
from environment_kit import clean_environment
from run_kit import TERMS, permit
from server_kit import Server, programs

from bot.cancel.verdicts import Verdict
from bot.engine.backlog import open_backlog, queue_of
from bot.engine.executor import POLL_SECONDS
from bot.engine.submission import submit
from bot.evidence.run_folder import open_run_folder
from bot.joblist import Job, JobList
from bot.ledger import Event, Ledger
from bot.ledger.schema import SCHEMA_VERSION
from bot.outcomes import Answer, Outcome
from bot.runner.results import result_of
from bot.settings import load_settings
from bot.vocabulary import Reason

ADMIN = "shop.example/admin"
STEPS = 12
"""Steps of an order, each with a picture."""

OF_A_MACHINE = 10
"""Workers that share a run folder."""


@dataclass
class Counted:
    """What the workers did while it counted."""

    orders: int = 0
    done_one: set[str] = field(default_factory=set)
    """The workers that have worked an order, since they were started."""
    handed_out: list[float] = field(default_factory=list)
    """Seconds that the engine took each time, without the time between two looks at the queue."""
    lock: threading.Lock = field(default_factory=threading.Lock)
    counting: bool = False
    over: threading.Event = field(default_factory=threading.Event)
    troubles: list[str] = field(default_factory=list)


class FakeWorker(threading.Thread):
    """Everything that a worker does in the database."""

    def __init__(self, number: int, place: str, folder: Path, client: Any, seconds: float, counted: Counted) -> None:
        super().__init__(daemon=True)
        self._name = f"worker-{number}"
        self._place, self._folder, self._client = place, folder, client
        self._seconds, self._counted = seconds, counted

    def run(self) -> None:
        try:
            with Ledger.open(self._place, patience=60) as ledger:
                ledger.runs.go_on_as(self._name)
                ledger.accounts.take(ADMIN, self._name, 3600)
                self._counted.over.wait(random.uniform(0, self._seconds))  # or all would begin at once
                while not self._counted.over.is_set():
                    self._take_stint(ledger)
        except Exception as trouble:
            self._counted.troubles.append(f"{type(trouble).__name__}: {trouble}")

    def _take_stint(self, ledger: Ledger) -> None:
        queue, engine = self._client.retrieve_queue(queue_of(ADMIN)), self._client._sys_db
        begun = time.monotonic()
        ids, _ = engine.start_queued_workflows(queue, f"{ADMIN} as {self._name}", str(SCHEMA_VERSION), None)
        took = time.monotonic() - begun
        if not ids:
            self._counted.over.wait(POLL_SECONDS)
            return
        (stint,) = ids
        with self._counted.lock:
            self._counted.handed_out.append(took)
        found = ledger.queue.stint(stint)
        assert found is not None
        ledger.queue.begin_stint(found, self._name, self._name)
        ledger.runs.go_on_as(found.run_id, self._name)
        ledger.limits.count_for(found.run_id)
        ledger.trail.copy_to(open_run_folder(self._folder, found.run_id), whole=True)
        for number, job in enumerate(ledger.queue.jobs_of(found), start=1):
            if self._counted.over.is_set():
                return
            self._work(ledger, job)
            engine.check_operation_execution(stint, number, f"order {job.order}")
            now = int(time.time() * 1000)
            recorded = {
                "workflow_uuid": stint,
                "function_id": number,
                "function_name": f"order {job.order}",
                "output": "{}",
                "error": None,
                "serialization": "portable_json",
                "started_at_epoch_ms": now,
                "child_workflow_id": None,
            }
            engine.record_operation_result(recorded)
        ledger.queue.end_stint(found)
        engine.update_workflow_outcome(stint, "SUCCESS", output="{}")

    def _work(self, ledger: Ledger, job: Job) -> None:
        ledger.limits.ask()
        assert ledger.claims.take(ADMIN, job.order, 3600)
        for step in range(STEPS):
            ledger.trail.note(Event.STEP, order=job.order, step=f"step_{step}")
            self._counted.over.wait(self._seconds / STEPS)
            ledger.trail.note(Event.PICTURE, order=job.order, file=f"evidence/{job.order}/{step}.jpg", sha256="0" * 64)
        intent = ledger.intents.write(ADMIN, permit(job.order, job.store))
        ledger.claims.holds(ADMIN, job.order)
        ledger.trail.note(Event.PRESSED, order=job.order, intent=intent)
        ledger.intents.note_answer(intent, Answer.OK, "")
        ledger.intents.conclude(intent, Outcome.CANCELED)
        ledger.runs.finish_order(result_of(job, Verdict(outcome=Outcome.CANCELED, message="As it would be.")))
        ledger.claims.release(ADMIN, job.order)
        with self._counted.lock:
            self._counted.done_one.add(self._name)
            self._counted.orders += self._counted.counting


def submitted(orders: int, lists: int, place: str, folder: Path) -> None:
    """Queue the orders, in several lists."""
    environment = clean_environment(
        COUNTERMAND_ADMIN_URL=f"https://{ADMIN}",
        COUNTERMAND_USERNAME="bot",
        COUNTERMAND_PASSWORD="pw",
        COUNTERMAND_LEDGER=place,
        COUNTERMAND_RUNS_DIR=str(folder),
    )
    with patch.dict("os.environ", environment, clear=True):
        settings = load_settings()
    numbers = list(range(orders))
    begun = time.monotonic()
    for which in range(lists):
        jobs = tuple(
            Job(order=f"112-{number:07}-0000000", store=f"Store {number % 8}", reason=Reason.BUYER_CANCELED)
            for number in numbers[which::lists]
        )
        submit(JobList(file=f"long-{which}.yaml", jobs=jobs), settings, TERMS)
    print(f"Submitting {orders:,} orders in {lists} lists: {time.monotonic() - begun:.1f} s")


LINEAR = 0.9
"""A number of workers is said to be linear if they did this share of what they could do at most."""


def measured(workers: int, seconds: float, window: float, place: str, folder: Path, server: Server) -> float:
    """Have a number of workers work, and print how it went; gives the share of what they could do at most."""
    counted = Counted()
    with Ledger.open(place) as ledger, open_backlog(place, ledger) as backlog:
        client = cast(Any, backlog)._client
        client.register_queue(queue_of(ADMIN), worker_concurrency=1, on_conflict="never_update")
        all_of_them = [
            FakeWorker(number, place, folder / f"machine-{number // OF_A_MACHINE}", client, seconds, counted)
            for number in range(workers)
        ]
        for one in all_of_them:
            one.start()
        longest = time.monotonic() + 60 + 4 * seconds + workers
        while len(counted.done_one) < workers and not counted.troubles and time.monotonic() < longest:
            time.sleep(0.2)
        print(f"{workers} workers: {len(counted.done_one)} have worked their first order")
        before, own = cpu_of(server), time.process_time()
        begun = time.monotonic()
        psutil.cpu_percent()  # begins to measure
        counted.counting = True
        time.sleep(window)
        counted.counting = False
        busy = psutil.cpu_percent() / 100
        took = time.monotonic() - begun
        database, here = cpu_of(server) - before, time.process_time() - own
        size = size_of(place)
        counted.over.set()
        for one in all_of_them:
            one.join(60)
    a_minute, most = 60 * counted.orders / took, 60 * workers / seconds
    out = counted.handed_out
    latency = f"{1000 * statistics.median(out):.0f} ms, at most {1000 * max(out):.0f} ms" if out else "-"
    each = max(1, counted.orders)
    print(
        f"{workers} workers: {a_minute:.0f} orders a minute of {most:.0f} at most ({a_minute / most:.0%}); database "
        f"{1000 * database / each:.0f} ms an order, {database / took:.2f} processors; these workers "
        f"{1000 * here / each:.0f} ms an order; handing out: {latency} ({len(out)}); {size / 1e6:.0f} MB"
    )
    for trouble in sorted(set(counted.troubles))[:3]:
        print(f"    {counted.troubles.count(trouble)} times: {trouble[:200]}")
    print(f"    processors of this machine: {psutil.cpu_count()}, kept busy by everything on it: {busy:.0%}")
    return a_minute / most


def chained(place: str, writers: int, seconds: float) -> float:
    """Print how many events a second go into the trail of one run, and of several: each trail is one chain.

    Gives how many go into that of one run.
    """
    of_one = 0.0
    for runs in (1, writers):
        written = [0] * writers

        def write(number: int, runs: int = runs, written: list[int] = written) -> None:
            with Ledger.open(place, patience=60) as ledger:
                ledger.runs.go_on_as(f"chain-{runs}-{number % runs}", f"worker-{number}")
                end = time.monotonic() + seconds
                while time.monotonic() < end:
                    ledger.trail.note(Event.STEP, step="step")
                    written[number] += 1

        threads = [threading.Thread(target=write, args=(number,)) for number in range(writers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        print(f"{writers} writers, {runs} trails: {sum(written) / seconds:.0f} events a second")
        of_one = of_one or sum(written) / seconds
    return of_one


def events_an_order(place: str) -> float:
    """How many events the trail has of an order that was worked."""
    engine = sa.create_engine(place)
    with engine.connect() as connection:
        done = connection.scalar(sa.text("SELECT count(*) FROM orders WHERE outcome IS NOT NULL")) or 0
        events = connection.scalar(
            sa.text(
                "SELECT count(*) FROM events e JOIN orders o ON o.run_id = e.run_id AND o.amazon_order = e.amazon_order"
                " WHERE o.outcome IS NOT NULL"
            )
        )
    engine.dispose()
    return float(events or 0) / max(1, done)


def where_it_ends(shares: dict[int, float], lists: int, chain: float, an_order: float) -> str:
    """Up to how many workers it was linear, and what one list bears because its trail is one chain."""
    linear = [workers for workers, share in sorted(shares.items()) if share >= LINEAR]
    upto = f"up to {linear[-1]} workers" if linear else "for none of these numbers of workers"
    bears = 60 * chain * lists / an_order if an_order else 0
    return (
        f"Linear ({LINEAR:.0%} of what is possible) {upto}. {an_order:.0f} events an order, and {chain:.0f} events a "
        f"second in one trail: {lists} list(s) bear {bears:.0f} orders a minute at most here, however many work."
    )


def cpu_of(server: Server) -> float:
    """Processor seconds of the server, with those of its processes that have ended."""
    first = psutil.Process(server.process)
    total = 0.0
    for process in (first, *first.children(recursive=True)):
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system + (times.children_user + times.children_system if process is first else 0)
    return total


def size_of(place: str) -> int:
    engine = sa.create_engine(place)
    with engine.connect() as connection:
        size = int(connection.scalar(sa.text("SELECT pg_database_size(current_database())")) or 0)
    engine.dispose()
    return size


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=100_000)
    parser.add_argument("--lists", type=int, default=1, help="how many lists these orders are in")
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 10, 50, 200])
    parser.add_argument("--seconds", type=float, default=10, help="how long an order takes")
    parser.add_argument("--window", type=float, default=60, help="how long each number of workers is measured")
    given = parser.parse_args()
    found = programs()
    if found is None:
        print("PostgreSQL is not installed: nothing was measured.")
        return
    with tempfile.TemporaryDirectory() as made, Server(found, connections=2 * max(given.workers) + 50) as server:
        submitted(given.orders, given.lists, server.address, Path(made))
        chain = chained(server.address, 8, 5)
        shares = {
            workers: measured(workers, given.seconds, given.window, server.address, Path(made), server)
            for workers in given.workers
        }
        print(where_it_ends(shares, given.lists, chain, events_an_order(server.address)))


if __name__ == "__main__":
    main()
