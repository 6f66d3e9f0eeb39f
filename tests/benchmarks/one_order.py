"""One order, from the dashboard to the proof: the bot complete against a bare Playwright script.

Both make the same clicks in the same browser, each in a profile of its own with an account of its own, and take
turns order by order. Timed is the way from standing on the store's dashboard to the status read on the order's
reopened page; the way back to the dashboard is not.

A canceled order stays among the recent orders, so fresh ones are had by resetting the practice Admin after every
round. A round is every Unshipped order in view on the dashboards of the four stores, half of them for each side;
in the next round the halves change hands.
"""

import argparse
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from kit.bare import Bare
from kit.figures import fastest_quarter
from kit.memory import peak_of_this_process
from kit.practice import jobs_in_view, practice_admin
from kit.run import Bot, Ear, open_bot
from kit.steps import StepTimes, share_table
from kit.table import print_table

from bot.access.browser import new_context
from bot.joblist import Job
from bot.outcomes import OrderResult
from bot.sandbox.stock import STORES
from flows.open_order import open_store


@dataclass
class Watch(Ear):
    """Lets the bare script take its turn before each order of the bot, and times both."""

    bare: Bare | None = None
    bot: Bot | None = None
    turns: dict[str, Job] = field(default_factory=dict)
    """The bare script's order before each of the bot's."""
    jobs: dict[str, Job] = field(default_factory=dict)
    bare_seconds: list[float] = field(default_factory=list)
    bot_seconds: list[float] = field(default_factory=list)
    steps: list[dict[str, float]] = field(default_factory=list)
    """Seconds of each step, for each of the bot's orders."""
    _times: StepTimes = field(default_factory=StepTimes)

    def order_started(self, number: int, order: str, store: str, worker: int = 1) -> None:
        if self.bare is None or self.bot is None:
            raise RuntimeError("the watch was not set")
        theirs = self.turns[order]
        self.bare.go_to_dashboard(theirs.order, next(each.uuid for each in STORES if each.name == theirs.store))
        begun = time.perf_counter()
        status = self.bare.cancel(theirs.order, theirs.reason.label)
        self.bare_seconds.append(time.perf_counter() - begun)
        if status != "Canceled":
            raise RuntimeError(f"order {theirs.order} reads {status!r}")
        self.bare.go_back()
        open_store(self.bot.admin, store)
        self._times.begin()

    def step(self, name: str, worker: int = 1) -> None:
        self._times.step(name)

    def order_finished(self, result: OrderResult) -> None:
        steps = self._times.end()
        self.steps.append(steps)
        self.bot_seconds.append(sum(steps.values()))


def measure(face: str, orders: int, answer_ms: int, runs_dir: Path, watch: Watch | None = None) -> Watch:
    """Let both sides cancel ``orders`` orders each, and one before that to warm up."""
    watch = watch or Watch()
    with practice_admin(face, answer_ms) as practice, open_bot(practice, runs_dir, watch) as bot:
        browser = bot.admin.page.context.browser
        if browser is None:
            raise RuntimeError("the page has no browser")
        watch.bot, watch.bare = bot, Bare(new_context(browser).new_page(), face)
        rounds = 0
        while len(watch.bot_seconds) <= orders:
            practice.reset()
            watch.bare.sign_in(practice.url, "channels", practice.password)
            jobs = jobs_in_view()
            sides = jobs[0::2], jobs[1::2]
            ours, theirs = sides if rounds % 2 else sides[::-1]
            pairs = list(zip(ours, theirs, strict=False))[: orders + 1 - len(watch.bot_seconds)]
            watch.turns = {our.order: their for our, their in pairs}
            bot.work([our for our, _ in pairs])
            arrived = [(cancel["order"], cancel["account"]) for cancel in practice.cancels()]
            if sorted(arrived) != sorted(
                [(our.order, "demo") for our, _ in pairs] + [(their.order, "channels") for _, their in pairs]
            ):
                raise RuntimeError(f"the practice Admin heard of other cancels: {arrived}")
            rounds += 1
    return watch


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--face", choices=("spectrum", "plain", "both"), default="both")
    parser.add_argument("--orders", type=int, default=30, help="for each side and face (default 30)")
    parser.add_argument("--answer-ms", type=int, default=0, help="how long the practice Admin thinks (default 0)")
    options = parser.parse_args()
    faces = ("spectrum", "plain") if options.face == "both" else (options.face,)
    seen: dict[str, Watch] = {}
    with tempfile.TemporaryDirectory() as folder:
        for face in faces:
            seen[face] = measure(face, options.orders, options.answer_ms, Path(folder))
    rows = []
    for face, watch in seen.items():
        bare, bot = median(watch.bare_seconds[1:]), median(watch.bot_seconds[1:])
        calm = fastest_quarter(watch.bot_seconds[1:]) / fastest_quarter(watch.bare_seconds[1:])
        rows.append((face, options.orders, f"{bare:.3f}", f"{bot:.3f}", f"{bot / bare:.2f}", f"{calm:.2f}"))
    print_table(
        f"One order, dashboard to proof; the practice Admin thinks {options.answer_ms} ms; medians",
        ("face", "orders each", "bare script s", "bot s", "ratio", "ratio of the fastest quarter"),
        rows,
    )
    heads, shares = share_table({face: watch.steps[1:] for face, watch in seen.items()})
    print_table("Where the bot's time goes: each step with its picture; medians", heads, shares)
    peak = peak_of_this_process()
    known = f"{peak:.0f} MB" if peak else "not known on this system"
    print(f"Peak memory of the bot's own process, without the browser: {known} (it drives both sides)")


if __name__ == "__main__":
    main()
