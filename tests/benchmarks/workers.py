"""How much more several workers get done: orders a minute of ``countermand run --workers N``, and what each holds.

The command is run as people run it, on a practice Admin that is a process of its own and shares the machine's cores
with the workers. Every order is found the longer way, through All Orders, and the list is the same for every number of
workers, unless each would get fewer than five.

Orders a minute are counted by the practice Admin, between the N-th cancel and the N-th last one: every worker has done
its first order then, and none has run out. After that each worker is at its last order, and memory is looked at (PSS:
memory that processes share counted once), which would slow the counted part down.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from kit.command import countermand, surroundings
from kit.memory import held_by_tree
from kit.practice import Practice, jobs_not_recent, practice_admin
from kit.processes import adopt_orphans, end_in_order, end_tree, processor_seconds
from kit.table import print_table

from bot.joblist import Job
from bot.sandbox.sessions import ACCOUNTS
from bot.sandbox.stock import STORES

ORDERS = {0: 20, 200: 12, 1000: 6}
"""Milliseconds until the practice Admin answers -> orders to cancel; at least five for each worker."""
EACH = 5
LOOK = 0.1
"""Seconds between two looks at how far a run is."""


@dataclass(frozen=True, kw_only=True)
class Ran:
    """One run with this many workers."""

    workers: int
    orders: int
    per_minute: float
    seconds: float
    """The whole command, from its start to its end."""
    mb: float | None
    """The most that all of it held, while every worker was at its last order."""
    used: float
    """Processor seconds an order, of the bot, its workers and their browsers."""
    used_by_admin: float
    """Processor seconds an order, of the practice Admin."""
    cores: float
    """How many cores these two kept busy."""


def job_list(orders: int) -> list[Job]:
    """A like number of orders from each store, none of them recent."""
    share = -(-orders // len(STORES))
    return [job for store in STORES for job in jobs_not_recent(store.name)[:share]][:orders]


def write_list(file: Path, jobs: Sequence[Job]) -> None:
    """Write the jobs as a person would."""
    lines = [
        f"reason: {jobs[0].reason}",
        "orders:",
        *(f"  - {{order: {job.order}, store: {job.store}}}" for job in jobs),
    ]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_accounts(file: Path) -> None:
    """Write the practice accounts into a file; their password is in the environment."""
    each = (f"  - {{username: {name}, password: {{env: PRACTICE_PASSWORD}}}}" for name in reversed(ACCOUNTS))
    file.write_text("\n".join(["accounts:", *each]) + "\n", encoding="utf-8")


def run(workers: int, jobs: Sequence[Job], practice: Practice) -> Ran:
    """Run the command once.

    Raises:
        RuntimeError: not every order was canceled.
    """
    practice.reset()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_list(folder / "jobs.yaml", jobs)
        write_accounts(folder / "accounts.yaml")
        environment = surroundings(admin_url=practice.url, accounts="accounts.yaml", runs_dir=str(folder / "runs"))
        begun = time.perf_counter()
        with (folder / "said.txt").open("w") as said:
            process = subprocess.Popen(
                countermand("run", "jobs.yaml", "--yes", "--workers", str(workers)),
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                text=True,
                cwd=folder,
                env=environment | {"PRACTICE_PASSWORD": practice.password},
                preexec_fn=adopt_orphans,
            )
        try:
            early = _used_when(process, folder, 2 * workers + 1, practice)
            late = _used_when(process, folder, len(jobs), practice)
            mb = _most_held(process)
        finally:
            end_tree(process, 0 if sys.exc_info()[0] else 10)
        seconds = time.perf_counter() - begun
        cancels = practice.cancels()
        if process.returncode or sorted(each["order"] for each in cancels) != sorted(job.order for job in jobs):
            raise RuntimeError((folder / "said.txt").read_text())
    at = [datetime.fromisoformat(each["at"]).timestamp() for each in cancels]
    counted = len(at) - 2 * workers
    between = len(jobs) - 2 * workers - 1
    bot, admin, clock = (after - before for before, after in zip(early, late, strict=True))
    return Ran(
        workers=workers,
        orders=len(jobs),
        per_minute=60 * counted / (at[-workers - 1] - at[workers - 1]),
        seconds=seconds,
        mb=mb,
        used=bot / between,
        used_by_admin=admin / between,
        cores=(bot + admin) / clock,
    )


def _used_when(
    process: "subprocess.Popen[str]", folder: Path, orders: int, practice: Practice
) -> tuple[float, float, float]:
    """Wait until this many orders have started; return what bot and practice Admin have used, and the time."""
    while process.poll() is None and len(list(folder.glob("runs/*/evidence/[0-9]*"))) < orders:
        time.sleep(LOOK)
    return processor_seconds(process.pid), processor_seconds(practice.pid), time.perf_counter()


def _most_held(process: "subprocess.Popen[str]") -> float | None:
    most: float | None = None
    while process.poll() is None:
        held = held_by_tree(process.pid)
        most = max(held, most or 0) if held else most
        time.sleep(LOOK)
    return most


def table(answer_ms: int, runs: Sequence[Ran]) -> None:
    """Print what came of the runs at one answer time; the first is what the others are compared with."""
    one = runs[0]
    rows = []
    for ran in runs:
        more = (ran.mb - one.mb) / (ran.workers - one.workers) if ran.mb and one.mb and ran is not one else None
        rows.append(
            (
                ran.workers,
                ran.orders,
                f"{ran.per_minute:.1f}",
                f"{ran.per_minute / one.per_minute:.2f}",
                f"{ran.seconds:.0f}",
                f"{ran.mb:.0f} MB" if ran.mb else "not known",
                f"{more:.0f} MB" if more else "",
                f"{ran.used:.2f}",
                f"{ran.used_by_admin:.2f}",
                f"{ran.cores:.2f} of {os.cpu_count()}",
            )
        )
    heads = (
        *("workers", "orders", "orders a minute", f"times {one.workers}", "whole command s"),
        *("memory", "an additional worker", "processor s an order", "practice Admin's", "cores busy"),
    )
    print_table(f"Workers, where the practice Admin answers after {answer_ms} ms", heads, rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4, 8], help="default: 1 2 4 8")
    parser.add_argument("--answer-ms", type=int, nargs="+", default=list(ORDERS), help="default: 0 200 1000")
    usual = ", ".join(f"{orders} at {answer_ms}" for answer_ms, orders in ORDERS.items())
    parser.add_argument("--orders", type=int, help=f"a run; default {usual} ms, and five a worker at least")
    parser.add_argument("--face", choices=("spectrum", "plain"), default="spectrum")
    options = parser.parse_args()
    if not 1 <= min(options.workers) <= max(options.workers) <= len(ACCOUNTS):
        parser.error(f"--workers must be from 1 to {len(ACCOUNTS)}: the practice Admin has no more accounts")
    end_in_order()
    done: dict[int, list[Ran]] = {}
    for answer_ms in options.answer_ms:
        with practice_admin(options.face, answer_ms) as practice:
            for workers in options.workers:
                usual_orders = max(ORDERS.get(answer_ms, min(ORDERS.values())), EACH * workers)
                orders = max(options.orders or usual_orders, 2 * workers + 2)
                print(f"- answers after {answer_ms} ms: {orders} orders, workers: {workers}", flush=True)
                done.setdefault(answer_ms, []).append(run(workers, job_list(orders), practice))
    for answer_ms, runs in done.items():
        table(answer_ms, runs)


if __name__ == "__main__":
    main()
