"""How the findings of ``countermand doctor`` are told: lines for people, JSON for programs."""

import json
import sys
from collections.abc import Sequence
from typing import TextIO

from rich.text import Text

from bot.checks.doctor import CHECKS, DoctorCheck, Finding, FindingState
from bot.checks.under_way import UnderWay
from bot.reports.progress import SafeStream
from bot.wording import count_of, harmless, harmless_lines

_WORDS = {
    FindingState.WORKS: ("works", "green"),
    FindingState.FAILED: ("FAILED", "bold red"),
    FindingState.NOT_TRIED: ("not tried", "yellow"),
    FindingState.NOT_REACHED: ("not reached", "bright_black"),
}
_STATE, _TITLE = 13, 19
"""Columns of the state and of the check's title, with the space after them."""
_NARROW, _LITTLE = 72, 4
"""On a terminal with fewer columns than the first, what was found begins on a line of its own, indented so far."""


class Lines(UnderWay):
    """A line or two for each check as it ends; on a terminal also what is under way, and colours."""

    def __init__(self, stream: TextIO | None = None) -> None:
        super().__init__(stream or sys.stdout)
        on_a_terminal = self._stream.isatty()
        self._narrow = on_a_terminal and self._console.width < _NARROW
        self._indent = _LITTLE if self._narrow else _STATE + _TITLE
        self._width = max(_LITTLE, self._console.width - self._indent) if on_a_terminal else None

    def ended(self, check: DoctorCheck, finding: Finding) -> None:
        """FindingState, title and what was found; below it what to do."""
        self._take_away()
        word, style = _WORDS[finding.state]
        head = Text.assemble((f"{word:<{_STATE}}", style), (f"{check.title:<{_TITLE}}", "bold"))
        found = self._wrapped(harmless_lines(finding.found))
        self._print(head if self._narrow or not found else head + found.pop(0))
        for line in found:
            self._print(Text(" " * self._indent) + line)
        for line in self._wrapped(f"-> {harmless(finding.next_step)}" if finding.next_step else ""):
            self._print(Text(" " * self._indent) + line)

    def over(self, findings: Sequence[Finding]) -> None:
        """One sentence about all of them."""
        self._take_away()
        self._console.print()
        self._console.print(Text(in_one_sentence(findings)))

    def _wrapped(self, text: str) -> list[Text]:
        lines = [Text(line) for line in text.splitlines()]
        if self._width is None:
            return lines
        return [part for line in lines for part in line.wrap(self._console, self._width)]

    def _print(self, line: Text) -> None:
        line.rstrip()
        self._console.print(line)


class Json:
    """Nothing on standard output but one list, of an object a check; remarks go to standard error."""

    def begun(self, check: DoctorCheck) -> None:
        """Nothing."""

    def step(self, name: str) -> None:
        """Nothing."""

    def say(self, remark: str) -> None:
        """The remark, where it is in nobody's way."""
        SafeStream(sys.stderr).write(f"- {harmless(remark)}\n")

    def ended(self, check: DoctorCheck, finding: Finding) -> None:
        """Nothing: it comes with all the others."""

    def over(self, findings: Sequence[Finding]) -> None:
        """The list."""
        told = [finding.model_dump(mode="json") for finding in findings]
        SafeStream(sys.stdout).write(json.dumps(told, indent=2) + "\n")


def in_one_sentence(findings: Sequence[Finding]) -> str:
    """What the whole round comes to."""
    titles = {check.name: check.title for check in CHECKS}
    by_state = {state: [titles[one.check] for one in findings if one.state is state] for state in FindingState}
    left = count_of(len(by_state[FindingState.NOT_REACHED]), "check")
    if by_state[FindingState.FAILED]:
        behind = f", so {left} could not be made" if by_state[FindingState.NOT_REACHED] else ""
        return f"Not ready: {', '.join(by_state[FindingState.FAILED])} failed{behind}."
    if by_state[FindingState.NOT_REACHED]:
        return f"Stopped: {left} not made."
    if by_state[FindingState.NOT_TRIED]:
        return f"Ready, as far as could be tried. Not tried: {', '.join(by_state[FindingState.NOT_TRIED])}."
    return "Ready: everything works, up to the cancel dialog. Nothing was canceled."
