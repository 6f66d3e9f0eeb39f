"""What the ledger costs: its share of an order's time, and what 100,000 orders in it slow down.

For the share the real runner cancels orders on the practice Admin, with the ledger in a file and the trail in the run's
folder, and every second that is spent in the ledger is counted: reading, writing, waiting for the disk.

For the size two ledgers take turns: a new one, and one that has held a run of 100,000 orders for years (each with its
result, an intent that was settled, and a trail of twenty events). Timed is what the bot does with an order, call by
call, for orders all over the list.
"""

import argparse
import random
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from types import SimpleNamespace
from typing import Any, cast

import sqlalchemy as sa
from kit.practice import jobs_in_view, practice_admin
from kit.run import Ear, open_bot
from kit.table import print_table

from bot import __version__
from bot.cancel.guard import Permit
from bot.joblist import Job
from bot.ledger import Event, Ledger
from bot.ledger.database import Database
from bot.ledger.schema import events, intents, orders
from bot.outcomes import Answer, OrderResult, Outcome, RunInfo
from bot.vocabulary import Reason

HOST = "shop.example"
STORE = "Nordwind UK"
EVENTS = 20
"""Roughly how many events an order has in its trail."""


class Counted(Ear):
    """Counts the seconds that are spent in the ledger."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.calls = 0

    @contextmanager
    def counting(self) -> Iterator[None]:
        """Count everything that any ledger of this process does while the block runs."""
        reading, writing = Database.read, Database.writing

        def read(database: Database, statement: sa.Select[Any]) -> Sequence[sa.Row[Any]]:
            with self._counted():
                return reading(database, statement)

        @contextmanager
        def write(database: Database, *, lasting: bool = True) -> Iterator[sa.Connection]:
            with self._counted(), writing(database, lasting=lasting) as connection:
                yield connection

        Database.read, Database.writing = read, write  # type: ignore[method-assign, assignment]
        try:
            yield
        finally:
            Database.read, Database.writing = reading, writing  # type: ignore[method-assign]

    @contextmanager
    def _counted(self) -> Iterator[None]:
        begun = time.perf_counter()
        try:
            yield
        finally:
            self.seconds += time.perf_counter() - begun
            self.calls += 1


def share(face: str) -> tuple[int, float, Counted]:
    """How many orders were canceled, in how many seconds, and what the ledger had of them."""
    counted = Counted()
    with (
        tempfile.TemporaryDirectory() as folder,
        practice_admin(face) as practice,
        open_bot(practice, Path(folder), counted) as bot,
    ):
        jobs = jobs_in_view()
        with counted.counting():
            begun = time.perf_counter()
            bot.work(jobs)
            taken = time.perf_counter() - begun
    return len(jobs), taken, counted


def job(place: int) -> Job:
    """The job at a place of a long list."""
    return Job(order=f"112-{place:07}-3002091", store=STORE, reason=Reason.BUYER_CANCELED)


def result(of: Job) -> OrderResult:
    """What becomes of it."""
    return OrderResult(
        order=of.order,
        store=STORE,
        reason=of.reason,
        outcome=Outcome.CANCELED,
        message="Canceled in the Admin: no error was answered, and the order's page, opened again, says Canceled. "
        "The Admin tells Amazon later.",
        seconds=1.5,
        evidence=tuple(f"evidence/{of.order}/{place:02}-choose_reason.jpg" for place in range(6)),
    )


def run_info(run_id: str) -> RunInfo:
    """A run with that id."""
    return RunInfo(
        run_id=run_id,
        command="run",
        admin=HOST,
        account="bot",
        pack="asc-4.3",
        job_list="jobs.yaml",
        started_at=datetime.now(UTC),
        version=__version__,
    )


def fill(file: Path, count: int) -> float:
    """Make a ledger with this many orders; return the seconds that queueing them took."""
    with Ledger.open(file) as ledger:
        jobs = [job(place) for place in range(count)]
        begun = time.perf_counter()
        ledger.runs.begin(run_info("long-ago"), jobs)
        queued = time.perf_counter() - begun
    engine = sa.create_engine(f"sqlite:///{file}")
    told = result(jobs[0]).model_dump(mode="json")
    line = '{"number": 1, "at": "2026-03-01T02:14:05.000+00:00", "order": "", "event": "step", "step": "choose_reason"}'
    at = "2026-03-01T02:14:05.000+00:00"
    with engine.begin() as connection:
        connection.execute(orders.update().values(result=told))
        for begin in range(0, count, 10_000):
            some = jobs[begin : begin + 10_000]
            connection.execute(
                intents.insert(),
                [
                    {
                        "admin": HOST,
                        "amazon_order": one.order,
                        "run_id": "long-ago",
                        "store": STORE,
                        "reason": "BuyerCanceled",
                        "written_at": at,
                        "answer": "ok",
                        "outcome": "canceled",
                        "settled_at": at,
                        "settled_as": "canceled",
                        "settled_by": "proof",
                    }
                    for one in some
                ],
            )
            connection.execute(
                events.insert(),
                [
                    {
                        "run_id": "long-ago",
                        "number": 2 + (begin + place) * EVENTS + number,
                        "amazon_order": one.order,
                        "event": "step",
                        "line": line,
                        "hash": "0" * 64,
                    }
                    for place, one in enumerate(some)
                    for number in range(EVENTS)
                ],
            )
    engine.dispose()
    return queued


def one_order(ledger: Ledger, of: Job) -> dict[str, float]:
    """Seconds of each thing that the bot asks the ledger for, for one order."""
    leave = cast(Permit, SimpleNamespace(order=of.order, store=STORE, reason=of.reason))
    taken = {}

    def timed(name: str, act: Any, *words: Any, **named: Any) -> Any:
        begun = time.perf_counter()
        given = act(*words, **named)
        taken[name] = time.perf_counter() - begun
        return given

    if not timed("take the order", ledger.claims.take, HOST, of.order, 300):
        raise RuntimeError(f"order {of.order} is not free")
    timed("note a step", ledger.trail.note, Event.STEP, order=of.order, step="choose_reason")
    timed("look for an open intent", ledger.intents.open, HOST, of.order)
    intent = timed("write the intent", ledger.intents.write, HOST, leave)
    timed("note the answer", ledger.intents.note_answer, intent, Answer.OK, "")
    timed("conclude", ledger.intents.conclude, intent, Outcome.CANCELED)
    timed("keep the result", ledger.runs.finish_order, result(of))
    timed("give it back", ledger.claims.release, HOST, of.order)
    return taken


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--face", choices=("spectrum", "plain"), default="spectrum")
    parser.add_argument("--orders", type=int, default=100_000, help="in the long ledger (default 100,000)")
    parser.add_argument("--times", type=int, default=300, help="how many orders each ledger is asked about (300)")
    options = parser.parse_args()

    number, whole, counted = share(options.face)
    print_table(
        f"The ledger's share of a run of {number} orders, face {options.face}",
        ("what", "figure"),
        [
            ("seconds an order, signing in and walking included", f"{whole / number:.3f}"),
            ("of that in the ledger, ms", f"{1000 * counted.seconds / number:.1f}"),
            ("calls of the ledger an order", f"{counted.calls / number:.0f}"),
            ("share", f"{counted.seconds / whole:.1%}"),
        ],
    )

    chance = random.Random(1)
    seconds: dict[str, dict[str, list[float]]] = {"new": defaultdict(list), "long": defaultdict(list)}
    with tempfile.TemporaryDirectory() as folder:
        queued = fill(Path(folder, "long.sqlite"), options.orders)
        size = Path(folder, "long.sqlite").stat().st_size / 1_000_000
        with Ledger.open(Path(folder, "new.sqlite")) as new, Ledger.open(Path(folder, "long.sqlite")) as long:
            asked = [job(place) for place in chance.sample(range(options.orders), options.times)]
            for ledger in (new, long):
                ledger.runs.begin(run_info("today"), asked)
            for each in asked:
                for name, ledger in (("new", new), ("long", long)):
                    for what, took in one_order(ledger, each).items():
                        seconds[name][what].append(1000 * took)
    print_table(
        f"One order in a new ledger, and in one of {options.orders:,} orders ({size:.0f} MB); ms; "
        f"queueing {options.orders:,} took {queued:.1f} s",
        ("what", "new, median", "long, median", "long, 99 of 100"),
        [
            (what, f"{median(seconds['new'][what]):.2f}", f"{median(long):.2f}", f"{quantiles(long, n=100)[-1]:.2f}")
            for what, long in seconds["long"].items()
        ],
    )


if __name__ == "__main__":
    main()
