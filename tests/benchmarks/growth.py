"""Two hundred orders in one run: whether the last are as quick as the first, and whether memory stays flat.

The orders are Unshipped ones of the four practice stores, so that each is really canceled. The run turns from
store to store as its list does. The first twenty and the last twenty are all found through All Orders, the longer
way; those among the recent orders come between, so that like is compared with like. Memory is that of the bot, the
Playwright driver and the browser together, memory that they share counted once (PSS), which Linux alone tells.
"""

import argparse
import tempfile
from collections import defaultdict
from pathlib import Path
from statistics import median

from kit.held import MemoryWatch
from kit.practice import jobs_in_view, jobs_not_recent, practice_admin
from kit.run import open_bot
from kit.table import print_table

from bot.evidence.store import LocalStore
from bot.joblist import Job
from bot.reports.report import REPORT_FILE, write_report
from bot.reports.results import write_results
from bot.runner.worker import RENEW_AFTER
from bot.sandbox.stock import STORES

SOME = 20
"""How many orders at either end are compared."""


def job_list(orders: int) -> list[Job]:
    """Jobs for a run: a like number from each store, the recent ones in the middle of their store's."""
    recent: dict[str, list[Job]] = defaultdict(list)
    for job in jobs_in_view():
        recent[job.store].append(job)
    jobs: list[Job] = []
    for place, store in enumerate(STORES):
        share = (orders * (place + 1)) // len(STORES) - len(jobs)
        few = recent[store.name][: max(0, share - 2 * SOME)]
        others = jobs_not_recent(store.name)[: share - len(few)]
        jobs += [*others[:SOME], *few, *others[SOME:]]
    return jobs


def size_of(folder: Path) -> float:
    """How much the files in a folder hold, in kB."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--face", choices=("spectrum", "plain"), default="spectrum")
    parser.add_argument("--orders", type=int, default=200, help=f"at least {2 * SOME} (default 200)")
    parser.add_argument("--answer-ms", type=int, default=0, help="how long the practice Admin thinks (default 0)")
    options = parser.parse_args()
    if options.orders < 2 * SOME:
        parser.error(f"--orders must be at least {2 * SOME}")
    jobs = job_list(options.orders)
    with tempfile.TemporaryDirectory() as name, practice_admin(options.face, options.answer_ms) as practice:
        # What one browser profile gathers goes with it, so like is compared with like at the end of each.
        watch = MemoryWatch(after={SOME, *range(RENEW_AFTER, len(jobs), RENEW_AFTER), len(jobs)}, practice=practice.pid)
        with open_bot(practice, Path(name), watch) as bot:
            watch.bot = bot
            end = bot.work(jobs)
        if sorted(cancel["order"] for cancel in practice.cancels()) != sorted(job.order for job in jobs):
            raise RuntimeError("the practice Admin heard of other cancels than those of the list")
        write_results(bot.folder, end.info, end.results)
        write_report(bot.folder, end.info, end.results, LocalStore(bot.folder))
        folder, report = size_of(bot.folder), (bot.folder / REPORT_FILE).stat().st_size / 1000
    seconds = [result.seconds for result in end.results]
    first, last = median(seconds[:SOME]), median(seconds[-SOME:])
    rows = [
        (f"first {SOME} orders, seconds an order (median)", f"{first:.3f}"),
        (f"last {SOME} orders, seconds an order (median)", f"{last:.3f}"),
        ("last to first", f"{last / first:.2f}"),
        *(
            (f"memory after order {held.after}, {how}", f"{mb:.0f} MB" if mb else "not known on this system")
            for held in watch.held
            for how, mb in (
                ("as it stands", held.as_it_stands),
                ("without what nobody uses any more", held.needed),
            )
        ),
        ("run folder, report included, an order", f"{folder / len(jobs):.0f} kB"),
        ("report", f"{report / 1000:.1f} MB"),
    ]
    print_table(f"{len(jobs)} orders in one run, face {options.face}", ("what", "figure"), rows)


if __name__ == "__main__":
    main()
