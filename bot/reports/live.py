"""The live display of a run on a terminal."""

import atexit
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from rich.cells import cell_len, set_cell_size
from rich.console import Console, RenderableType
from rich.console import Group as Stack
from rich.live import Live
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bot import wording
from bot.outcomes import OrderResult, Outcome, RunInfo
from bot.wording import OUTCOME_WORDS, Group, harmless


class Pace:
    """How fast orders go and when the last one will be done, judged by those that were worked on.

    Needs a clock that counts seconds and never goes back.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._since: float | None = None
        self._latest = 0.0
        self._worked = 0

    def order_started(self) -> None:
        """An order begins; the first one starts the watch, so that signing in does not count."""
        if self._since is None:
            self._since = self._clock()

    def order_finished(self, result: OrderResult) -> None:
        """An order ended. One that was never begun says nothing about the pace."""
        if result.attempts and self._since is not None:
            self._worked += 1
            self._latest = self._clock()

    @property
    def per_minute(self) -> float | None:
        """Orders a minute; none as long as nothing can be said."""
        seconds = self._seconds_each
        return 60 / seconds if seconds else None

    def seconds_left(self, orders_left: int) -> float | None:
        """Seconds until that many more orders are done; none as long as nothing can be said."""
        seconds = self._seconds_each
        if seconds is None:
            return None
        return max(0.0, seconds * orders_left - (self._clock() - self._latest))

    @property
    def _seconds_each(self) -> float | None:
        if self._since is None or not self._worked:
            return None
        return (self._latest - self._since) / self._worked


_COLOURS = {
    Group.DONE: "green",
    Group.PERSON: "bold red",
    Group.NOT_CANCELED: "yellow",
    Group.SKIPPED: "bright_black",
}
_MARKS = {Group.DONE: "✓", Group.PERSON: "!", Group.NOT_CANCELED: "✗", Group.SKIPPED: "·"}
_ASCII_MARKS = {Group.DONE: "+", Group.PERSON: "!", Group.NOT_CANCELED: "x", Group.SKIPPED: "-"}
_NARROW = 76
"""Columns below which an order's line leaves out its statuses and message."""


@dataclass
class _Hand:
    """What a worker is at."""

    order: str = ""
    store: str = ""
    step: str = ""


class LiveProgress:
    """Finished orders scroll by; below them stay a bar, the order in hand, its step, counts and time left."""

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        self._console = console
        self._pace = Pace(clock)
        self._live: Live | None = None
        self._total = 0
        self._counts: Counter[Outcome] = Counter()
        self._hands: dict[int, _Hand] = {}
        fancy = _can_write("".join(_MARKS.values()) + "→…━─", console.encoding)
        self._marks = _MARKS if fancy else _ASCII_MARKS
        self._arrow, self._gap, self._rest = ("→", " · ", "…") if fancy else ("->", " - ", "...")
        self._full, self._empty = "━─" if fancy else "#-"

    def run_started(self, info: RunInfo, total: int) -> None:
        """Say what begins, and put up the live area."""
        self._total = total
        self._print(Text(wording.opening(info, total), "bold"))
        self._live = Live(
            console=self._console,
            get_renderable=lambda: Stack(*self.lines()),
            refresh_per_second=4,
            transient=True,
        )
        self._live.start()
        # A run that ends by an error nobody foresaw must not leave the terminal without a cursor.
        atexit.register(self._take_down)

    def order_started(self, number: int, order: str, store: str, worker: int = 1) -> None:
        """Name the order in hand."""
        self._pace.order_started()
        self._hands[worker] = _Hand(harmless(order), harmless(store))
        self._refresh()

    def step(self, name: str, worker: int = 1) -> None:
        """Name the step in hand."""
        self._hands.setdefault(worker, _Hand()).step = wording.step_words(name)
        self._refresh()

    def order_finished(self, result: OrderResult) -> None:
        """Let the order's line scroll by, and count it."""
        self._pace.order_finished(result)
        self._counts[result.outcome] += 1
        self._hands = {worker: hand for worker, hand in self._hands.items() if hand.order != harmless(result.order)}
        self._print(self._line(result))

    def say(self, message: str) -> None:
        """Let the remark scroll by."""
        self._print(Text(f"  {harmless(message)}", "dim"))

    def run_finished(self, info: RunInfo, results: Sequence[OrderResult]) -> None:
        """Leave a summary in place of the live area, and the next step of each order that needs a person."""
        self._take_down()
        atexit.unregister(self._take_down)
        self._print(Text(""))
        counts = Counter(result.outcome for result in results)
        table = Table.grid(padding=(0, 2))
        table.add_column(justify="right")
        for outcome, words in OUTCOME_WORDS.items():
            if number := counts[outcome]:
                colour = _COLOURS[words.group]
                mark = Text(f"{self._marks[words.group]} {words.label}", colour)
                table.add_row(Text(f"{number:,}", "bold"), mark)
        if counts:
            self._print(table)
            self._print(Text(""))
        for line in wording.closing(info, results):
            self._print(Text(line, "bold"))
        people = [result for result in results if result.outcome.needs_a_person]
        for result in people:
            self._print(Text(""))
            self._print(Text(f"! {harmless(result.order)}  {harmless(result.store)}", _COLOURS[Group.PERSON]))
            self._print(Padding(Text(wording.advice(result)), (0, 0, 0, 2)))

    def _take_down(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _refresh(self) -> None:
        if self._live is not None:
            self._live.refresh()

    def _print(self, what: RenderableType) -> None:
        self._console.print(what)

    def _cut(self, text: str, cells: int) -> str:
        """``text`` in exactly that many cells of the terminal."""
        if cell_len(text) > cells:
            rest = self._rest[: max(0, cells)]
            text = set_cell_size(text, cells - len(rest)).rstrip() + rest
        return set_cell_size(text, max(0, cells))

    def _line(self, result: OrderResult) -> Text:
        words = OUTCOME_WORDS[result.outcome]
        colour = _COLOURS[words.group]
        width = self._console.width
        took = wording.duration(result.seconds) if result.attempts else ""
        head = f"{self._marks[words.group]} {harmless(result.order)}  "
        line = Text(head)
        line.stylize(colour, 0, 1)
        if width < _NARROW:
            room = width - len(head) - len(took) - 1
            line.append(self._cut(words.short, room), colour)
        else:
            change = wording.status_change(result, self._arrow)
            seen = change if result.outcome.is_success else harmless(result.message)
            line.append(f"{words.short:<18}  ", colour)
            line.append(self._cut(seen, width - len(head) - 20 - max(10, len(took)) - 1), "dim")
            took = f"{took:>10}"
        line.append(f" {took}", "dim")
        line.no_wrap, line.overflow = True, "crop"
        return line

    def lines(self) -> list[Text]:
        """What stays below the orders that are done: how far and how long, the order in hand, the counts."""
        width = max(1, self._console.width - 1)
        done = self._counts.total()
        far = self._gap.join((f"{done:,} of {wording.count_of(self._total, 'order')}", *self._times(done)))
        hands = [hand for _, hand in sorted(self._hands.items())] or [_Hand()]
        now = [self._gap.join(filter(None, (hand.order, hand.step, hand.store))) for hand in hands]
        counts = (f"{count:,} {_in_a_row(outcome)}" for outcome in OUTCOME_WORDS if (count := self._counts[outcome]))
        return [
            self._bar(done, min(40, width - cell_len(far) - 2)).append(self._cut(far, width).rstrip()),
            *(Text(self._cut(hand, width).rstrip(), "bold") for hand in now),
            Text(self._cut(", ".join(counts), width).rstrip(), "dim"),
        ]

    def _bar(self, done: int, cells: int) -> Text:
        """The bar and a gap behind it, if there is room for one that says anything."""
        if cells < 8:
            return Text()
        full = cells * done // max(1, self._total)
        return Text.assemble((self._full * full, "green"), (self._empty * (cells - full), "dim"), "  ")

    def _times(self, done: int) -> list[str]:
        pace, left = self._pace.per_minute, self._pace.seconds_left(self._total - done)
        times = []
        if left is not None and done < self._total:
            times.append(f"{timedelta(seconds=round(left))} left".removeprefix("0:"))
        if pace is not None:
            times.append(f"{pace:.1f} a minute" if pace < 99.95 else f"{pace:,.0f} a minute")
        return times


def _in_a_row(outcome: Outcome) -> str:
    short = OUTCOME_WORDS[outcome].short
    return short[0].lower() + short[1:]


def _can_write(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True
