"""One order, from the dashboard to the proof: the bot complete against a bare Playwright script.

Both make the same clicks in the same browser, each in a profile of its own with an account of its own, and take
turns order by order. Timed is the way from standing on the store's dashboard to the status read on the order's
page opened anew; the way back to the dashboard is not.

A canceled order stays among the recent orders, so fresh ones are had by resetting the practice Admin after every
round. A round is every Unshipped order in view on the dashboards of the four stores, half of them for each side;
in the next round the halves change hands.
"""

import argparse
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean, median

from kit.memory import peak_of_this_process
from kit.practice import Practice, jobs_in_view, practice_admin
from kit.run import Bot, Ear, open_bot
from kit.table import print_table
from playwright.sync_api import Page

from bot.browser import new_context
from bot.joblist import Job
from bot.outcomes import OrderResult
from bot.sandbox.stock import STORES
from flows.open_order import open_store


class Bare:
    """The same clicks as a person writes them with Playwright who wants them done: no checks, no pictures."""

    def __init__(self, page: Page, face: str) -> None:
        self.page = page
        self.spectrum = face == "spectrum"

    def sign_in(self, practice: Practice, account: str) -> None:
        self.page.goto(practice.url)
        self.page.get_by_label("Username").fill(account)
        self.page.get_by_label("Password").fill(practice.password)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.get_by_role("link", name="Marketing").click()
        self.page.get_by_role("link", name="Amazon Sales Channel").click()
        self.page.get_by_text("Sell products in the Amazon marketplace").wait_for()

    def go_to_dashboard(self, job: Job) -> None:
        uuid = next(store.uuid for store in STORES if store.name == job.store)
        if not self.page.url.endswith(f"/{uuid}"):
            self.page.evaluate("(hash) => { location.hash = hash; }", f"#/store-details/{uuid}")
        self.page.get_by_role("link", name=job.order).wait_for()

    def cancel(self, job: Job) -> None:
        self.page.get_by_role("link", name=job.order).click()
        self.page.get_by_role("button", name="Cancel Order").click()
        if self.spectrum:
            self.page.get_by_role("button", name="Reason for cancellation").click()
            self.page.get_by_role("option", name=job.reason.label).click()
        else:
            self.page.get_by_label("Reason for cancellation").select_option(label=job.reason.label)
        self.page.get_by_role("button", name="Confirm").click()
        self.page.get_by_text("has been canceled").wait_for()
        self.page.reload(wait_until="domcontentloaded")
        label = "//div[normalize-space()='Status']" if self.spectrum else "//dt[.='Status']"
        status = self.page.locator(f"xpath={label}/following-sibling::*[1]").inner_text()
        if status != "Canceled":
            raise RuntimeError(f"order {job.order} reads {status!r}")

    def go_back(self) -> None:
        self.page.get_by_role("button", name="Back").click()
        self.page.get_by_text("Recent orders:").wait_for()


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
    steps: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    _begun: float = 0.0
    _step: tuple[str, float] = ("", 0.0)

    def order_started(self, number: int, order: str, store: str, worker: int = 1) -> None:
        if self.bare is None or self.bot is None:
            raise RuntimeError("the watch was not set")
        theirs = self.turns[order]
        self.bare.go_to_dashboard(theirs)
        begun = time.perf_counter()
        self.bare.cancel(theirs)
        self.bare_seconds.append(time.perf_counter() - begun)
        self.bare.go_back()
        open_store(self.bot.admin, store)
        self._begun = time.perf_counter()
        self._step = ("before the first step", self._begun)

    def step(self, name: str, worker: int = 1) -> None:
        now = time.perf_counter()
        if self._begun:
            last, since = self._step
            self.steps[last].append(now - since)
        self._step = (name, now)

    def order_finished(self, result: OrderResult) -> None:
        self.step("")
        self.bot_seconds.append(self._step[1] - self._begun)
        self._begun = 0.0


def measure(face: str, orders: int, answer_ms: int, runs_dir: Path) -> Watch:
    """Let both sides cancel ``orders`` orders each, and one before that to warm up."""
    watch = Watch()
    with practice_admin(face, answer_ms) as practice, open_bot(practice, runs_dir, watch) as bot:
        browser = bot.admin.page.context.browser
        if browser is None:
            raise RuntimeError("the page has no browser")
        watch.bot, watch.bare = bot, Bare(new_context(browser).new_page(), face)
        rounds = 0
        while len(watch.bot_seconds) <= orders:
            practice.reset()
            watch.bare.sign_in(practice, "channels")
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


def fastest_quarter(seconds: list[float]) -> float:
    """The mean of the fastest quarter: what it takes when little else is going on, on a machine that is busy."""
    return mean(sorted(seconds)[: max(1, len(seconds) // 4)])


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
    names = list(dict.fromkeys(name for watch in seen.values() for name in watch.steps))
    shares = []
    for name in names:
        row: list[str] = [name]
        for watch in seen.values():
            took = watch.steps.get(name, [])[1:]
            whole = sum(watch.bot_seconds[1:])
            row += [f"{median(took):.3f}", f"{sum(took) / whole:.0%}"] if took else ["", ""]
        shares.append(row)
    heads = [head for face in seen for head in (f"{face} s", f"{face} share")]
    print_table("Where the bot's time goes: each step with its picture; medians", ("step", *heads), shares)
    peak = peak_of_this_process()
    known = f"{peak:.0f} MB" if peak else "not known on this system"
    print(f"Peak memory of the bot's own process, without the browser: {known} (it drives both sides)")


if __name__ == "__main__":
    main()
