"""Bots killed at random moments, again and again, and what became of the orders on their lists.

A list is started, the bot killed at a moment drawn at random, the list started again, and so on until a bot that
nobody killed has come to its end and no order is left over; then comes the next list. Half of the kills hit the bot
alone, as ``kill -9`` does; the other half the bot, its driver and its browser at the same moment, as the end of a
container does. The practice Admin takes its time over every answer, and one order in five it cannot send on to Amazon,
which only its answer tells.

After each start the practice Admin's journal is held against everything that the runs and the ledger say. The exit
status is 1 if an order was canceled twice or is on no list, if something is called canceled whose command did not reach
the second stage, if the ledger knows no intent of a cancel, if ``countermand verify`` finds that a run's folder and the
ledger do not agree, or if a list never comes to its end.

The recovery time must be longer than the request of a killed bot can still be on its way. Here that is the time that
the practice Admin takes to answer, because the next bot is started when the browser of the one before is gone.
"""

import argparse
import math
import os
import random
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from chaos_kit import JOBS, Bots, Truth, find_out, read_results

from bot.browser.find import find_browser
from bot.ledger import Event, Ledger
from bot.outcomes import Outcome
from bot.sandbox import Face, Order, Sandbox, Shop
from bot.sandbox.stock import new_shop
from bot.vocabulary import Status

STARTING = "before the first order"
IN_HAND = "an order in hand, no intent yet"
INTENT = "intent written"
PRESSED = "pressed"
ANSWERED = "answered"
PROVED = "proved, or in doubt"
BETWEEN = "between two orders"
AT_THE_END = "after the last order"
STATES = (STARTING, IN_HAND, INTENT, PRESSED, ANSWERED, PROVED, BETWEEN, AT_THE_END)
"""Where a run can be cut off, as its trail tells."""

FINAL = {Outcome.CANCELED, Outcome.ALREADY_CANCELED, Outcome.CANCELED_NOT_SENT, Outcome.UNKNOWN}
"""What can be said of an order that the practice Admin has canceled."""

STARTS = 100
"""A list that is not through after so many starts never will be."""


@dataclass
class Figures:
    """What happened on one face, or on both."""

    kills: Counter[str] = field(default_factory=Counter)
    """How many in which state."""
    alone: int = 0
    """Kills that hit the bot and not its browser."""
    starts: int = 0
    lists: int = 0
    orders: int = 0
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    """What is said of the orders in the end; ``canceled`` whichever run it was that canceled one."""
    not_sent: int = 0
    """Cancels that arrived and did not reach the second stage."""
    pressed_anew: int = 0
    """Intents whose Confirm had never arrived, as a later run found before it pressed."""
    outlived: float = 0
    """How long, in seconds, a browser outlived its bot at most."""
    forced: int = 0
    """Processes of a killed bot that had to be ended."""
    truths: list[Truth] = field(default_factory=list)
    endless: list[str] = field(default_factory=list)
    """Lists that never came to their end."""

    @property
    def violations(self) -> list[str]:
        """Everything that must never be."""
        return list(dict.fromkeys([what for truth in self.truths for what in truth.violations] + self.endless))

    def number_of(self, kind: str) -> int:
        """How many orders or runs there are among the violations of a kind."""
        return len({what for truth in self.truths for what in getattr(truth, kind)})


class Chaos:
    """Works lists on one practice Admin, with bots that are killed."""

    def __init__(self, sandbox: Sandbox, chance: random.Random, recover_after: float) -> None:
        self.figures = Figures()
        self._sandbox = sandbox
        self._chance = chance
        self._recover_after = recover_after
        self._browser = find_browser(os.environ.get("COUNTERMAND_BROWSER")).executable
        self._span = 0.0

    def work(self, orders: list[Order], kills: int) -> None:
        """Have a list worked to its end, and kill at most so many bots on the way.

        The very first list is for measuring how long a bot needs that nobody kills: all kills come within that time,
        or the shorter one in which a later bot has worked a whole list.
        """
        listed = {order.number for order in orders}
        self.figures.lists += 1
        self.figures.orders += len(orders)
        self._sandbox.journal.clear()  # what is still heard of an earlier list is on no list then
        folder = Path(tempfile.mkdtemp(prefix="chaos-list-"))
        (folder / JOBS).write_text("\n".join(["reason: BuyerCanceled", "orders:", *map(_line, orders), ""]), "utf-8")
        with Bots(folder, self._sandbox, self._browser, recover_after=self._recover_after) as bots:
            for start in range(STARTS):
                begun = time.monotonic()
                killed = self._live(bots, self._chance.uniform(0, self._span) if self._span and kills else None)
                if not start and not killed:
                    self._span = min(self._span or math.inf, time.monotonic() - begun)
                kills -= killed
                truth = find_out(bots, self._sandbox, listed)
                self.figures.truths.append(truth)
                if not killed and self._is_through(bots, listed):
                    self._count(bots)
                    break
            else:
                self.figures.endless.append(f"the list in {folder} is not through after {STARTS} starts")
        if self.figures.violations:
            print(f"The runs that were looked at are in {folder}.", flush=True)
        else:
            shutil.rmtree(folder)

    def _live(self, bots: Bots, moment: float | None) -> bool:
        """The life of one bot; whether it was killed, so many seconds after its start."""
        before = bots.latest()
        process = bots.start()
        self.figures.starts += 1
        try:
            process.wait(timeout=moment)
        except subprocess.TimeoutExpired:
            self._kill(bots, process)
            folder = bots.latest()
            self.figures.kills[STARTING if folder is None or folder == before else _state(bots, folder.name)] += 1
            return True
        bots.bury(process)
        return False

    def _kill(self, bots: Bots, process: "subprocess.Popen[bytes]") -> None:
        if self._chance.random() < 0.5:
            process.kill()
            self.figures.alone += 1
        else:
            bots.kill_all(process)
        buried = bots.bury(process)
        self.figures.outlived = max(self.figures.outlived, buried.seconds)
        self.figures.forced += buried.ended_by_force

    def _is_through(self, bots: Bots, listed: set[str]) -> bool:
        """Whether every order was canceled, and the latest run has said so or why a person must look."""
        arrived = {record.order for record in self._sandbox.journal.cancels}
        said = {result.order for result in read_results(bots).values() if result.outcome in FINAL}
        return listed <= arrived and listed <= said

    def _count(self, bots: Bots) -> None:
        """What became of the orders of a list that is through."""
        for result in read_results(bots).values():
            done = result.outcome is Outcome.ALREADY_CANCELED
            self.figures.outcomes[Outcome.CANCELED if done else result.outcome] += 1
            self.figures.not_sent += any(
                record.order == result.order and not record.reached_amazon for record in self._sandbox.journal.cancels
            )
        self.figures.pressed_anew += sum(
            told["event"] == Event.SETTLED and told["settled_as"] == "not-sent" for told in _trails(bots)
        )


def _line(order: Order) -> str:
    return f"  - {{order: {order.number}, store: {order.store}}}"


def _trails(bots: Bots) -> Iterator[dict[str, object]]:
    with Ledger.open(bots.ledger) as ledger:
        for run in ledger.runs.latest(STARTS):
            yield from (entry.told for entry in ledger.trail.entries(run.run_id))


def _state(bots: Bots, run_id: str) -> str:
    """Where a run was cut off, as its trail tells."""
    state = STARTING
    with Ledger.open(bots.ledger) as ledger:
        events = [entry.told["event"] for entry in ledger.trail.entries(run_id)]
    for event in events:
        match event:
            case Event.TAKEN:
                state = IN_HAND
            case Event.INTENT_WRITTEN:
                state = INTENT
            case Event.PRESSED:
                state = PRESSED
            case Event.ANSWERED:
                state = ANSWERED
            case Event.PROVED | Event.IN_DOUBT if state == ANSWERED:  # otherwise it is an earlier run's intent
                state = PROVED
            case Event.FINISHED:
                state = BETWEEN
            case Event.RUN_FINISHED:
                state = AT_THE_END
    return state


def _some_not_sent(shop: Shop, chance: random.Random) -> Shop:
    """A shop where Amazon never hears of the cancel of one Unshipped order in five."""
    for order in shop.select(status=Status.UNSHIPPED, plain=None):
        order.items = () if chance.random() < 0.2 else order.items
    return shop


def _lists(shop: Shop, chance: random.Random, length: int) -> Iterator[list[Order]]:
    """Lists of Unshipped orders, each of one store, the stores in turn."""
    shelves = [list(shop.select(store=store.name, status=Status.UNSHIPPED, plain=None)) for store in shop.stores]
    for shelf in shelves:
        chance.shuffle(shelf)
    while any(shelves):
        for shelf in filter(None, shelves):
            yield [shelf.pop() for _ in range(min(length, len(shelf)))]


def cause(face: Face, kills: int, chance: random.Random, options: argparse.Namespace) -> Figures:
    """Kill so many bots on one face."""
    shop = _some_not_sent(new_shop(), chance)
    lists = list(_lists(shop, chance, options.orders))
    with Sandbox(face=face, answer_ms=options.answer_ms, shop=shop) as sandbox:
        chaos = Chaos(sandbox, chance, options.recover_after)
        figures = chaos.figures
        for orders in lists:
            chaos.work(orders, kills - figures.kills.total())
            print(f"{face}: {figures.lists} lists, {figures.starts} starts, {figures.kills.total()} kills", flush=True)
            if figures.kills.total() >= kills or figures.endless:
                break
    return figures


def table(heads: Iterable[str], columns: list[Figures]) -> Iterator[str]:
    """The figures of each face, and of both, as a table that a Markdown file takes too."""
    rows: list[tuple[str, Callable[[Figures], object]]] = [
        ("kills", lambda figures: figures.kills.total()),
        *((f"... {state}", lambda figures, state=state: figures.kills[state]) for state in STATES),
        ("of them the bot alone, its browser not", lambda figures: figures.alone),
        ("starts", lambda figures: figures.starts),
        ("lists", lambda figures: figures.lists),
        ("orders on them", lambda figures: figures.orders),
        ("... canceled", lambda figures: figures.outcomes[Outcome.CANCELED]),
        ("... canceled_not_sent: waits for a person", lambda figures: figures.outcomes[Outcome.CANCELED_NOT_SENT]),
        ("... unknown: waits for a person", lambda figures: figures.outcomes[Outcome.UNKNOWN]),
        ("cancels that did not reach the second stage", lambda figures: figures.not_sent),
        ("Confirms that never arrived, pressed anew", lambda figures: figures.pressed_anew),
        ("**canceled twice**", lambda figures: figures.number_of("doubles")),
        ("**canceled, on no list**", lambda figures: figures.number_of("outside")),
        ("**called canceled, second stage not reached**", lambda figures: figures.number_of("false_successes")),
        ("**canceled, no intent in the ledger**", lambda figures: figures.number_of("without_intent")),
        ("**runs in which verify finds a disagreement**", lambda figures: figures.number_of("disagreements")),
        ("a browser outlived its bot by at most, s", lambda figures: f"{figures.outlived:.1f}"),
        ("processes left behind", lambda figures: figures.forced),
    ]
    cells = [["", *heads], *([words, *(str(figure(column)) for column in columns)] for words, figure in rows)]
    widths = [max(len(row[place]) for row in cells) for place in range(len(cells[0]))]
    for number, row in enumerate(cells):
        yield "| " + " | ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) + " |"
        if not number:
            yield f"| {'-' * widths[0]} | " + " | ".join("-" * (width - 1) + ":" for width in widths[1:]) + " |"


def together(faces: Iterable[Figures]) -> Figures:
    """The figures of several faces as one."""
    whole = Figures()
    for figures in faces:
        whole.kills += figures.kills
        whole.outcomes += figures.outcomes
        whole.truths += figures.truths
        whole.endless += figures.endless
        whole.outlived = max(whole.outlived, figures.outlived)
        for name in ("alone", "starts", "lists", "orders", "not_sent", "pressed_anew", "forced"):
            setattr(whole, name, getattr(whole, name) + getattr(figures, name))
    return whole


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200, help="how many bots are killed, on both faces (default 200)")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6), help="of the random moments")
    parser.add_argument("--face", choices=list(Face), type=Face, help="one face only")
    parser.add_argument("--orders", type=int, default=6, help="on a list (default 6)")
    parser.add_argument("--answer-ms", type=int, default=150, help="how long the practice Admin thinks (default 150)")
    parser.add_argument("--recover-after", type=float, default=2, help="recovery time, in seconds (default 2)")
    options = parser.parse_args()
    faces = [options.face] if options.face else [Face.SPECTRUM, Face.PLAIN]
    print(f"Seed: {options.seed}", flush=True)
    chance = random.Random(options.seed)
    columns: list[Figures] = []
    for place, face in enumerate(faces):
        share = options.kills * (place + 1) // len(faces) - options.kills * place // len(faces)
        columns.append(cause(face, share, chance, options))
    whole = together(columns)
    if len(faces) > 1:
        columns.append(whole)
    print("\n".join(["", *table([*faces, "both"], columns), ""]))
    for violation in whole.violations:
        print(f"VIOLATION: {violation}")
    return 1 if whole.violations or whole.kills.total() < options.kills else 0


if __name__ == "__main__":
    sys.exit(main())
