"""A check on a terminal: what is under way, then a table, then what differs and what is there instead."""

import json
import sys
from typing import IO, TextIO, cast

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bot.checks.check.model import Aspect, AspectState, Candidate, Drift, ScreenReport
from bot.checks.check.outcome import ASPECT_WORDS, STATE_WORDS, CheckOutcome
from bot.checks.doctor import OPENS_NOTHING, DoctorCheck, Finding, FindingState
from bot.checks.under_way import UnderWay
from bot.reports.progress import SafeStream
from bot.wording import harmless, harmless_lines

_STYLES = {
    AspectState.HOLDS: "green",
    AspectState.DIFFERS: "bold red",
    AspectState.NO_BASELINE: "yellow",
    AspectState.NOT_LOOKED_AT: "bright_black",
}
_ASPECT = 11
"""Columns of an aspect's name, with the space after it."""

NOT_A_TERMINAL = 110
"""Width of the table without a terminal."""


class Watching(UnderWay):
    """Collects the findings of the walk; on a terminal it shows what is under way."""

    def __init__(self, stream: TextIO | None = None) -> None:
        super().__init__(stream or sys.stderr)
        self.findings: list[Finding] = []

    def ended(self, check: DoctorCheck, finding: Finding) -> None:
        """Keep it."""
        self.findings.append(finding)

    def over(self, findings: tuple[Finding, ...]) -> None:
        """Nothing is under way any more."""
        self._take_away()

    @property
    def opened(self) -> bool:
        """Whether anything could be opened."""
        return not any(one.state is FindingState.FAILED and one.check in OPENS_NOTHING for one in self.findings)


def tell(outcome: CheckOutcome, stream: TextIO | None = None) -> None:
    """The table, and below it everything that differs."""
    safe = SafeStream(stream or sys.stdout)
    width = None if safe.isatty() else NOT_A_TERMINAL
    console = Console(file=cast(IO[str], safe), force_terminal=safe.can_move, highlight=False, width=width)
    console.print(_table(outcome))
    for screen in outcome.screens:
        if screen.state is AspectState.NOT_LOOKED_AT:
            console.print(Text(f"Not checked: {harmless(screen.title)} ({harmless(screen.note)}).", "bright_black"))
    for screen in outcome.screens:
        if screen.drifts:
            console.print()
            console.print(Text(harmless(screen.title), style="bold"))
            for drift in screen.drifts:
                _tell_drift(console, drift)
    console.print()
    if outcome.ended:
        console.print(Text(f"The walk ended at {harmless(outcome.ended)}"))
        console.print(Text(f"-> {harmless(outcome.next_step)}"))
    if outcome.full is not None:
        console.print(Text(f"Order {outcome.full.order}: {outcome.full.outcome}. {harmless(outcome.full.message)}"))
    nothing = "" if outcome.full is not None else " Nothing was canceled."
    console.print(Text(f"{outcome.headline}.{nothing}", style="bold" if not outcome.holds else ""))


def as_json(outcome: CheckOutcome) -> str:
    """All of it for programs."""
    told = outcome.model_dump(mode="json")
    for screen, report in zip(told["screens"], outcome.screens, strict=True):
        screen["state"] = report.state
    return json.dumps({"holds": outcome.holds, **told}, indent=2) + "\n"


def of_json(text: str | bytes) -> CheckOutcome:
    """The check that ``as_json`` told of.

    Raises:
        ValueError: it is not of a check.
    """
    try:
        told = json.loads(text)
        told.pop("holds", None)  # follows from the rest, as the state of a screen does
        for screen in told.get("screens", ()):
            screen.pop("state", None)
        return CheckOutcome.model_validate(told)
    except (ValueError, TypeError, AttributeError) as wrong:
        raise ValueError("It was not written by a check.") from wrong


def _table(outcome: CheckOutcome) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bright_black")
    table.add_column("Screen", no_wrap=True, overflow="ellipsis", ratio=None)
    for aspect in Aspect:
        table.add_column(ASPECT_WORDS[aspect], no_wrap=True)
    for screen in outcome.screens:
        if screen.state is not AspectState.NOT_LOOKED_AT:
            table.add_row(Text(screen.title), *(_cell(screen, aspect) for aspect in Aspect))
    return table


def _cell(screen: ScreenReport, aspect: Aspect) -> Text:
    state = screen.aspects[aspect]
    words = "-" if state is AspectState.NOT_LOOKED_AT else STATE_WORDS[state]
    number = sum(drift.aspect is aspect for drift in screen.drifts)
    if state is AspectState.DIFFERS and aspect is Aspect.LOOKS and screen.changed is not None:
        words = f"{screen.changed:.3g} % differ"
    elif state is AspectState.DIFFERS and number > 1:
        words = f"{number} differ"
    elif screen.updated and aspect in {Aspect.LANDMARKS, Aspect.LOOKS}:
        words = "written"
    return Text(words, style=_STYLES[state])


def _tell_drift(console: Console, drift: Drift) -> None:
    table = Table.grid(padding=(0, 0, 0, 0))
    table.add_column(width=_ASPECT, no_wrap=True)
    table.add_column()
    lines = [Text(harmless(drift.what))]
    lines += [Text(harmless(words), style="bright_black") for words in (drift.instead, drift.last_held) if words]
    lines += [_line(line) for line in drift.lines]
    for place, line in enumerate(lines):
        table.add_row(Text(ASPECT_WORDS[drift.aspect].lower() if not place else "", style="red"), line)
    console.print(Padding(table, (0, 0, 0, 2)))
    for place, candidate in enumerate(drift.candidates):
        _tell_candidate(console, candidate, leading="Most likely" if not place else "Or")


def _line(line: str) -> Text:
    style = {"-": "red", "+": "green"}.get(line[:1], "bright_black")
    return Text(harmless_lines(line), style=style)


def _tell_candidate(console: Console, candidate: Candidate, *, leading: str) -> None:
    indent = (0, 0, 0, 2 + _ASPECT)
    where = f", {candidate.where}" if candidate.where else ""
    head = f"{leading}: {harmless(candidate.shown)}{harmless(where)} ({candidate.likeness:.0%} similar)"
    console.print(Padding(Text(head, style="cyan"), indent))
    if candidate.warning:
        console.print(Padding(Text(f"! {harmless(candidate.warning)}", style="yellow"), indent))
    for line in harmless_lines(candidate.snippet).rstrip("\n").split("\n"):
        console.print(Padding(Text(f"  {line}"), indent), soft_wrap=True)
