"""The live display of a run on a terminal."""

import atexit
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from rich.cells import cell_len, set_cell_size
from rich.console import Console, OverflowMethod, RenderableType
from rich.console import Group as Stack
from rich.live import Live
from rich.padding import Padding
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID
from rich.table import Column, Table
from rich.text import Text

from bot import wording
from bot.outcomes import OrderResult, Outcome, RunInfo
from bot.reports.pace import Pace
from bot.wording import OUTCOME_WORDS, Group, harmless

_COLOURS = {
    Group.DONE: "green",
    Group.PERSON: "bold red",
    Group.NOT_CANCELED: "yellow",
    Group.SKIPPED: "bright_black",
}
_MARKS = {Group.DONE: "✓", Group.PERSON: "!", Group.NOT_CANCELED: "✗", Group.SKIPPED: "·"}
_ASCII_MARKS = {Group.DONE: "+", Group.PERSON: "!", Group.NOT_CANCELED: "x", Group.SKIPPED: "-"}
_NARROW = 76
"""On a terminal with fewer columns, an order's line leaves out its statuses and message."""

_BAR = 40
"""Columns that the bar takes at most."""


@dataclass
class _AtWork:
    """What a worker is doing."""

    order: str = ""
    store: str = ""
    step: str = ""


class LiveProgress:
    """Finished orders scroll by; below them stay a bar, times, each worker's order and its step, and the counts."""

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        self._console = console
        self._pace = Pace(clock)
        self._live: Live | None = None
        self._counts: Counter[Outcome] = Counter()
        self._at_work: dict[int, _AtWork] = {}
        fancy = _can_write("".join(_MARKS.values()) + "→…━╺", console.encoding)
        self._marks = _MARKS if fancy else _ASCII_MARKS
        self._arrow, self._gap, self._rest = ("→", " · ", "…") if fancy else ("->", " - ", "...")
        self._bar = Progress(
            BarColumn(None, complete_style="green", finished_style="green", table_column=Column(max_width=_BAR)),
            _HowFar(self._pace, self._gap, "ellipsis" if fancy else "crop"),
            console=console,
            auto_refresh=False,
            get_time=clock,
        )
        self._orders = TaskID(0)

    def run_started(self, info: RunInfo, total: int) -> None:
        """Say what begins, and put up the live area."""
        self._orders = self._bar.add_task("orders", total=total)
        self._print(Text(wording.opening(info, total), "bold"))
        self._live = Live(console=self._console, get_renderable=self.area, refresh_per_second=4, transient=True)
        self._live.start()
        # A run that ends with an unexpected error must not leave the terminal without a cursor.
        atexit.register(self._take_down)

    def order_started(self, number: int, order: str, store: str, worker: int = 1) -> None:
        """Show the order."""
        self._pace.order_started()
        self._at_work[worker] = _AtWork(harmless(order), harmless(store))
        self._refresh()

    def step(self, name: str, worker: int = 1) -> None:
        """Show the step."""
        self._at_work.setdefault(worker, _AtWork()).step = wording.step_words(name)
        self._refresh()

    def order_finished(self, result: OrderResult) -> None:
        """Let the order's line scroll by, and count it."""
        self._pace.order_finished(result)
        self._counts[result.outcome] += 1
        done = harmless(result.order)
        self._at_work = {worker: work for worker, work in self._at_work.items() if work.order != done}
        self._bar.advance(self._orders)
        self._print(self._line(result))

    def say(self, message: str) -> None:
        """Let the remark scroll by."""
        self._print(Text(f"  {harmless(message)}", "dim"))

    def run_finished(self, info: RunInfo, results: Sequence[OrderResult]) -> None:
        """Replace the live area by a summary, and the next step of each order that needs a person."""
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
        """``text``, cut or padded to this number of cells of the terminal."""
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

    def area(self) -> RenderableType:
        """What stays below the orders that are done: how far and how long, each worker's order, the counts."""
        at_work = [work for _, work in sorted(self._at_work.items())] or [_AtWork()]
        now = [self._gap.join(filter(None, (work.order, work.step, work.store))) for work in at_work]
        counts = (f"{count:,} {_in_a_row(outcome)}" for outcome in OUTCOME_WORDS if (count := self._counts[outcome]))
        width = max(1, self._console.width - 1)
        return Stack(
            self._bar,
            *(Text(self._cut(line, width).rstrip(), "bold") for line in now),
            Text(self._cut(", ".join(counts), width).rstrip(), "dim"),
        )


class _HowFar(ProgressColumn):
    """How many orders are done, how long that took, how long the rest will take, and how fast it goes."""

    def __init__(self, pace: Pace, gap: str, overflow: OverflowMethod) -> None:
        super().__init__(Column(no_wrap=True, overflow=overflow))
        self._pace = pace
        self._gap = gap

    def render(self, task: Task) -> Text:
        """The words for the orders as a whole, the most important first: a narrow terminal cuts them."""
        done, total = round(task.completed), round(task.total or 0)
        words = [f"{done:,} of {wording.count_of(total, 'order')}"]
        left, pace = self._pace.seconds_left(total - done), self._pace.per_minute
        if left is not None and done < total:
            words.append(f"{_clock(left)} left")
        words.append(f"{_clock(task.elapsed or 0)} elapsed")
        if pace is not None:
            words.append(f"{pace:.1f} a minute" if pace < 99.95 else f"{pace:,.0f} a minute")
        return Text(self._gap.join(words))


def _clock(seconds: float) -> str:
    """``01:20``, or ``1:01:20``."""
    return str(timedelta(seconds=round(seconds))).removeprefix("0:")


def _in_a_row(outcome: Outcome) -> str:
    short = OUTCOME_WORDS[outcome].short
    return short[0].lower() + short[1:]


def _can_write(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True
