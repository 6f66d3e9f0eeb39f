"""Orders of every status, half of them in rows that must be scrolled to: how many end right, and how long each takes.

``countermand run`` on a practice Admin whose dashboards list 43 orders, in a large and in a small window, on the face
of Adobe's own components unless another is named.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from kit.command import surroundings
from kit.practice import IN_VIEW, Practice, as_job, practice_admin
from kit.table import print_table
from workers import write_list

from bot.outcomes import Outcome
from bot.sandbox import Face
from bot.sandbox.shop import Order
from bot.sandbox.stock import STORES, new_shop
from bot.vocabulary import Status

ROWS = 43
"""Orders on a dashboard."""
WINDOWS = ((1440, 1000), (1280, 720))
SLOW = 3
"""An order that takes more than this many medians counts as slow."""
PROGRAM = """
from bot.access import browser
browser.new_context.__kwdefaults__["viewport"] = {{"width": {0}, "height": {1}}}
from bot.cli import main
main()
"""


@dataclass(frozen=True, kw_only=True)
class Ran:
    """What became of the orders of one run."""

    right: int
    below: int
    seconds: list[float]
    wrong: list[str]


def orders(number: int) -> list[Order]:
    """This many orders of the dashboards, every status by turns, from the first row and from the last one by turns."""
    shop = new_shop()
    listed = [shop.orders(store.name)[:ROWS] for store in STORES]
    rows = [order for turn in zip(*listed, strict=True) for order in turn if order.plain]
    by_status = [_from_both_ends([order for order in rows if order.status is status]) for status in Status]
    return [order for turn in zip_longest(*by_status) for order in turn if order][:number]


def _from_both_ends(rows: list[Order]) -> list[Order]:
    """The first, the last, the second, the last but one, and so on."""
    return [rows[place // 2] if place % 2 == 0 else rows[-1 - place // 2] for place in range(len(rows))]


def expected(order: Order) -> Outcome:
    """What must become of an order."""
    known = {Status.UNSHIPPED: Outcome.CANCELED, Status.CANCELED: Outcome.ALREADY_CANCELED}
    return known.get(order.status, Outcome.NOT_CANCELABLE)


def run(practice: Practice, chosen: Sequence[Order], window: tuple[int, int]) -> Ran:
    """Run the command once.

    Raises:
        RuntimeError: it left no results.
    """
    practice.reset()
    address = practice.url.replace("/admin/", "/sandbox/faults")
    urllib.request.urlopen(address, json.dumps({"dashboard_rows": ROWS}).encode(), timeout=10).close()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_list(folder / "jobs.yaml", [as_job(order) for order in chosen])
        ended = subprocess.run(
            [sys.executable, "-c", PROGRAM.format(*window), "run", "jobs.yaml", "--yes"],
            cwd=folder,
            env=surroundings(admin_url=practice.url, username=practice.username, password=practice.password),
            capture_output=True,
            text=True,
            check=False,
        )
        results = next(folder.glob("runs/*/results.json"), None)
        if results is None:
            raise RuntimeError(ended.stdout + ended.stderr)
        became = {each["order"]: each for each in json.loads(results.read_text(encoding="utf-8"))}
    shop = new_shop()
    wrong = [order for order in chosen if became[order.number]["outcome"] != expected(order)]
    return Ran(
        right=len(chosen) - len(wrong),
        below=sum(shop.orders(order.store).index(order) >= IN_VIEW for order in chosen),
        seconds=[became[order.number]["seconds"] for order in chosen],
        wrong=[f"{order.number}: {became[order.number]['message']}" for order in wrong],
    )


def main() -> None:
    """Run in both windows, and print a row for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=100, help="how many, in each window (default 100)")
    parser.add_argument("--face", type=Face, choices=list(Face), default=Face.SPECTRUM)
    given = parser.parse_args()
    chosen = orders(given.orders)
    table = []
    wrong = []
    with practice_admin(given.face.value) as practice:
        for window in WINDOWS:
            ran = run(practice, chosen, window)
            median = statistics.median(ran.seconds)
            slow = sum(seconds > SLOW * median for seconds in ran.seconds)
            figures = f"{median:.1f}", f"{max(ran.seconds):.1f}", slow
            table.append(("x".join(map(str, window)), len(chosen), ran.below, ran.right, *figures))
            wrong += ran.wrong
    heads = ("window", "orders", "below", "right", "median s", "longest s", f"over {SLOW} medians")
    print_table(f"Orders of every status, face {given.face}", heads, table)
    print("\n".join(wrong))


if __name__ == "__main__":
    main()
