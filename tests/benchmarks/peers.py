"""The same clicks on the same orders: a bare script, what people would use instead, and this bot complete.

(a) Playwright alone, no checks, no pictures: the floor
(b) the same with page.screenshot() after each step
(c) robocorp-browser
(d) Robot Framework Browser
(e) Selenium with a Chrome driver
(f) this bot: every check, picture, masking, the ledger in a file

Each is a process of its own with a practice Admin of its own, another process, and all drive the same browser
program. They take turns order by order, in a new random sequence each time. (c) to (e) are written as their
documentation teaches, with a picture after each step, and are installed into environments of their own in .bench.
Timed is the way from standing on the store's dashboard to the status read on the reopened order page. How
fairness is kept is in README.md beside this file.
"""

import argparse
import random
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from statistics import mean, median
from typing import TypeVar

from kit.figures import fastest_quarter
from kit.kinds import Kind, Settings, kinds, machine, settings_for_all
from kit.memory import Peak
from kit.peer import Canceled, Peer, PeerFailed
from kit.practice import jobs_in_view, practice_admin
from kit.processes import end_in_order
from kit.steps import share_table
from kit.table import print_table

FLOOR, BOT = "a", "f"
STEPS = 5
"""How many steps an order has, and at least how many screenshots a program takes that takes any."""
ORDERS = {0: 30, 200: 12, 1000: 5}
"""Milliseconds until the practice Admin answers -> orders that count."""
ORDERS_FOR_MEMORY = 3

Outcome = TypeVar("Outcome")
Took = dict[str, list[Canceled]]
"""What each order took, by the letter of who canceled it."""


@contextmanager
def open_peer(kind: Kind, settings: Settings, answer_ms: int) -> Iterator[Peer]:
    """Start a peer and its practice Admin; ended with the block."""
    with tempfile.TemporaryDirectory() as name, practice_admin("spectrum", answer_ms) as practice:
        told = {**settings, "pictures": bool(kind.pictures)}
        with Peer(kind.command(Path(name)), told, practice, Path(name)) as peer:
            yield peer


class Field:
    """All peers that are still in it. One that fails is out, and its trouble noted."""

    def __init__(self, every: Sequence[Kind], settings: Settings, answer_ms: int) -> None:
        self._peers: dict[str, tuple[Kind, Peer]] = {}
        with ExitStack() as stack:
            for kind in every:
                if not kind.trouble:
                    self._peers[kind.letter] = (kind, stack.enter_context(open_peer(kind, settings, answer_ms)))
            self._stack = stack.pop_all()

    def __enter__(self) -> "Field":
        return self

    def __exit__(self, *trouble: object) -> None:
        self._stack.close()

    def do(self, act: Callable[[Peer], Outcome], chance: random.Random | None = None) -> dict[str, Outcome]:
        """Have every peer do something, one after another, and say what came of it.

        Raises:
            RuntimeError: the bot or what it is compared with failed.
        """
        letters = list(self._peers)
        if chance is not None:
            chance.shuffle(letters)
        came: dict[str, Outcome] = {}
        for letter in letters:
            kind, peer = self._peers[letter]
            try:
                came[letter] = act(peer)
            except PeerFailed as why:
                if letter in FLOOR + BOT:
                    raise RuntimeError(f"{kind.title}: {why}") from why
                kind.trouble = str(why)
                del self._peers[letter]
        return came


def measure(every: Sequence[Kind], settings: Settings, answer_ms: int, orders: int) -> Took:
    """Let every peer cancel this many orders, after one warm-up that does not count.

    Raises:
        RuntimeError: somebody took fewer pictures than there are steps, or the bot or the bare script failed.
    """
    took: Took = {}
    chance = random.Random(answer_ms)  # the same sequences every time
    with Field(every, settings, answer_ms) as field:
        turns = 0
        while turns <= orders:
            jobs = jobs_in_view()[: orders + 1 - turns]
            print(f"- answers after {answer_ms} ms: {max(0, turns - 1)} of {orders} orders each", flush=True)
            field.do(partial(Peer.begin_round, jobs=jobs))
            field.do(Peer.await_entry)
            for job in jobs:
                field.do(partial(Peer.prepare, job=job))
                field.do(Peer.await_ready)
                for letter, canceled in field.do(Peer.cancel, chance).items():
                    took.setdefault(letter, []).append(canceled)
            field.do(Peer.end_round)
            turns += len(jobs)
    for kind in every:
        few = kind.pictures and any(canceled.pictures < STEPS for canceled in took.get(kind.letter, []))
        if few and not kind.trouble:
            raise RuntimeError(f"{kind.title} took fewer than {STEPS} pictures of an order")
    return {letter: canceled[1:] for letter, canceled in took.items()}


def peak_memory(kind: Kind, settings: Settings, orders: int) -> float | None:
    """The most memory that a peer holds during these orders, after a warm-up, with no other peer running."""
    jobs = jobs_in_view()[: orders + 1]
    with open_peer(kind, settings, 0) as peer:
        peer.begin_round(jobs)
        peer.await_entry()
        first = True
        with ExitStack() as stack:
            for job in jobs:
                peer.prepare(job)
                peer.await_ready()
                peer.cancel()
                if first:
                    peak = stack.enter_context(Peak(peer.pid))
                    first = False
        peer.end_round()
    return peak.mb


def table_of_kinds(every: Sequence[Kind], peaks: Mapping[str, float | None]) -> None:
    """Say what was compared, what each holds, and what could not be measured."""
    rows = []
    for kind in every:
        peak = peaks.get(kind.letter)
        held = f"{peak:.0f} MB" if peak else ""
        rows.append((kind.title, kind.version, kind.pictures or "none", held, kind.trouble))
    print_table("What was compared", ("program", "version", "pictures", "peak memory", "not measured because"), rows)


def table_of_times(every: Sequence[Kind], took: Took, answer_ms: int) -> None:
    """Print what an order took each of them, and how that compares with the floor."""
    floor = took[FLOOR]
    rows: list[tuple[object, ...]] = []
    for kind in every:
        orders = took.get(kind.letter)
        if orders is None or len(orders) < len(floor):
            rows.append((kind.title, "", "", "", "", "", ""))
            continue
        seconds, used = middle(orders), work(orders)
        calm = fastest_quarter([each.seconds for each in orders]) / fastest_quarter([each.seconds for each in floor])
        rows.append(
            (
                kind.title,
                len(orders),
                f"{seconds:.3f}",
                f"{seconds / middle(floor):.2f}",
                f"{calm:.2f}",
                f"{used:.2f}" if used else "not known",
                f"{used / work(floor):.2f}" if used else "",
            )
        )
    heads = ("program", "orders", "s an order", "times (a)", "fastest quarter, times (a)", "processor s", "times (a)")
    print_table(f"One order, where the practice Admin answers after {answer_ms} ms; medians", heads, rows)


def middle(orders: Sequence[Canceled]) -> float:
    """The median of the seconds."""
    return median(order.seconds for order in orders)


def work(orders: Sequence[Canceled]) -> float:
    """The mean of the processor seconds, which are told in hundredths only."""
    return mean(order.processor_seconds for order in orders)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    usual = ", ".join(f"{orders} at {answer_ms}" for answer_ms, orders in ORDERS.items())
    parser.add_argument("--orders", type=int, help=f"for each, at each answer time (default {usual} ms)")
    parser.add_argument("--answer-ms", type=int, nargs="+", default=list(ORDERS), help="default: 0 200 1000")
    parser.add_argument("--only", default="abcdef", help="letters of those to compare, a and f among them")
    options = parser.parse_args()
    if not {FLOOR, BOT} <= set(options.only):
        parser.error(f"--only must have {FLOOR} and {BOT}")
    if options.orders is not None and options.orders < 1:
        parser.error("--orders must be at least 1")
    end_in_order()
    settings = settings_for_all(driver="e" in options.only)
    every = kinds(options.only)
    print(f"- {machine(settings)}", flush=True)
    took: dict[int, Took] = {}
    for answer_ms in options.answer_ms:
        orders = options.orders or ORDERS.get(answer_ms, min(ORDERS.values()))
        took[answer_ms] = measure(every, settings, answer_ms, orders)
    peaks: dict[str, float | None] = {}
    for kind in every:
        if not kind.trouble:
            print(f"- memory of {kind.title}", flush=True)
            try:
                peaks[kind.letter] = peak_memory(
                    kind, settings, min(ORDERS_FOR_MEMORY, options.orders or ORDERS_FOR_MEMORY)
                )
            except PeerFailed as why:
                kind.trouble = f"memory: {why}"
    table_of_kinds(every, peaks)
    for answer_ms, one in took.items():
        table_of_times(every, one, answer_ms)
    heads, rows = share_table({f"{ms} ms:": [order.steps for order in one[BOT]] for ms, one in took.items()})
    print_table("Where this bot's time goes: each step with its picture; medians", heads, rows)


if __name__ == "__main__":
    main()
