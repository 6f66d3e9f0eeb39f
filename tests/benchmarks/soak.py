"""Two thousand orders in one run of one worker: whether the last tenth is as quick and as small as the first.

The shop is larger than the usual one, so that every order is another one and is really canceled, and every order is
found through All Orders, so that like is compared with like. Memory is that of the bot, the Playwright driver and the
browser together, memory that they share counted once (PSS), which Linux alone tells; in the first and the last tenth
it is looked at ten times each, because it grows and falls with each of the profiles that a run goes through.

This takes about an hour. Fewer orders (--orders 200) show whether it works.
"""

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import mean, median

from kit.big_shop import enlarge_shop
from kit.held import Held, MemoryWatch
from kit.practice import jobs_not_recent, practice_admin
from kit.processes import end_in_order
from kit.run import open_bot
from kit.table import print_table

from bot.joblist import Job
from bot.outcomes import OrderResult
from bot.sandbox.stock import STORES

TENTHS = 10
BIG_SHOP = Path(__file__).with_name("kit") / "big_shop.py"


class Progress(MemoryWatch):
    """Notes the memory, and says now and then how far the run is."""

    def order_finished(self, result: OrderResult) -> None:
        super().order_finished(result)
        if self.finished in self.after:
            held = self.held[-1].needed if self.held else None
            memory = f"; {held:.0f} MB without what nobody uses any more" if held else ""
            print(f"- {self.finished} orders; the last one took {result.seconds:.2f} s{memory}", flush=True)


def job_list(orders: int) -> list[Job]:
    """A like number of orders from each store, none of them recent."""
    share = -(-orders // len(STORES))
    return [job for store in STORES for job in jobs_not_recent(store.name)[:share]][:orders]


def of_tenth(held: Sequence[Held], first: int, last: int) -> tuple[float, float] | None:
    """What was held between two orders, on average: as it stands, and without what nobody uses any more."""
    seen = [each for each in held if first < each.after <= last]
    stands = [each.as_it_stands for each in seen if each.as_it_stands is not None]
    needed = [each.needed for each in seen if each.needed is not None]
    return (mean(stands), mean(needed)) if stands and needed else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--face", choices=("spectrum", "plain"), default="spectrum")
    parser.add_argument("--orders", type=int, default=2000, help="a multiple of ten (default 2000)")
    parser.add_argument("--answer-ms", type=int, default=0, help="how long the practice Admin thinks (default 0)")
    options = parser.parse_args()
    orders, tenth = options.orders, options.orders // TENTHS
    if tenth < 1 or orders % TENTHS:
        parser.error(f"--orders must be a multiple of {TENTHS}")
    end_in_order()
    enlarge_shop()
    jobs = job_list(orders)
    if len(jobs) < orders:
        parser.error(f"--orders must be at most {len(jobs)}: no more can be canceled in the shop")
    ends = [tenth * number for number in range(1, TENTHS + 1)]
    often = max(1, tenth // 10)
    looks = {*ends, *range(often, tenth + 1, often), *range(orders - tenth + often, orders + 1, often)}
    with (
        tempfile.TemporaryDirectory() as name,
        practice_admin(options.face, options.answer_ms, [str(BIG_SHOP)]) as practice,
    ):
        watch = Progress(after=looks, practice=practice.pid)
        with open_bot(practice, Path(name), watch) as bot:
            watch.bot = bot
            end = bot.work(jobs)
        if sorted(cancel["order"] for cancel in practice.cancels()) != sorted(job.order for job in jobs):
            raise RuntimeError("the practice Admin heard of other cancels than those of the list")
    seconds = [result.seconds for result in end.results]
    rows = []
    for last in ends:
        at = next(held for held in watch.held if held.after == last)
        memory = (f"{at.as_it_stands:.0f} MB", f"{at.needed:.0f} MB") if at.as_it_stands and at.needed else ("", "")
        rows.append((f"{last - tenth + 1} to {last}", f"{median(seconds[last - tenth : last]):.3f}", *memory))
    heads = ("orders", "s an order (median)", "memory at its end", "without what nobody uses any more")
    print_table(f"{orders} orders in one run, face {options.face}", heads, rows)
    early, late = median(seconds[:tenth]), median(seconds[-tenth:])
    ratios = [("seconds an order (median)", f"{early:.3f}", f"{late:.3f}", f"{late / early:.3f}")]
    first, last_one = of_tenth(watch.held, 0, tenth), of_tenth(watch.held, orders - tenth, orders)
    if first and last_one:
        names = ("memory as it stands (mean)", "memory without what nobody uses any more (mean)")
        ratios += [
            (what, f"{before:.0f} MB", f"{after:.0f} MB", f"{after / before:.3f}")
            for what, before, after in zip(names, first, last_one, strict=True)
        ]
    print_table("The last tenth against the first", ("what", "first tenth", "last tenth", "last to first"), ratios)


if __name__ == "__main__":
    main()
